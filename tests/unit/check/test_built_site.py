"""What a built site gives away of posts to come: addresses, pages, titles; and what is no alarm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.check.built_site import FILES_NAMED, PIECE, SiteScan, scan_site
from bot.domain import Post, Severity

MakePost = Callable[..., Post]

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SITE = "https://conf.example"
TITLE = "Keynote: Priya O’Vellanoor & the “Tides”"


@pytest.fixture
def coming(make_post: MakePost) -> Post:
    return make_post("keynote", title=TITLE, published=NOW + timedelta(hours=1))


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., SiteScan]:
    def looked(*posts: Post, released: tuple[str, ...] = (), **files: str | bytes) -> SiteScan:
        for name, data in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return scan_site(tmp_path, posts, asked=posts, released=released, now=NOW)

    return looked


def told(look: SiteScan) -> list[tuple[str, str]]:
    """File and what is said of it, up to the post's name."""
    assert all((finding.rule, finding.severity) == ("site-embargo", Severity.ERROR) for finding in look.findings)
    assert all("docs/site-embargo.md" in finding.remedy for finding in look.findings)
    return [(finding.path.name, finding.problem.partition(": ")[0]) for finding in look.findings]


ADDRESS = "holds its address, /news/keynote"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("index.html", '<a href="/news/keynote/">More</a>'),
        ("index.html", "<a href='/news/keynote'>More</a>"),
        ("index.html", "<a href=/news/keynote/>More</a>"),
        ("index.html", '<a href="news/keynote/#top">More</a>'),
        ("news/older/index.html", '<a href="../keynote/?from=list">More</a>'),
        ("news/index.html", '<a class=x href="./keynote.html">More</a>'),
        ("index.html", '<a href="https:&#47;&#47;conf.example/news/keynote/">More</a>'),
        ("sitemap.xml", f"<url><loc>{SITE}/news/keynote/</loc></url>"),
        ("feed.xml", f"<link>{SITE}/news/keynote/index.html</link>"),
        ("search.json", '[{"url": "\\/news\\/keynote\\/", "id": 7}]'),
        ("search.js", "window.index=[{u:`/news/keynote/`}]"),
        ("llms.txt", f"Coming soon: {SITE}/news/%6Beynote/."),
    ],
)
def test_the_address_of_its_page_is_found(look: Callable[..., SiteScan], coming: Post, name: str, text: str) -> None:
    assert told(look(coming, **{name: text})) == [(Path(name).name, ADDRESS)]


@pytest.mark.parametrize(
    "text",
    [
        "<p>The keynote is at nine, the 'keynote' of keynotes/panels.</p>",
        '<a href="/news/keynote-archive/">All</a>',
        '<a href="/talks/keynote/">All</a>',
        '<a href="/2025/news/keynote/">Last year</a>',
        '<a href="https://2025.conf.example/news/keynote/">Last year</a>',
        '<a href="/news/?about=keynote">All</a>',
        '<a href="https://a／b.example/news/keynote/">no address</a>',
    ],
)
def test_another_address_with_the_same_word_is_no_alarm(look: Callable[..., SiteScan], coming: Post, text: str) -> None:
    assert told(look(coming, **{"news/index.html": text})) == []


@pytest.mark.parametrize(
    "text",
    [
        f"<title>{TITLE}</title>",
        "<h2>Keynote: <em>Priya O'Vellanoor</em> &amp; the\n  &ldquo;Tides&rdquo;</h2>",
        '{"title": "Keynote: Priya O\\u2019Vellanoor & the \\u201cTides\\u201d"}',
        '<meta property="og:title" content="KEYNOTE: PRIYA O&#39;VELLANOOR &amp; THE TIDES">',
    ],
)
def test_a_title_that_is_like_no_other_is_found_however_it_is_written(
    look: Callable[..., SiteScan], coming: Post, text: str
) -> None:
    assert told(look(coming, **{"index.html": text})) == [("index.html", "holds its title")]


@pytest.mark.parametrize("title", ["News", "Schedule", "Call for Proposals", "Save the date", "Accommodation 2027!!!"])
def test_a_common_title_is_looked_for_by_its_address_only(
    look: Callable[..., SiteScan], make_post: MakePost, title: str
) -> None:
    post = make_post("news", title=title, published=NOW + timedelta(hours=1))
    text = f"<h1>{title}</h1> news <a href='/news/'>News</a>"
    assert told(look(post, **{"index.html": text})) == []
    assert told(look(post, **{"index.html": text + "<a href='/news/news/'>"})) == [
        ("index.html", "holds its address, /news/news")
    ]


