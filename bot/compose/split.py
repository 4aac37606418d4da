"""Splitting a long text into the toots of a thread, where a reader would pause; nothing of it is lost.

Not here: what the room is; the caller says whether a toot fits.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from bot.compose.links import Span
from bot.compose.shorten import add_ellipsis, cuts_of, kept_whole_of, last_fitting, outside, sentence_ends

_PARAGRAPH: Final = re.compile(r"\n[^\S\n]*\n\s*")
_LINE: Final = re.compile(r"\n\s*")
_LAST_WORDS: Final = 5  # if all that is left fits, so does most of it with an ellipsis

Fits = Callable[[int, str], bool]  # number of the part, from 0; its text


class CannotSplitError(ValueError):
    """A link or word is longer than a toot."""


def split(text: str, fits: Fits) -> Iterator[str]:
    """The parts of a text, in order, each of which fits.

    A part ends at the last paragraph that leaves it at least half full, else likewise at a line or at a sentence, else
    at a word, with "…". Links, hashtags, mentions, e-mail addresses and template tags are never cut. But for those
    ellipses and the white space around the cuts the parts are the text.

    Raises CannotSplitError, when it gets there: something that must stay whole has no room.
    """
    text = text.strip()
    kept_whole = _with_brackets(text, kept_whole_of(text))
    words = cuts_of(text, kept_whole)
    levels = [  # a template tag may hold line ends
        outside(kept_whole, [found.start() for found in _PARAGRAPH.finditer(text)]),
        outside(kept_whole, [found.start() for found in _LINE.finditer(text)]),
        sentence_ends(text, kept_whole),
    ]
    number = start = 0
    while start < len(text):

        def at(cut: int, start: int = start, number: int = number) -> bool:
            return fits(number, text[start:cut].rstrip())

        end, part = _word_end(text, start, words, number, fits), ""
        # Asking about all that is left is slow while that is much.
        if (end is None or end >= words[-_LAST_WORDS:][0]) and at(len(text)):
            yield text[start:]
            return
        for level in levels:
            cut = last_fitting(level[bisect_right(level, start) :], at)
            if cut is not None and (end is None or 2 * (cut - start) >= end - start):
                end, part = cut, text[start:cut].rstrip()
                break
        if end is None:
            raise CannotSplitError(text[start : start + 80])
        yield part or add_ellipsis(text[start:end].rstrip())
        start = end + len(text[end:]) - len(text[end:].lstrip())
        number += 1


def _word_end(text: str, start: int, words: Sequence[int], number: int, fits: Fits) -> int | None:
    """The last word's end at which a part that begins at `start` may be broken off with an ellipsis."""

    def at(cut: int) -> bool:
        return fits(number, add_ellipsis(text[start:cut].rstrip()))

    return last_fitting(words[bisect_right(words, start) : bisect_left(words, len(text))], at)


def _with_brackets(text: str, spans: Sequence[Span]) -> list[Span]:
    """The spans with the brackets and marks that adjoin them: "(https://example.org/)." is one thing to a reader."""
    wider: list[Span] = []
    for start, end in spans:
        while start > 0 and unicodedata.category(text[start - 1]) in ("Ps", "Pi"):
            start -= 1
        while end < len(text) and unicodedata.category(text[end]) in ("Pe", "Pf", "Po"):
            end += 1
        if wider and start < wider[-1].end:
            wider[-1] = Span(wider[-1].start, end)
        else:
            wider.append(Span(start, end))
    return wider
