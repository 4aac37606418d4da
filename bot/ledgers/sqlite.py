"""The ledger in an SQLite file: WAL, `synchronous=FULL`, one connection per thread."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bot.clock import Clock
from bot.errors import DamagedLedgerError, LeaseHeldError, LeaseLostError, LedgerError
from bot.ledgers import codec
from bot.ledgers.presence import Presence
from bot.ledgers.rules import (
    intended,
    is_rival,
    last_sent,
    may_change,
    may_intend,
    problem_events,
    still_news,
    telling,
    unblocked_event,
    waiting_events,
)
from bot.ledgers.schema import migrate, write_ahead
from bot.model import (
    AccountFacts,
    AccountState,
    Change,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Entry,
    Event,
    Heard,
    Lease,
    OldFeed,
    Recorded,
    Recording,
    RemotePicture,
    Snapshot,
    Waiting,
)
from bot.status_ids import newer_id

BUSY_TIMEOUT: Final = timedelta(seconds=10)
_DAMAGED: Final = (
    "Nothing is sent without it. Put a good copy in its place, or let `announce adopt` put it aside and begin a new "
    "one with what the accounts show."
)


class SqliteLedger:
    """Keeps the contract of `bot.ledger.Ledger` across threads and processes of one machine."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open the ledger, make or migrate its file. Raises LedgerError; DamagedLedgerError if any of it is broken."""
        self._path = path
        self._clock = clock
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._closing = threading.Lock()
        self._latest: tuple[tuple[int, int, int], Snapshot] | None = None
        self._presence = Presence(path.with_name(f"{path.name}-running"))
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            # The ledger holds what is about to be said; nobody else on the machine needs to read it.
            path.touch(mode=0o600)
            try:
                self._examine()
                migrate(self._connection())
            except BaseException:
                self.close()
                raise

    def snapshot(self) -> Snapshot:
        with self._transaction("BEGIN") as db:
            # What this connection has written, and whether any other one has (https://sqlite.org/pragma.html).
            version = (id(db), db.total_changes, db.execute("PRAGMA data_version").fetchone()[0])
            known = self._latest
            if known is not None and known[0] == version:
                return known[1]
            snapshot = self._read_snapshot(db)
        self._latest = (version, snapshot)
        return snapshot

    def _read_snapshot(self, db: sqlite3.Connection) -> Snapshot:
        entries = [codec.entry_from_json(row["document"]) for row in db.execute("SELECT document FROM entry")]
        accounts = [codec.account_from_row(row) for row in db.execute("SELECT * FROM account")]
        deliveries = [codec.delivery_from_row(row) for row in db.execute("SELECT * FROM delivery")]
        words = [codec.word_from_row(row) for row in db.execute("SELECT * FROM word")]
        upcoming = [codec.upcoming_from_row(row) for row in db.execute("SELECT * FROM upcoming")]
        waiting = _waiting(db)
        memory = db.execute("SELECT newest, paused FROM memory").fetchone()
        old_entries = [codec.old_entry_from_row(row) for row in db.execute("SELECT * FROM old_entry")]
        old_feeds = [row["source"] for row in db.execute("SELECT source FROM old_feed")]
        pictures = [codec.picture_from_row(row) for row in db.execute("SELECT * FROM remote_picture")]
        return Snapshot(
            entries={entry.post_id: entry for entry in entries},
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

    def record(self, recording: Recording, *, now: datetime) -> Recorded:
        refused: list[Change] = []
        with self._transaction() as db:
            if recording.heard is not None and recording.heard != _heard(db):
                return Recorded(outdated=True)
            for state in recording.joining:
                db.execute(
                    "INSERT INTO account (address, joined_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    (state.address, codec.time_to_text(state.joined_at)),
                )
            known = _known_entries(db, recording.entries)
            for entry in recording.entries:
                if not is_rival(known.get(entry.post_id), entry):
                    _write_entry(db, entry)
            for change in recording.changes:
                if not may_change(_delivery(db, change.key), change):
                    refused.append(change)
                elif change.wanted is not None:
                    _write_delivery(db, change.wanted)
                else:
                    _remove_delivery(db, change.key)
            _write_words(db, recording)
            if recording.old_feed is not None:
                _write_old_feed(db, recording.old_feed, now)
            _write_pictures(db, recording.pictures)
            if recording.believes_clock:
                db.execute("UPDATE memory SET newest = ?", (codec.time_to_text(now),))
            events = still_news(recording, known=known, refused=refused)
            if recording.waiting is not None:
                events += waiting_events(_waiting(db), recording.waiting, now=now)
                _write_waiting(db, recording.waiting)
            _write_history(db, events, now)
        return Recorded(refused=tuple(refused), events=events)

    def note_problems(self, problems: frozenset[str], *, now: datetime) -> tuple[frozenset[str], frozenset[str]]:
        with self._transaction() as db:
            known = frozenset(row["text"] for row in db.execute("SELECT text FROM problem"))
            new, solved = problems - known, known - problems
            if new or solved:
                since = codec.time_to_text(now)
                db.executemany("INSERT INTO problem (text, since) VALUES (?, ?)", [(text, since) for text in new])
                db.executemany("DELETE FROM problem WHERE text = ?", [(text,) for text in solved])
                _write_history(db, problem_events(new, solved, now=now), now)
        return new, solved

    def note_told(
        self, causes: Mapping[str, str], *, quiet: timedelta, now: datetime
    ) -> tuple[frozenset[str], tuple[str, ...]]:
        with self._transaction() as db:
            told = {row["cause"]: codec.told_from_row(row) for row in db.execute("SELECT * FROM told")}
            after, new, recovered = telling(told, causes, quiet=quiet, now=now)
            if after != told:
                db.execute("DELETE FROM told")
                db.executemany(
                    "INSERT INTO told (cause, what, at, there) VALUES (?, ?, ?, ?)",
                    [(cause, t.what, codec.time_to_text(t.at), int(t.there)) for cause, t in after.items()],
                )
        return new, recovered

    def lease(self, account: str, *, owner: str, duration: timedelta) -> Lease:
        with self._transaction() as db:
            row = _account(db, account)
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
        with self._transaction() as db:
            self._renew(db, lease)

    def give_back(self, lease: Lease) -> None:
        with self._transaction() as db:
            db.execute(
                "UPDATE account SET lease_owner = NULL WHERE address = ? AND fence = ?", (lease.account, lease.fence)
            )

    def account(self, address: str) -> AccountState:
        with self._transaction("BEGIN") as db:
            return codec.account_from_row(_account(db, address))

    def paused(self) -> str:
        with self._transaction("BEGIN") as db:
            return str(db.execute("SELECT paused FROM memory").fetchone()["paused"])

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        with self._transaction("BEGIN") as db:
            return _delivery(db, key)

    def open_deliveries(self, account: str) -> tuple[Delivery, ...]:
        with self._transaction("BEGIN") as db:
            rows = db.execute(
                "SELECT * FROM delivery WHERE account = ? AND state IN ('due', 'sending') ORDER BY due, sequence",
                (account,),
            )
            return tuple(codec.delivery_from_row(row) for row in rows)

    def known_status_ids(self, account: str) -> frozenset[str]:
        with self._transaction("BEGIN") as db:
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
        with self._transaction() as db:
            row = _leased(db, lease)
            events: tuple[Event, ...] = ()
            if facts is not None:
                if row["blocked"]:
                    events = (unblocked_event(lease.account, blocked=row["blocked"], now=now),)
                db.execute(
                    "UPDATE account SET facts = ?, blocked = '', not_before = NULL WHERE address = ?",
                    (codec.facts_to_json(facts), lease.account),
                )
            if last_status_id is not None:
                db.execute(
                    "UPDATE account SET last_status_id = ? WHERE address = ?",
                    (newer_id(row["last_status_id"], last_status_id), lease.account),
                )
            _write_history(db, events, now)

    def block_account(self, lease: Lease, *, why: str, not_before: datetime | None, now: datetime) -> bool:
        with self._transaction() as db:
            news = bool(_leased(db, lease)["blocked"] != why)
            db.execute(
                "UPDATE account SET blocked = ?, not_before = ? WHERE address = ?",
                (why, codec.time_to_text(not_before), lease.account),
            )
            event = Event(at=now, what="blocked", account=lease.account, detail=why)
            _write_history(db, (event,) if news and why else (), now)
        return news

    def write_intent(self, lease: Lease, delivery: Delivery, *, after_id: str, now: datetime) -> bool:
        with self._transaction() as db:
            self._renew(db, lease)
            known = _delivery(db, delivery.key)
            if known is None or not may_intend(known, delivery):
                return False
            _write_delivery(db, intended(known, after_id=after_id, now=now, mark=self._clock.mark()))
            _write_history(db, (), now)
            return True

    def settle(self, lease: Lease, delivery: Delivery, *, event: Event | None, now: datetime) -> None:
        with self._transaction() as db:
            row = _leased(db, lease)
            _write_delivery(db, delivery)
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
            _write_history(db, (event,) if event else (), now)

    def pinged(self) -> Mapping[tuple[str, str], str]:
        with self._transaction("BEGIN") as db:
            return {(row["hub"], row["topic"]): row["digest"] for row in db.execute("SELECT * FROM pinged")}

    def note_pinged(self, hub: str, digests: Mapping[str, str], *, event: Event, now: datetime) -> None:
        with self._transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO pinged (hub, topic, digest) VALUES (?, ?, ?)",
                [(hub, topic, digest) for topic, digest in digests.items()],
            )
            _write_history(db, (event,), now)

    def deployed(self) -> Mapping[str, str]:
        with self._transaction("BEGIN") as db:
            return {row["post_id"]: row["words"] for row in db.execute("SELECT * FROM deployed")}

    def note_deployed(self, words: Mapping[str, str], *, event: Event, now: datetime) -> None:
        with self._transaction() as db:
            db.executemany("INSERT OR REPLACE INTO deployed (post_id, words) VALUES (?, ?)", list(words.items()))
            _write_history(db, (event,), now)

    def attend(self, who: str) -> str:
        with self._explained():
            return self._presence.claim(who)

    def events(self, *, limit: int) -> tuple[Event, ...]:
        with self._transaction("BEGIN") as db:
            rows = db.execute("SELECT * FROM event ORDER BY sequence DESC LIMIT ?", (limit,)).fetchall()
        return tuple(codec.event_from_row(row) for row in reversed(rows))

    def close(self) -> None:
        with self._closing:
            while self._connections:
                self._connections.pop().close()
            self._local = threading.local()
        self._presence.give_up()

    def _examine(self) -> None:
        # Some ten milliseconds for a thousand deliveries. Damage that is met later may have been acted on by then: a
        # byte in an index hides a row, and what it says was sent is sent again.
        found = [str(row[0]) for row in self._connection().execute("PRAGMA integrity_check(1)")]
        if found != ["ok"]:
            raise sqlite3.DatabaseError(" ".join(found[0].split()))

    def _renew(self, db: sqlite3.Connection, lease: Lease) -> None:
        _leased(db, lease)
        db.execute("UPDATE account SET lease_mark = ? WHERE address = ?", (self._clock.mark(), lease.account))

    def _connection(self) -> sqlite3.Connection:
        known: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if known is not None:
            return known
        # Transactions are begun in words (isolation_level None); `close` may come from another thread.
        connection = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT.total_seconds(), isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        write_ahead(connection, patience=BUSY_TIMEOUT)
        connection.execute("PRAGMA synchronous = FULL")
        with self._closing:
            self._connections.append(connection)
        self._local.connection = connection
        return connection

    @contextmanager
    def _transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
        with self._explained():
            db = self._connection()
            db.execute(begin)
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise LedgerError(
                f"the ledger {self._path} cannot be used: {error}.",
                remedy="Check that its folder can be written to and the disk has room; nothing is sent without it.",
            ) from error
        except sqlite3.IntegrityError:
            raise  # a row that the tables do not allow: a fault of this program, not of the file
        except sqlite3.DatabaseError as error:
            raise DamagedLedgerError(
                f"the ledger {self._path} is damaged: {error}.",
                remedy=_DAMAGED,
            ) from error
        except ValueError as error:
            # A record that is no record: not to be guessed at. Its content stays out of the message.
            raise DamagedLedgerError(
                f"the ledger {self._path} holds something that this version cannot read ({type(error).__name__}).",
                remedy=_DAMAGED,
            ) from error
        except OSError as error:
            raise LedgerError(
                f"the ledger {self._path} cannot be made or written: {error.strerror or error}.",
                remedy="Check the folder in `[ledger] url`; nothing is sent without it.",
            ) from error


