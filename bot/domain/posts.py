"""A post file, read and understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Final

from bot.domain.rules import Finding


class PictureFault(Enum):
    """Why a picture cannot be used: decides which rule names it, and what to do about it."""

    MISSING = "missing"  #: there is no file
    DRAWING = "drawing"  #: SVG
    OUTSIDE_ASSETS = "outside_assets"
    OUTSIDE_BUNDLE = "outside_bundle"  #: outside of the post's own folder
    TOO_LARGE = "too_large"
    NOT_HTTPS = "not_https"
    UNUSABLE = "unusable"


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture with the facts gathered about its file while the post was read."""

    url: str  #: absolute, as the feeds show it
    path: Path | None = None  #: the local file; None if there is none, or if `problem` says why it is unusable
    alt: str = ""  #: alternative text; empty if the author wrote none
    media_type: str | None = None  #: read from the content, e.g. "image/jpeg"
    size: int | None = None  #: bytes
    width: int | None = None  #: pixels, as displayed
    height: int | None = None
    focus: tuple[float, float] | None = None  #: the point that a crop keeps: x, y from -1 (left, bottom) to 1
    remote: bool = False  #: on another host: fetched from `url` when it is uploaded
    problem: str = ""  #: why the picture cannot be used, e.g. "there is no file assets/x.png"
    fault: PictureFault | None = None  #: the kind of problem


class Visibility(Enum):
    """Who sees a toot; the values are Mastodon's."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"
    DIRECT = "direct"


class QuotePolicy(Enum):
    """Who may quote a toot; the values are Mastodon's (4.5: `quote_approval_policy`)."""

    PUBLIC = "public"
    FOLLOWERS = "followers"
    NOBODY = "nobody"


@dataclass(frozen=True, kw_only=True, slots=True)
class Poll:
    """A question with answers to choose from."""

    options: tuple[str, ...]
    expires_in: timedelta  #: open for so long after the toot
    multiple: bool = False  #: whether several answers may be chosen
    hide_totals: bool = False  #: whether the votes stay hidden until the end


#: Metadata of an announcement's field that an edit does not carry: it follows from others, is fixed once it was sent,
#: or is not sent at all.
FIXED: Final = {"edited": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusOptions:
    """What a status is besides its words, pictures and poll.

    Each is named like the front matter key below `mastodon:` that asks for it, and like the account's setting where
    there is one: the post's own value counts, else the account's, else the default here.
    """

    visibility: Visibility = field(metadata=FIXED, default=Visibility.PUBLIC)
    language: str | None = None
    content_warning: str | None = None
    sensitive: bool = False  #: pictures behind a click
    quote_policy: QuotePolicy | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MastodonOptions:
    """What a post's front matter says under `mastodon:`. None means: as the settings say."""

    text: str | None = None
    visibility: Visibility | None = None
    content_warning: str | None = None
    sensitive: bool | None = None  #: pictures behind a click; a content warning does that by itself
    language: str | None = None
    skip: bool = False  #: into the feeds only, no toot
    thread: tuple[str, ...] = ()  #: the toots that follow the first, in order
    thread_auto: bool = False  #: `thread: auto`: split what does not fit into one toot, at paragraphs
    numbered: bool = False  #: whether the parts of a thread are numbered, "1/3"
    media: tuple[Picture, ...] | None = None  #: instead of the cover; empty for no pictures
    link_card: bool | None = None  #: no pictures, so that the server shows the page's card
    poll: Poll | None = None
    quote_policy: QuotePolicy | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reminder:
    """A later toot about a post: one of `reminders:` in front matter."""

    reminder_id: str  #: unique within the post; what was sent under it is never sent again
    at: datetime
    text: str | None = None  #: its own words; else `template` makes them
    template: str | None = None  #: the template's name
    reply: bool = False  #: an answer to the post's toot, instead of a toot of its own
    number: int = 0  #: its place in the list, from 0

    @property
    def place(self) -> str:
        """Its name among the post's lines."""
        return f"reminders[{self.number}]"


class Missed(Enum):
    """What `if_missed:` asks for when a post is released more than an hour after its datetime."""

    POST = "post"
    SKIP = "skip"
    HOLD = "hold"


@dataclass(frozen=True, kw_only=True, slots=True)
class Digests:
    """Two digests of what the author wrote, each after the version of its making; see `bot/posts/digests.py`."""

    entry: str = ""  #: of what the feed entry says; empty: not known
    announcement: str = ""  #: of what the announcement says

    @property
    def whole(self) -> str:
        """Both digests in one text, which changes with either of them."""
        return f"{self.entry} {self.announcement}"


def is_changed(before: str, after: str) -> bool:
    """Whether two digests of the same kind tell that the author changed something.

    An unknown one, and one that another version of the bot made in another way, tell nothing.
    """
    return bool(before) and before != after and before.rpartition(":")[0] == after.rpartition(":")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """One post file, read and understood."""

    path: Path  #: relative to the project root where it lies inside
    slug: str  #: the file's name without its ending
    url: str  #: the permalink, absolute
    explicit_id: str | None = None  #: `id:` in front matter
    title: str
    authors: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()  #: the speakers it announces; templates take their handles from `config/people.toml`
    category: str | None = None
    tags: tuple[str, ...] = ()
    kind: str | None = None  #: chooses the template: "schedule", "keynote", ...
    published: datetime | None = None  #: the publish datetime; None makes it a draft
    updated: datetime | None = None  #: `updated_datetime:` in front matter
    language: str
    cover: Picture | None = None
    excerpt: str = ""  #: for the toot
    summary: str = ""  #: for the feeds
    html: str = ""  #: the body: sanitised, every URL absolute
    paragraphs: tuple[str, ...] = ()  #: the body in plain words, links as absolute URLs; only for `thread: auto`
    unsaid: tuple[str, ...] = ()  #: the `paragraphs` that the excerpt does not cover
    hashtags: tuple[str, ...] = ()  #: from front matter, with or without "#"
    link: bool = True  #: whether the permalink is appended to the toot
    mastodon: MastodonOptions = field(default_factory=MastodonOptions)
    hidden: bool = False  #: kept out of the feeds
    withdrawn: str | None = None  #: taken back: the reason, or empty for none; None: it stands
    expires: datetime | None = None  #: not tooted from then on
    if_missed: Missed | None = None
    order: int = 0  #: among posts of the same datetime: lower ones go first
    deadline: datetime | None = None  #: what reminders count from
    reminders: tuple[Reminder, ...] = ()  #: in the order of their moments
    reminding: Reminder | None = None  #: this is the post as that reminder says it
    digests: Digests  #: of what its author wrote
    allowed: Mapping[str, str] = field(default_factory=dict)  #: rules that its author suppresses → the reason
    findings: tuple[Finding, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)  #: front matter key → line

    @property
    def post_id(self) -> str:
        """The identity that is frozen at the first release: `id:`, else the permalink."""
        return self.explicit_id or self.url
