"""Patterns of the package `regex`, which knows grapheme clusters and Unicode's categories; `re` does not."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex


@cache
def compile_pattern(pattern: str, *, ignore_case: bool = False) -> regex.Pattern[str]:
    """Compile a pattern when it is first used."""
    import regex  # imported here: it takes 15 ms, which a cycle that composes no toot need not wait for

    return regex.compile(pattern, regex.IGNORECASE if ignore_case else 0)
