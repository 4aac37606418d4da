"""Hashtags that the server recognises, without duplicates.

Sources: mastodon/mastodon app/models/tag.rb `HASHTAG_RE` (4.6), app/lib/hashtag_normalizer.rb.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from bot.compose.links import Span
from bot.compose.patterns import compile_pattern

if TYPE_CHECKING:
    import regex

_WORD: Final = r"\p{L}\p{M}\p{Nd}\p{Pc}"  # Ruby's [[:word:]]
_LETTER: Final = r"\p{L}\p{M}"  # Ruby's [[:alpha:]]
_SEPARATORS: Final = r"_\u00b7\u30fb\u200c"  # "_", two kinds of middle dot, ZERO WIDTH NON-JOINER
# Digits are allowed anywhere, but at least one letter, or a separator inside, is required.
_NAME: Final = (
    rf"(?:[{_WORD}][{_WORD}{_SEPARATORS}]*[{_LETTER}{_SEPARATORS}][{_WORD}{_SEPARATORS}]*[{_WORD}]"
    rf"|[{_WORD}]*[{_LETTER}][{_WORD}]*)"
)


def make_hashtags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags as authors write them → hashtags for the text: "Django Con" → "#DjangoCon".

    The input may begin with "#". Several words are joined in CamelCase, which screen readers read as words; a single
    word stays as written. Duplicates and impossible tags are left out, see `find_invalid_hashtags`.
    """
    by_fold: dict[str, str] = {}
    for hashtag in filter(None, map(_make, tags)):
        by_fold.setdefault(fold_hashtag(hashtag), hashtag)
    return tuple(by_fold.values())


def find_invalid_hashtags(tags: Iterable[str]) -> tuple[str, ...]:
    """The tags, as written, that cannot become a hashtag: only digits, empty, or with signs that would end it early."""
    return tuple(tag for tag in tags if not _make(tag))


def find_hashtags(text: str) -> tuple[str, ...]:
    """The hashtags that the server finds in a text, with "#", in order.

    By the rule of 4.6: only at the start of a line or after whitespace (up to 4.5 also after most punctuation).
    """
    return tuple("#" + text[span.start + 1 : span.end] for span in find_hashtag_spans(text))


def find_hashtag_spans(text: str) -> list[Span]:
    """The spans of the hashtags that `find_hashtags` finds, including "#"."""
    if "#" not in text and "＃" not in text:
        return []
    return [Span(*match.span()) for match in _tag_pattern().finditer(text)]


def find_missing_hashtags(hashtags: Iterable[str], text: str) -> tuple[str, ...]:
    """Those of `hashtags` that the text does not contain."""
    there = {fold_hashtag(found) for found in find_hashtags(text)}
    return tuple(hashtag for hashtag in hashtags if fold_hashtag(hashtag) not in there)


def fold_hashtag(hashtag: str) -> str:
    """Normalise a hashtag for comparison: without "#", case, width and accents."""
    unaccented = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", hashtag.lstrip("#＃").casefold())
        # Accents only: in other scripts, combining marks distinguish words.
        if not "\u0300" <= letter <= "\u036f"
    )
    return unicodedata.normalize("NFKC", unaccented).casefold()


def _make(tag: str) -> str:
    bare = tag.strip().lstrip("#＃").replace("'", "").replace("’", "")
    words = [word for word in _gap_pattern().split(bare) if word]
    name = words[0] if len(words) == 1 else "".join(word[:1].upper() + word[1:] for word in words)
    return "#" + name if _name_pattern().fullmatch(name) else ""


def _name_pattern() -> regex.Pattern[str]:
    return compile_pattern(_NAME)


def _tag_pattern() -> regex.Pattern[str]:
    return compile_pattern(rf"(?<!\S)[#＃](?P<name>{_NAME})")


def _gap_pattern() -> regex.Pattern[str]:
    return compile_pattern(r"[\s\p{Pd}]+")
