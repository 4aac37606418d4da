"""The records that travel through the bot: frozen, keyword-only, one for each moment.

Every datetime in them is aware and in UTC. Texts are plain unless the name says html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Final


class Severity(Enum):
    """How much a finding matters."""

    ERROR = "error"  #: the post is not released or not tooted as it stands
    WARNING = "warning"  #: it goes out, perhaps not as meant
    NOTE = "note"  #: worth knowing


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something that a person should know before a post goes out."""

    rule: str  #: short name of the rule, e.g. "datetime-offset"
    severity: Severity
    path: Path  #: the file, relative to the project root where it lies inside
    line: int | None = None  #: counts from 1
    field: str = ""  #: the front matter key, or the setting's dotted name
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        name = f"{self.field}: " if self.field else ""
        return f"{place}: {name}{self.problem} {self.remedy}".rstrip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture with the facts gathered about its file while the post was read."""

    url: str  #: absolute, as the feeds show it
    path: Path | None = None  #: the local file; None if there is none, or if `problem` says why it is unusable
    alt: str = ""  #: the text for those who cannot see it; empty if nobody wrote one
    media_type: str | None = None  #: read from the content, e.g. "image/jpeg"
    size: int | None = None  #: bytes
    width: int | None = None  #: pixels, as displayed
    height: int | None = None
    focus: tuple[float, float] | None = None  #: the point that a crop keeps: x, y from -1 (left, bottom) to 1
    remote: bool = False  #: on another host: fetched from `url` when it is uploaded
    problem: str = ""  #: why the picture cannot be used, e.g. "there is no file assets/x.png"


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


class Missed(Enum):
    """What `if_missed:` asks for when a post is released more than an hour after its datetime."""

    POST = "post"
    SKIP = "skip"
    HOLD = "hold"


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """One post file, read and understood."""

    path: Path  #: relative to the project root where it lies inside
    slug: str  #: the file's name without its ending
    url: str  #: the permalink, absolute
    explicit_id: str | None = None  #: `id:` in front matter
    title: str
    authors: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()  #: whom it is about; a template finds their handles in `config/people.toml`
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
    unsaid: tuple[str, ...] = ()  #: those of `paragraphs` that are left once the excerpt is said
    hashtags: tuple[str, ...] = ()  #: from front matter, with or without "#"
    link: bool = True  #: whether the permalink is appended to the toot
    mastodon: MastodonOptions = field(default_factory=MastodonOptions)
    hidden: bool = False  #: kept out of the feeds
    withdrawn: str | None = None  #: taken back: the reason, or empty for none; None: it stands
    expires: datetime | None = None  #: not tooted from then on
    if_missed: Missed | None = None
    digest: str  #: of the post's own words; changes when they do, and only then
    findings: tuple[Finding, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)  #: front matter key → line

    @property
    def post_id(self) -> str:
        """The identity that is frozen at the first release: `id:`, else the permalink."""
        return self.explicit_id or self.url


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A released post as the feeds show it."""

    post_id: str  #: frozen at the first release
    slug: str
    url: str
    title: str
    authors: tuple[str, ...] = ()
    category: str | None = None
    tags: tuple[str, ...] = ()
    published: datetime  #: frozen at the first release
    updated: datetime
    released_at: datetime  #: when the bot released it
    language: str
    summary: str = ""
    html: str = ""
    cover: Picture | None = None
    hidden: bool = False
    missing_since: datetime | None = None  #: when its file was first seen to be gone
    digest: str  #: of the post's words that this entry shows
    revision: int = 0  #: how often those words have changed since the release
    dated: datetime | None = None  #: the file's own datetime, where it is not `published`: early, or in an old feed
    edit_owed: bool = False  #: the toots should show the latest words, and could not be composed yet
    feed_id: str = ""  #: the permanent id in the feeds, frozen at the first release; empty: made of `post_id`


@dataclass(frozen=True, kw_only=True, slots=True)
class OldEntry:
    """An entry of a feed that the site had before: what its readers know it by."""

    feed_id: str
    link: str = ""
    title: str = ""  #: plain text
    published: datetime | None = None
    updated: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OldFeed:
    """A feed that the site had before."""

    source: str  #: where it was read, as the settings or a person named it
    entries: tuple[OldEntry, ...]


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Announcement:
    """What a post says on Mastodon."""

    text: str
    link: str | None  #: the permalink, if the text carries it
    visibility: Visibility = Visibility.PUBLIC
    language: str | None = None
    content_warning: str | None = None
    sensitive: bool = False  #: pictures behind a click
    pictures: tuple[Picture, ...] = ()
    poll: Poll | None = None
    quote_policy: QuotePolicy | None = None
    length: int  #: counted as the server counts
    limit: int
    expires: datetime | None = None  #: not sent from then on, whatever held it up
    thread: tuple[Announcement, ...] = ()  #: the toots that follow this one, each an answer to the one before


