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
from bot.domain.overrides import Override


@dataclass(frozen=True, kw_only=True, slots=True)
class Upcoming:
    """A post before its datetime, as the latest cycle saw it, so that the next cycle notices if its file is gone."""

    post_id: str
    slug: str
    due: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """A process that stays at work on a ledger. The fields are None where it has not written them down yet."""

    pid: int | None = None
    host: str | None = None
    since: datetime | None = None  #: UTC


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The ledger at one moment, as planning needs it."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    accounts: Mapping[str, AccountState] = field(default_factory=dict)
    deliveries: Mapping[DeliveryKey, Delivery] = field(default_factory=dict)
    newest: datetime | None = None  #: the latest time that was recorded
    overrides: Mapping[str, Override] = field(default_factory=dict)  #: the overrides, by post id
    upcoming: Mapping[str, Upcoming] = field(default_factory=dict)  #: by post id
    paused: str = ""  #: which operator paused everything and when; empty if nothing is paused
    old_entries: Mapping[str, OldEntry] = field(default_factory=dict)  #: of feeds that the site had before, by id
    old_feeds: frozenset[str] = frozenset()  #: the sources of the earlier feeds that were read
    pictures: Mapping[str, RemotePicture] = field(default_factory=dict)  #: on other hosts, by URL
    waiting: Mapping[str, PageWaitRecord] = field(default_factory=dict)  #: posts without a page so far, by post id

    def status_ids(self, account: str) -> frozenset[str]:
        """Return the ids of the statuses that this account's deliveries created or adopted."""
        mine = (delivery for delivery in self.deliveries.values() if delivery.key.account == account)
        return frozenset(delivery.status_id for delivery in mine if delivery.status_id is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountView:
    """One account at one moment, as a delivery worker needs it."""

    account: AccountState
    paused: str = ""  #: which operator paused everything and when; empty if nothing is paused
    open: tuple[Delivery, ...] = ()  #: due or sending, in the order of (due, sequence)
    deliveries: Mapping[DeliveryKey, Delivery] = field(default_factory=dict)  #: the account's, of posts with open ones


class NoteKind(Enum):
    """The kinds of notes: plain texts that the ledger keeps by key."""

    PROBLEM = "problem"  #: alert key of each problem of the latest cycle → its sentence
    ALERT = "alert"  #: alert key → the alert that was sent, and when
    PINGED = "pinged"  #: hub and feed → digest of the feed's bytes at the latest ping
    DEPLOYED = "deployed"  #: post id → its version at the latest call of the deploy hook


@dataclass(frozen=True, kw_only=True, slots=True)
class NotesChange:
    """New values of some notes of one kind."""

    kind: NoteKind
    changes: Mapping[str, str | None]  #: by key; None removes the note
    known: Mapping[str, str] | None = None  #: all notes of the kind as they were read; None: do not compare


@dataclass(frozen=True, kw_only=True, slots=True)
class CompareAndSet:
    """A change of a delivery, which the ledger writes only if the delivery still equals `known`."""

    known: Delivery | None  #: None: the ledger has no such delivery
    wanted: Delivery | None  #: None: remove the delivery

    @property
    def key(self) -> DeliveryKey:
        known = self.wanted or self.known
        assert known is not None
        return known.key


@dataclass(frozen=True, kw_only=True, slots=True)
class OverridesSeen:
    """The overrides and the pause that a plan was made with."""

    overrides: Mapping[str, Override] = field(default_factory=dict)  #: by post id
    paused: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteBatch:
    """What one cycle, or one command of the operator, writes into the ledger in one transaction."""

    entries: tuple[Entry, ...] = ()  #: newly released, or refreshed
    changes: tuple[CompareAndSet, ...] = ()  #: of deliveries
    new_accounts: tuple[AccountState, ...] = ()  #: accounts without a row in the ledger
    events: tuple[Event, ...] = ()
    overrides: tuple[Override, ...] = ()  #: new overrides
    upcoming: Mapping[str, Upcoming] | None = None  #: all of them; None: as they were
    waiting: Mapping[str, PageWaitRecord] | None = None  #: all of them; None: as they were
    paused: str | None = None  #: empty lifts the pause; None: as it was
    overrides_seen: OverridesSeen | None = None  #: if the ledger has others by now, nothing is written
    accept_clock: bool = False  #: the operator confirms the clock, although later times are recorded
    old_feed: OldFeed | None = None  #: ids and dates for posts that are released later
    pictures: tuple[RemotePicture, ...] = ()  #: on other hosts: the answers to this cycle's requests
    notes: NotesChange | None = None  #: if the ledger's notes differ from its `known`, nothing is written

    def __bool__(self) -> bool:
        writes = self.upcoming is not None or self.paused is not None or self.accept_clock or self.old_feed is not None
        writes = writes or self.waiting is not None or self.notes is not None
        return writes or bool(
            self.entries or self.changes or self.new_accounts or self.events or self.overrides or self.pictures
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteResult:
    """The result of a write: another process, or the operator, may have written first."""

    outdated: bool = False  #: nothing was written: the ledger has changed since the plan was made
    refused: tuple[CompareAndSet, ...] = ()  #: not written: the delivery has changed since
    events: tuple[Event, ...] = ()  #: those that were written into the history
