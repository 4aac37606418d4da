"""How servers that are not Mastodon count a text. All that differs from one software to another stands in this table.

Sources: GoToSocial internal/processing/status/create.go (code points, nothing shortened; it advertises 25 for a link
and does not apply it); Pleroma and its fork Akkoma, config and differences_in_mastoapi_responses.md (links in full);
Pixelfed app/Http/Controllers/Api/ApiV1Controller.php (a caption's plain length).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a kind of server counts."""

    shortens: bool  #: whether links count a fixed number of characters, and mentions without their domain
    graphemes: bool  #: whether what a reader sees as one character counts one; else each code point does


MASTODON: Final = Dialect(shortens=True, graphemes=True)

_OTHERS: Final[Mapping[str, Dialect]] = MappingProxyType(
    {
        "gotosocial": Dialect(shortens=False, graphemes=False),
        "pleroma": Dialect(shortens=False, graphemes=True),
        "akkoma": Dialect(shortens=False, graphemes=True),
        "pixelfed": Dialect(shortens=False, graphemes=False),
    }
)


def dialect_of(software: str) -> Dialect:
    """The dialect of a server, by `Limits.software` ("gotosocial 0.20.1"); Mastodon's where it is not known.

    Forks of Mastodon (glitch-soc, Hometown) count as it does.
    """
    name, _, _ = software.strip().lower().partition(" ")
    return _OTHERS.get(name, MASTODON)
