"""What the timeline page shows of a status: texts and addresses, ready for the template. Reads only the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from markupsafe import Markup

from bot.domain.durations import format_duration
from bot.sandbox.records import Media, Status
from bot.sandbox.serialise import display_name
from bot.sandbox.view import View

_JUST_NOW_SECONDS: Final = 5
_VISIBILITY_WORDS: Final = {
    "public": "Public",
    "unlisted": "Quiet public",
    "private": "Followers",
    "direct": "Private mention",
}
_QUOTE_WORDS: Final = {"public": "", "followers": "Followers may quote", "nobody": "Nobody may quote"}
_OPEN: Final = ("public", "unlisted")


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownTime:
    """A time for people: when, and how long ago."""

    iso: str
    absolute: str
    relative: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownPicture:
    """A picture; `position` is its focus for CSS."""

    url: str
    alt: str
    width: int
    height: int
    position: str
    point: str  #: CSS of the focus mark on the whole picture; empty if the focus is the centre


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownChoice:
    """A choice of a poll; `share` is its percentage of the votes."""

    title: str
    votes: int | None  #: None: hidden until the end
    share: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownPoll:
    """A poll."""

    choices: tuple[ShownChoice, ...]
    multiple: bool
    voters: int
    ends: ShownTime
    over: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Toot:
    """A status as the page shows it."""

    id: str
    version: str  #: changes whenever the page has to show something else
    link: str
    name: str
    username: str
    created: ShownTime
    edited: ShownTime | None
    content: Markup
    warning: str
    sensitive: bool
    pictures: tuple[ShownPicture, ...]
    poll: ShownPoll | None
    visibility: str
    visibility_word: str
    language: str
    reply_to: str  #: username; empty if it is no reply
    reply_link: str
    replies: int
    quote_policy: str  #: in words; empty if everyone may quote
    place: str = ""  #: "this" marks the requested toot on a page with its thread


def show_toot(status: Status, view: View, *, now: datetime, timezone: tzinfo, place: str = "") -> Toot:
    """The toot of a status, with its times in `timezone`."""
    account = view.store.account(status.account_id)
    assert account is not None
    target = status.target
    replied = view.store.account(target.in_reply_to_account_id or "")
    replies = sum(other.target.in_reply_to_id == status.id for other in view.store.statuses())
    return Toot(
        id=status.id,
        version=f"{status.id}.{len(status.versions)}.{replies}.{len(status.poll.votes) if status.poll else 0}",
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
        poll=_show_poll(status, now=now, timezone=timezone),
        language=status.draft.language,
        reply_to=replied.username if replied else "",
        reply_link=f"/@{replied.username}/{target.in_reply_to_id}" if replied else "",
        replies=replies,
        quote_policy=_QUOTE_WORDS[status.draft.quote_policy] if target.visibility in _OPEN else "",
        place=place,
    )


def _show_poll(status: Status, *, now: datetime, timezone: tzinfo) -> ShownPoll | None:
    question, poll = status.draft.question, status.poll
    if question is None or poll is None:
        return None
    over = question.expires_at <= now
    chosen = [place for places in poll.votes.values() for place in places]
    hidden = question.hide_totals and not over
    return ShownPoll(
        choices=tuple(
            ShownChoice(
                title=title,
                votes=None if hidden else chosen.count(place),
                share=0 if hidden or not poll.votes else round(100 * chosen.count(place) / len(poll.votes)),
            )
            for place, title in enumerate(question.options)
        ),
        multiple=question.multiple,
        voters=len(poll.votes),
        ends=show_time(question.expires_at, now=now, timezone=timezone),
        over=over,
    )


def show_time(moment: datetime, *, now: datetime, timezone: tzinfo) -> ShownTime:
    """The time as "Wed 4 Nov 2026, 15:00 UTC" and as "3 min ago" ("in 3 min" if the clock was set back)."""
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
        point=f"left: {50 + 50 * x:.0f}%; top: {50 - 50 * y:.0f}%" if (x, y) != (0, 0) else "",
    )
