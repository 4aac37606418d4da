"""The length of a status, counted as its server counts it: by Mastodon's rules, unless its dialect differs.

Source of every rule here: mastodon/mastodon app/validators/status_length_validator.rb (4.3 to 4.6), unless another
file is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.compose.links import find_links
from bot.compose.mentions import find_mentions
from bot.compose.patterns import compile_pattern
from bot.domain import Dialect, Limits

if TYPE_CHECKING:
    import regex


MASTODON: Final = Dialect()

_STRIPPED: Final = "\0\t\n\v\f\r "  # the characters that Ruby's String#strip removes


def status_length(text: str, content_warning: str = "", *, limits: Limits, dialect: Dialect = MASTODON) -> int:
    """How many characters the server counts for a text and its content warning.

    - Both are stripped at their ends; whitespace inside counts (app/models/status.rb `prepare_contents`).
    - Each link in the text counts `limits.characters_per_url`, even if it is shorter; see `find_links`.
    - Each mention counts as "@name"; its domain is free.
    - Nothing is shortened in the content warning: links and domains there count in full.
    - The result is counted in grapheme clusters: what a reader sees as one character is one, also a flag,
      a family emoji, a letter with combining marks, a line end of CR and LF.

    A server of another `dialect` counts links and mentions in full, or code points.
    """
    warning, text = content_warning.strip(_STRIPPED), text.strip(_STRIPPED)
    whole = warning + (_countable(text, limits) if dialect.shortens else text)
    return count_graphemes(whole) if dialect.graphemes else len(whole)


def count_graphemes(text: str) -> int:
    """The number of grapheme clusters (Unicode Standard Annex 29) in a text."""
    if text.isascii() and "\r" not in text:
        return len(text)
    return sum(1 for _ in grapheme_pattern().finditer(text))


def grapheme_pattern() -> regex.Pattern[str]:
    """Matches one grapheme cluster."""
    return compile_pattern(r"\X")


def _countable(text: str, limits: Limits) -> str:
    if not text.strip():
        return ""
    # (start, end, replacement to count); of two that overlap the first one wins, as on the server.
    placeholder = "x" * limits.characters_per_url
    entities = [(link.start, link.end, placeholder) for link in find_links(text)]
    entities += [(found.start, found.end, text[found.start : found.name_end]) for found in find_mentions(text)]
    pieces: list[str] = []
    done = 0
    for start, end, counted in sorted(entities):
        if start >= done:
            pieces += [text[done:start], counted]
            done = end
    return "".join(pieces) + text[done:]
