"""A long text becomes several toots, cut where a reader would pause; nothing is lost and nothing whole is cut."""

from __future__ import annotations

import pytest
import regex
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.compose.hashtags import find_hashtags
from bot.compose.length import count_graphemes, status_length
from bot.compose.links import find_links
from bot.compose.mentions import find_mentions
from bot.compose.thread import CannotSplitError, split
from bot.domain import Limits

FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
LIMITS = Limits()
LONG_LINK = "https://example.org/" + "a-b" * 10  # 50 characters


def parts(text: str, room: int) -> list[str]:
    return list(split(text, lambda _, part: count_graphemes(part) <= room))


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [
        pytest.param("", 20, [], id="nothing"),
        pytest.param(" It fits. ", 20, ["It fits."], id="one"),
        pytest.param("First one.\n\nSecond one.", 20, ["First one.", "Second one."], id="at a paragraph"),
        pytest.param("A one.\n\nB one.\n\nC one.", 14, ["A one.\n\nB one.", "C one."], id="as many as fit"),
        pytest.param("List:\n• one\n• two\n• three", 17, ["List:\n• one\n• two", "• three"], id="at a line"),
        pytest.param("One is here. Two is there.", 20, ["One is here.", "Two is there."], id="at a sentence"),
        pytest.param("Some words that go on", 12, ["Some words…", "that go on"], id="at a word"),
        pytest.param("Hi.\n\nSome words that go on", 20, ["Hi.\n\nSome words…", "that go on"], id="not too early"),
        pytest.param("日" * 35, 20, ["日" * 19 + "…", "日" * 16], id="text without spaces"),
        pytest.param(FAMILY * 31, 20, [FAMILY * 19 + "…", FAMILY * 12], id="between graphemes"),
        pytest.param("So many #HashTags here", 12, ["So many…", "#HashTags…", "here"], id="a hashtag stays whole"),
        pytest.param("Thanks (https://a.org/). Bye", 18, ["Thanks…", "(https://a.org/).", "Bye"], id="its brackets"),
        pytest.param(
            f"Some words ({LONG_LINK}). Bye", 53, ["Some words…", f"({LONG_LINK}).", "Bye"], id="of a long link too"
        ),
        pytest.param("Hello {{ a\n\nb }} you", 12, ["Hello {{ a", "b }} you"], id="a blank line is in no tag"),
    ],
)
def test_where_it_is_cut(text: str, room: int, expected: list[str]) -> None:
    assert parts(text, room) == expected


def test_each_part_has_its_own_room() -> None:
    rooms = [10, 20, 30]
    found = list(split("word " * 12, lambda number, text: len(text) <= rooms[number]))
    assert [len(part) for part in found] == [10, 20, 29]


def test_what_must_stay_whole_and_has_no_room_is_an_error() -> None:
    with pytest.raises(CannotSplitError, match="https://example"):
        parts("Look: https://example.org/a-long-one", 20)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(("Some words, and a #Tag, and https://example.org/. " * 5 + "\n\n") * 1000, id="prose"),
        pytest.param("#a\n\n" * 60_000, id="hashtags"),
        pytest.param("日" * 80_000, id="one word"),
        pytest.param("(" * 250_000, id="brackets"),
    ],
)
def test_it_is_quick_with_a_long_text(text: str) -> None:
    found = split(text, lambda _, part: status_length(part, limits=LIMITS) <= 500)
    assert len([next(found) for _ in range(20)]) == 20


PROSE = ["word", "a", "Sentence.", "end!", "Dr.", "“Quote”", "…", "-", "1/3", FAMILY, "日本語" * 15]
WHOLE = ["https://example.org/a/b_(c)", "(https://example.org/x).", "#Tag", "@ana@example.org", "me@example.org"]
WORDS = st.sampled_from([*PROSE, *WHOLE])
TEXTS = st.lists(st.tuples(WORDS, st.sampled_from([" ", " ", " ", "\n", "\n\n"])), max_size=60).map(
    lambda pairs: "".join(word + gap for word, gap in pairs)
)


def letters(text: str) -> str:
    return "".join(text.replace("…", "").split())


@given(TEXTS, st.integers(50, 200))
def test_nothing_is_lost_and_every_part_fits(text: str, room: int) -> None:
    found = parts(text, room)
    assert all(0 < count_graphemes(part) <= room for part in found)
    assert letters("".join(found)) == letters(text)


@given(TEXTS, st.integers(50, 200))
def test_links_hashtags_mentions_and_graphemes_stay_whole(text: str, room: int) -> None:
    found = parts(text, room)

    def all_of(texts: list[str]) -> tuple[list[str], list[str], list[str]]:
        links = [one[span.start : span.end] for one in texts for span in find_links(one)]
        mentions = [one[who.start : who.end] for one in texts for who in find_mentions(one)]
        return links, mentions, [tag for one in texts for tag in find_hashtags(one)]

    assert all_of(found) == all_of([text])
    clusters = regex.findall(r"\X", letters(text))
    assert [cluster for part in found for cluster in regex.findall(r"\X", letters(part))] == clusters


@given(st.text(max_size=300), st.integers(40, 80))
def test_any_text_fits_or_is_an_error(text: str, room: int) -> None:
    try:
        found = parts(text, room)
    except CannotSplitError:
        assume(False)
    assert all(count_graphemes(part) <= room for part in found)
    assert letters("".join(found)) == letters(text)


@given(TEXTS)
def test_what_fits_whole_is_not_split(text: str) -> None:
    assert parts(text, count_graphemes(text.strip())) == list(filter(None, [text.strip()]))
