"""What the timeline page shows of a status: words and addresses, ready for the template. Pure but for the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from markupsafe import Markup

from bot.durations import format_duration
from bot.sandbox.records import Media, Status
from bot.sandbox.serialise import View, display_name

_JUST_NOW_SECONDS: Final = 5
_VISIBILITY_WORDS: Final = {
    "public": "Public",
    "unlisted": "Quiet public",
    "private": "Followers",
    "direct": "Private mention",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownTime:
    """A moment for people: when, and how long ago."""

    iso: str
    absolute: str
    relative: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownPicture:
    """A picture; `position` is its focus as CSS wants it."""

    url: str
    alt: str
    width: int
    height: int
    position: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Toot:
    """A status as the page shows it."""

    id: str
    version: str  #: differs as soon as something else is to be shown
    link: str
    name: str
    username: str
    created: ShownTime
    edited: ShownTime | None
    content: Markup
    warning: str
    sensitive: bool
    pictures: tuple[ShownPicture, ...]
    visibility: str
    visibility_word: str
    language: str
    reply_to: str  #: username; empty if it is no reply
    reply_link: str


def show_toot(status: Status, view: View, *, now: datetime, timezone: tzinfo) -> Toot:
    """The toot of a status, its times told in `timezone`."""
    account = view.store.account(status.account_id)
    assert account is not None
    target = status.target
    replied = view.store.account(target.in_reply_to_account_id or "")
    return Toot(
        id=status.id,
        version=f"{status.id}.{len(status.versions)}",
        link=f"/@{account.username}/{status.id}",
        name=display_name(account),
        username=account.username,
        created=show_time(status.created_at, now=now, timezone=timezone),
        edited=show_time(status.edited_at, now=now, timezone=timezone) if status.edited_at else None,
        # Safe: format_content escapes everything but the tags that it writes itself.
        content=Markup(view.content(status.draft.text)),  # noqa: S704
        warning=status.draft.spoiler_text,
        sensitive=status.draft.sensitive,
        pictures=tuple(_show_picture(media) for media in view.store.media_of(status)),
        visibility=target.visibility,
        visibility_word=_VISIBILITY_WORDS[target.visibility],
        language=status.draft.language,
        reply_to=replied.username if replied else "",
        reply_link=f"/@{replied.username}/{target.in_reply_to_id}" if replied else "",
    )


def show_time(moment: datetime, *, now: datetime, timezone: tzinfo) -> ShownTime:
    """Both ways: "Wed 4 Nov 2026, 15:00 UTC" and "3 min ago" ("in 3 min", where the clock was set back)."""
    local = moment.astimezone(timezone)
    gone = now - moment
    spoken = format_duration(gone)
    relative = f"{spoken} ago" if gone.total_seconds() > 0 else f"in {spoken}"
    if abs(gone.total_seconds()) < _JUST_NOW_SECONDS:
        relative = "just now"
    return ShownTime(
        iso=moment.isoformat(timespec="seconds"),
        absolute=f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}",
        relative=relative,
    )


def _show_picture(media: Media) -> ShownPicture:
    x, y = media.focus
    return ShownPicture(
        url=f"/media/{media.file_name}",
        alt=media.description or "",
        width=media.facts.width,
        height=media.facts.height,
        # Focus runs from -1 to 1, y upwards; CSS from 0 to 100 %, y downwards.
        position=f"{50 + 50 * x:.0f}% {50 - 50 * y:.0f}%",
    )
