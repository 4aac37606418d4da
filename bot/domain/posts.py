"""The records of a parsed post file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Final

from bot.domain.rules import Finding


class PictureFault(Enum):
    """Why a picture cannot be used; it selects the rule of the finding and the remedy."""

    MISSING = "missing"  #: the file does not exist
    DRAWING = "drawing"  #: SVG
    OUTSIDE_ASSETS = "outside_assets"
    OUTSIDE_BUNDLE = "outside_bundle"  #: outside the post's own folder
    TOO_LARGE = "too_large"
    NOT_HTTPS = "not_https"
    UNUSABLE = "unusable"


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture, with the facts that the reader of the post found about its file."""

    url: str  #: absolute, as the feeds show it
    path: Path | None = None  #: the local file; None if there is none, or if `problem` says why it is unusable
    alt: str = ""  #: alternative text; empty if the author wrote none
    media_type: str | None = None  #: read from the content, e.g. "image/jpeg"
    size: int | None = None  #: bytes
    width: int | None = None  #: pixels, as displayed
    height: int | None = None
    focus: tuple[float, float] | None = None  #: the point that a crop keeps: x, y from -1 (left, bottom) to 1
    remote: bool = False  #: on another host: the bot fetches it from `url` before the upload
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
    expires_in: timedelta  #: how long after the toot it stays open
    multiple: bool = False  #: whether voters may choose several answers
    hide_totals: bool = False  #: whether the server hides the results until the poll ends


#: Metadata of an announcement's field that an edit does not carry: the field is derived from others, cannot change
#: after sending, or is never sent.
FIXED: Final = {"edited": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusOptions:
    """The options of a status besides its text, pictures and poll.

    Each has the name of its front matter key below `mastodon:`, and of the account's setting if there is one: the
    post's own value counts, else the account's, else the default here.
    """

    visibility: Visibility = field(metadata=FIXED, default=Visibility.PUBLIC)
    language: str | None = None
    content_warning: str | None = None
    sensitive: bool = False  #: pictures are hidden behind a click
    quote_policy: QuotePolicy | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MastodonOptions:
    """The keys of a post's front matter below `mastodon:`. None: the settings decide."""

    text: str | None = None
    visibility: Visibility | None = None
    content_warning: str | None = None
    sensitive: bool | None = None  #: pictures are hidden behind a click; a content warning implies it
    language: str | None = None
    skip: bool = False  #: only the feeds show the post; no toot
    thread: tuple[str, ...] = ()  #: the toots that follow the first, in order
    thread_auto: bool = False  #: `thread: auto`: split a text that does not fit into one toot, at paragraphs
    numbered: bool = False  #: whether the parts of a thread are numbered, "1/3"
    media: tuple[Picture, ...] | None = None  #: instead of the cover; empty for no pictures
    link_card: bool | None = None  #: attach no pictures, so that the server shows the page's link card
    poll: Poll | None = None
    quote_policy: QuotePolicy | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reminder:
    """A later toot about a post: one item of `reminders:` in front matter."""

    reminder_id: str  #: unique within the post; a reminder that was sent is never sent again under the same id
    at: datetime
    text: str | None = None  #: its own text; None: `template` renders it
    template: str | None = None  #: the template's name
    reply: bool = False  #: whether it is a reply to the post's toot
    number: int = 0  #: its index in the list, from 0

    @property
    def place(self) -> str:
        """Its key in `Post.lines`."""
        return f"reminders[{self.number}]"


class Missed(Enum):
    """The values of `if_missed:`: what to do with the toot of a post that is released over an hour late."""

    POST = "post"
    SKIP = "skip"
    HOLD = "hold"


@dataclass(frozen=True, kw_only=True, slots=True)
class Digests:
    """Two digests of the author's text, each prefixed with the version of its method; see `bot/posts/digests.py`."""

    entry: str = ""  #: of the content of the feed entry; empty: unknown
    announcement: str = ""  #: of the content of the announcement; empty: unknown

    @property
    def whole(self) -> str:
        """Both digests joined; it changes if either of them does."""
        return f"{self.entry} {self.announcement}"


def is_changed(before: str, after: str) -> bool:
    """Whether two digests of the same kind prove that the author changed the text.

    False if one is unknown, or if another version of the bot computed it by a different method.
    """
    return bool(before) and before != after and before.rpartition(":")[0] == after.rpartition(":")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """One parsed post file."""

    path: Path  #: relative to the project root if it lies inside
    slug: str  #: the file's name without its suffix
    url: str  #: the permalink, absolute
    explicit_id: str | None = None  #: `id:` in front matter
    title: str
    authors: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()  #: the speakers it announces; `config/people.toml` holds their handles
    category: str | None = None
    tags: tuple[str, ...] = ()
    kind: str | None = None  #: selects the template: "schedule", "keynote", ...
    published: datetime | None = None  #: the publish datetime; None makes it a draft
    updated: datetime | None = None  #: `updated_datetime:` in front matter
    language: str
    cover: Picture | None = None
    excerpt: str = ""  #: for the toot
    summary: str = ""  #: for the feeds
    html: str = ""  #: the body: sanitised, every URL absolute
    paragraphs: tuple[str, ...] = ()  #: the body as plain text, links as absolute URLs; only for `thread: auto`
    unsaid: tuple[str, ...] = ()  #: the `paragraphs` that the excerpt does not cover
    hashtags: tuple[str, ...] = ()  #: from front matter, with or without "#"
    link: bool = True  #: whether the permalink is appended to the toot
    mastodon: MastodonOptions = field(default_factory=MastodonOptions)
    hidden: bool = False  #: kept out of the feeds
    withdrawn: str | None = None  #: the reason for the withdrawal, which may be empty; None: not withdrawn
    expires: datetime | None = None  #: the bot does not toot it from then on
    if_missed: Missed | None = None
    order: int = 0  #: among posts of the same datetime the lower number goes first
    deadline: datetime | None = None  #: the end of what the post asks for; reminders may count from it
    reminders: tuple[Reminder, ...] = ()  #: in the order of their datetimes
    reminding: Reminder | None = None  #: set if this is the post as composed for that reminder
    digests: Digests  #: of the author's text
    allowed: Mapping[str, str] = field(default_factory=dict)  #: rules that the author suppresses → the reason
    findings: tuple[Finding, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)  #: front matter key → line

    @property
    def is_tooted(self) -> bool:
        """Whether it is announced at all: neither hidden nor kept in the feeds by `mastodon.skip`."""
        return not self.mastodon.skip and not self.hidden

    @property
    def post_id(self) -> str:
        """The identity, which is frozen at the first release: `id:`, else the permalink."""
        return self.explicit_id or self.url
