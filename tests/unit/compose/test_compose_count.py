from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.compose.length import count_graphemes, status_length
from bot.domain import Limits

LIMITS = Limits()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("abc", 3),
        ("\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}\N{ZERO WIDTH JOINER}\N{BOY}", 1),
        ("🇩🇪🇫🇷", 2),
        ("👍🏽", 1),
        ("1\ufe0f\u20e3", 1),
        ("e\u0301", 1),
        ("\u1112\u1161\u11ab", 1),
        ("क्षि", 1),
        ("\r\n", 1),
        ("\n\n", 2),
        ("@\u2060a", 3),
        ("", 0),
    ],
)
def test_what_a_reader_sees_as_one_counts_one(text: str, count: int) -> None:
    assert count_graphemes(text) == count


@pytest.mark.parametrize(
    ("text", "length"),
    [
        pytest.param("https://a.org", 23, id="a short link counts 23"),
        pytest.param("https://example.org/" + "x" * 300, 23, id="a long link counts 23"),
        pytest.param("See https://example.org/x.", 28, id="the full stop counts"),
        pytest.param("https://a.org https://b.org", 47, id="each link counts"),
        pytest.param("http://localhost:3000/x", 23, id="localhost counts in full (23 by chance)"),
        pytest.param("http://localhost:3000/xyz", 25, id="localhost counts in full"),
        pytest.param("https://site.test/" + "x" * 82, 100, id=".test counts in full"),
        pytest.param("www.example.org/" + "x" * 84, 100, id="without scheme in full"),
        pytest.param("https://user:pw@example.org/" + "x" * 72, 100, id="with user and password in full"),
        pytest.param("xmpp:ana@example.org", 20, id="xmpp in full"),
        pytest.param("https://example.org/".ljust(4097, "x"), 4097, id="over 4096 in full"),
        pytest.param("@ana@social.example.org", 4, id="a mention's domain is free"),
        pytest.param("hi @ana@social.example.org!", 8, id="a mention inside a text"),
        pytest.param("ana@example.org", 15, id="e-mail in full"),
        pytest.param(f"@ana@{'a' * 250}.org", 259, id="a domain over 253 is none"),
        pytest.param("https://example.org/@ana@example.org", 23, id="no mention inside a link"),
        pytest.param("https://example.org/?q,@ana@b.org x", 25, id="no mention inside a query"),
        pytest.param("  \n a  b \t\n", 4, id="stripped at the ends only"),
        pytest.param("a\r\nb", 3, id="CRLF counts 1"),
        pytest.param("a\n\n\nb", 5, id="each line end counts"),
        pytest.param(" \n\u00a0\u3000", 0, id="blank"),
        pytest.param("#tag 🇩🇪", 6, id="hashtags in full"),
    ],
)
def test_a_text_counts_as_on_the_server(text: str, length: int) -> None:
    assert status_length(text, limits=LIMITS) == length


@pytest.mark.parametrize(
    ("text", "warning", "length"),
    [
        pytest.param("abc", "food", 7, id="added up"),
        pytest.param("abc", " food\n", 7, id="stripped"),
        pytest.param("", "https://example.org/xyz/abc/def", 31, id="links there count in full"),
        pytest.param("", "@ana@example.org", 16, id="domains there count in full"),
        pytest.param("\u0301a", "e", 2, id="joined before counting"),
    ],
)
def test_the_content_warning_counts_in_full(text: str, warning: str, length: int) -> None:
    assert status_length(text, warning, limits=LIMITS) == length


def test_the_server_says_what_a_link_counts() -> None:
    assert status_length("https://example.org/x", limits=Limits(characters_per_url=40)) == 40


@settings(deadline=None)
@given(st.text())
def test_the_count_never_exceeds_the_code_points_of_a_text_without_links(text: str) -> None:
    text = text.replace("://", "")
    assert status_length(text, limits=LIMITS) <= len(text)