class Occasion:
    """Why something is sent: part of a delivery's identity. An edit adds its revision, a reminder its id.

    What concerns a later part of a thread ends in its number, counted from 1: "publish/2", "edit:1/2", "withdraw/2".
    """

    PUBLISH: Final = "publish"
    WITHDRAW: Final = "withdraw"

    @staticmethod
    def edit(revision: int) -> str:
        return f"edit:{revision}"

    @staticmethod
    def reminder(reminder_id: str) -> str:
        return f"reminder:{reminder_id}"

    @staticmethod
    def of_part(occasion: str, part: int) -> str:
        """The same occasion for a part of the thread."""
        return occasion if part == 1 else f"{occasion}/{part}"

    @staticmethod
    def part(occasion: str) -> int:
        """The part of the thread that an occasion is about; 1 for the toot itself."""
        _, slash, number = occasion.rpartition("/")
        return int(number) if slash and number.isdecimal() else 1


@dataclass(frozen=True, order=True, slots=True)
class DeliveryKey:
    """What makes a delivery the same delivery; unique in the ledger."""

    post_id: str
    account: str  #: the verified address, e.g. "conf@example.social"
    occasion: str


class Action(Enum):
    """What is asked of the server."""

    PUBLISH = "publish"  #: post a status
    CONTINUE = "continue"  #: post the next part of a thread: a status that answers the part before
    REPLY = "reply"  #: post a status that answers the published one
    EDIT = "edit"  #: replace the published one's text; may be repeated without harm
    DELETE = "delete"  #: remove the published one; may be repeated without harm

    @property
    def posts(self) -> bool:
        """Whether a second time would make a second status."""
        return self in (Action.PUBLISH, Action.CONTINUE, Action.REPLY)


class DeliveryState(Enum):
    """Where a delivery stands."""

    DUE = "due"  #: owed; no request that could have posted it is open
    SENDING = "sending"  #: intent written; until settled the outcome is unknown: look before sending again
    SENT = "sent"  #: confirmed; it lives at `status_url`
    REJECTED = "rejected"  #: the server will not take it as it stands
    HELD = "held"  #: waits, see `hold`
    SKIPPED = "skipped"  #: a person decided that it will not be sent


class Hold(Enum):
    """Why a delivery is held, which is also what lets it go."""

    BRAKE = "brake"  #: too many at once: let go by `announce resume`
    PERSON = "person"  #: a person said so: let go by name
    UNCLEAR = "unclear"  #: the post is in doubt: let go when its file is mended
    FAILED = "failed"  #: tried for too long: let go by a person


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One announcement owed to one account."""

    key: DeliveryKey
    slug: str
    due: datetime
    action: Action = Action.PUBLISH
    announcement: Announcement
    state: DeliveryState = DeliveryState.DUE
    hold: Hold | None = None
    reason: str = ""  #: why it is held, rejected or waiting, for a person
    sequence: int = 0  #: order of recording; given by the ledger
    attempts: int = 0  #: intents written so far
    #: Part of the Idempotency-Key; rises only when a read-back proved absence, or after a clear no of a server that
    #: remembers the keys of tries that failed.
    generation: int = 0
    after_id: str | None = None  #: newest status id known before the first attempt: the look starts there
    intended_at: datetime | None = None  #: when the open (or last) intent was committed
    #: The same moment as a `Clock.mark()`, which clock steps do not move. Empty while it is `sending`: the server could
    #: not be read since.
    intended_mark: str = ""
    first_tried_at: datetime | None = None
    not_before: datetime | None = None  #: back-off: no attempt earlier
    status_id: str | None = None
    status_url: str | None = None
    settled_at: datetime | None = None
    ordered_by: str = ""  #: the person who let it go; lateness does not count then
    foreign: bool = False  #: somebody tooted it by hand: counted as announced, never edited or deleted by us


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A status that a server has: its answer to a send, or what a look found."""

    status_id: str
    url: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenStatus:
    """One of the account's own statuses, as a look at the server found it."""

    status_id: str
    url: str
    created_at: datetime
    links: frozenset[str]  #: the `href`s in its HTML
    text: str | None = None  #: what was sent, from the server's `source`; None if it was not asked for
    in_reply_to: str | None = None  #: id of the status that it answers
    content_warning: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountFacts:
    """What an account's server says of it."""

    address: str  #: user@domain, lower case, as the server confirms it
    account_id: str
    limits: Limits


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountState:
    """What the ledger knows of an account."""

    address: str
    joined_at: datetime | None  #: None: since the ledger's beginning; else only posts due later are its business
    facts: AccountFacts | None = None
    last_status_id: str | None = None  #: newest known status of the account; "0" if it is known to have none
    blocked: str = ""  #: why nothing can be sent; empty if all is well
    not_before: datetime | None = None  #: the server asked for a pause until then
    last_sent_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to deliver for one account. The fence rises with each new lease."""

    account: str
    owner: str
    fence: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One line of the ledger's history."""

    at: datetime
    what: str  #: "released", "sent", "found", "held", ...
    slug: str = ""
    account: str = ""
    occasion: str = ""
    detail: str = ""  #: a URL, or a reason
    who: str = ""  #: the person, where a person decided


