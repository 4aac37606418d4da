"""What can differ between servers: the words for it. The table of the servers themselves is in `personality.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from bot.domain import Limits
from bot.sandbox.ids import IdStyle
from bot.sandbox.rates import Rates

#: Media types of the pictures that the sandbox can look into.
PICTURE_TYPES: Final = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif")


class Repeat(Enum):
    """What a server makes of an Idempotency-Key that has come before."""

    SAME = "200"  #: answers the status as it stands (Mastodon up to 4.5)
    ERROR = "500"  #: answers an error, though nothing is duplicated (Mastodon 4.6, mastodon/mastodon #40399)
    LOCKED = "503"  #: says that the first is still at work (Mastodon 4.6, #37879)
    IGNORED = "ignored"  #: never looks at the key and posts again (GoToSocial)
    REFUSED = "400"  #: refuses the key, even if the first attempt failed (Pixelfed)
    REPLAYED = "replayed"  #: gives the first answer again, an error too, to whoever brings the key (Pleroma 2.7)


class Length(Enum):
    """How a server counts a text and its content warning."""

    SHORTENED = "shortened"  #: grapheme clusters; a link counts 23, a mention without its domain (Mastodon)
    CODE_POINTS = "code points"  #: everything in full (GoToSocial)
    GRAPHEMES = "graphemes"  #: everything in full (Pleroma)
    TEXT_ONLY = "text only"  #: code points, without the content warning (Pixelfed)


class Markup(Enum):
    """Whose HTML a status becomes; see `markup.py`."""

    MASTODON = "mastodon"
    GOTOSOCIAL = "gotosocial"
    PLEROMA = "pleroma"
    PIXELFED = "pixelfed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """A status code and a text of the server's own."""

    status: int
    text: str  #: "{limit}" stands for the limit in question


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How an entity differs from Mastodon's: fields that it lacks, and fields that it has besides."""

    lacks: frozenset[str] = frozenset()
    adds: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Personality:
    """A kind of server."""

    name: str
    version: str  #: as its `/api/v2/instance` says
    software: tuple[str, str]  #: name and version, as its nodeinfo says
    source_url: str
    api_version: int | None  #: `api_versions.mastodon`
    limits: Limits
    ids: IdStyle = IdStyle.SNOWFLAKE
    repeat: Repeat = Repeat.SAME
    rates: Rates
    length: Length = Length.SHORTENED
    markup: Markup = Markup.MASTODON
    hashtag_signs: str = "#"
    hashtag_follows: str  #: pattern (of the library regex) for the place before "#"
    visibilities: tuple[str, ...] = ("public", "unlisted", "private", "direct")
    spoiler_characters: int | None = None  #: of a content warning, where it has a limit of its own
    warning_becomes_text: bool = True  #: a content warning without text becomes the text
    drops_lost_media: bool = False  #: says nothing about media_ids that it does not know
    blank: Words = Words(status=422, text="Validation failed: Text can't be blank")
    too_long: Words = Words(status=422, text="Validation failed: Text character limit of {limit} exceeded")
    unchanged: Words | None = None  #: the answer to an edit that changes nothing; None: the status
    upload_status: int = 200  #: of an upload to /api/v2/media that is complete
    strict_json: bool = False  #: takes no text for true or false in JSON
    oauth_metadata: bool = True  #: has /.well-known/oauth-authorization-server
    shapes: Mapping[str, Shape] = field(default_factory=dict)  #: by entity: status, account, media, instance...

    def dialect(self, kind: str, entity: dict[str, Any]) -> dict[str, Any]:
        """An entity of Mastodon's as this server would say it."""
        shape = self.shapes.get(kind)
        if shape is None:
            return entity
        return {name: value for name, value in entity.items() if name not in shape.lacks} | dict(shape.adds)
