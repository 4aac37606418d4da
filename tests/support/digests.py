"""Digests for posts and entries that were never read from a file."""

from __future__ import annotations

from bot.domain import Digests


def both(words: str) -> Digests:
    """Those of a post that says these words in the feeds and in its announcement."""
    return Digests(entry=words, announcement=words)
