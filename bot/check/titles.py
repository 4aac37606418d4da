"""Titles that are too long, or that shout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.check.findings import about
from bot.check.subject import Subject
from bot.model import Finding

LONGEST: Final = 100  #: characters; lists, link cards and feed readers cut what is longer
#: A title shouts if it has at least so many letters, and so many of them, in percent, are capitals.
LOUD_LETTERS: Final = 12
LOUD_SHARE: Final = 70

_LONG_CAPITALS: Final = re.compile(r"\b[^\W\d_]{4,}\b")
_MARKS: Final = re.compile(r"[!?！？]{2,}")


def check_titles(subject: Subject) -> Iterator[Finding]:
    """Of posts whose titles can still be chosen."""
    for post in subject.fresh:
        if len(post.title) > LONGEST:
            problem = f"has {len(post.title)} characters; lists and feed readers cut what is over {LONGEST}."
            yield about(post, "title-long", problem, "Say the news; the text has room for the rest.", field="title")
        shouted = _shouted(post.title)
        if shouted:
            problem = f'shouts: "{shouted}".'
            remedy = "Write it as a sentence; a single exclamation mark is enough."
            yield about(post, "title-shouting", problem, remedy, field="title")


def _shouted(title: str) -> str:
    """What shouts in a title; empty if nothing does. Acronyms do not: at least two words of capitals are asked for."""
    marks = _MARKS.search(title)
    if marks:
        return marks[0]
    letters = [letter for letter in title if letter.isalpha()]
    capitals = sum(letter.isupper() for letter in letters)
    loud = [word for word in _LONG_CAPITALS.findall(title) if word.isupper()]
    is_loud = len(letters) >= LOUD_LETTERS and 100 * capitals >= LOUD_SHARE * len(letters) and len(loud) >= 2
    return " ".join(loud) if is_loud else ""