def _account(db: sqlite3.Connection, address: str) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute("SELECT * FROM account WHERE address = ?", (address,)).fetchone()
    if row is None:
        raise LedgerError(f"the ledger knows no account {address}.")
    return row


def _leased(db: sqlite3.Connection, lease: Lease) -> sqlite3.Row:
    row = _account(db, lease.account)
    if row["fence"] != lease.fence or row["lease_owner"] is None:
        raise LeaseLostError(f"{lease.account} has passed to another process.")
    return row


def _delivery(db: sqlite3.Connection, key: DeliveryKey) -> Delivery | None:
    row = db.execute(
        "SELECT * FROM delivery WHERE post_id = ? AND account = ? AND occasion = ?",
        (key.post_id, key.account, key.occasion),
    ).fetchone()
    return None if row is None else codec.delivery_from_row(row)


def _write_delivery(db: sqlite3.Connection, delivery: Delivery) -> None:
    row: dict[str, Any] = codec.delivery_to_row(delivery)
    names = ", ".join(row)
    holes = ", ".join(f":{name}" for name in row)
    changes = ", ".join(f"{name} = excluded.{name}" for name in row)
    db.execute(
        f"INSERT INTO delivery ({names}) VALUES ({holes}) "  # noqa: S608 — column names, from our own record
        f"ON CONFLICT (post_id, account, occasion) DO UPDATE SET {changes}",
        row,
    )


