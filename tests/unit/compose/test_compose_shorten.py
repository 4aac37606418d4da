from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.compose.hashtags import find_hashtags
from bot.compose.length import count_graphemes
from bot.compose.links import find_links
from bot.compose.mentions import find_mentions
from bot.compose.shorten import shorten

FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"


@pytest.mark.parametrize(
    ("text", "budget", "short"),
    [
        pytest.param("It fits.", 8, "It fits.", id="what fits stays"),
        pytest.param(" It fits. ", 8, "It fits.", id="white space at the ends goes"),
        pytest.param("One is here. Two is longer than that.", 20, "One is here.", id="sentence"),
        pytest.param("One is here! Two is longer than that.", 20, "One is here!", id="exclamation"),
        pytest.param("He said “One is here.” Two is longer.", 30, "He said “One is here.”", id="closing quote stays"),
        pytest.param("One. Two is longer than that one was.", 20, "One. Two is longer…", id="sentence too short"),
        pytest.param("Bring food, e.g. apples, to the hall today.", 26, "Bring food, e.g. apples…", id="e.g."),
        pytest.param("The keynote is by Dr. Ana Miller tomorrow.", 30, "The keynote is by Dr. Ana…", id="Dr."),
        pytest.param("The keynote is by Prof. Ana Miller then.", 30, "The keynote is by Prof. Ana…", id="Prof."),
        pytest.param(
            "Come and join us. There is more to see here.", 30, "Come and join us.", id="a short word is none"
        ),
        pytest.param("It is red vs. Blue team and some more words.", 25, "It is red vs. Blue team…", id="vs."),
        pytest.param("Version 3.12 is here and more is coming.", 14, "Version 3.12…", id="a point inside a number"),
        pytest.param("Some words, and more words", 12, "Some words…", id="no comma before the ellipsis"),
        pytest.param("Some words – and more words", 13, "Some words…", id="no dash before the ellipsis"),
        pytest.param("Some words (and more words)", 13, "Some words…", id="no word piece in parentheses"),
        pytest.param("Some words ( and more words)", 13, "Some words…", id="no opening parenthesis"),
        pytest.param("Some (words) and more", 14, "Some (words)…", id="closing parenthesis stays"),
        pytest.param('Say "hello" and more', 13, 'Say "hello"…', id="closing straight quote stays"),
        pytest.param('Say word "x y z and more', 12, 'Say word "x…', id="a word in an open quote"),
        pytest.param("By 50% and more words", 8, "By 50%…", id="per cent stays"),
        pytest.param("Wait... what is it", 9, "Wait…", id="dots give way"),
        pytest.param("See https://example.org/abc now", 20, "See…", id="never inside a link"),
        pytest.param("See https://example.org/abc/ and so on", 31, "See https://example.org/abc/ …", id="after a link"),
        pytest.param("See http://localhost:80/abc now", 20, "See…", id="never inside what looks like a link"),
        pytest.param("Hello #DjangoCon people", 12, "Hello…", id="never inside a hashtag"),
        pytest.param("Hello @ana@example.org people", 14, "Hello…", id="never inside a mention"),
        pytest.param("Thanks @ana@example.org. more words", 25, "Thanks @ana@example.org…", id="no point after one"),
        pytest.param("Hello me.you@example.org people", 14, "Hello…", id="never inside an e-mail address"),
        pytest.param("Hello {{ some.tag }} people", 19, "Hello…", id="never inside a template tag"),
        pytest.param("日" * 20 + "https://example.org/" + "a" * 30, 40, "日" * 20 + "…", id="never inside a long link"),
        pytest.param("日" * 50, 10, "日" * 9 + "…", id="text without spaces"),
        pytest.param("日本語。" * 20, 10, "日本語。日本語。", id="sentences without spaces"),
        pytest.param(FAMILY * 40, 5, FAMILY * 4 + "…", id="never inside a grapheme"),
        pytest.param("Hello", 3, "", id="no room for a word"),
        pytest.param("Hello", 0, "", id="no room"),
        pytest.param("", 5, "", id="empty"),
    ],
)
def test_a_cut_text_reads_well(text: str, budget: int, short: str) -> None:
    assert shorten(text, budget) == short


ADDRESSES = ["https://example.org/a/b_(c)", "http://localhost/x", "#Tag", "@ana@example.org", "me@example.org"]
LONG_NAMES = ["#" + "LongTag" * 6, "@" + "long_name" * 5 + "@example.org"]
LONG_LINK = "https://example.org/" + "a-b" * 20
PROSE = ["word", "a", "Sentence.", "end!", "e\u0301", FAMILY, "日本語", "🇩🇪🇫🇷", "1\ufe0f\u20e3"]
MARKS = ["(", ")", "“", "”", ",", "–", '"', "'", "\n", "\n\n"]
WORDS = st.sampled_from([*ADDRESSES, *LONG_NAMES, LONG_LINK, *PROSE, *MARKS])
TEXTS = st.lists(st.tuples(WORDS, st.sampled_from([" ", " ", ""])), max_size=60).map(
    lambda pairs: "".join(word + gap for word, gap in pairs)
)


@settings(deadline=None)
@given(st.one_of(TEXTS, st.text(max_size=200)), st.integers(0, 200))
def test_a_cut_text_never_exceeds_its_budget(text: str, budget: int) -> None:
    assert count_graphemes(shorten(text, budget)) <= budget


@settings(deadline=None)
@given(st.one_of(TEXTS, st.text(max_size=200)), st.integers(0, 200))
def test_a_cut_text_is_a_beginning_cut_between_graphemes(text: str, budget: int) -> None:
    text = text.strip()
    short = shorten(text, budget)
    kept = short if text.startswith(short) else short.removesuffix("…").rstrip()
    assert text.startswith(kept)
    ends = {0, *(match.end() for match in regex.finditer(r"\X", text))}
    assert len(kept) in ends


@settings(deadline=None)
@given(TEXTS, st.integers(0, 200))
def test_links_stay_whole_or_go(text: str, budget: int) -> None:
    short = shorten(text, budget)
    whole = [text[span.start : span.end] for span in find_links(text)]
    kept = [short[span.start : span.end] for span in find_links(short)]
    assert kept == whole[: len(kept)]


# Between a few plain words, so that most cuts fall into one of them.
NAMES = st.lists(st.sampled_from([*LONG_NAMES, "#Tag", "@ana@example.org", "word"]), min_size=1).map(" ".join)


@given(st.one_of(NAMES, TEXTS), st.integers(1, 100))
def test_hashtags_and_mentions_stay_whole_or_go(text: str, budget: int) -> None:
    short = shorten(text, budget)
    for find in (find_hashtags, mentioned):
        assert find(short) == find(text)[: len(find(short))]


def mentioned(text: str) -> tuple[str, ...]:
    return tuple(text[found.start : found.end] for found in find_mentions(text))


@settings(deadline=None)
@given(TEXTS, st.integers(0, 200))
def test_nothing_dangles_before_the_ellipsis(text: str, budget: int) -> None:
    short = shorten(text, budget)
    if short != text.strip() and short.endswith("…"):
        assert not regex.search(r"[\s,.;:!?–(“]…$", short) or regex.search(r"://\S+ …$", short)


@settings(deadline=None)
@given(TEXTS, st.integers(1, 150))
def test_more_room_never_gives_less_than_half(text: str, budget: int) -> None:
    less, more = count_graphemes(shorten(text, budget)), count_graphemes(shorten(text, budget + 1))
    assert 2 * more + 2 >= less
