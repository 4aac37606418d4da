"""The page of `announce preview --html`: in one file, fetching nothing, with nothing in it that runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from PIL import Image

from bot.config import Config, load_config
from bot.domain.clock import ManualClock
from bot.operations.check import check_post
from bot.operations.preview import preview as preview_post
from bot.operations.site import find_post
from bot.report.offline import embed_picture, make_embedder, make_offline
from bot.report.page import preview_page

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
ACCOUNT = '[accounts.main]\nserver = "https://social.example"\nacct = "@conf@social.example"\n'
HOSTILE = "</title></style><script>alert(1)</script><img src=x onerror=alert(1)> \"' & @someone"


def _page(config: Config, now: datetime) -> str:
    found = preview_post(config, find_post(config, "tide"), ManualClock(now))
    return preview_page(found, check_post(found.site, found.post, environ={}))


class Seen(HTMLParser):
    """Everything that a page might fetch or run, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.fetched: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), f"{tag} {name}"
            if name in ("src", "srcset", "data", "poster") or (name == "href" and tag in ("link", "use")):
                self.fetched.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def preview(site_config: Callable[..., Config]) -> Callable[..., str]:
    def make(front: str = "", body: str = "", **tables: str) -> str:
        config = site_config(**{"accounts": ACCOUNT, **tables})
        (config.root / "posts").mkdir(exist_ok=True)
        (config.root / "assets").mkdir(exist_ok=True)
        Image.new("RGB", (3000, 2000), "teal").save(config.root / "assets/wave.jpg")
        text = "This paragraph is long enough to be the excerpt of this post, and it is one sentence."
        title = "" if "title:" in front else 'title: "News of the tide"\n'
        when = "" if "published" in front else "published_datetime: 2026-03-13 14:00\n"
        path = config.root / "posts/tide.md"
        path.write_text(f"---\n{title}{when}{front}---\n\n{body or text}\n", encoding="utf-8")
        config = load_config(config.path)
        return _page(config, NOW)

    return make


def test_it_shows_the_toot_its_count_both_times_and_the_entry(preview: Callable[..., str]) -> None:
    seen = " ".join(Seen(preview("tags: tides, piers\n")).text.split())
    assert "News of the tide" in seen
    assert "Fri 13 Mar 2026 14:00 EDT, 18:00 UTC" in seen
    assert "In 3 days 4 h" in seen
    assert re.search(r"\d+ of 500 characters", seen)
    assert "@conf@social.example" in seen
    assert "conf.example/news/tide/" in seen
    assert "tides, piers" in seen
    assert "conf@social.example upcoming" in seen


def test_it_fetches_nothing_and_runs_nothing(preview: Callable[..., str]) -> None:
    body = (
        "A first paragraph that is long enough to be the excerpt of this post.\n\n"
        "![far](https://far.example/x.png)\n\n![near](/assets/wave.jpg)\n\n"
        '<video src="https://far.example/v.mp4" poster="https://far.example/p.png"></video>\n\n'
        '<picture><source srcset="https://far.example/y.webp"><img src="https://far.example/y.png" alt="y"></picture>\n'
        '<audio><source src="https://far.example/a.mp3"></audio><iframe src="https://far.example/"></iframe>\n'
        "<script>alert(1)</script>"
    )
    html = preview("cover: {url: https://far.example/cover.png, alt: Far away}\n", body)
    seen = Seen(html)
    assert seen.fetched
    assert all(one.startswith(("data:", "#")) for one in seen.fetched)
    assert not {"script", "iframe", "video", "audio", "object", "embed", "form", "source"} & set(seen.tags)
    assert "default-src 'none'" in html
    assert "Picture: far (https://far.example/x.png)" in seen.text
    assert "Film: https://far.example/v.mp4" in seen.text
    assert "Sound: https://far.example/a.mp3" in seen.text
    assert "it lies on another host" in seen.text
    assert "url(" not in re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]  # type: ignore[index]


def test_words_of_others_stay_words(preview: Callable[..., str]) -> None:
    quoted = HOSTILE.replace('"', '\\"')
    plain = preview(
        'title: "x"\ncategory: "x"\ncover: {url: /assets/wave.jpg, alt: "x"}\nmastodon: {content_warning: "x"}\n'
    )
    html = preview(
        f'title: "{quoted}"\ncategory: "{quoted}"\ncover: {{url: /assets/wave.jpg, alt: "{quoted}"}}\n'
        f'mastodon: {{content_warning: "{quoted}"}}\n'
    )
    seen = Seen(html)
    assert seen.text.count("alert(1)") >= 4
    harmless = ("span", "a", "br", "li", "strong", "code", "p", "ul", "section", "h2")
    assert [tag for tag in seen.tags if tag not in harmless] == [tag for tag in Seen(plain).tags if tag not in harmless]


