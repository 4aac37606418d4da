"""The text of a status as HTML."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.markup import format_content
from bot.sandbox.profiles import MASTODON
from bot.sandbox.text import Entity, Mention, find_entities

LINK = '<a href="{0}" target="_blank" rel="nofollow noopener" translate="no">{1}</a>'
TAG = '<a href="http://here/tags/{0}" class="mention hashtag" rel="tag">#<span>{0}</span></a>'


def resolve(entity: Entity) -> Mention | None:
    return Mention(id="1", username="ada", acct="ada", url="http://here/@ada") if entity.name == "ada" else None


def html(text: str) -> str:
    return format_content(text, find_entities(text, MASTODON), resolve=resolve, base="http://here")


def link(url: str, *spans: str) -> str:
    shown = (
        f'<span class="invisible">{spans[0]}</span>'
        f'<span class="{"ellipsis" if spans[2] else ""}">{spans[1]}</span>'
        f'<span class="invisible">{spans[2]}</span>'
    )
    return LINK.format(url, shown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \n", ""),
        ("one", "<p>one</p>"),
        ("one\ntwo", "<p>one<br />two</p>"),
        ("one\r\ntwo\r\n\r\nthree", "<p>one<br />two</p><p>three</p>"),
        ("one\n\n\n\ntwo", "<p>one</p><p>two</p>"),
        ("one\n \ntwo", "<p>one<br /> <br />two</p>"),
        ("<b>&\"'", "<p>&lt;b&gt;&amp;&quot;&#x27;</p>"),
        ("**bold**", "<p>**bold**</p>"),
    ],
)
def test_paragraphs_breaks_and_escapes(text: str, expected: str) -> None:
    assert html(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.org/a", link("https://example.org/a", "https://", "example.org/a", "")),
        ("http://www.example.org", link("http://www.example.org", "http://www.", "example.org", "")),
        (
            "https://example.org/" + "a" * 18,
            link("https://example.org/" + "a" * 18, "https://", "example.org/" + "a" * 18, ""),
        ),
        (
            "https://example.org/" + "a" * 20,
            link("https://example.org/" + "a" * 20, "https://", "example.org/" + "a" * 18, "aa"),
        ),
        ("(https://example.org).", f"({link('https://example.org', 'https://', 'example.org', '')})."),
        (
            "https://example.org/?a=1&b=2",
            link(*["https://example.org/?a=1&amp;b=2", "https://", "example.org/?a=1&amp;b=2"], ""),
        ),
        ("http://localhost/x", "http://localhost/x"),
        ("www.example.org", "www.example.org"),
    ],
)
def test_links_hide_their_scheme_and_their_tail(text: str, expected: str) -> None:
    assert html(text) == f"<p>{expected}</p>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#FjordConf", TAG.format("FjordConf")),
        ("＃FjordConf", TAG.format("FjordConf")),
        ("(#tag)", f"({TAG.format('tag')})"),
        ('"#tag"', f"&quot;{TAG.format('tag')}&quot;"),
        ("#C++", f"{TAG.format('C')}++"),
        ("#a-b", f"{TAG.format('a')}-b"),
        ("#1a", TAG.format("1a")),
        ("#2024_01", TAG.format("2024_01")),
        ("#123", "#123"),
        ("a#b", "a#b"),
        (")#b", ")#b"),
        ("/#b", "/#b"),
        ("#", "#"),
    ],
)
def test_hashtags_of_4_5(text: str, expected: str) -> None:
    assert html(text) == f"<p>{expected}</p>"


@pytest.mark.parametrize("text", ["@ada", "@ada@there.example"])
def test_a_known_mention_is_linked_without_its_domain(text: str) -> None:
    anchor = '<a href="http://here/@ada" class="u-url mention">@<span>ada</span></a>'
    assert html(text) == f'<p><span class="h-card" translate="no">{anchor}</span></p>'


@pytest.mark.parametrize("text", ["@bob", "ada@example.org", "@ bob"])
def test_other_mentions_stay_plain(text: str) -> None:
    assert html(text) == f"<p>{text}</p>"


class Reader(HTMLParser):
    """Collects the tags and the text of a piece of HTML."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


PIECES = st.sampled_from(["<script>", "&amp;", '"', "'", "#tag", "@ada", "https://example.org/<b>", " ", "\n", "x"])


TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join)


@given(TEXTS)
def test_no_text_can_become_other_tags(text: str) -> None:
    assert Reader(html(text)).tags <= {"p", "br", "a", "span"}


@given(TEXTS)
def test_no_text_loses_its_words(text: str) -> None:
    made = format_content(text, find_entities(text, MASTODON), resolve=lambda _: None, base="http://here")
    shown, written = ("".join(words.split()).replace("＃", "#") for words in (Reader(made).text, text))
    assert shown == written