def test_a_title_that_a_released_post_has_too_is_no_alarm(
    look: Callable[..., SiteScan], make_post: MakePost, coming: Post
) -> None:
    before = make_post("before", title=f"Moved: {TITLE}", published=NOW - timedelta(days=9))
    assert told(look(coming, before, **{"index.html": f"<h1>Moved: {TITLE}</h1>"})) == []


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("news/keynote/index.html", "is its page"),
        ("news/keynote.html", "is its page"),
        ("news/keynote/index.txt", "is its page"),
        ("news/keynote.md", "is its page"),
        ("drafts/keynote.html", ""),
        ("keynote/index.html", ""),
        ("news/keynote-archive/index.html", ""),
    ],
)
def test_its_page_is_found_by_its_place(look: Callable[..., SiteScan], coming: Post, name: str, how: str) -> None:
    assert told(look(coming, **{name: "<p>Empty.</p>"})) == ([(Path(name).name, how)] if how else [])


@pytest.mark.parametrize(
    ("name", "text", "how"),
    [
        ("drafts/keynote-priya-vellanoor.html", "", "is named like it"),
        ("2026/03/Keynote-Priya-Vellanoor/index.html", "", "is named like it"),
        ("index.html", '<a href="/drafts/keynote-priya-vellanoor.html">', "holds an address with its name"),
        ("index.html", "keynote priya vellanoor keynote-priya-vellanoor-2", ""),
    ],
)
def test_a_slug_that_is_like_no_other_is_found_at_any_place(
    look: Callable[..., SiteScan], make_post: MakePost, name: str, text: str, how: str
) -> None:
    post = make_post("keynote-priya-vellanoor", title="News", published=NOW + timedelta(hours=1))
    found = told(look(post, **{name: text}))
    assert [what.partition(",")[0] for _, what in found] == ([how] if how else [])


def test_letters_beyond_ascii_are_found(look: Callable[..., SiteScan], make_post: MakePost) -> None:
    post = make_post("größe", url=f"{SITE}/news/gr%C3%B6%C3%9Fe/", published=None)
    texts = {"a.html": '<a href="/news/größe/">', "b.html": '<a href="/news/gr%C3%B6%C3%9Fe/">'}
    assert [name for name, _ in told(look(post, **texts))] == ["a.html", "b.html"]


def test_drafts_are_secret_and_what_is_out_is_not(look: Callable[..., SiteScan], coming: Post) -> None:
    page = {"index.html": '<a href="/news/keynote/">'}
    assert "is a draft" in look(replace(coming, published=None), **page).findings[0].problem
    assert "to come on 2026-03-01 01:00 UTC" in look(coming, **page).findings[0].problem
    assert "keynote (posts/keynote.md)" in look(coming, **page).findings[0].problem
    assert look(replace(coming, published=NOW), **page).findings == ()
    assert look(coming, released=(coming.post_id,), **page).findings == ()
    assert look(replace(coming, withdrawn=""), **page).findings == ()


def test_binary_files_are_passed_over(look: Callable[..., SiteScan], coming: Post) -> None:
    link = b'<a href="/news/keynote/">'
    assert told(look(coming, **{"a.png": link, "b.html.gz": link, "c.dat": b"\0" + link, "d.html": link})) == [
        ("d.html", ADDRESS)
    ]


def test_a_large_file_is_read_in_pieces_and_nothing_is_missed_between_them(
    look: Callable[..., SiteScan], coming: Post
) -> None:
    link = b' "/news/keynote/" '
    assert told(look(coming, **{"search.json": b"x" * (PIECE - len(link) // 2) + link + b"y" * 9})) == [
        ("search.json", ADDRESS)
    ]


def test_a_list_beside_every_page_is_told_once_and_counted(look: Callable[..., SiteScan], coming: Post) -> None:
    found = look(coming, **{f"page-{number:03}.html": '<a href="/news/keynote/">' for number in range(50)})
    assert (found.files, found.posts, len(found.findings)) == (50, 1, FILES_NAMED + 1)
    assert found.findings[-1].problem.startswith("40 more files name keynote")


def test_links_that_lead_nowhere_are_passed_over(look: Callable[..., SiteScan], coming: Post, tmp_path: Path) -> None:
    (tmp_path / "gone.html").symlink_to("nowhere")
    assert told(look(coming)) == []
