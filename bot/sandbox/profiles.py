"""Server profiles: what each kind of server does differently from Mastodon 4.5, as a table.

What all servers do alike is in the other files. Sources: mastodon/mastodon 4.5.15 and 4.6.5;
superseriousbusiness/gotosocial (October 2025) internal/api/model, internal/processing/status; Pleroma 2.7
lib/pleroma/web/mastodon_api/views, config/config.exs; pixelfed/pixelfed (March 2024)
app/Http/Controllers/Api/ApiV1Controller.php, config/pixelfed.php.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from typing import Any, Final

from bot.domain import Limits
from bot.sandbox.ids import IdStyle
from bot.sandbox.rates import GOTOSOCIAL_RATES, MASTODON_RATES, NO_RATES, PLEROMA_RATES, Rates

#: Media types of the pictures that the sandbox can read.
PICTURE_TYPES: Final = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif")


class RepeatPolicy(Enum):
    """How a server answers an Idempotency-Key that it has seen before."""

    SAME = "200"  #: the status as it is now (Mastodon up to 4.5)
    ERROR = "500"  #: an error, although nothing is duplicated (Mastodon 4.6, mastodon/mastodon #40399)
    LOCKED = "503"  #: the first request still holds the lock (Mastodon 4.6, #37879)
    IGNORED = "ignored"  #: ignores the key and posts again (GoToSocial)
    REFUSED = "400"  #: an error, even if the first attempt failed (Pixelfed)
    REPLAYED = "replayed"  #: the first answer again, even an error, to any client that sends the key (Pleroma 2.7)


class Counting(Enum):
    """How a server counts a text and its content warning."""

    SHORTENED = "shortened"  #: grapheme clusters; a link counts 23, a mention without its domain (Mastodon)
    CODE_POINTS = "code points"  #: everything in full (GoToSocial)
    GRAPHEMES = "graphemes"  #: everything in full (Pleroma)
    TEXT_ONLY = "text only"  #: code points, without the content warning (Pixelfed)


class HtmlStyle(Enum):
    """Which server's HTML a status becomes; see `markup.py`."""

    MASTODON = "mastodon"
    GOTOSOCIAL = "gotosocial"
    PLEROMA = "pleroma"
    PIXELFED = "pixelfed"


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorText:
    """A status code and the error text that this server sends."""

    status: int
    text: str  #: "{limit}" is replaced by the limit that was exceeded


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityShape:
    """How an entity differs from Mastodon's: fields that are missing, and additional ones."""

    lacks: frozenset[str] = frozenset()
    adds: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerProfile:
    """What one kind of server does."""

    name: str
    version: str  #: as its `/api/v2/instance` says
    software: tuple[str, str]  #: name and version, as its nodeinfo says
    source_url: str
    api_version: int | None  #: `api_versions.mastodon`
    limits: Limits
    ids: IdStyle = IdStyle.SNOWFLAKE
    repeat: RepeatPolicy = RepeatPolicy.SAME
    rates: Rates
    counting: Counting = Counting.SHORTENED
    html: HtmlStyle = HtmlStyle.MASTODON
    hashtag_signs: str = "#"
    hashtag_follows: str  #: pattern (of the library regex) for the place before "#"
    visibilities: tuple[str, ...] = ("public", "unlisted", "private", "direct")
    spoiler_characters: int | None = None  #: the limit of a content warning, where it has its own
    warning_becomes_text: bool = True  #: a content warning without text becomes the text
    drops_lost_media: bool = False  #: unknown media_ids are ignored
    blank: ErrorText = ErrorText(status=422, text="Validation failed: Text can't be blank")
    too_long: ErrorText = ErrorText(status=422, text="Validation failed: Text character limit of {limit} exceeded")
    unchanged: ErrorText | None = None  #: the answer to an edit that changes nothing; None: the status
    upload_status: int = 200  #: of an upload to /api/v2/media that is complete
    strict_json: bool = False  #: refuses texts as true and false in JSON
    oauth_metadata: bool = True  #: has /.well-known/oauth-authorization-server
    shapes: Mapping[str, EntityShape] = field(default_factory=dict)  #: by entity: status, account, media, instance...

    def adapt(self, kind: str, entity: dict[str, Any]) -> dict[str, Any]:
        """Mastodon's entity in the shape that this server sends."""
        shape = self.shapes.get(kind)
        if shape is None:
            return entity
        return {name: value for name, value in entity.items() if name not in shape.lacks} | dict(shape.adds)


_MASTODON_LIMITS: Final = Limits(picture_types=PICTURE_TYPES, quote_policy=True)
_NO_QUOTES: Final = frozenset({"quotes_count", "quote", "quote_approval"})

MASTODON_4_5: Final = ServerProfile(
    name="mastodon-4.5",
    version="4.5.15",
    software=("mastodon", "4.5.15"),
    source_url="https://github.com/mastodon/mastodon",
    api_version=7,
    limits=_MASTODON_LIMITS,
    rates=MASTODON_RATES,
    hashtag_signs="#＃",  # the full-width sign from 4.5
    hashtag_follows=r"(?<![=/)\p{Alnum}])",  # app/models/tag.rb
)

MASTODON_4_6: Final = replace(
    MASTODON_4_5,
    name="mastodon-4.6",
    version="4.6.5",
    software=("mastodon", "4.6.5"),
    api_version=11,
    limits=replace(_MASTODON_LIMITS, description=10_000, poll_with_pictures=True),
    repeat=RepeatPolicy.ERROR,
    hashtag_follows=r"(?<!\S)",
)

