"""Digests for posts and entries that were never read from a file."""

from __future__ import annotations

from bot.domain import Digests


def both(words: str) -> Digests:
    """Return the digests of a post with these words in the feeds and in its announcement."""
    return Digests(entry=words, announcement=words)
