"""Which links are taken for broken, by what is known of the site; and where in the file they are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.check.markup import find_markdown_links
from bot.posts.frontmatter.source import read_source
from tests.support.check_cases import BODY, FILE, SETTINGS, Case, Files, checked, picture, written

OTHER = {"posts/other.md": written(title="Other", at="2026-03-11 10:00")}
PAGES = '[check]\npages = ["/tickets/", "/talks/*"]\n'
BUILT = '[check]\nsite = "_site"\n'
SITE = {"_site/venue/index.html": "x", "_site/team.html": "x", "_site/a.pdf": "x"}


def is_broken(root: Path, address: str, *, settings: str = "", whole_settings: str = "") -> bool:
    body = f"{BODY} [x]({address})"
    files: Files = {FILE: written(body=body), "assets/a.png": picture(), "assets/b c.png": picture(), **OTHER}
    if "_site" in settings:
        files = {**files, **SITE}
    if whole_settings:
        files = {**files, "config/bot.toml": whole_settings}
    findings = checked(root, Case(files=files, settings=settings)).findings
    return [finding.rule for finding in findings] == ["link-broken"]


@pytest.mark.parametrize(
    ("address", "broken"),
    [
        ("/news/other/", False),
        ("/news/other", False),
        ("/news/other/index.html", False),
        ("../other/#top", False),
        ("https://conf.example/news/other/?a=b", False),
        ("/news/", False),
        ("/news/rss.xml", False),
        ("/news/othr/", True),
        ("https://conf.example/news/othr/", True),
        ("othr", False),  # /news/news/othr is shaped like no post's page
        ("/tickets/", False),
        ("/assets/a.png", False),
        ("/assets/b%20c.png", False),
        ("/assets/c.png", True),
        ("/images/c.png", False),  # of such a folder nothing is known
        ("other.md", True),
        ("#top", False),
        ("mailto:a@conf.example", False),
        ("https://elsewhere.example/news/othr/", False),
        ("//elsewhere.example/news/othr/", False),
    ],
)
def test_without_settings_only_what_the_bot_knows_all_about_is_judged(
    tmp_path: Path, address: str, broken: bool
) -> None:
    assert is_broken(tmp_path, address) is broken


@pytest.mark.parametrize(
    ("address", "broken"),
    [
        ("/tickets", False),
        ("/talks/one/", False),
        ("/venue/", True),
        ("/", False),
        ("othr", True),
        ("/assets/a.png", False),
    ],
)
def test_with_the_pages_named_every_link_into_the_site_is_judged(tmp_path: Path, address: str, broken: bool) -> None:
    assert is_broken(tmp_path, address, settings=PAGES) is broken


@pytest.mark.parametrize(
    ("address", "broken"),
    [("/venue/", False), ("/venue", False), ("/team/", False), ("/a.pdf", False), ("/b.pdf", True), ("/../x", True)],
)
def test_with_the_built_site_every_link_is_looked_up_in_it(tmp_path: Path, address: str, broken: bool) -> None:
    assert is_broken(tmp_path, address, settings=BUILT) is broken


@pytest.mark.parametrize(
    ("address", "broken"),
    [
        ("map.png", False),
        ("/news/bundle/map.png", False),
        ("/news/bundle/plans/hall.pdf", False),
        ("nap.png", True),
        ("../bundle/map.png", False),
        ("index.md", True),
        ("/news/bundle/index.md", True),
        ("/news/other/map.png", True),
    ],
)
def test_what_lies_beside_a_post_in_its_own_folder_is_known(tmp_path: Path, address: str, broken: bool) -> None:
    beside: Files = {"posts/bundle/map.png": picture(), "posts/bundle/plans/hall.pdf": "x", **OTHER}
    files: Files = {"posts/bundle/index.md": written(body=f"{BODY} [x]({address})"), **beside}
    findings = checked(tmp_path, Case(files=files, settings=PAGES)).findings
    assert [finding.rule for finding in findings] == (["link-broken"] if broken else [])


def test_a_file_beside_a_post_to_come_gives_it_away(tmp_path: Path) -> None:
    files: Files = {
        FILE: written(body=f"{BODY} [x](/news/bundle/map.png)"),
        "posts/bundle/index.md": written(title="Other", at="2026-04-11 10:00"),
        "posts/bundle/map.png": picture(),
    }
    (finding,) = checked(tmp_path, Case(files=files)).findings
    assert finding.rule == "link-early"
    assert "belongs to bundle, released on 2026-04-11" in finding.problem


def test_where_every_page_looks_like_a_post_none_is_judged_by_its_shape(tmp_path: Path) -> None:
    own = SETTINGS.replace("[accounts", 'permalink = "/{slug}/"\n[accounts')
    assert not is_broken(tmp_path, "/tickets/", whole_settings=own)


def test_of_a_site_in_a_folder_of_its_host_the_rest_is_not_judged(tmp_path: Path) -> None:
    own = SETTINGS.replace("https://conf.example", "https://conf.example/2026")
    assert not is_broken(tmp_path / "a", "/news/othr/", whole_settings=own)
    assert is_broken(tmp_path / "b", "/2026/news/othr/", whole_settings=own)


def test_what_is_no_address_at_all_is_broken(tmp_path: Path) -> None:
    files = {FILE: written(body=f"{BODY} <a href='http://[x'>x</a> <img src='http://[y' alt='A drawing'>")}
    problems = [(one.rule, one.problem) for one in checked(tmp_path, Case(files=files)).findings]
    assert problems == [("link-broken", f"http://[{name} is not an address.") for name in "xy"]


def test_a_likely_page_is_suggested(tmp_path: Path) -> None:
    files = {FILE: written(body=f"{BODY} [x](/news/othr/)"), **OTHER}
    (finding,) = checked(tmp_path, Case(files=files)).findings
    assert finding.remedy == "Did you mean /news/other/?"


@pytest.mark.parametrize("at", ["2026-03-12 10:00", "2026-03-20 10:00"])
def test_a_link_to_a_post_that_is_out_by_then_is_fine(tmp_path: Path, at: str) -> None:
    files = {FILE: written(body=f"{BODY} [x](/news/other/)", at=at), **OTHER}
    assert checked(tmp_path, Case(files=files)).findings == ()


def test_a_link_to_a_draft_gives_it_away(tmp_path: Path) -> None:
    files = {FILE: written(body=f"{BODY} [x](/news/other/)"), "posts/other.md": written(at=None)}
    (finding,) = checked(tmp_path, Case(files=files)).findings
    assert (finding.rule, "a draft" in finding.problem) == ("link-early", True)


def places(body: str) -> list[tuple[str, int, int | None]]:
    source = read_source(f"---\ntitle: A\n---\n{body}\n".encode(), path=Path("a.md"))
    assert source is not None
    return [(link.address, link.line, link.column) for link in find_markdown_links(source)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("[a](/x)\n[b](/y)", [("/x", 4, 5), ("/y", 5, 5)]),
        ("[a](/x) and [b](/x)", [("/x", 4, 5), ("/x", 4, 17)]),
        ("Text\n\n- [a][r]\n\n[r]: /x 'Title'", [("/x", 8, 6)]),
        ("<div>\n<a class='b' href=\"/x?a=1&amp;b=2\">a</a>\n</div>", [("/x?a=1&b=2", 5, 20)]),
        ("A <https://x.example/> link", [("https://x.example/", 4, 4)]),
        ("[a](</x y>)", [("/x%20y", 4, 6)]),
        ("![alt](/x.png 'title')", [("/x.png", 4, 8)]),
        ("| a |\n| - |\n| [a](/x) |", [("/x", 6, 7)]),
        ("`[a](/x)`\n\n    [a](/x)\n\n```\n[a](/x)\n```\n<!--\n[a](/x)\n\n[a](/x)\n-->", []),
        ("[a]({{site.link}}) [b]({% url %})", []),
        ("Just https://x.example/ in the text", []),
    ],
)
def test_links_are_found_where_they_stand(body: str, expected: list[tuple[str, int, int | None]]) -> None:
    assert places(body) == expected
