"""The ledger in an SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from bot.domain import (
    AccountFacts,
    AccountState,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Event,
    EventKind,
    Lease,
    Reason,
    Snapshot,
    WriteBatch,
    WriteResult,
)
from bot.domain.clock import Clock
from bot.domain.errors import LeaseHeldError
from bot.domain.status_ids import newer_id
from bot.ledger import codec
from bot.ledger.instance_lock import InstanceLock
from bot.ledger.row_cache import EntryCache, RowCache
from bot.ledger.rows import (
    account_row,
    find_delivery,
    leased_row,
    read_paused,
    read_waiting,
    write_delivery,
    write_history,
    write_recording,
)
from bot.ledger.sqlite_file import SqliteFile, migrate
from bot.ledger.transitions import dedupe_alerts, intended, last_sent, may_intend, problem_events, unblocked_event


class _UnsureError(Exception):
    """Ends a transaction that is not to be kept after all."""


class SqliteLedger:
    """Keeps the contract of `bot.ledger.contract.Ledger` across threads and processes of one machine."""

    def __init__(self, path: Path, clock: Clock, *, durable: bool = True) -> None:
        """Open the ledger, make or migrate its file. Raises LedgerError; DamagedLedgerError if any of it is broken.

        One that is not `durable` never waits for the disk: for what is thrown away afterwards.
        """
        self._path = path
        self._clock = clock
        self._file = SqliteFile(path, durable=durable)
        self._latest: tuple[tuple[int, int, int], Snapshot] | None = None
        self._entries = EntryCache()
        self._deliveries = RowCache(codec.delivery_from_row)
        self._upcoming = RowCache(codec.upcoming_from_row)
        self._presence = InstanceLock(path.with_name(f"{path.name}-running"))
        with self._file.explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            # The ledger holds what is about to be said; nobody else on the machine needs to read it.
            path.touch(mode=0o600)
            try:
                self._file.examine()
                migrate(self._file.connection())
            except BaseException:
                self.close()
                raise

    def snapshot(self) -> Snapshot:
        with self._file.transaction("BEGIN") as db:
            # What this connection has written, and whether any other one has (https://sqlite.org/pragma.html).
            version = (id(db), db.total_changes, db.execute("PRAGMA data_version").fetchone()[0])
            known = self._latest
            if known is not None and known[0] == version:
                return known[1]
            snapshot = self._read_snapshot(db)
        self._latest = (version, snapshot)
        return snapshot

    def _read_snapshot(self, db: sqlite3.Connection) -> Snapshot:
        entries = self._entries.all(db)
        accounts = [codec.account_from_row(row) for row in db.execute("SELECT * FROM account")]
        deliveries = self._deliveries.all(db.execute("SELECT * FROM delivery"))
        words = [codec.word_from_row(row) for row in db.execute("SELECT * FROM word")]
        upcoming = self._upcoming.all(db.execute("SELECT * FROM upcoming"))
        waiting = read_waiting(db)
        memory = db.execute("SELECT newest, paused FROM memory").fetchone()
        old_entries = [codec.old_entry_from_row(row) for row in db.execute("SELECT * FROM old_entry")]
        old_feeds = [row["source"] for row in db.execute("SELECT source FROM old_feed")]
        pictures = [codec.picture_from_row(row) for row in db.execute("SELECT * FROM remote_picture")]
        return Snapshot(
            entries=entries,
            accounts={account.address: account for account in accounts},
            deliveries={delivery.key: delivery for delivery in deliveries},
            newest=codec.time_from_text(memory["newest"]),
            words={word.post_id: word for word in words},
            upcoming={post.post_id: post for post in upcoming},
            paused=memory["paused"],
            old_entries={entry.feed_id: entry for entry in old_entries},
            old_feeds=frozenset(old_feeds),
            pictures={picture.url: picture for picture in pictures},
            waiting=waiting,
        )

    def record(
        self,
        recording: WriteBatch,
        *,
        now: datetime,
        sure: Callable[[], bool] | None = None,
        flush: bool = True,
    ) -> WriteResult:
        try:
            with self._file.transaction(flush=flush) as db:
                recorded = write_recording(db, recording, now=now)
                if sure is not None and not recorded.outdated and not sure():
                    raise _UnsureError
                return recorded
        except _UnsureError:
            return WriteResult(outdated=True)

    def flush(self) -> None:
        self._file.flush()

    def make_ready(self) -> None:
        # Each thousand pages or so a commit moves what was written into the main file, which takes some ten
        # milliseconds (https://sqlite.org/wal.html, "Checkpointing"). Where it fails, the next write says why.
        with suppress(sqlite3.Error):
            self._file.connection().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def note_problems(self, problems: frozenset[str], *, now: datetime) -> tuple[frozenset[str], frozenset[str]]:
        with self._file.transaction() as db:
            known = frozenset(row["text"] for row in db.execute("SELECT text FROM problem"))
            new, solved = problems - known, known - problems
            if new or solved:
                since = codec.time_to_text(now)
                db.executemany("INSERT INTO problem (text, since) VALUES (?, ?)", [(text, since) for text in new])
                db.executemany("DELETE FROM problem WHERE text = ?", [(text,) for text in solved])
                write_history(db, problem_events(new, solved, now=now), now)
        return new, solved

    def record_alerts(
        self, causes: Mapping[str, str], *, quiet: timedelta, now: datetime
    ) -> tuple[frozenset[str], tuple[str, ...]]:
        with self._file.transaction() as db:
            told = {row["cause"]: codec.told_from_row(row) for row in db.execute("SELECT * FROM told")}
            after, new, recovered = dedupe_alerts(told, causes, quiet=quiet, now=now)
            if after != told:
                db.execute("DELETE FROM told")
                db.executemany(
                    "INSERT INTO told (cause, what, at, there) VALUES (?, ?, ?, ?)",
                    [(cause, t.what, codec.time_to_text(t.at), int(t.there)) for cause, t in after.items()],
                )
        return new, recovered

    def lease(self, account: str, *, owner: str, duration: timedelta) -> Lease:
        # No lease is flushed: a power failure that takes one back has ended its owner as well.
        with self._file.transaction(flush=False) as db:
            row = account_row(db, account)
            age = None if row["lease_owner"] is None else self._clock.since(row["lease_mark"])
            remaining = timedelta() if age is None else timedelta(seconds=row["lease_seconds"]) - age
            if remaining > timedelta():
                raise LeaseHeldError(f"{account} is being served by another process.", remaining=remaining)
            fence = row["fence"] + 1
            db.execute(
                "UPDATE account SET lease_owner = ?, lease_mark = ?, lease_seconds = ?, fence = ? WHERE address = ?",
                (owner, self._clock.mark(), duration.total_seconds(), fence, account),
            )
        return Lease(account=account, owner=owner, fence=fence)

    def renew(self, lease: Lease) -> None:
        with self._file.transaction(flush=False) as db:
            self._renew(db, lease)

    def give_back(self, lease: Lease) -> None:
        with self._file.transaction(flush=False) as db:
            db.execute(
                "UPDATE account SET lease_owner = NULL WHERE address = ? AND fence = ?", (lease.account, lease.fence)
            )

    def account(self, address: str) -> AccountState:
        with self._file.transaction("BEGIN") as db:
            return codec.account_from_row(account_row(db, address))

    def paused(self) -> str:
        with self._file.transaction("BEGIN") as db:
            return read_paused(db)

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        with self._file.transaction("BEGIN") as db:
            return find_delivery(db, key)

    def open_deliveries(self, account: str) -> tuple[Delivery, ...]:
        with self._file.transaction("BEGIN") as db:
            rows = db.execute(
                "SELECT * FROM delivery WHERE account = ? AND state IN ('due', 'sending') ORDER BY due, sequence",
                (account,),
            )
            return tuple(codec.delivery_from_row(row) for row in rows)

    def address_of(self, post_id: str) -> str | None:
        with self._file.transaction("BEGIN") as db:
            row = db.execute("SELECT document FROM entry WHERE post_id = ?", (post_id,)).fetchone()
            return None if row is None else codec.entry_from_json(row["document"]).url

    def known_status_ids(self, account: str) -> frozenset[str]:
        with self._file.transaction("BEGIN") as db:
            rows = db.execute("SELECT status_id FROM delivery WHERE account = ? AND status_id IS NOT NULL", (account,))
            return frozenset(row["status_id"] for row in rows)

    def note_account(
        self,
        lease: Lease,
        *,
        facts: AccountFacts | None = None,
        last_status_id: str | None = None,
        now: datetime,
    ) -> None:
        with self._file.transaction() as db:
            row = leased_row(db, lease)
            events: tuple[Event, ...] = ()
            if facts is not None:
                blocked = codec.reason_from_text(row["blocked"])
                if blocked is not None:
                    events = (unblocked_event(lease.account, blocked=blocked, now=now),)
                db.execute(
                    "UPDATE account SET facts = ?, blocked = '', not_before = NULL WHERE address = ?",
                    (codec.facts_to_json(facts), lease.account),
                )
            if last_status_id is not None:
                db.execute(
                    "UPDATE account SET last_status_id = ? WHERE address = ?",
                    (newer_id(row["last_status_id"], last_status_id), lease.account),
                )
            write_history(db, events, now)

    def block_account(self, lease: Lease, *, why: Reason, not_before: datetime | None, now: datetime) -> bool:
        with self._file.transaction() as db:
            news = bool(codec.reason_from_text(leased_row(db, lease)["blocked"]) != why)
            db.execute(
                "UPDATE account SET blocked = ?, not_before = ? WHERE address = ?",
                (codec.reason_to_text(why), codec.time_to_text(not_before), lease.account),
            )
            event = Event(at=now, kind=EventKind.BLOCKED, account=lease.account, reason=why)
            write_history(db, (event,) if news else (), now)
        return news

    def write_intent(self, lease: Lease, delivery: Delivery, *, after_id: str, now: datetime) -> bool:
        with self._file.transaction() as db:
            self._renew(db, lease)
            known = find_delivery(db, delivery.key)
            if known is None or not may_intend(known, delivery) or read_paused(db):
                return False
            write_delivery(db, intended(known, after_id=after_id, now=now, mark=self._clock.mark()))
            write_history(db, (), now)
            return True

    def settle(self, lease: Lease, delivery: Delivery, *, event: Event | None, now: datetime) -> None:
        with self._file.transaction() as db:
            row = leased_row(db, lease)
            write_delivery(db, delivery)
            if delivery.state is DeliveryState.SENT and delivery.status_id is not None:
                db.execute(
                    "UPDATE account SET last_status_id = ?, last_sent_at = ? WHERE address = ?",
                    (
                        newer_id(row["last_status_id"], delivery.status_id),
                        codec.time_to_text(
                            last_sent(codec.time_from_text(row["last_sent_at"]), delivery.settled_at, now=now)
                        ),
                        lease.account,
                    ),
                )
            write_history(db, (event,) if event else (), now)

    def pinged(self) -> Mapping[tuple[str, str], str]:
        with self._file.transaction("BEGIN") as db:
            return {(row["hub"], row["topic"]): row["digest"] for row in db.execute("SELECT * FROM pinged")}

    def note_pinged(self, hub: str, digests: Mapping[str, str], *, event: Event, now: datetime) -> None:
        with self._file.transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO pinged (hub, topic, digest) VALUES (?, ?, ?)",
                [(hub, topic, digest) for topic, digest in digests.items()],
            )
            write_history(db, (event,), now)

    def deployed(self) -> Mapping[str, str]:
        with self._file.transaction("BEGIN") as db:
            return {row["post_id"]: row["words"] for row in db.execute("SELECT * FROM deployed")}

    def note_deployed(self, words: Mapping[str, str], *, event: Event, now: datetime) -> None:
        with self._file.transaction() as db:
            db.executemany("INSERT OR REPLACE INTO deployed (post_id, words) VALUES (?, ?)", list(words.items()))
            write_history(db, (event,), now)

    def acquire_instance_lock(self, who: str) -> str:
        with self._file.explained():
            return self._presence.claim(who)

    def events(self, *, limit: int) -> tuple[Event, ...]:
        with self._file.transaction("BEGIN") as db:
            rows = db.execute("SELECT * FROM event ORDER BY sequence DESC LIMIT ?", (limit,)).fetchall()
        return tuple(codec.event_from_row(row) for row in reversed(rows))

    def close(self) -> None:
        self._file.close()
        self._presence.give_up()

    def _renew(self, db: sqlite3.Connection, lease: Lease) -> None:
        leased_row(db, lease)
        db.execute("UPDATE account SET lease_mark = ? WHERE address = ?", (self._clock.mark(), lease.account))
