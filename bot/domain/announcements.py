"""What a post says on a network, what that network can do, and what a server accepts."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Final

from bot.domain.posts import FIXED, Picture, Poll, StatusOptions, Visibility

#: Mastodon takes no GIF with more pixels (width x height), and does not say so (app/models/media_attachment.rb).
GIF_PIXELS: Final = 921_600


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """How a network counts the characters of a text; the defaults are Mastodon's."""

    shortens: bool = True  #: whether links count a fixed number of characters, and mentions without their domain
    graphemes: bool = True  #: whether what a reader sees as one character counts one; else each code point does


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """What an account's network can do, as its publisher tells; the defaults are Mastodon's.

    The plan, the composer and the delivery protocol ask these, never which network it is.
    """

    edits: bool = True  #: a status can be changed once it is out
    deletes: bool = True
    replies: bool = True  #: threads, reminders that answer, and the reason of a withdrawal need them
    alt_texts: bool = True
    polls: bool = True
    content_warnings: bool = True
    visibilities: tuple[Visibility, ...] = tuple(Visibility)
    dialect: Dialect = Dialect()
    #: Whether the server remembers the Idempotency-Key of a try that it refused, and answers it with the same no.
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
    poll_option: int = 50  #: characters of an answer
    poll_shortest: timedelta = timedelta(minutes=5)
    poll_longest: timedelta = timedelta(days=30, hours=10, minutes=29, seconds=6)  #: a twelfth of a year
    poll_with_pictures: bool = False  #: from Mastodon 4.6 (mastodon/mastodon#39203)
    quote_policy: bool = False  #: whether it is understood: from Mastodon 4.5
    picture_needed: bool = False  #: Pixelfed takes no status without one
    software: str = ""  #: e.g. "mastodon 4.5.3", "gotosocial 0.20.1"; empty: not known


@dataclass(frozen=True, kw_only=True, slots=True)
class Announcement(StatusOptions):
    """What a post says on one account."""

    text: str
    link: str | None = field(metadata=FIXED)  #: the permalink, if the text carries it
    pictures: tuple[Picture, ...] = ()
    poll: Poll | None = None
    length: int = field(metadata=FIXED)  #: counted as the server counts
    limit: int = field(metadata=FIXED)
    #: not sent from then on, whatever delayed it
    expires: datetime | None = field(metadata=FIXED, default=None)
    thread: tuple[Announcement, ...] = ()  #: the toots that follow this one, each an answer to the one before
    answers: bool = field(metadata=FIXED, default=False)  #: of a reminder: posted as an answer to the post's toot
    source: str = field(metadata=FIXED, default="")  #: of a reminder: changes when its own words do
    reminders: tuple[str, ...] = field(
        metadata=FIXED, default=()
    )  #: what the post's reminders say: a toot with these words is one of them

    def needs_edit(self, other: Announcement) -> bool:
        """Whether a toot that says this must be edited to say `other`."""
        return self._shown() != other._shown()

    def _shown(self) -> tuple[object, ...]:
        return tuple(_as_shown(getattr(self, name)) for name in _EDITED)


_EDITED: Final = tuple(one.name for one in fields(Announcement) if one.metadata.get("edited", True))


def _as_shown(value: object) -> object:
    match value:
        case tuple():
            return tuple(map(_as_shown, value))
        case Announcement():
            return value._shown()
        case Picture():
            # Where it lies and what else was read from it does not show; another size is another picture.
            return value.url, value.alt, value.focus, value.size
    return value
