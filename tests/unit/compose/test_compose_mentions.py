from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.compose.mentions import WORD_JOINER, defuse, find_mentions

# The server's rule for whom to notify, written out once more from the reference so that it checks the code's own copy:
# "@name[@domain]"; name of a-z, 0-9, "_" with "." and "-" inside; not after a word character, "=" or "/".
NOTIFIES = regex.compile(r"(?<![=/\p{L}\p{M}\p{Nd}\p{Pc}])@[a-z0-9_]+", regex.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        pytest.param("hi @ana!", ["@ana"], id="local"),
        pytest.param("hi @ana@example.org.", ["@ana@example.org"], id="with domain"),
        pytest.param("@a.b-c_d@x.y-z.org", ["@a.b-c_d@x.y-z.org"], id="dots and hyphens inside"),
        pytest.param("@ana.", ["@ana"], id="full stop outside"),
        pytest.param("(@ana)", ["@ana"], id="in parentheses"),
        pytest.param("me@example.org", [], id="e-mail"),
        pytest.param("x=@ana", [], id="after ="),
        pytest.param("https://example.org/@ana", [], id="after a slash"),
        pytest.param("é@ana", [], id="after a letter with accent"),
        pytest.param("@ana@", [], id="before another @"),
        pytest.param("@anaé", [], id="before an accent"),
        pytest.param("@ana://x", [], id="before ://"),
        pytest.param("@ ana", [], id="a space"),
        pytest.param(f"@ana@{'a' * 250}.org", [], id="domain of 254 characters"),
        pytest.param(f"@ana@{'a' * 249}.org", [f"@ana@{'a' * 249}.org"], id="domain of 253 characters"),
    ],
)
def test_mentions_are_those_of_the_server(text: str, mentions: list[str]) -> None:
    assert [text[mention.start : mention.end] for mention in find_mentions(text)] == mentions


@pytest.mark.parametrize(
    ("text", "defused"),
    [
        ("hi @ana", f"hi @{WORD_JOINER}ana"),
        ("hi @ana@example.org and @bo", f"hi @{WORD_JOINER}ana@example.org and @{WORD_JOINER}bo"),
        ("@anaé", f"@{WORD_JOINER}anaé"),
        ("write to me@example.org", "write to me@example.org"),
        ("9 @ 10", "9 @ 10"),
        ("https://example.org/@ana", "https://example.org/@ana"),
        ("https://example.org/?to,@ana", "https://example.org/?to,%40ana"),
        ("nobody", "nobody"),
    ],
)
def test_a_defused_text_reads_the_same(text: str, defused: str) -> None:
    assert defuse(text) == defused


NAMES = st.sampled_from(
    ["@", "ana", "@ana", "@bo@example.org", " ", ".", "-", "_", "/", "=", "é", "日", "ſ", "https://a.org/?"]
)


@settings(deadline=None)
@given(st.lists(NAMES, max_size=12).map("".join))
def test_a_defused_text_notifies_nobody(text: str) -> None:
    assert NOTIFIES.search(defuse(text)) is None


@settings(deadline=None)
@given(st.text())
def test_defusing_changes_nothing_else(text: str) -> None:
    text = text.replace(WORD_JOINER, "")
    assert defuse(text).replace(WORD_JOINER, "").replace("%40", "@") == text.replace("%40", "@")
    assert defuse(defuse(text)) == defuse(text)
