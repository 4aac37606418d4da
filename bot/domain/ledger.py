"""What the ledger remembers, and what is written into it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from bot.domain.accounts import AccountState
from bot.domain.deliveries import Delivery, DeliveryKey
from bot.domain.entries import Entry, OldEntry, OldFeed, PageWaitRecord, RemotePicture
from bot.domain.events import Event


class OverrideKind(Enum):
    """What a person may say of one post."""

    HOLD = "hold"  #: do not release or toot it until I say so
    RELEASE = "release"  #: no longer held, however late it is
    PUBLISH = "publish"  #: toot it, however late it is
    SKIP = "skip"  #: do not toot it
    RETRY = "retry"  #: try again what was rejected, or failed for too long


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """A person's latest word on a post; it beats every rule but `expires:`."""

    post_id: str
    said: OverrideKind
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
    words: Mapping[str, Override] = field(default_factory=dict)  #: by post id
    upcoming: Mapping[str, Upcoming] = field(default_factory=dict)  #: by post id
    paused: str = ""  #: who paused everything and when; empty if nobody did
    old_entries: Mapping[str, OldEntry] = field(default_factory=dict)  #: of feeds that the site had before, by id
    old_feeds: frozenset[str] = frozenset()  #: where those were read
    pictures: Mapping[str, RemotePicture] = field(default_factory=dict)  #: on other hosts, by address
    waiting: Mapping[str, PageWaitRecord] = field(default_factory=dict)  #: posts without a page so far, by post id

    def status_ids(self, account: str) -> frozenset[str]:
        """The ids of the statuses that deliveries of this account live at."""
        mine = (delivery for delivery in self.deliveries.values() if delivery.key.account == account)
        return frozenset(delivery.status_id for delivery in mine if delivery.status_id is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountView:
    """One account at one moment, as a delivery worker needs it."""

    account: AccountState
    paused: str = ""  #: which operator paused everything and when; empty if nothing is paused
    open: tuple[Delivery, ...] = ()  #: what is due or sending, in the order of (due, sequence)
    deliveries: Mapping[DeliveryKey, Delivery] = field(default_factory=dict)  #: the account's, of posts with open ones


class NoteKind(Enum):
    """What the bot remembers as plain texts by key."""

    PROBLEM = "problem"  #: alert key of what was wrong at the latest cycle → its words
    ALERT = "alert"  #: alert key → what people were told, and when
    PINGED = "pinged"  #: hub and feed → digest of the feed's bytes that the hub was last told of
    DEPLOYED = "deployed"  #: post id → the words that the site was last asked to be built with


@dataclass(frozen=True, kw_only=True, slots=True)
class NotesChange:
    """New values of some notes of one kind."""

    kind: NoteKind
    changes: Mapping[str, str | None]  #: by key; None: take it out
    known: Mapping[str, str] | None = None  #: all of the kind as they were read; None: whatever they are


@dataclass(frozen=True, kw_only=True, slots=True)
class CompareAndSet:
    """A delivery as it was read, and as it is wanted; written only if it still is as it was read."""

    known: Delivery | None  #: None: the ledger does not have it
    wanted: Delivery | None  #: None: take it out

    @property
    def key(self) -> DeliveryKey:
        known = self.wanted or self.known
        assert known is not None
        return known.key


@dataclass(frozen=True, kw_only=True, slots=True)
class OverridesSeen:
    """What people had said when a plan was made."""

    words: Mapping[str, Override] = field(default_factory=dict)  #: by post id
    paused: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteBatch:
    """What one pass, or one command of a person, writes into the ledger in one transaction."""

    entries: tuple[Entry, ...] = ()  #: newly released, or refreshed
    changes: tuple[CompareAndSet, ...] = ()  #: of deliveries
    new_accounts: tuple[AccountState, ...] = ()  #: accounts that the ledger meets for the first time
    events: tuple[Event, ...] = ()
    words: tuple[Override, ...] = ()
    upcoming: Mapping[str, Upcoming] | None = None  #: all of them; None: as they were
    waiting: Mapping[str, PageWaitRecord] | None = None  #: all of them; None: as they were
    paused: str | None = None  #: empty lifts the pause; None: as it was
    heard: OverridesSeen | None = None  #: if people have said something else since, none of this is written
    accept_clock: bool = False  #: a person says that the clock is right, whatever later time the ledger has seen
    old_feed: OldFeed | None = None  #: ids and dates to be taken over at the releases to come
    pictures: tuple[RemotePicture, ...] = ()  #: on other hosts, that were asked for
    notes: NotesChange | None = None  #: nothing is written if others are there than those that it knows

    def __bool__(self) -> bool:
        said = self.upcoming is not None or self.paused is not None or self.accept_clock or self.old_feed is not None
        said = said or self.waiting is not None or self.notes is not None
        return said or bool(
            self.entries or self.changes or self.new_accounts or self.events or self.words or self.pictures
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteResult:
    """What became of a recording: another process, or a person, may have been there first."""

    outdated: bool = False  #: nothing was written: it was decided on what has changed since
    refused: tuple[CompareAndSet, ...] = ()  #: not written: the delivery has moved on
    events: tuple[Event, ...] = ()  #: those that were true, and are in the history now
