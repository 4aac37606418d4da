"""Shorten a text at a sentence end, else at a word end, but never inside a link, mention or hashtag.

The caller decides whether a text fits.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from bot.compose.length import count_graphemes, grapheme_pattern
from bot.compose.links import Span, find_links
from bot.compose.patterns import compile_pattern
from bot.domain.template_tags import find_tags

ELLIPSIS: Final = "…"

# A word this long may be cut inside: it is text written without spaces (Chinese, Japanese, Thai), or noise.
_LONG_WORD: Final = 30
# The number of characters before a full stop that are searched for an abbreviation.
_ABBREVIATION_WINDOW: Final = 200
# Words before a full stop that do not end a sentence, besides those of one letter and of two with a capital ("Dr.").
_ABBREVIATIONS: Final = frozenset(
    {"al", "ca", "cf", "ed", "no", "pp", "vs", "mrs", "prof", "rev", "hon", "gen", "sen", "vol", "fig"}
)


def shorten(text: str, budget: int, *, measure: Callable[[str], int] = count_graphemes) -> str:
    """The beginning of a text, at most `budget` long (in grapheme clusters, unless measured otherwise).

    Ends at a sentence if that uses at least half of the budget, else at a word with "…". Links, hashtags, mentions,
    e-mail addresses and template tags are kept whole or dropped. Empty if not even one word fits.
    """
    return shorten_to_fit(text, lambda candidate: measure(candidate) <= budget)


def shorten_to_fit(text: str, fits: Callable[[str], bool]) -> str:
    """Like `shorten`; `fits` decides about a candidate; if a text fits, shorter ones should fit too.

    The result has passed `fits`, or is empty.
    """
    text = text.strip()
    if fits(text):
        return text
    kept_whole = find_kept_whole(text)
    cuts = find_cuts(text, kept_whole)

    def at_word(cut: int) -> str:
        return _with_ellipsis(text[:cut], kept_whole)

    fitting = find_last_fitting(cuts, lambda cut: fits(at_word(cut)))
    if fitting is None:
        return ""
    best = at_word(fitting)
    sentence = next((end for end in reversed(find_sentence_ends(text, kept_whole)) if end <= fitting), None)
    if sentence is not None and 2 * count_graphemes(text[:sentence]) >= count_graphemes(best) and fits(text[:sentence]):
        return text[:sentence]
    return best


def find_last_fitting(cuts: Sequence[int], fits: Callable[[int], bool]) -> int | None:
    """The last of `cuts` that fits, assuming that all before it fit; None if none does."""
    # Gallop first: usually a small part of a long text fits, and `fits` is slow on the whole.
    low, high = 0, 1
    while high <= len(cuts) and fits(cuts[high - 1]):
        low, high = high, 2 * high
    high = min(high - 1, len(cuts))
    while low < high:
        middle = (low + high) // 2
        if fits(cuts[middle]):
            low = middle + 1
        else:
            high = middle
    return cuts[low - 1] if low else None


def find_cuts(text: str, kept_whole: Sequence[Span]) -> list[int]:
    """The positions where the text may end, ascending: after each word, and after each character of a very long one."""
    boundaries = [0, *(match.end() for match in grapheme_pattern().finditer(text))]
    allowed = set(boundaries)
    cuts: list[int] = []
    for word in compile_pattern(r"\S+").finditer(text):
        first, last = bisect_right(boundaries, word.start()), bisect_right(boundaries, word.end())
        cuts += boundaries[first:last] if last - first > _LONG_WORD else [word.end()]
    return keep_outside(kept_whole, [cut for cut in cuts if cut in allowed])


def keep_outside(kept_whole: Sequence[Span], cuts: Iterable[int]) -> list[int]:
    """Those of `cuts` that are not inside a span that must stay whole."""
    starts = [span.start for span in kept_whole]

    def is_inside(cut: int) -> bool:
        before = bisect_right(starts, cut - 1) - 1
        return before >= 0 and cut < kept_whole[before].end

    return [cut for cut in cuts if not is_inside(cut)]


def find_kept_whole(text: str) -> list[Span]:
    """The spans that must not be cut, ascending and disjoint.

    Links and similar text, e-mail addresses, mentions, hashtags, template tags.
    """
    look_alikes = compile_pattern(
        r"(?:(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*+://\S*)"
        r"|(?:(?<![\w.+-])[\w.+-]++)?@\u2060?[\w.@-]*\w"
        r"|[#＃][\w\u00b7\u30fb\u200c]+"
    )
    spans = [*find_links(text), *(Span(*match.span()) for match in look_alikes.finditer(text))]
    spans += [Span(tag.start, tag.end) for tag in find_tags(text)]  # half a tag would not be recognised
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def find_sentence_ends(text: str, kept_whole: Sequence[Span]) -> list[int]:
    """The ends of all sentences that have text after them, ascending."""
    ends = compile_pattern(
        r"""(?P<mark>[.!?…‽]+)["'*_\p{Pe}\p{Pf}]*(?=\s++(?!\p{Ll}))|[。！？]+[\p{Pe}\p{Pf}]*(?![\p{M}\u200d])"""
    )
    found = [
        match.end()
        for match in ends.finditer(text)
        if not (
            match["mark"] == "."
            and _is_abbreviation(text[max(0, match.start() - _ABBREVIATION_WINDOW) : match.start()])
        )
    ]
    return keep_outside(kept_whole, found)


def _is_abbreviation(before: str) -> bool:
    last_words = before.rsplit(maxsplit=1)[-1:]
    word = "".join(last_words).strip("(\"'“‘«[*_")
    initials = len(word) < 2 or (len(word) == 2 and not word.islower())
    return initials or ("." in word and "://" not in word) or word.lower() in _ABBREVIATIONS


def _with_ellipsis(kept: str, kept_whole: Sequence[Span]) -> str:
    """`kept` without trailing punctuation, plus "…"; "" if nothing is left."""
    floor = max((span.end for span in kept_whole if span.end <= len(kept)), default=0)
    end = len(kept)
    while end > floor and _dangles(kept[:end]):
        end -= 1
    kept = kept[:end]
    if not kept:
        return ""
    return add_ellipsis(kept)


def add_ellipsis(kept: str) -> str:
    """Append "…", after a space if the server would treat it as part of a link's path."""
    joins_link = "://" in kept.split()[-1] or find_links(kept) != find_links(kept + ELLIPSIS)
    return f"{kept} {ELLIPSIS}" if joins_link else kept + ELLIPSIS


def _dangles(text: str) -> bool:
    last = text[-1]
    if last.isspace():
        return True
    if last in "\"'":  # keep a closing quote, drop an opening one
        return text.count(last) % 2 == 1 and (len(text) == 1 or not text[-2].isalnum())
    if last in "%‰‱′″*":
        return False
    return unicodedata.category(last) in ("Pd", "Ps", "Pi", "Po")
