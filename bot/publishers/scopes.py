"""What a token may do, and what the publisher needs. Pure.

Source: the access checks of Mastodon's API controllers and config/initializers/doorkeeper.rb, release 4.5.15.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

#: Why → the scopes that allow it, the least one first. `profile` is known from Mastodon 4.3 on.
NEEDS: Final = {
    "to ask whose token it is": ("profile", "read:accounts", "read"),
    "to see what is there already": ("read:statuses", "read"),
    "to toot, edit and delete": ("write:statuses", "write"),
    "to upload pictures": ("write:media", "write"),
}
_BROAD: Final = ("read", "write")
_SINCE_4_3: Final = "profile"


def least_scopes(supported: Collection[str], *, software: str) -> tuple[str, ...]:
    """The fewest rights that a server can give and the publisher can work with.

    `supported` is what the server's metadata lists (Mastodon 4.3 and later); empty: it does not say.
    """
    fine = any(":" in scope for scope in supported)
    if (supported and not fine) or (not supported and software.startswith("Pixelfed")):
        return _BROAD
    if not supported:
        return tuple(next(s for s in scopes if s != _SINCE_4_3) for scopes in NEEDS.values())
    chosen = (next((s for s in scopes if s in supported), scopes[-1]) for scopes in NEEDS.values())
    return tuple(dict.fromkeys(chosen))


def missing_scopes(granted: Collection[str]) -> tuple[str, ...]:
    """What a token that has been granted these scopes still needs, by the scope's narrowest name that all know."""
    lacking = (scopes for scopes in NEEDS.values() if not any(scope in granted for scope in scopes))
    return tuple(next(s for s in scopes if s != _SINCE_4_3) for scopes in lacking)


def explain_missing(missing: Collection[str]) -> str:
    """What a token lacks, for a person: "write:media (to upload pictures)"."""
    return ", ".join(f"{scope} ({next(why for why, scopes in NEEDS.items() if scope in scopes)})" for scope in missing)