GOTOSOCIAL: Final = replace(
    MASTODON_4_5,
    name="gotosocial",
    version="0.20.1+git-0000000",
    software=("gotosocial", "0.20.1+git-0000000"),
    source_url="https://codeberg.org/superseriousbusiness/gotosocial",
    api_version=None,
    limits=Limits(
        characters=5000,
        characters_per_url=25,  # advertised, never applied
        pictures=6,
        description=5000,
        picture_bytes=40 * 1024 * 1024,
        picture_types=PICTURE_TYPES,
        poll_options=6,
    ),
    ids=IdStyle.ULID,
    repeat=RepeatPolicy.IGNORED,
    rates=GOTOSOCIAL_RATES,
    counting=Counting.CODE_POINTS,
    html=HtmlStyle.GOTOSOCIAL,
    hashtag_signs="#",
    warning_becomes_text=False,
    blank=ErrorText(status=400, text="Bad Request: status has no text, no media and no poll"),
    too_long=ErrorText(
        status=400, text="Bad Request: text with content warning exceeds the limit of {limit} characters"
    ),
    unchanged=ErrorText(status=422, text="Unprocessable Entity: status was not changed"),
    strict_json=True,
    oauth_metadata=False,
    shapes={
        "status": EntityShape(
            lacks=_NO_QUOTES,
            adds={
                "local_only": False,
                "interaction_policy": {
                    name: {"always": ["public", "me"], "with_approval": []}
                    for name in ("can_favourite", "can_reply", "can_reblog")
                },
            },
        ),
        "account": EntityShape(
            lacks=frozenset({"uri", "hide_collections", "noindex", "indexable"}), adds={"enable_rss": False}
        ),
        "instance": EntityShape(lacks=frozenset({"api_versions", "icon"})),
    },
)

PLEROMA: Final = replace(
    MASTODON_4_5,
    name="pleroma",
    version="2.7.2 (compatible; Pleroma 2.7.0)",
    software=("pleroma", "2.7.0"),
    source_url="https://git.pleroma.social/pleroma/pleroma",
    api_version=None,
    limits=Limits(
        characters=5000,
        characters_per_url=0,  # as advertised; links count in full
        pictures=1000,
        description=5000,
        picture_bytes=16_000_000,
        picture_types=("application/octet-stream",),
        poll_options=20,
        poll_option=200,
        poll_shortest=timedelta(0),
        poll_longest=timedelta(days=365),
        poll_with_pictures=True,
    ),
    ids=IdStyle.FLAKE,
    repeat=RepeatPolicy.REPLAYED,
    rates=PLEROMA_RATES,
    counting=Counting.GRAPHEMES,
    html=HtmlStyle.PLEROMA,
    hashtag_signs="#",
    warning_becomes_text=False,
    drops_lost_media=True,
    blank=ErrorText(status=422, text="Cannot post an empty status without attachments"),
    too_long=ErrorText(status=422, text="The status is over the character limit"),
    upload_status=202,
    oauth_metadata=False,
    shapes={
        "status": EntityShape(
            lacks=frozenset({"quote", "quote_approval", "filtered"}), adds={"text": None, "pleroma": {"local": True}}
        ),
        "account": EntityShape(
            lacks=frozenset({"uri", "hide_collections", "noindex", "indexable", "roles", "group"}),
            adds={"pleroma": {"is_confirmed": True}},
        ),
        "media": EntityShape(lacks=frozenset({"preview_remote_url"}), adds={"pleroma": {"mime_type": "image/png"}}),
        "instance": EntityShape(
            lacks=frozenset({"api_versions", "icon"}), adds={"pleroma": {"metadata": {"features": []}}}
        ),
    },
)

PIXELFED: Final = replace(
    MASTODON_4_5,
    name="pixelfed",
    version="3.5.3 (compatible; Pixelfed 0.11.13)",
    software=("pixelfed", "0.11.13"),
    source_url="https://github.com/pixelfed/pixelfed",
    api_version=None,
    limits=Limits(
        description=1000,
        picture_bytes=15_000 * 1024,
        picture_types=("image/jpeg", "image/png", "image/gif", "image/webp"),
        picture_needed=True,
    ),
    ids=IdStyle.PIXELFED,
    repeat=RepeatPolicy.REFUSED,
    rates=NO_RATES,
    counting=Counting.TEXT_ONLY,
    html=HtmlStyle.PIXELFED,
    hashtag_signs="#",
    visibilities=("public", "unlisted", "private"),
    spoiler_characters=140,
    warning_becomes_text=False,
    blank=ErrorText(status=403, text="Empty statuses are not allowed"),
    too_long=ErrorText(status=422, text="The status must not be greater than {limit} characters."),
    oauth_metadata=False,
    shapes={
        "status": EntityShape(lacks=_NO_QUOTES | {"filtered"}, adds={"local": True}),
        "account": EntityShape(
            lacks=frozenset({"uri", "hide_collections", "noindex", "indexable", "roles"}), adds={"local": True}
        ),
        "instance": EntityShape(lacks=frozenset({"api_versions", "icon"})),
    },
)

#: The servers that the sandbox can be, by name.
PROFILES: Final = {one.name: one for one in (MASTODON_4_5, MASTODON_4_6, GOTOSOCIAL, PLEROMA, PIXELFED)}

#: The default.
MASTODON: Final = MASTODON_4_5
