from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.compose.link_hosts import HOST
from bot.compose.links import _is_short_enough, _pattern, find_links, holds_link


def links_of(text: str) -> list[str]:
    return [text[span.start : span.end] for span in find_links(text)]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        pytest.param("https://example.org", ["https://example.org"], id="host only"),
        pytest.param("HTTPS://Example.ORG/X", ["HTTPS://Example.ORG/X"], id="capitals"),
        pytest.param("dat://example.org/x", ["dat://example.org/x"], id="dat"),
        pytest.param("dweb://example.org/x", ["dweb://example.org/x"], id="dweb"),
        pytest.param("ipfs://example.org/x", ["ipfs://example.org/x"], id="ipfs"),
        pytest.param("ipns://example.org/x", ["ipns://example.org/x"], id="ipns"),
        pytest.param("ssb://example.org/x", ["ssb://example.org/x"], id="ssb"),
        pytest.param("gopher://example.org/x", ["gopher://example.org/x"], id="gopher"),
        pytest.param("gemini://example.org/x", ["gemini://example.org/x"], id="gemini"),
        pytest.param("ftp://example.org/x", [], id="unknown scheme"),
        pytest.param("www.example.org/x", [], id="no scheme"),
        pytest.param("http://localhost:3000/x", [], id="localhost"),
        pytest.param("http://127.0.0.1/x", [], id="IP address"),
        pytest.param("https://site.test/x", [], id=".test"),
        pytest.param("https://site.invalid/x", [], id=".invalid"),
        pytest.param("https://user:pw@example.org/", [], id="user and password"),
        pytest.param("https://user@example.org/", [], id="user"),
        pytest.param("https://xn--e1afmkfd.xn--p1ai/x", ["https://xn--e1afmkfd.xn--p1ai/x"], id="punycode"),
        pytest.param("https://münchen.de/straße", ["https://münchen.de/straße"], id="umlauts"),
        pytest.param("https://example.org:8443/x", ["https://example.org:8443/x"], id="port"),
        pytest.param("https://example.org/a_(b)_(c)", ["https://example.org/a_(b)_(c)"], id="parentheses"),
        pytest.param("https://example.org/a(b(c)d)", ["https://example.org/a(b(c)d)"], id="nested parentheses"),
        pytest.param("(see https://example.org/a)", ["https://example.org/a"], id="in parentheses"),
        pytest.param("https://example.org/日本/語", ["https://example.org/日本/語"], id="path beyond Latin"),
        pytest.param("https://example.org/?q=日本&r=1#z", ["https://example.org/?q=日本&r=1#z"], id="query"),
        pytest.param("<https://example.org/x>", ["https://example.org/x"], id="angle brackets"),
        pytest.param("https://a.org https://b.org", ["https://a.org", "https://b.org"], id="two"),
        pytest.param("日本語https://example.org/x", ["https://example.org/x"], id="after CJK"),
        pytest.param(
            "https://a.org/https://b.org/x", ["https://a.org/https://b.org/x"], id="a link in a link's path is no other"
        ),
        pytest.param("a.org/https://b.org", [], id="an address without scheme swallows the link in its path"),
        pytest.param("日" * 5000 + "/https://a.org/x", ["https://a.org/x"], id="after a long run"),
    ],
)
def test_links_are_those_of_the_server(text: str, links: list[str]) -> None:
    assert links_of(text) == links


@pytest.mark.parametrize("mark", [".", ",", "!", "?", ")", "]", ":", ";", "'", '"', "*"])
def test_punctuation_at_the_end_stays_outside(mark: str) -> None:
    assert links_of(f"https://example.org/x{mark} more") == ["https://example.org/x"]


@pytest.mark.parametrize("before", ["a", "7", "@", "＠", "$", "#", "＃"])
def test_no_link_right_after_such_a_sign(before: str) -> None:
    assert links_of(f"{before}https://example.org/x") == []


@pytest.mark.parametrize("before", ["(", "«", ":", "-", "日", "é", "\n", "/"])
def test_a_link_may_follow_other_signs(before: str) -> None:
    assert links_of(f"{before}https://example.org/x") == ["https://example.org/x"]


@pytest.mark.parametrize(("length", "is_link"), [(4096, True), (4097, False)])
def test_a_link_has_at_most_4096_characters(length: int, is_link: bool) -> None:
    url = "https://example.org/".ljust(length, "x")
    assert links_of(url) == ([url] if is_link else [])


def test_the_limit_counts_the_host_in_ascii() -> None:
    assert links_of("https://münchen.de/".ljust(4096, "x")) == []


def test_a_host_with_an_impossible_label_is_no_link() -> None:
    assert links_of(f"https://{'a' * 64}.org/") == []
    assert links_of(f"https://{'a' * 63}.org/") == [f"https://{'a' * 63}.org/"]


SCHEMES = ["https://", "gemini://"]
HOSTS = ["example.org", "b.com", "localhost", "a", "日", "é", ".", ":80"]
SIGNS = ["/", "?", "@", "#", "-", "_", "(", ")", " ", "\n", "…", "\u3000", ";", "!"]
PIECES = st.sampled_from([*SCHEMES, *HOSTS, *SIGNS])


@settings(deadline=None)
@given(st.lists(PIECES, max_size=16).map("".join))
def test_the_quick_search_finds_what_a_full_scan_finds(text: str) -> None:
    full = [
        match.span("url")
        for match in _pattern().finditer(text)
        if match["scheme"] and _is_short_enough(match["url"], match["host"])
    ]
    assert [tuple(span) for span in find_links(text)] == full


@pytest.mark.timeout(10)
@pytest.mark.parametrize("text", ["日.https://" * 2000, "https://example.org/" + "(a" * 4000, "日" * 40_000 + "://"])
def test_hostile_text_is_searched_quickly(text: str) -> None:
    assert isinstance(find_links(text), list)


@pytest.mark.parametrize(
    ("text", "url", "held"),
    [
        ("See https://a.org/news/x/.", "https://a.org/news/x/", True),
        ("See https://a.org/news/xyz", "https://a.org/news/x", False),
        ("See https://a.org/news/x/…", "https://a.org/news/x/", False),
        ("nothing", "https://a.org/", False),
        ("See http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x", True),
        ("See nothing", "http://127.0.0.1:8000/x", False),
    ],
)
def test_a_text_holds_a_link_only_whole(text: str, url: str, held: bool) -> None:
    assert holds_link(text, url) is held


def test_the_hosts_are_those_of_the_installed_library() -> None:
    """Copy them again after an update that brings new top-level domains: see `bot/compose/link_hosts.py`."""
    from mastodon._url_regex import URL_REGEX_SOURCE

    assert URL_REGEX_SOURCE.partition(r"(https?:\/\/)")[2].partition(r"(?::([0-9]+))?")[0] == HOST
