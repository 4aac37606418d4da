"""The servers that the sandbox can be, as a table: what each does otherwise than Mastodon 4.5.

Everything that they do alike lives in the other files. Sources: mastodon/mastodon 4.5.15 and 4.6.5;
superseriousbusiness/gotosocial (October 2025) internal/api/model, internal/processing/status; Pleroma 2.7
lib/pleroma/web/mastodon_api/views, config/config.exs; pixelfed/pixelfed (March 2024)
app/Http/Controllers/Api/ApiV1Controller.php, config/pixelfed.php.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.domain import Limits
from bot.sandbox.ids import IdStyle
from bot.sandbox.rates import GOTOSOCIAL_RATES, MASTODON_RATES, NO_RATES, PLEROMA_RATES
from bot.sandbox.traits import PICTURE_TYPES, Length, Markup, Personality, Repeat, Shape, Words

__all__ = ["MASTODON", "PERSONALITIES", "Personality", "Repeat"]

_MASTODON_LIMITS: Final = Limits(picture_types=PICTURE_TYPES, quote_policy=True)
_NO_QUOTES: Final = frozenset({"quotes_count", "quote", "quote_approval"})

MASTODON_4_5: Final = Personality(
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
    repeat=Repeat.ERROR,
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
    repeat=Repeat.IGNORED,
    rates=GOTOSOCIAL_RATES,
    length=Length.CODE_POINTS,
    markup=Markup.GOTOSOCIAL,
    hashtag_signs="#",
    warning_becomes_text=False,
    blank=Words(status=400, text="Bad Request: status has no text, no media and no poll"),
    too_long=Words(status=400, text="Bad Request: text with content warning exceeds the limit of {limit} characters"),
    unchanged=Words(status=422, text="Unprocessable Entity: status was not changed"),
    strict_json=True,
    oauth_metadata=False,
    shapes={
        "status": Shape(
            lacks=_NO_QUOTES,
            adds={
                "local_only": False,
                "interaction_policy": {
                    name: {"always": ["public", "me"], "with_approval": []}
                    for name in ("can_favourite", "can_reply", "can_reblog")
                },
            },
        ),
        "account": Shape(
            lacks=frozenset({"uri", "hide_collections", "noindex", "indexable"}), adds={"enable_rss": False}
        ),
        "instance": Shape(lacks=frozenset({"api_versions", "icon"})),
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
        characters_per_url=0,  # as it says; counts them in full
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
    repeat=Repeat.REPLAYED,
    rates=PLEROMA_RATES,
    length=Length.GRAPHEMES,
    markup=Markup.PLEROMA,
    hashtag_signs="#",
    warning_becomes_text=False,
    drops_lost_media=True,
    blank=Words(status=422, text="Cannot post an empty status without attachments"),
    too_long=Words(status=422, text="The status is over the character limit"),
    upload_status=202,
    oauth_metadata=False,
    shapes={
        "status": Shape(
            lacks=frozenset({"quote", "quote_approval", "filtered"}), adds={"text": None, "pleroma": {"local": True}}
        ),
        "account": Shape(
            lacks=frozenset({"uri", "hide_collections", "noindex", "indexable", "roles", "group"}),
            adds={"pleroma": {"is_confirmed": True}},
        ),
        "media": Shape(lacks=frozenset({"preview_remote_url"}), adds={"pleroma": {"mime_type": "image/png"}}),
        "instance": Shape(lacks=frozenset({"api_versions", "icon"}), adds={"pleroma": {"metadata": {"features": []}}}),
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
    repeat=Repeat.REFUSED,
    rates=NO_RATES,
    length=Length.TEXT_ONLY,
    markup=Markup.PIXELFED,
    hashtag_signs="#",
    visibilities=("public", "unlisted", "private"),
    spoiler_characters=140,
    warning_becomes_text=False,
    blank=Words(status=403, text="Empty statuses are not allowed"),
    too_long=Words(status=422, text="The status must not be greater than {limit} characters."),
    oauth_metadata=False,
    shapes={
        "status": Shape(lacks=_NO_QUOTES | {"filtered"}, adds={"local": True}),
        "account": Shape(
            lacks=frozenset({"uri", "hide_collections", "noindex", "indexable", "roles"}), adds={"local": True}
        ),
        "instance": Shape(lacks=frozenset({"api_versions", "icon"})),
    },
)

#: The servers that the sandbox can be, by name.
PERSONALITIES: Final = {one.name: one for one in (MASTODON_4_5, MASTODON_4_6, GOTOSOCIAL, PLEROMA, PIXELFED)}

#: What the sandbox is unless told otherwise.
MASTODON: Final = MASTODON_4_5