def _remove_delivery(db: sqlite3.Connection, key: DeliveryKey) -> None:
    db.execute(
        "DELETE FROM delivery WHERE post_id = ? AND account = ? AND occasion = ?",
        (key.post_id, key.account, key.occasion),
    )


def _write_words(db: sqlite3.Connection, recording: Recording) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO word (post_id, said, early, who, at) VALUES (?, ?, ?, ?, ?)",
        [(w.post_id, w.said.value, int(w.early), w.who, codec.time_to_text(w.at)) for w in recording.words],
    )
    if recording.paused is not None:
        db.execute("UPDATE memory SET paused = ?", (recording.paused,))
    if recording.upcoming is not None:
        db.execute("DELETE FROM upcoming")
        db.executemany(
            "INSERT INTO upcoming (post_id, slug, due) VALUES (?, ?, ?)",
            [(post.post_id, post.slug, codec.time_to_text(post.due)) for post in recording.upcoming.values()],
        )


def _waiting(db: sqlite3.Connection) -> dict[str, Waiting]:
    return {row["post_id"]: codec.waiting_from_row(row) for row in db.execute("SELECT * FROM waiting")}


def _write_waiting(db: sqlite3.Connection, waiting: Mapping[str, Waiting]) -> None:
    db.execute("DELETE FROM waiting")
    db.executemany(
        "INSERT INTO waiting (post_id, slug, since, why, missing) VALUES (?, ?, ?, ?, ?)",
        [(w.post_id, w.slug, codec.time_to_text(w.since), w.why, int(w.missing)) for w in waiting.values()],
    )


