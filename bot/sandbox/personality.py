"""What differs between servers, as a table: one line per server, one column per difference.

Everything that all servers do alike lives in the other files. Sources: mastodon/mastodon, release 4.5.15.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from bot.model import Limits


class Repeat(Enum):
    """What a server makes of an Idempotency-Key that has already led to a status."""

    SAME = "200"  #: answers the status as it stands (Mastodon up to 4.5)
    ERROR = "500"  #: answers an error, though nothing is duplicated (Mastodon 4.6, mastodon/mastodon #40399)
    IGNORED = "ignored"  #: never looks at the key and posts again (GoToSocial)


@dataclass(frozen=True, kw_only=True, slots=True)
class Personality:
    """A kind of server."""

    name: str
    version: str  #: as its `/api/v2/instance` says
    api_version: int  #: `api_versions.mastodon`
    limits: Limits
    repeat: Repeat
    hashtag_signs: str  #: what begins a hashtag: from 4.5 the full-width sign, too
    hashtag_follows: str  #: pattern (of the library regex) for the place before "#" (app/models/tag.rb)


#: The servers that the sandbox can be, by name.
PERSONALITIES: Final = {
    "mastodon-4.5": Personality(
        name="mastodon-4.5",
        version="4.5.15",
        api_version=7,
        limits=Limits(),
        repeat=Repeat.SAME,
        hashtag_signs="#＃",
        hashtag_follows=r"(?<![=/)\p{Alnum}])",
    ),
}

#: What the sandbox is unless told otherwise.
MASTODON: Final = PERSONALITIES["mastodon-4.5"]
