"""A body that would take the Markdown reader many seconds is refused at once; a long one by a person is not."""

from __future__ import annotations

import time

import pytest

from bot.posts.body.markdown import MOST_BARS, MOST_BRACKETS, MOST_LINES, MOST_MARKS, find_excess
from bot.posts.body.render import BodyError, render_body
from bot.posts.frontmatter.source import LARGEST_FILE

ROOM = LARGEST_FILE


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[" * ROOM, "brackets"),
        ("![" * (ROOM // 2), "brackets"),
        ("[\n" * (ROOM // 2), "brackets"),
        ("[x][" * (ROOM // 4), "brackets"),
        ("|a" * (ROOM // 5) + "\n" + "|-" * (ROOM // 5), "bars"),
        ("*a* " * (ROOM // 4), "marks of emphasis"),
        ("`a" * (ROOM // 2), "marks of emphasis and code"),
        ("> " * 100 + "a\n" * (ROOM // 3), "lines, with quotes 100 levels deep"),
        ("> " * 20 + "a\n" + "a\n" * 5000, "lines, with quotes 20 levels deep"),
        ("a\n" * (ROOM // 2), "lines"),
        ("- a\n" * (ROOM // 4), "lines"),
    ],
)
def test_what_would_take_seconds_is_refused(text: str, says: str) -> None:
    assert len(text) <= ROOM
    with pytest.raises(BodyError, match=says):
        render_body(text, permalink="https://conf.example/")


@pytest.mark.parametrize(
    "text",
    [
        "[" * MOST_BRACKETS,
        "|" * MOST_BARS,
        "a\n" * MOST_LINES,
        "> a\n" * (MOST_LINES // 2),
        "    > > > in code\n" * 100,
        "Word after word, [a link](/there/) and **more**.\n\n" * (ROOM // 50),
    ],
)
def test_what_stays_below_is_rendered(text: str) -> None:
    assert find_excess(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "[\n" * MOST_BRACKETS,
        "> " * 20 + "a\n" + "a\n" * (MOST_LINES // 21 - 2),
        "- a\n" * MOST_LINES,
        "Word after word, [a link](/there/) and **more**.\n\n" * (ROOM // 50),
        "*a* " * (MOST_MARKS // 2),
        ">" * ROOM,
        "<" * ROOM,
        "~~a" * (MOST_MARKS // 2),
    ],
)
def test_the_most_that_is_taken_takes_its_time_and_no_more(text: str) -> None:
    """About a second each on an idle machine."""
    begun = time.process_time()
    render_body(text, permalink="https://conf.example/")
    assert time.process_time() - begun < 10
