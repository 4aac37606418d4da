"""The ledger in an SQLite file."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.domain import (
    AccountFacts,
    AccountState,
    AccountView,
    Delivery,
    DeliveryState,
    Event,
    EventKind,
    Instance,
    Lease,
    NoteKind,
    Reason,
    Snapshot,
    WriteBatch,
    WriteResult,
)
from bot.domain.clock import Clock
from bot.domain.deliveries import newer_id
from bot.domain.errors import LeaseHeldError
from bot.ledger import codec
from bot.ledger.contract import PendingWrite
from bot.ledger.file import SqliteFile
from bot.ledger.instance_lock import InstanceLock
from bot.ledger.rows import (
    account_row,
    deliveries_in_work,
    find_account,
    find_delivery,
    leased_row,
    read_notes,
    read_paused,
    update_account,
    write_batch,
    write_delivery,
    write_history,
)
from bot.ledger.rules import intended, last_sent, may_intend, unblocked_event
from bot.ledger.schema import bring_up_to_date
from bot.ledger.snapshot import SnapshotReader

_OPEN = frozenset({DeliveryState.DUE, DeliveryState.SENDING})


class SqliteLedger:
    """Keeps the contract of `bot.ledger.contract.Ledger` across threads and processes of one machine."""

    def __init__(self, path: Path, clock: Clock, *, durable: bool = True) -> None:
        """Open the ledger; creates its file, or upgrades an older one.

        A ledger that is not `durable` never waits for the disk; for simulations. Raises LedgerError, DamagedLedgerError
        if any part of the file is broken.
        """
        self._clock = clock
        self._file = SqliteFile(path, durable=durable)
        self._snapshots = SnapshotReader()
        self._instance_lock = InstanceLock(path.with_name(f"{path.name}-running"))
        with self._file.explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            # The ledger contains unpublished posts, so other users of the machine must not read it.
            path.touch(mode=0o600)
            try:
                self._file.examine()
                bring_up_to_date(self._file.connection())
            except BaseException:
                self.close()
                raise

    def snapshot(self) -> Snapshot:
        with self._file.reading() as db:
            return self._snapshots.read(db)

    def account_view(self, account: str) -> AccountView:
        with self._file.reading() as db:
            row = find_account(db, account)
            state = AccountState(address=account, joined_at=None) if row is None else codec.account_from_row(row)
            deliveries = [codec.delivery_from_row(one) for one in deliveries_in_work(db, account)]
            paused = read_paused(db)
        return AccountView(
            account=state,
            paused=paused,
            open=tuple(delivery for delivery in deliveries if delivery.state in _OPEN),
            deliveries={delivery.key: delivery for delivery in deliveries},
        )

    def notes(self, kind: NoteKind) -> dict[str, str]:
        with self._file.reading() as db:
            return read_notes(db, kind)

    def events(self, *, limit: int) -> tuple[Event, ...]:
        with self._file.reading() as db:
            rows = db.execute("SELECT * FROM event ORDER BY sequence DESC LIMIT :limit", {"limit": limit}).fetchall()
            return tuple(codec.event_from_row(row) for row in reversed(rows))

    def record(self, batch: WriteBatch, *, now: datetime) -> WriteResult:
        with self._file.writing() as db:
            return write_batch(db, batch, now=now)

    def prepare(self, batch: WriteBatch, *, now: datetime) -> PendingWrite:
        return SqlitePendingWrite(self._file, batch, now)

    def flush(self) -> None:
        self._file.flush()

    def acquire_lease(self, account: str, *, owner: str, duration: timedelta) -> Lease:
        with self._file.writing(durable=False, urgent=True) as db:
            row = account_row(db, account)
            age = None if row["lease_owner"] is None else self._clock.since(row["lease_mark"])
            remaining = timedelta() if age is None else timedelta(seconds=row["lease_seconds"]) - age
            if remaining > timedelta():
                raise LeaseHeldError(f"{account} is being served by another process.", remaining=remaining)
            lease = Lease(account=account, owner=owner, fence=row["fence"] + 1)
            update_account(
                db,
                account,
                lease_owner=owner,
                lease_mark=self._clock.mark(),
                lease_seconds=duration.total_seconds(),
                fence=lease.fence,
            )
        return lease

    def renew_lease(self, lease: Lease) -> None:
        with self._file.writing(durable=False, urgent=True) as db:
            self._renew(db, lease)

    def release_lease(self, lease: Lease) -> None:
        with self._file.writing(durable=False) as db:
            row = account_row(db, lease.account)
            if row["fence"] == lease.fence:
                update_account(db, lease.account, lease_owner=None)

    def note_account(
        self,
        lease: Lease,
        *,
        facts: AccountFacts | None = None,
        blocked: Reason | None = None,
        not_before: datetime | None = None,
        last_status_id: str | None = None,
        now: datetime,
    ) -> tuple[Event, ...]:
        with self._file.writing() as db:
            row = leased_row(db, lease)
            before = codec.reason_from_text(row["blocked"])
            events: tuple[Event, ...] = ()
            if facts is not None:
                if before is not None:
                    events = (unblocked_event(lease.account, blocked=before, now=now),)
                update_account(db, lease.account, facts=codec.facts_to_json(facts), blocked="", not_before=None)
            if blocked is not None:
                if before != blocked:
                    events += (Event(at=now, kind=EventKind.BLOCKED, account=lease.account, reason=blocked),)
                reason, until = codec.reason_to_text(blocked), codec.time_to_text(not_before)
                update_account(db, lease.account, blocked=reason, not_before=until)
            if last_status_id is not None:
                update_account(db, lease.account, last_status_id=newer_id(row["last_status_id"], last_status_id))
            write_history(db, events, now)
        return events

    def write_intent(self, lease: Lease, delivery: Delivery, *, after_id: str, now: datetime) -> bool:
        with self._file.writing(urgent=True) as db:
            self._renew(db, lease)
            known = find_delivery(db, delivery.key)
            if known is None or not may_intend(known, delivery) or read_paused(db):
                return False
            write_delivery(db, intended(known, after_id=after_id, now=now, mark=self._clock.mark()))
            write_history(db, (), now)
            return True

    def settle(self, lease: Lease, delivery: Delivery, *, event: Event | None, now: datetime) -> None:
        with self._file.writing() as db:
            row = leased_row(db, lease)
            write_delivery(db, delivery)
            if delivery.state is DeliveryState.SENT and delivery.status_id is not None:
                latest = last_sent(codec.time_from_text(row["last_sent_at"]), delivery.settled_at, now=now)
                newest = newer_id(row["last_status_id"], delivery.status_id)
                update_account(db, lease.account, last_status_id=newest, last_sent_at=codec.time_to_text(latest))
            write_history(db, (event,) if event else (), now)

    def acquire_instance_lock(self, instance: Instance) -> Instance | None:
        with self._file.explained():
            return self._instance_lock.claim(instance)

    def close(self) -> None:
        self._file.close()
        self._instance_lock.give_up()

    def _renew(self, db: sqlite3.Connection, lease: Lease) -> None:
        leased_row(db, lease)
        update_account(db, lease.account, lease_mark=self._clock.mark())


class SqlitePendingWrite:
    """A batch inside an open transaction; see the contract."""

    def __init__(self, file: SqliteFile, batch: WriteBatch, now: datetime) -> None:
        self._file = file
        self._batch = batch
        self._now = now
        self._db: sqlite3.Connection | None = None
        self.result = WriteResult()

    def __enter__(self) -> Self:
        with self._file.explained():
            # The caller decides at the commit whether to wait for the disk, which is too late for the PRAGMA: `commit`
            # flushes instead.
            self._db = self._file.begin(durable=False, urgent=True)
            try:
                self.result = write_batch(self._db, self._batch, now=self._now)
            except BaseException:
                self._take_back()
                raise
        return self

    def commit(self, *, durable: bool = True) -> None:
        assert self._db is not None
        if self.result.outdated:
            return
        with self._file.explained():
            self._db.execute("COMMIT")
        if durable:
            self._file.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file.explained():
            self._take_back()

    def _take_back(self) -> None:
        if self._db is not None and self._db.in_transaction:
            self._db.execute("ROLLBACK")
