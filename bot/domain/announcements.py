"""What a post says on Mastodon, and what a server accepts."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Final

from bot.domain.posts import Picture, Poll, QuotePolicy, Visibility

#: Mastodon takes no GIF with more pixels (width x height), and does not say so (app/models/media_attachment.rb).
GIF_PIXELS: Final = 921_600


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


#: Of a field that an edit does not carry: it follows from others, is fixed once it was sent, or is not sent at all.
_FIXED: Final = {"edited": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class Announcement:
    """What a post says on Mastodon."""

    text: str
    link: str | None = field(metadata=_FIXED)  #: the permalink, if the text carries it
    visibility: Visibility = field(metadata=_FIXED, default=Visibility.PUBLIC)
    language: str | None = None
    content_warning: str | None = None
    sensitive: bool = False  #: pictures behind a click
    pictures: tuple[Picture, ...] = ()
    poll: Poll | None = None
    quote_policy: QuotePolicy | None = None
    length: int = field(metadata=_FIXED)  #: counted as the server counts
    limit: int = field(metadata=_FIXED)
    #: not sent from then on, whatever held it up
    expires: datetime | None = field(metadata=_FIXED, default=None)
    thread: tuple[Announcement, ...] = ()  #: the toots that follow this one, each an answer to the one before
    answers: bool = field(metadata=_FIXED, default=False)  #: of a reminder: posted as an answer to the post's toot
    source: str = field(metadata=_FIXED, default="")  #: of a reminder: changes when its own words do
    reminders: tuple[str, ...] = field(
        metadata=_FIXED, default=()
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
