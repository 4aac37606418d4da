"""The short way through YAML gives what the careful one gives, and leaves to it all that may have to be refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import PostError
from bot.posts.frontmatter.yaml import _plain_events, _Reader, _usual_events

BEGINNINGS = ("title: ", "tags: ", "cover:\n  ", "mastodon:\n", "\n", " ", "- ", "? ", "key:", "# ")
WORDS = ("A", "one two", '"', "'", "''", "null", "~", "|\n", ">-\n", "é", "\u2028", "\x85", "\t", "2027-03-01 09:00")
SIGNS = (
    "[",
    "]",
    "{",
    "}",
    ",",
    ": ",
    "&a ",
    "*a ",
    "!b ",
    "%",
    "@",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "[" * 30,
    "- " * 30,
)
TEXTS = st.lists(st.sampled_from((*BEGINNINGS, *WORDS, *SIGNS)), max_size=12).map("".join)


def reader(text: str) -> _Reader:
    return _Reader(path=Path("a.md"), text=text, first_line=1, deepest=20, lines={})


def told(event: Any) -> tuple[str, int, int]:
    return repr(event), event.start_mark.index, event.end_mark.index


@given(TEXTS)
def test_what_is_told_at_once_is_what_a_closer_look_tells(text: str) -> None:
    events = _plain_events(reader(text))
    if events is not None:
        assert list(map(told, events)) == list(map(told, _usual_events(reader(text))))


@pytest.mark.parametrize("text", ["a: 1\nb: [2, {c: 3}]\n", "", "# nothing\n", "a: 'don''t'"])
def test_usual_front_matter_takes_the_short_way(text: str) -> None:
    assert _plain_events(reader(text)) is not None


@pytest.mark.parametrize(
    "text", ["a: &b 1", "a: *b", "a: !b 1", "a: [", "a: 1\n--- \nb: 2\n", "a: " + "[" * 21 + "]" * 21]
)
def test_what_is_refused_takes_the_careful_way(text: str) -> None:
    assert _plain_events(reader(text)) is None
    with pytest.raises((PostError, yaml.YAMLError)):
        _usual_events(reader(text))
