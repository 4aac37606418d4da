"""What `--fix` would do: which characters change, and that not one other does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.check.fixes import OFFSETS, WORDS, Fix, find_fixes
from bot.check.typography import fix_slips
from bot.config import Config
from bot.domain import Snapshot
from bot.posts.frontmatter.source import read_source
from tests.support.check_cases import BODY, FILE, Case, checked, written
from tests.support.check_cases_of_projects import entry, knowing
from tests.support.corpus import BY_NAME, Corpus


def mends(root: Path, text: str, *kinds: str, ledger: Callable[[Config], Snapshot] = lambda _: Snapshot()) -> list[Fix]:
    found = checked(root, Case(files={FILE: text.encode()}, ledger=ledger))
    assert len(found.posts) == 1
    return list(find_fixes(found.subject, found.posts, kinds or (WORDS,)))


def mended(root: Path, text: str, *kinds: str) -> str:
    (one,) = mends(root, text, *kinds)
    assert one.before == text
    return one.after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Four prices , two days.", "Four prices, two days."),
        ("Four prices , two days , one hall .", "Four prices, two days, one hall."),
        ("Four prices,, two days.", "Four prices, two days."),
        ("All the the prices and and days.", "All the prices and days."),
        ("The the prices.", "The prices."),
        ("Four\u200b prices\ufeff.", "Four prices."),
        ("| a , b | c |\n| --- | --- |\n| d , e | f |", "| a, b | c |\n| --- | --- |\n| d, e | f |"),
        ("> A word , said.", "> A word, said."),
        ("[Four , prices](/a) , here", "[Four, prices](/a), here"),
        ("`Code` , and **bold**.", "`Code`, and **bold**."),
    ],
)
def test_slips_are_mended_in_prose(tmp_path: Path, before: str, after: str) -> None:
    text = written(body=f"{BODY}\n\n{before}")
    assert mended(tmp_path, text) == text.replace(before, after)


@pytest.mark.parametrize(
    "body",
    [
        "`a , b` and ``the the``",
        "```\na , b\n```",
        "    a , b",
        "<pre>\na , b\n</pre>",
        "<code>a , b</code> <kbd>the the</kbd>",
        '<img alt="a , b" src="/a , b.png">',
        "[x](</a , b>) [y](/a 'b , c')",
        "<!-- a , b -->",
        "{{ a , b }} {% if a , b %}",
        "https://x.example/a,,?b=c,,",
        "Wait ... what, e.g. .NET and 1 ,5 and v .5",
        "The theme of the then, and Andrea.",
        "ก\u200bข",
        "Non\u00a0breaking , not a plain space\u00a0, that is meant"[:13],
    ],
)
def test_what_is_no_prose_or_no_slip_stays(tmp_path: Path, body: str) -> None:
    assert mends(tmp_path, written(body=f"{BODY}\n\n{body}")) == []


def test_front_matter_is_mended_where_it_is_prose(tmp_path: Path) -> None:
    matter = (
        'summary: "One , two"\ncategory: "One , two"\nmastodon:\n    text: |\n        One , two\n        the the end'
    )
    text = written(matter, title="One , two")
    after = mended(tmp_path, text)
    assert after.count("One, two") == 3
    assert 'category: "One , two"' in after
    assert "        the end\n" in after


def test_line_ends_a_byte_order_mark_and_everything_else_stay(tmp_path: Path) -> None:
    text = "\ufeff" + written("layout:   odd   # mine", body=f"{BODY}  \n\nOne , two. \t\n\n\n").replace("\n", "\r\n")
    assert mended(tmp_path, text) == text.replace("One , two", "One, two")


def test_slips_of_old_posts_are_left_alone_and_garbled_words_are_not(tmp_path: Path) -> None:
    text = written(body="One , two. We haven‚Äôt sold out.", at="2024-03-10 10:00")
    assert mended(tmp_path, text) == text.replace("haven‚Äôt", "haven’t")


def test_a_file_with_line_ends_of_old_macs_keeps_its_slips(tmp_path: Path) -> None:
    assert mends(tmp_path, written(body="One , two.").replace("\n", "\r")) == []


@pytest.mark.parametrize("corpus", BY_NAME)
def test_the_garbled_post_of_the_corpus_becomes_the_clean_one(tmp_path: Path, corpus: Corpus) -> None:
    garbled, clean = corpus.garbled.read_bytes(), corpus.text(corpus.schedule).encode()
    assert garbled != clean
    assert mended(tmp_path, garbled.decode()).encode() == clean


@pytest.mark.parametrize(
    ("written_at", "mended_at", "utc"),
    [
        ("2026-03-12 10:00:00-05:00", "2026-03-12 10:00:00-04:00", ("15:00", "14:00")),
        ('"2026-03-12T10:00-0500"', '"2026-03-12T10:00-0400"', ("15:00", "14:00")),
        ("2026-12-10 10:00:00-04:00  # noon", "2026-12-10 10:00:00-05:00  # noon", ("14:00", "15:00")),
        ("2026-03-12 10:00Z", "2026-03-12 10:00-04:00", ("10:00", "14:00")),
        ("2026-03-12 10:00 +2", "2026-03-12 10:00 -04:00", ("08:00", "14:00")),
    ],
)
def test_a_wrong_offset_is_mended_and_the_time_on_the_wall_stays(
    tmp_path: Path, written_at: str, mended_at: str, utc: tuple[str, str]
) -> None:
    text = written(at=written_at)
    (one,) = mends(tmp_path, text, OFFSETS)
    assert one.after == text.replace(written_at, mended_at)
    (said,) = one.notes
    before, after = utc
    assert f" {before} UTC, " in said
    assert said.endswith(f" {after} UTC.")
    assert "10:00 stays" in said


@pytest.mark.parametrize("at", ["2026-03-12 10:00", "2026-03-12 10:00:00-04:00", "2026-11-01 01:30-07:00"])
def test_a_right_offset_none_and_a_time_that_comes_twice_are_left_alone(tmp_path: Path, at: str) -> None:
    assert mends(tmp_path, written(at=at), OFFSETS) == []


def test_times_are_mended_only_when_asked_for(tmp_path: Path) -> None:
    assert mends(tmp_path, written(at="2026-03-12 10:00:00-05:00"), WORDS) == []


def test_a_released_post_is_never_moved(tmp_path: Path) -> None:
    text = written(at="2026-03-09 10:00:00-05:00", body="We haven‚Äôt sold out.")
    (one,) = mends(tmp_path, text, WORDS, OFFSETS, ledger=knowing(entry()))
    assert one.after == text.replace("haven‚Äôt", "haven’t")
    (said,) = one.notes
    assert "is released: the feed follows" in said


def test_the_difference_shows_what_is_invisible(tmp_path: Path) -> None:
    (one,) = mends(tmp_path, written(body=f"{BODY}\n\nFour\ufeff prices."))
    assert one.diff.splitlines()[:2] == ["--- a/posts/news.md", "+++ b/posts/news.md"]
    assert "-Four\\ufeff prices." in one.diff.splitlines()
    assert "+Four prices." in one.diff.splitlines()


PIECES = st.sampled_from(
    [
        "word",
        " ,",
        " .",
        ",,",
        "the the",
        "`",
        "``",
        "```",
        "\n",
        "\n\n",
        "    ",
        "<",
        ">",
        "<code>",
        "</code>",
        "](",
        ")",
        "[x]",
        "{{",
        "}}",
        "{%",
        "https://x.example/",
        "<!--",
        "-->",
        "\u200b",
        "\ufeff",
        "|",
        "- ",
        "# ",
        "é",
        "\t",
        "\\",
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_mending_takes_away_only_and_once_is_enough(body: str) -> None:
    text = f"---\ntitle: A\n---\n{body}\n"
    source = read_source(text.encode(), path=Path("a.md"))
    assert source is not None
    once = fix_slips(text, source)
    letters = iter(text)
    assert all(letter in letters for letter in once), "nothing is added, nothing changes its place"
    again = read_source(once.encode(), path=Path("a.md"))
    assert again is not None
    assert again.values == source.values
