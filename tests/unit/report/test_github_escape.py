"""Words of others in GitHub's Markdown: they stay words, in a line as in HTML, and call nobody."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.compose.mentions import WORD_JOINER
from bot.report.github import code, escape_prose, escape_text, escape_url, is_linkable

GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
#: Places in which a summary puts words.
PLACES = ["### {}", "- {}", "1. 📣 {}: soon", "<table><tr><td>\n<b>{}</b><br>x\n</td></tr></table>", "**{}**", "{}"]


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert tag != "br" or not attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(markdown: str) -> Page:
    page = Page()
    page.feed(GITHUB.render(markdown))
    page.close()
    return page


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text.replace(WORD_JOINER, ""))


SIGNS = st.text(alphabet=st.sampled_from(list("ab1 \n\r\t`*_{}[]()<>#+-=.!|~&$\\\"'@:/^;%")), max_size=40)


@pytest.mark.parametrize("place", PLACES)
@given(said=st.one_of(SIGNS, st.text(max_size=40)))
def test_words_are_shown_as_they_are_and_make_nothing(place: str, said: str) -> None:
    bare = shown(place.format("x"))
    page = shown(place.format(f"x{escape_text(said)}x"))
    assert [tag for tag in page.tags if tag != "span"] == bare.tags
    # "$" stands in a span, so that it begins no formula.
    assert page.tags.count("span") == said.count("$")
    control = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "\ufffd", said)
    assert squeezed(page.text) == squeezed(bare.text.replace("x", f"x{control}x", 1))


@pytest.mark.parametrize("place", ["{}", "- {}", "**Title**\n\n{}"])
@pytest.mark.parametrize(
    "said",
    [
        *("1. one", "12) twelve", "- a", "+ a", "* a", "# heading", "> quote", "===", "---", "```", "~~~", "    code"),
        *("&lt;b&gt;", "&amp;", "&#35;", "<!-- x -->", "[a]: https://b.example", "| a | b |", "<details>"),
    ],
)
def test_at_the_begin_of_a_line_words_are_words_too(place: str, said: str) -> None:
    page = shown(place.format(escape_text(said)))
    assert page.tags == shown(place.format("x")).tags
    assert squeezed(page.text).endswith(squeezed(said))


@pytest.mark.parametrize(
    "said",
    ["@octocat", "ask @org/team now", "fixes #12", "GH-7", "gh-7", "owner/repo#3", ":tada:", "!5", "(@octocat)"],
)
def test_nobody_and_nothing_is_called(said: str) -> None:
    text = shown(escape_text(said)).text
    assert not re.search(r"@\w|[#!]\d|(?i:gh-\d)|:\w+:", text)
    assert squeezed(text) == squeezed(said)


@given(SIGNS)
def test_code_is_one_piece_without_an_end_of_its_own(said: str) -> None:
    page = shown(f"- {code(said)} and")
    assert [tag for tag in page.tags if tag != "span"] == ["ul", "li", "code"]


@given(SIGNS)
def test_prose_shows_code_between_backticks_and_nothing_else(said: str) -> None:
    page = shown(f"- x{escape_prose(said)}x")
    pairs = said.count("`") // 2 if said.count("`") % 2 == 0 else 0
    assert [tag for tag in page.tags if tag != "span"] == ["ul", "li", *(["code"] * pairs)]
    kept = said.replace("`", "") if pairs else said
    assert squeezed(page.text) == squeezed(f"x{kept}x")


def test_prose_keeps_its_spaces() -> None:
    assert escape_prose("write `id: x`, or `y` ") == "write <code>id: x</code>, or <code>y</code> "


@given(st.text(max_size=30))
def test_an_address_never_leaves_its_quotes(said: str) -> None:
    page = shown(f'x <a href="{escape_url("https://conf.example/" + said)}">y</a>')
    assert page.tags == ["p", "a"]
    assert squeezed(page.text) == "xy"


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://conf.example/news/", True),
        ("http://conf.example/", True),
        ("https://github.com/o/r/issues/1", False),
        ("https://GitHub.com/o/r/pull/1", False),
        ("https://gist.github.com/x", False),
        ("https://notgithub.com/x", True),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https://[x", False),
    ],
)
def test_links_that_would_be_noted_elsewhere_are_none(url: str, linked: bool) -> None:
    assert is_linkable(url) is linked
