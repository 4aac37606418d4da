"""What tokens may do. Pure. Source: config/initializers/doorkeeper.rb of mastodon/mastodon."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

_READ: Final = "accounts blocks bookmarks favourites filters follows lists mutes notifications search statuses"
_WRITE: Final = (
    "accounts blocks bookmarks conversations favourites filters follows lists "
    "media mutes notifications reports statuses"
)
#: Every scope that a client may ask for.
SCOPES: Final = (
    "read",
    "profile",
    "write",
    "follow",
    "push",
    *(f"read:{name}" for name in _READ.split()),
    *(f"write:{name}" for name in _WRITE.split()),
)
#: What a client gets that asks for nothing.
DEFAULT_SCOPES: Final = ("read",)
#: What an invented token may do.
EVERYTHING: Final = ("read", "profile", "write", "follow", "push")


def allows(granted: Collection[str], needed: str) -> bool:
    """Whether one of the granted scopes covers the needed one: "write" covers "write:media"."""
    return needed in granted or needed.partition(":")[0] in granted


def within(wanted: Iterable[str], granted: Iterable[str]) -> bool:
    """Whether all that is wanted is granted, too. ("read" is not within "read:accounts".)"""
    held = tuple(granted)
    return all(allows(held, scope) for scope in wanted)
