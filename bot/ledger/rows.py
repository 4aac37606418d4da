"""Rows of the SQLite ledger: how records are found in its tables and written into them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bot.domain import (
    CompareAndSet,
    Delivery,
    DeliveryKey,
    Entry,
    Event,
    Lease,
    OldFeed,
    OverridesSeen,
    PageWaitRecord,
    RemotePicture,
    WriteBatch,
    WriteResult,
)
from bot.domain.errors import LeaseLostError, LedgerError
from bot.ledger import codec
from bot.ledger.transitions import is_rival, may_change, still_news, waiting_events


def account_row(db: sqlite3.Connection, address: str) -> sqlite3.Row:
    """The account's row. Raises LedgerError if there is none."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM account WHERE address = ?", (address,)).fetchone()
    if row is None:
        raise LedgerError(f"the ledger knows no account {address}.")
    return row


def leased_row(db: sqlite3.Connection, lease: Lease) -> sqlite3.Row:
    """The account's row, while the lease holds. Raises LeaseLostError."""
    row = account_row(db, lease.account)
    if row["fence"] != lease.fence or row["lease_owner"] is None:
        raise LeaseLostError(f"{lease.account} has passed to another process.")
    return row


def find_delivery(db: sqlite3.Connection, key: DeliveryKey) -> Delivery | None:
    """The delivery of this key; None if there is none."""
    row = db.execute(
        "SELECT * FROM delivery WHERE post_id = ? AND account = ? AND occasion = ?",
        (key.post_id, key.account, str(key.occasion)),
    ).fetchone()
    return None if row is None else codec.delivery_from_row(row)


def write_delivery(db: sqlite3.Connection, delivery: Delivery) -> None:
    """Write it, over one of the same key."""
    row: dict[str, Any] = codec.delivery_to_row(delivery)
    names = ", ".join(row)
    holes = ", ".join(f":{name}" for name in row)
    changes = ", ".join(f"{name} = excluded.{name}" for name in row)
    db.execute(
        f"INSERT INTO delivery ({names}) VALUES ({holes}) "  # noqa: S608 — column names, from our own record
        f"ON CONFLICT (post_id, account, occasion) DO UPDATE SET {changes}",
        row,
    )


def remove_delivery(db: sqlite3.Connection, key: DeliveryKey) -> None:
    """Take it out."""
    db.execute(
        "DELETE FROM delivery WHERE post_id = ? AND account = ? AND occasion = ?",
        (key.post_id, key.account, str(key.occasion)),
    )


def write_words(db: sqlite3.Connection, recording: WriteBatch) -> None:
    """What people said, and which posts are to come."""
    db.executemany(
        "INSERT OR REPLACE INTO word (post_id, said, early, who, at) VALUES (?, ?, ?, ?, ?)",
        [(w.post_id, w.said.value, int(w.early), w.who, codec.time_to_text(w.at)) for w in recording.words],
    )
    if recording.paused is not None:
        db.execute("UPDATE memory SET paused = ?", (recording.paused,))
    if recording.upcoming is not None:
        # Only what differs: at the instant of a release there may be a thousand others to come.
        there = {tuple(row) for row in db.execute("SELECT post_id, slug, due FROM upcoming")}
        wanted = {(post.post_id, post.slug, codec.time_to_text(post.due)) for post in recording.upcoming.values()}
        db.executemany("DELETE FROM upcoming WHERE post_id = ?", [(gone[0],) for gone in there - wanted])
        db.executemany("INSERT INTO upcoming (post_id, slug, due) VALUES (?, ?, ?)", sorted(wanted - there))


def read_waiting(db: sqlite3.Connection) -> dict[str, PageWaitRecord]:
    """Posts that wait for their page, by post id."""
    return {row["post_id"]: codec.waiting_from_row(row) for row in db.execute("SELECT * FROM waiting")}


def write_waiting(db: sqlite3.Connection, waiting: Mapping[str, PageWaitRecord]) -> None:
    """Those, in the place of all before."""
    db.execute("DELETE FROM waiting")
    db.executemany(
        "INSERT INTO waiting (post_id, slug, since, why, missing) VALUES (?, ?, ?, ?, ?)",
        [(w.post_id, w.slug, codec.time_to_text(w.since), w.why, int(w.missing)) for w in waiting.values()],
    )