def _heard(db: sqlite3.Connection) -> Heard:
    words = [codec.word_from_row(row) for row in db.execute("SELECT * FROM word")]
    paused = db.execute("SELECT paused FROM memory").fetchone()["paused"]
    return Heard(words={word.post_id: word for word in words}, paused=paused)


def _write_old_feed(db: sqlite3.Connection, feed: OldFeed, now: datetime) -> None:
    db.execute("INSERT OR REPLACE INTO old_feed (source, at) VALUES (?, ?)", (feed.source, codec.time_to_text(now)))
    db.executemany(
        "INSERT OR IGNORE INTO old_entry (feed_id, link, title, published, updated) VALUES (?, ?, ?, ?, ?)",
        [
            (old.feed_id, old.link, old.title, codec.time_to_text(old.published), codec.time_to_text(old.updated))
            for old in feed.entries
        ],
    )


def _write_pictures(db: sqlite3.Connection, pictures: Iterable[RemotePicture]) -> None:
    db.executemany(
        # An answer stays, whoever asks in vain later.
        "INSERT INTO remote_picture (url, media_type, size, asked_at) VALUES (?, ?, ?, ?) ON CONFLICT (url) DO UPDATE "
        "SET media_type = excluded.media_type, size = excluded.size, asked_at = excluded.asked_at "
        "WHERE media_type IS NULL OR size IS NULL",
        [(one.url, one.media_type, one.size, codec.time_to_text(one.asked_at)) for one in pictures],
    )


def _known_entries(db: sqlite3.Connection, entries: Iterable[Entry]) -> dict[str, Entry]:
    known: dict[str, Entry] = {}
    for entry in entries:
        row = db.execute("SELECT document FROM entry WHERE post_id = ?", (entry.post_id,)).fetchone()
        if row is not None:
            known[entry.post_id] = codec.entry_from_json(row["document"])
    return known


def _write_entry(db: sqlite3.Connection, entry: Entry) -> None:
    db.execute(
        "INSERT INTO entry (post_id, slug, published, released_at, document) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (post_id) DO UPDATE SET slug = excluded.slug, document = excluded.document",
        (
            entry.post_id,
            entry.slug,
            codec.time_to_text(entry.published),
            codec.time_to_text(entry.released_at),
            codec.entry_to_json(entry),
        ),
    )


def _write_history(db: sqlite3.Connection, events: tuple[Event, ...], now: datetime) -> None:
    db.executemany(
        "INSERT INTO event (at, what, slug, account, occasion, detail, who) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(codec.time_to_text(e.at), e.what, e.slug, e.account, e.occasion, e.detail, e.who) for e in events],
    )
    db.execute("UPDATE memory SET newest = max(coalesce(newest, ''), ?)", (codec.time_to_text(now),))