def test_thread_poll_warning_and_missing_alt_text_are_shown(preview: Callable[..., str]) -> None:
    front = (
        "cover: {url: /assets/wave.jpg}\n"
        'mastodon:\n  content_warning: "Food"\n  visibility: unlisted\n  thread: ["Second part", "Third part"]\n'
    )
    seen = Seen(preview(front)).text
    for words in ("Food", "Second part", "Third part", "2 of 3", "Quiet public", "No alt text", "Content warning"):
        assert words in seen
    polled = Seen(preview("mastodon:\n  poll: {options: [Here, There], expires_in: 1d, multiple: true}\n")).text
    for words in ("Here", "There", "Poll, open for 1 day, several choices"):
        assert words in polled


def test_without_pictures_the_link_card_is_shown(preview: Callable[..., str]) -> None:
    card = "A link card"
    linked = "mastodon: {text: 'Read https://tides.example.org/about'}\n"
    assert card in Seen(preview(linked)).text
    assert card not in Seen(preview("cover: {url: /assets/wave.jpg, alt: A wave}\n" + linked)).text
    assert card not in Seen(preview("link: false\n")).text


def test_a_link_is_shortened_as_mastodon_does_it(preview: Callable[..., str]) -> None:
    html = preview("mastodon: {text: 'See https://www.a-long-name.example.org/with/a/path/that/goes/on'}\n")
    assert '<span class="ellipsis">a-long-name.example.org/with/a</span>' in html


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("mastodon: {skip: true}\n", "It is not tooted."),
        ("hidden: true\n", "It is in no feed."),
        ("published_datetime:\n", "It has no publish datetime and is not released."),
        ("mastodon: {text: '{{ left }}'}\n", "Held on conf@social.example:"),
        ("published_datetime: 2026-03-13 14:00-07:00\n", "Warning, line 3: published_datetime: -07:00, but"),
    ],
)
def test_what_does_not_happen_is_said(preview: Callable[..., str], front: str, said: str) -> None:
    assert said in " ".join(Seen(preview(front)).text.split())


def test_without_accounts_that_is_said(preview: Callable[..., str]) -> None:
    assert "There is no account in the settings." in Seen(preview(accounts="")).text


def test_reminders_are_shown_with_their_times(preview: Callable[..., str]) -> None:
    front = 'deadline: 2026-03-20 12:00\nreminders:\n  - id: last-call\n    before: 1d\n    text: "One day left"\n'
    seen = " ".join(Seen(preview(front)).text.split())
    assert "Reminder last-call Thu 19 Mar 2026 12:00 EDT, 16:00 UTC, in 9 days 2 h, a toot of its own" in seen
    assert "One day left" in seen


def test_pictures_are_small_and_tell_no_place(preview: Callable[..., str]) -> None:
    html = preview("cover: {url: /assets/wave.jpg, alt: A wave}\n")
    assert "data:image/jpeg;base64," in html
    assert len(html) < 400_000


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("", ""),
        ("<h1>A</h1><h2>B</h2><h3>C</h3><h4>D</h4>", "<h4>A</h4><h5>B</h5><h6>C</h6><h6>D</h6>"),
        ("words <b>and</b> more", "words <b>and</b> more"),
        (
            '<img src="https://a.example/x.png" alt="A &lt;b&gt;">',
            '<span class="left-out">Picture: A &lt;b&gt; (https://a.example/x.png)</span>',
        ),
        (
            '<img src="https://a.example/x.png">',
            '<span class="left-out">Picture: no alt text (https://a.example/x.png)</span>',
        ),
        ("<p>a</p><p>b</p> tail", "<p>a</p><p>b</p> tail"),
    ],
)
def test_a_body_without_network(html: str, shown: str) -> None:
    assert make_offline(html, lambda address: "") == shown


def test_a_picture_of_the_body_that_is_here_is_in_it() -> None:
    html = '<img src="https://a.example/x.png" srcset="y 2x" alt="A" loading="lazy">'
    assert make_offline(html, lambda address: f"data:{address}") == '<img src="data:https://a.example/x.png" alt="A">'


def test_a_picture_that_cannot_be_read_says_why(
    site_config: Callable[..., Config], make_post: Callable[..., Any]
) -> None:
    config = site_config()
    (config.root / "assets").mkdir()
    Image.effect_noise((60, 40), 60).save(config.root / "assets/x.png")
    embed = make_embedder(config, make_post())
    assert embed("https://conf.example/assets/x.png").startswith("data:image/png;base64,")
    assert embed("https://elsewhere.example/assets/x.png") == ""
    assert embed("https://conf.example/assets/none.png") == ""
    from bot.posts.pictures import find_picture

    picture = find_picture("https://conf.example/assets/x.png", "A", config=config)
    (config.root / "assets/x.png").write_bytes((config.root / "assets/x.png").read_bytes()[:200])
    cut = embed_picture(picture)
    assert not cut.data
    assert "x.png" in cut.problem
