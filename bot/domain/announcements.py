"""The text of a post on a network, the network's capabilities, and the server's limits."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Final

from bot.domain.posts import FIXED, Picture, Poll, StatusOptions, Visibility

#: Mastodon rejects GIFs with more pixels (width x height); its API does not report this limit
#: (app/models/media_attachment.rb).
GIF_PIXELS: Final = 921_600


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """How a network counts the characters of a text; the defaults are Mastodon's."""

    shortens: bool = True  #: whether links count a fixed number of characters, and mentions without their domain
    graphemes: bool = True  #: whether a grapheme cluster counts as one character; else each code point does


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """What an account's network supports, as its publisher reports; the defaults are Mastodon's.

    Planner, composer and delivery protocol check these capabilities, never the kind of network.
    """

    edits: bool = True  #: a status can be edited
    deletes: bool = True
    replies: bool = True  #: needed by threads, replying reminders, and withdrawals with a reason
    alt_texts: bool = True
    polls: bool = True
    content_warnings: bool = True
    visibilities: tuple[Visibility, ...] = tuple(Visibility)
    dialect: Dialect = Dialect()
    #: Whether the server stores the Idempotency-Key of a rejected request, and rejects the same key again.
    refusal_spends_key: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a server accepts (its `/api/v2/instance`); the defaults are Mastodon's."""

    characters: int = 500
    characters_per_url: int = 23
    pictures: int = 4
    description: int = 1500  #: alt text; 10,000 from Mastodon 4.6
    picture_bytes: int = 16 * 1024 * 1024
    picture_pixels: int = 33_177_600  #: width x height
    picture_types: tuple[str, ...] = ("image/jpeg", "image/png", "image/gif", "image/webp")
    poll_options: int = 4
    poll_option: int = 50  #: characters of one option
    poll_shortest: timedelta = timedelta(minutes=5)
    poll_longest: timedelta = timedelta(days=30, hours=10, minutes=29, seconds=6)  #: a twelfth of a year
    poll_with_pictures: bool = False  #: from Mastodon 4.6 (mastodon/mastodon#39203)
    quote_policy: bool = False  #: whether the server supports it: from Mastodon 4.5
    picture_needed: bool = False  #: Pixelfed rejects a status without one
    software: str = ""  #: e.g. "mastodon 4.5.3", "gotosocial 0.20.1"; empty: not known


@dataclass(frozen=True, kw_only=True, slots=True)
class Abilities:
    """What an account accepts and can do: as its server has reported, else as is usual on its network."""

    limits: Limits
    capabilities: Capabilities


@dataclass(frozen=True, kw_only=True, slots=True)
class Announcement(StatusOptions):
    """The content of a toot: what a post says on one account."""

    text: str
    link: str | None = field(metadata=FIXED)  #: the permalink, if the text carries it
    pictures: tuple[Picture, ...] = ()
    poll: Poll | None = None
    length: int = field(metadata=FIXED)  #: counted as the server counts
    limit: int = field(metadata=FIXED)
    #: From then on it is not sent, even if it was delayed.
    expires: datetime | None = field(metadata=FIXED, default=None)
    thread: tuple[Announcement, ...] = ()  #: the toots that follow this one, each a reply to the one before
    answers: bool = field(metadata=FIXED, default=False)  #: of a reminder: posted as a reply to the post's toot
    source: str = field(metadata=FIXED, default="")  #: of a reminder: changes with the author's text
    reminders: tuple[str, ...] = field(
        metadata=FIXED, default=()
    )  #: the texts of the post's reminders: a toot with one of them is a reminder

    def needs_edit(self, other: Announcement) -> bool:
        """Whether a toot with this content must be edited to show `other`."""
        return self._edited_content() != other._edited_content()

    def _edited_content(self) -> tuple[object, ...]:
        return tuple(_as_shown(getattr(self, name)) for name in _EDITED)


_EDITED: Final = tuple(one.name for one in fields(Announcement) if one.metadata.get("edited", True))


def _as_shown(value: object) -> object:
    match value:
        case tuple():
            return tuple(map(_as_shown, value))
        case Announcement():
            return value._edited_content()
        case Picture():
            # Readers see neither the path nor the other facts about the file; another size is another picture.
            return value.url, value.alt, value.focus, value.size
    return value