def read_paused(db: sqlite3.Connection) -> str:
    """Who paused everything and when; empty if nobody did."""
    return str(db.execute("SELECT paused FROM memory").fetchone()["paused"])


def read_heard(db: sqlite3.Connection) -> OverridesSeen:
    """What people have said so far."""
    words = [codec.word_from_row(row) for row in db.execute("SELECT * FROM word")]
    return OverridesSeen(words={word.post_id: word for word in words}, paused=read_paused(db))


def write_old_feed(db: sqlite3.Connection, feed: OldFeed, now: datetime) -> None:
    """Ids and dates of a feed that the site had."""
    db.execute("INSERT OR REPLACE INTO old_feed (source, at) VALUES (?, ?)", (feed.source, codec.time_to_text(now)))
    db.executemany(
        "INSERT OR IGNORE INTO old_entry (feed_id, link, title, published, updated) VALUES (?, ?, ?, ?, ?)",
        [
            (old.feed_id, old.link, old.title, codec.time_to_text(old.published), codec.time_to_text(old.updated))
            for old in feed.entries
        ],
    )


def write_pictures(db: sqlite3.Connection, pictures: Iterable[RemotePicture]) -> None:
    """What other hosts said of pictures."""
    db.executemany(
        # An answer stays, whoever asks in vain later.
        "INSERT INTO remote_picture (url, media_type, size, asked_at) VALUES (?, ?, ?, ?) ON CONFLICT (url) DO UPDATE "
        "SET media_type = excluded.media_type, size = excluded.size, asked_at = excluded.asked_at "
        "WHERE media_type IS NULL OR size IS NULL",
        [(one.url, one.media_type, one.size, codec.time_to_text(one.asked_at)) for one in pictures],
    )


def known_entries(db: sqlite3.Connection, entries: Iterable[Entry]) -> dict[str, Entry]:
    """Those of the entries that are there already, as they are."""
    known: dict[str, Entry] = {}
    for entry in entries:
        row = db.execute("SELECT document FROM entry WHERE post_id = ?", (entry.post_id,)).fetchone()
        if row is not None:
            known[entry.post_id] = codec.entry_from_json(row["document"])
    return known


def write_entry(db: sqlite3.Connection, entry: Entry) -> None:
    """Write it, over one of the same post."""
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


def write_history(db: sqlite3.Connection, events: tuple[Event, ...], now: datetime) -> None:
    """Add lines to the history, and remember the time."""
    db.executemany(
        "INSERT INTO event (at, what, slug, account, occasion, detail, who) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [codec.event_to_row(event) for event in events],
    )
    db.execute("UPDATE memory SET newest = max(coalesce(newest, ''), ?)", (codec.time_to_text(now),))


def write_recording(db: sqlite3.Connection, recording: WriteBatch, *, now: datetime) -> WriteResult:
    """Write all of it within the caller's transaction; see `bot.ledger.contract` for what is refused or outdated."""
    if recording.heard is not None and recording.heard != read_heard(db):
        return WriteResult(outdated=True)
    for state in recording.new_accounts:
        db.execute(
            "INSERT INTO account (address, joined_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (state.address, codec.time_to_text(state.joined_at)),
        )
    known = known_entries(db, recording.entries)
    for entry in recording.entries:
        if not is_rival(known.get(entry.post_id), entry):
            write_entry(db, entry)
    refused = tuple(change for change in recording.changes if not _write_change(db, change))
    write_words(db, recording)
    if recording.old_feed is not None:
        write_old_feed(db, recording.old_feed, now)
    write_pictures(db, recording.pictures)
    if recording.accept_clock:
        db.execute("UPDATE memory SET newest = ?", (codec.time_to_text(now),))
    events = still_news(recording, known=known, refused=refused)
    if recording.waiting is not None:
        events += waiting_events(read_waiting(db), recording.waiting, now=now)
        write_waiting(db, recording.waiting)
    write_history(db, events, now)
    return WriteResult(refused=refused, events=events)


def _write_change(db: sqlite3.Connection, change: CompareAndSet) -> bool:
    if not may_change(find_delivery(db, change.key), change):
        return False
    if change.wanted is not None:
        write_delivery(db, change.wanted)
    else:
        remove_delivery(db, change.key)
    return True
