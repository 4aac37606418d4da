"""The texts of a thread, each within the server's limit."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from bot.compose.links import Span
from bot.compose.mentions import defuse
from bot.compose.shorten import (
    add_ellipsis,
    find_cuts,
    find_kept_whole,
    find_last_fitting,
    find_sentence_ends,
    keep_outside,
)
from bot.compose.wording import Wording, tidy
from bot.domain.errors import ComposeError
from bot.posts.frontmatter.options import MOST_TOOTS

_PARAGRAPH: Final = re.compile(r"\n[^\S\n]*\n\s*")
_LINE: Final = re.compile(r"\n\s*")
_LAST_WORDS: Final = 5  # words; if the whole rest fits, then also most of it with an ellipsis

Fits = Callable[[int, str], bool]  # number of the part, from 0; its text


class CannotSplitError(ValueError):
    """A link or word is longer than a toot."""


def split(text: str, fits: Fits) -> Iterator[str]:
    """The parts of a text, in order, each of which fits.

    A part ends at the last paragraph end that leaves it at least half full, else likewise at a line or sentence end,
    else at a word, with "…". Links, hashtags, mentions, e-mail addresses and template tags are never cut. Apart from
    the ellipses and the white space around the cuts, the parts add up to the text.

    Raises CannotSplitError during the iteration if something that must stay whole does not fit.
    """
    text = text.strip()
    kept_whole = _with_brackets(text, find_kept_whole(text))
    words = find_cuts(text, kept_whole)
    levels = [  # a template tag may contain line ends
        keep_outside(kept_whole, [found.start() for found in _PARAGRAPH.finditer(text)]),
        keep_outside(kept_whole, [found.start() for found in _LINE.finditer(text)]),
        find_sentence_ends(text, kept_whole),
    ]
    number = start = 0
    while start < len(text):

        def at(cut: int, start: int = start, number: int = number) -> bool:
            return fits(number, text[start:cut].rstrip())

        end, part = _word_end(text, start, words, number, fits), ""
        # `fits` is slow on a long rest.
        if (end is None or end >= words[-_LAST_WORDS:][0]) and at(len(text)):
            yield text[start:]
            return
        for level in levels:
            cut = find_last_fitting(level[bisect_right(level, start) :], at)
            if cut is not None and (end is None or 2 * (cut - start) >= end - start):
                end, part = cut, text[start:cut].rstrip()
                break
        if end is None:
            raise CannotSplitError(text[start : start + 80])
        yield part or add_ellipsis(text[start:end].rstrip())
        start = end + len(text[end:]) - len(text[end:].lstrip())
        number += 1


def _word_end(text: str, start: int, words: Sequence[int], number: int, fits: Fits) -> int | None:
    """The last word end at which a part that begins at `start` can end with an ellipsis."""

    def at(cut: int) -> bool:
        return fits(number, add_ellipsis(text[start:cut].rstrip()))

    return find_last_fitting(words[bisect_right(words, start) : bisect_left(words, len(text))], at)


def _with_brackets(text: str, spans: Sequence[Span]) -> list[Span]:
    """Extend the spans by adjoining brackets and punctuation: "(https://example.org/)." should stay together."""
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


_FIELD = "mastodon.thread"


def compose_texts(wording: Wording) -> tuple[str, ...]:
    """The text of the toot, and those of its thread, in order.

    `thread: [...]`: the usual toot, then each text of the list; one that is too long is split.
    `thread: auto`: the author's own text is split instead of shortened; without one, the paragraphs of the post that
    are not in the excerpt follow the toot. Link and hashtags are in the first toot, unless the author placed them.

    Raises ComposeError as `Wording.fitted`, and for too many toots, two equal toots, or a word that does not fit.
    """
    options = wording.post.mastodon
    if options.numbered:
        return _numbered(wording)
    texts = _texts(wording)
    _refuse_doubles(wording, texts)
    return texts


def is_split(wording: Wording) -> bool:
    """Whether the author's own text is split instead of shortened if it is too long."""
    return wording.post.mastodon.thread_auto and bool(wording.own_text)


def _numbered(wording: Wording) -> tuple[str, ...]:
    texts: tuple[str, ...] = ()
    for most in (9, MOST_TOOTS):
        texts = _texts(replace(wording, reserved=len(_number(most, most))))
        if len(texts) <= most:
            break
    if len(texts) == 1:
        return texts
    return tuple(text + _number(position, len(texts)) for position, text in enumerate(texts, start=1))


def _number(position: int, total: int) -> str:
    return f"\n\n{position}/{total}"


def _texts(wording: Wording) -> tuple[str, ...]:
    texts = tuple(islice(_endless_texts(wording), MOST_TOOTS + 1))
    if len(texts) > MOST_TOOTS:
        raise ComposeError(
            f"the thread would have more than {MOST_TOOTS} toots.",
            post=wording.post.path,
            kind="thread-too-long",
            remedy="Shorten it, or write its toots yourself below mastodon.thread.",
            field=_FIELD,
        )
    return texts


def _endless_texts(wording: Wording) -> Iterator[str]:
    try:
        if is_split(wording):
            yield from _own_text(wording)
            return
        first = wording.text(wording.fitted())
        if first == wording.completed(""):
            raise ComposeError(
                "the toot would have no words.",
                post=wording.post.path,
                kind="no-words",
                remedy="Give the post a title, set mastodon.text, or put words into its template.",
            )
        yield first
        if wording.post.mastodon.thread_auto:
            yield from split(_rest_of(wording, first), lambda _, text: wording.fits(text))
        for text in wording.post.mastodon.thread:
            yield from split(tidy(text), lambda _, text: wording.fits(text))
    except CannotSplitError as error:
        raise ComposeError(
            f'no toot of {wording.limit} characters has room for "{error}…".',
            post=wording.post.path,
            kind="no-room",
            remedy="Use a shorter link, content warning or number of hashtags.",
            field=_FIELD,
        ) from None


def _own_text(wording: Wording) -> Iterator[str]:
    def complete(number: int, text: str) -> str:
        return wording.completed(text) if number == 0 else text

    parts = split(wording.own_text, lambda number, text: wording.fits(complete(number, text)))
    for number, part in enumerate(parts):
        yield complete(number, part)


def _rest_of(wording: Wording, first: str) -> str:
    """The post as plain text, without the excerpt if the first toot shows all of it."""
    post = wording.post
    excerpt = defuse(tidy(post.excerpt))
    rest = post.unsaid if excerpt and excerpt in first else post.paragraphs
    return defuse(tidy("\n\n".join(rest)))


def _refuse_doubles(wording: Wording, texts: tuple[str, ...]) -> None:
    for position, text in enumerate(texts, start=1):
        before = texts.index(text) + 1
        if before < position:
            # After a lost response the bot recognises a toot by its text.
            raise ComposeError(
                f"toots {before} and {position} of the thread say the same, "
                "so that one could not be told from the other.",
                post=wording.post.path,
                kind="thread-repeats",
                remedy="Change one of them, or write mastodon: numbered: true.",
                field=_FIELD,
            )