class Said(Enum):
    """What a person may say of one post."""

    HOLD = "hold"  #: do not release or toot it until I say so
    RELEASE = "release"  #: no longer held, however late it is
    PUBLISH = "publish"  #: toot it, however late it is
    SKIP = "skip"  #: do not toot it
    RETRY = "retry"  #: try again what was rejected, or failed for too long


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A person's latest word on a post; it beats every rule but `expires:`."""

    post_id: str
    said: Said
    early: bool = False  #: with PUBLISH: release it before its datetime
    who: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Upcoming:
    """A post that waits for its datetime, as the latest pass saw it: so that its disappearance is noticed."""

    post_id: str
    slug: str
    due: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The ledger at one moment, as `plan` needs it."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    accounts: Mapping[str, AccountState] = field(default_factory=dict)
    deliveries: Mapping[DeliveryKey, Delivery] = field(default_factory=dict)
    newest: datetime | None = None  #: the newest time that the ledger has written
    words: Mapping[str, Word] = field(default_factory=dict)  #: by post id
    upcoming: Mapping[str, Upcoming] = field(default_factory=dict)  #: by post id
    paused: str = ""  #: who paused everything and when; empty if nobody did
    old_entries: Mapping[str, OldEntry] = field(default_factory=dict)  #: of feeds that the site had before, by id
    old_feeds: frozenset[str] = frozenset()  #: where those were read


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A cause of trouble that people were told of."""

    what: str  #: as they were told
    at: datetime  #: when they were last told
    there: bool  #: whether it was still there at the latest pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A delivery as it was read, and as it is wanted; written only if it still is as it was read."""

    known: Delivery | None  #: None: the ledger does not have it
    wanted: Delivery | None  #: None: take it out

    @property
    def key(self) -> DeliveryKey:
        known = self.wanted or self.known
        assert known is not None
        return known.key


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What people had said when a plan was made."""

    words: Mapping[str, Word] = field(default_factory=dict)  #: by post id
    paused: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """What one pass, or one command of a person, writes into the ledger in one transaction."""

    entries: tuple[Entry, ...] = ()  #: newly released, or refreshed
    changes: tuple[Change, ...] = ()  #: of deliveries
    joining: tuple[AccountState, ...] = ()  #: accounts that the ledger meets for the first time
    events: tuple[Event, ...] = ()
    words: tuple[Word, ...] = ()
    upcoming: Mapping[str, Upcoming] | None = None  #: all of them; None: as they were
    paused: str | None = None  #: empty lifts the pause; None: as it was
    heard: Heard | None = None  #: if people have said something else since, none of this is written
    believes_clock: bool = False  #: a person says that the clock is right, whatever later time the ledger has seen
    old_feed: OldFeed | None = None  #: ids and dates to be taken over at the releases to come

    def __bool__(self) -> bool:
        said = self.upcoming is not None or self.paused is not None or self.believes_clock or self.old_feed is not None
        return said or bool(self.entries or self.changes or self.joining or self.events or self.words)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """What became of a recording: another process, or a person, may have been there first."""

    outdated: bool = False  #: nothing was written: a person spoke after the plan was made
    refused: tuple[Change, ...] = ()  #: not written: the delivery has moved on
    events: tuple[Event, ...] = ()  #: those that were true, and are in the history now
