"""A ledger in memory: the shipped double, for tests and for trying things out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from threading import RLock

from bot.domain import (
    AccountFacts,
    AccountState,
    AlertRecord,
    CompareAndSet,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Entry,
    Event,
    EventKind,
    Lease,
    OldEntry,
    Override,
    OverridesSeen,
    PageWaitRecord,
    Reason,
    RemotePicture,
    Snapshot,
    Upcoming,
    WriteBatch,
    WriteResult,
)
from bot.domain.clock import Clock
from bot.domain.errors import LeaseHeldError, LeaseLostError, LedgerError
from bot.domain.status_ids import newer_id
from bot.ledger.transitions import (
    dedupe_alerts,
    intended,
    is_rival,
    last_sent,
    may_change,
    may_intend,
    problem_events,
    still_news,
    unblocked_event,
    waiting_events,
)


class MemoryLedger:
    """Keeps the contract of `bot.ledger.contract.Ledger` within one process."""

    def __init__(self, clock: Clock, snapshot: Snapshot | None = None) -> None:
        start = snapshot or Snapshot()
        self._clock = clock
        self._lock = RLock()
        self._entries: dict[str, Entry] = dict(start.entries)
        self._accounts: dict[str, AccountState] = dict(start.accounts)
        self._deliveries: dict[DeliveryKey, Delivery] = dict(start.deliveries)
        self._events: list[Event] = []
        self._newest = start.newest
        self._words: dict[str, Override] = dict(start.words)
        self._upcoming: dict[str, Upcoming] = dict(start.upcoming)
        self._paused = start.paused
        self._old_entries: dict[str, OldEntry] = dict(start.old_entries)
        self._old_feeds = start.old_feeds
        self._pictures: dict[str, RemotePicture] = dict(start.pictures)
        self._waiting: dict[str, PageWaitRecord] = dict(start.waiting)
        self._deployed: dict[str, str] = {}
        self._pinged: dict[tuple[str, str], str] = {}
        self._problems: frozenset[str] = frozenset()
        self._told: dict[str, AlertRecord] = {}
        self._attending = ""
        self._fences: dict[str, int] = {}
        self._leases: dict[str, tuple[Lease, str, timedelta]] = {}

    def snapshot(self) -> Snapshot:
        with self._lock:
            return Snapshot(
                entries=dict(self._entries),
                accounts=dict(self._accounts),
                deliveries=dict(self._deliveries),
                newest=self._newest,
                words=dict(self._words),
                upcoming=dict(self._upcoming),
                paused=self._paused,
                old_entries=dict(self._old_entries),
                old_feeds=self._old_feeds,
                pictures=dict(self._pictures),
                waiting=dict(self._waiting),
            )

    def record(
        self,
        recording: WriteBatch,
        *,
        now: datetime,
        sure: Callable[[], bool] | None = None,
        flush: bool = True,  # noqa: ARG002 — nothing here outlives the process
    ) -> WriteResult:
        with self._lock:
            if recording.heard not in (None, OverridesSeen(words=self._words, paused=self._paused)):
                return WriteResult(outdated=True)
            if sure is not None and not sure():
                return WriteResult(outdated=True)
            for state in recording.new_accounts:
                self._accounts.setdefault(state.address, state)
            known = {
                entry.post_id: self._entries[entry.post_id]
                for entry in recording.entries
                if entry.post_id in self._entries
            }
            fresh = (entry for entry in recording.entries if not is_rival(known.get(entry.post_id), entry))
            self._entries.update({entry.post_id: entry for entry in fresh})
            refused = tuple(change for change in recording.changes if not self._change(change))
            self._words.update({word.post_id: word for word in recording.words})
            if recording.upcoming is not None:
                self._upcoming = dict(recording.upcoming)
            if recording.paused is not None:
                self._paused = recording.paused
            if recording.old_feed is not None:
                self._old_feeds |= {recording.old_feed.source}
                self._old_entries = {**{old.feed_id: old for old in recording.old_feed.entries}, **self._old_entries}
            for picture in recording.pictures:
                known_picture = self._pictures.get(picture.url)
                if known_picture is None or not known_picture.is_known:  # an answer stays
                    self._pictures[picture.url] = picture
            if recording.accept_clock:
                self._newest = now
            events = still_news(recording, known=known, refused=refused)
            if recording.waiting is not None:
                events += waiting_events(self._waiting, recording.waiting, now=now)
                self._waiting = dict(recording.waiting)
            self._write(events, now)
            return WriteResult(refused=refused, events=events)

    def flush(self) -> None:
        """Nothing here outlives the process."""

    def make_ready(self) -> None:
        pass

    def _change(self, change: CompareAndSet) -> bool:
        known = self._deliveries.get(change.key)
        if not may_change(known, change):
            return False
        if change.wanted is None:
            self._deliveries.pop(change.key, None)
        else:
            sequence = known.sequence if known is not None else self._next_sequence()
            self._deliveries[change.key] = replace(change.wanted, sequence=sequence)
        return True

    def note_problems(self, problems: frozenset[str], *, now: datetime) -> tuple[frozenset[str], frozenset[str]]:
        with self._lock:
            new, solved = problems - self._problems, self._problems - problems
            self._problems = problems
            if new or solved:
                self._write(problem_events(new, solved, now=now), now)
            return new, solved

    def record_alerts(
        self, causes: Mapping[str, str], *, quiet: timedelta, now: datetime
    ) -> tuple[frozenset[str], tuple[str, ...]]:
        with self._lock:
            self._told, new, recovered = dedupe_alerts(self._told, causes, quiet=quiet, now=now)
            return new, recovered

    def lease(self, account: str, *, owner: str, duration: timedelta) -> Lease:
        with self._lock:
            self.account(account)
            if account in self._leases:
                _, mark, lasts = self._leases[account]
                age = self._clock.since(mark)
                if age is not None and age < lasts:
                    raise LeaseHeldError(f"{account} is being served by another process.", remaining=lasts - age)
            self._fences[account] = self._fences.get(account, 0) + 1
            lease = Lease(account=account, owner=owner, fence=self._fences[account])
            self._leases[account] = (lease, self._clock.mark(), duration)
            return lease

    def renew(self, lease: Lease) -> None:
        with self._lock:
            self._check(lease)
            self._leases[lease.account] = (lease, self._clock.mark(), self._leases[lease.account][2])

    def give_back(self, lease: Lease) -> None:
        with self._lock:
            if self._leases.get(lease.account, (None,))[0] == lease:
                del self._leases[lease.account]

    def account(self, address: str) -> AccountState:
        with self._lock:
            if address not in self._accounts:
                raise LedgerError(f"the ledger knows no account {address}.")
            return self._accounts[address]

    def paused(self) -> str:
        with self._lock:
            return self._paused

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        with self._lock:
            return self._deliveries.get(key)

    def open_deliveries(self, account: str) -> tuple[Delivery, ...]:
        with self._lock:
            states = (DeliveryState.DUE, DeliveryState.SENDING)
            mine = [d for d in self._deliveries.values() if d.key.account == account and d.state in states]
            return tuple(sorted(mine, key=lambda delivery: (delivery.due, delivery.sequence)))

    def address_of(self, post_id: str) -> str | None:
        with self._lock:
            entry = self._entries.get(post_id)
            return None if entry is None else entry.url

    def known_status_ids(self, account: str) -> frozenset[str]:
        with self._lock:
            return frozenset(
                d.status_id for d in self._deliveries.values() if d.key.account == account and d.status_id is not None
            )

    def note_account(
        self,
        lease: Lease,
        *,
        facts: AccountFacts | None = None,
        last_status_id: str | None = None,
        now: datetime,
    ) -> None:
        with self._lock:
            self._check(lease)
            state = self._accounts[lease.account]
            events: tuple[Event, ...] = ()
            if facts is not None:
                if state.blocked is not None:
                    events = (unblocked_event(lease.account, blocked=state.blocked, now=now),)
                state = replace(state, facts=facts, blocked=None, not_before=None)
            if last_status_id is not None:
                state = replace(state, last_status_id=newer_id(state.last_status_id, last_status_id))
            self._accounts[lease.account] = state
            self._write(events, now)

    def block_account(self, lease: Lease, *, why: Reason, not_before: datetime | None, now: datetime) -> bool:
        with self._lock:
            self._check(lease)
            state = self._accounts[lease.account]
            news = state.blocked != why
            self._accounts[lease.account] = replace(state, blocked=why, not_before=not_before)
            event = Event(at=now, kind=EventKind.BLOCKED, account=lease.account, reason=why)
            self._write((event,) if news and why else (), now)
            return news

    def write_intent(self, lease: Lease, delivery: Delivery, *, after_id: str, now: datetime) -> bool:
        with self._lock:
            self.renew(lease)
            known = self._deliveries.get(delivery.key)
            if known is None or not may_intend(known, delivery) or self._paused:
                return False
            self._deliveries[delivery.key] = intended(known, after_id=after_id, now=now, mark=self._clock.mark())
            self._write((), now)
            return True

    def settle(self, lease: Lease, delivery: Delivery, *, event: Event | None, now: datetime) -> None:
        with self._lock:
            self._check(lease)
            self._deliveries[delivery.key] = delivery
            if delivery.state is DeliveryState.SENT and delivery.status_id is not None:
                state = self._accounts[lease.account]
                self._accounts[lease.account] = replace(
                    state,
                    last_status_id=newer_id(state.last_status_id, delivery.status_id),
                    last_sent_at=last_sent(state.last_sent_at, delivery.settled_at, now=now),
                )
            self._write((event,) if event else (), now)

    def pinged(self) -> Mapping[tuple[str, str], str]:
        with self._lock:
            return dict(self._pinged)

    def note_pinged(self, hub: str, digests: Mapping[str, str], *, event: Event, now: datetime) -> None:
        with self._lock:
            self._pinged.update({(hub, topic): digest for topic, digest in digests.items()})
            self._write((event,), now)

    def deployed(self) -> Mapping[str, str]:
        with self._lock:
            return dict(self._deployed)

    def note_deployed(self, words: Mapping[str, str], *, event: Event, now: datetime) -> None:
        with self._lock:
            self._deployed.update(words)
            self._write((event,), now)

    def acquire_instance_lock(self, who: str) -> str:
        with self._lock:
            self._attending = self._attending or who
            return "" if self._attending == who else self._attending

    def events(self, *, limit: int) -> tuple[Event, ...]:
        with self._lock:
            return tuple(self._events[-limit:] if limit > 0 else ())

    def close(self) -> None:
        with self._lock:
            self._attending = ""

    def _check(self, lease: Lease) -> None:
        if self._leases.get(lease.account, (None,))[0] != lease:
            raise LeaseLostError(f"{lease.account} has passed to another process.")

    def _next_sequence(self) -> int:
        return max((delivery.sequence for delivery in self._deliveries.values()), default=0) + 1

    def _write(self, events: tuple[Event, ...], now: datetime) -> None:
        self._events.extend(events)
        self._newest = now if self._newest is None else max(self._newest, now)
