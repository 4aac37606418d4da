"""Reading and writing the ledger's rows, each with one SQL statement with named parameters.

The functions run in the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.domain import (
    CompareAndSet,
    Delivery,
    DeliveryKey,
    Entry,
    Event,
    Lease,
    NoteKind,
    NotesChange,
    OldFeed,
    OverridesSeen,
    PageWaitRecord,
    RemotePicture,
    Upcoming,
    WriteBatch,
    WriteResult,
)
from bot.domain.errors import LeaseLostError, LedgerError
from bot.ledger import codec
from bot.ledger.rules import is_rival, may_change, still_news, waiting_events

_FIND_DELIVERY = "SELECT * FROM delivery WHERE post_id = :post_id AND account = :account AND occasion = :occasion"
_REMOVE_DELIVERY = "DELETE FROM delivery WHERE post_id = :post_id AND account = :account AND occasion = :occasion"
#: All of the account's deliveries of every post that has an open one.
_DELIVERIES_IN_WORK = """
    SELECT * FROM delivery WHERE account = :account AND post_id IN
        (SELECT post_id FROM delivery WHERE account = :account AND state IN ('due', 'sending'))
    ORDER BY due, sequence
"""
_WRITE_ENTRY = """
    INSERT INTO entry (post_id, slug, published, released_at, document)
    VALUES (:post_id, :slug, :published, :released_at, :document)
    ON CONFLICT (post_id) DO UPDATE SET slug = excluded.slug, document = excluded.document
"""
_WRITE_OVERRIDE = """
    INSERT INTO override (post_id, said, early, who, at) VALUES (:post_id, :said, :early, :who, :at)
    ON CONFLICT (post_id) DO UPDATE
    SET said = excluded.said, early = excluded.early, who = excluded.who, at = excluded.at
"""
_WRITE_PAGE_WAIT = """
    INSERT INTO page_wait (post_id, slug, since, why, missing) VALUES (:post_id, :slug, :since, :why, :missing)
"""
_WRITE_NOTE = """
    INSERT INTO note (kind, name, value) VALUES (:kind, :name, :value)
    ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value
"""
_WRITE_OLD_FEED = """
    INSERT INTO old_feed (source, at) VALUES (:source, :at) ON CONFLICT (source) DO UPDATE SET at = excluded.at
"""
_WRITE_OLD_ENTRY = """
    INSERT INTO old_entry (feed_id, link, title, published, updated)
    VALUES (:feed_id, :link, :title, :published, :updated) ON CONFLICT DO NOTHING
"""
#: A later request without an answer does not overwrite the facts.
_WRITE_PICTURE = """
    INSERT INTO remote_picture (url, media_type, size, asked_at) VALUES (:url, :media_type, :size, :asked_at)
    ON CONFLICT (url) DO UPDATE
    SET media_type = excluded.media_type, size = excluded.size, asked_at = excluded.asked_at
    WHERE remote_picture.media_type IS NULL OR remote_picture.size IS NULL
"""
_WRITE_EVENT = """
    INSERT INTO event (at, what, slug, account, occasion, detail, who)
    VALUES (:at, :what, :slug, :account, :occasion, :detail, :who)
"""


# -- Accounts and leases


def account_row(db: sqlite3.Connection, address: str) -> sqlite3.Row:
    """Return the account's row. Raises LedgerError if there is none."""
    row = find_account(db, address)
    if row is None:
        raise LedgerError(f"the ledger knows no account {address}.")
    return row


def find_account(db: sqlite3.Connection, address: str) -> sqlite3.Row | None:
    """Return the account's row; None if the account was never recorded."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM account WHERE address = :address", {"address": address}
    ).fetchone()
    return row


def leased_row(db: sqlite3.Connection, lease: Lease) -> sqlite3.Row:
    """Return the account's row. Raises LeaseLostError if the lease no longer holds."""
    row = account_row(db, lease.account)
    if row["fence"] != lease.fence or row["lease_owner"] is None:
        raise LeaseLostError(f"{lease.account} has passed to another process.")
    return row


def update_account(db: sqlite3.Connection, address: str, **values: object) -> None:
    """Set the given columns of an account."""
    changes = ", ".join(f"{name} = :{name}" for name in values)
    db.execute(f"UPDATE account SET {changes} WHERE address = :address", {**values, "address": address})  # noqa: S608 — names of our own columns


# -- Deliveries


def find_delivery(db: sqlite3.Connection, key: DeliveryKey) -> Delivery | None:
    """Return the delivery with this key; None if there is none."""
    row = db.execute(_FIND_DELIVERY, codec.key_to_row(key)).fetchone()
    return None if row is None else codec.delivery_from_row(row)


def deliveries_in_work(db: sqlite3.Connection, account: str) -> Iterable[sqlite3.Row]:
    """Return all of the account's deliveries of every post that has an open one, ordered by (due, sequence)."""
    return db.execute(_DELIVERIES_IN_WORK, {"account": account})


def write_delivery(db: sqlite3.Connection, delivery: Delivery) -> None:
    """Insert a delivery, or replace the one with the same key."""
    row = codec.delivery_to_row(delivery)
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    changes = ", ".join(f"{name} = excluded.{name}" for name in row)
    db.execute(
        f"INSERT INTO delivery ({names}) VALUES ({values}) "  # noqa: S608 — names of our own columns
        f"ON CONFLICT (post_id, account, occasion) DO UPDATE SET {changes}",
        row,
    )


def _write_change(db: sqlite3.Connection, change: CompareAndSet) -> bool:
    if not may_change(find_delivery(db, change.key), change):
        return False
    if change.wanted is not None:
        write_delivery(db, change.wanted)
    else:
        db.execute(_REMOVE_DELIVERY, codec.key_to_row(change.key))
    return True


# -- Entries, old feeds, pictures


def _known_entries(db: sqlite3.Connection, entries: Iterable[Entry]) -> dict[str, Entry]:
    """Return the stored version of each of these entries that the ledger holds, by post id."""
    known: dict[str, Entry] = {}
    for entry in entries:
        row = db.execute("SELECT document FROM entry WHERE post_id = :id", {"id": entry.post_id}).fetchone()
        if row is not None:
            known[entry.post_id] = codec.entry_from_json(row["document"])
    return known


def _write_old_feed(db: sqlite3.Connection, feed: OldFeed, now: datetime) -> None:
    db.execute(_WRITE_OLD_FEED, {"source": feed.source, "at": codec.time_to_text(now)})
    db.executemany(_WRITE_OLD_ENTRY, [codec.old_entry_to_row(old) for old in feed.entries])


def _write_pictures(db: sqlite3.Connection, pictures: Iterable[RemotePicture]) -> None:
    db.executemany(_WRITE_PICTURE, [codec.picture_to_row(picture) for picture in pictures])


# -- Overrides, upcoming posts, waits for pages


def read_paused(db: sqlite3.Connection) -> str:
    """Return which operator paused the bot and when; empty if it is not paused."""
    return str(db.execute("SELECT paused FROM meta").fetchone()["paused"])


def _overrides_seen(db: sqlite3.Connection) -> OverridesSeen:
    words = [codec.override_from_row(row) for row in db.execute("SELECT * FROM override")]
    return OverridesSeen(overrides={word.post_id: word for word in words}, paused=read_paused(db))


def _write_upcoming(db: sqlite3.Connection, upcoming: Iterable[Upcoming]) -> None:
    # Write only the differences: there may be a thousand upcoming posts at the moment of a release.
    there = {tuple(row) for row in db.execute("SELECT post_id, slug, due FROM upcoming")}
    wanted = {(post.post_id, post.slug, codec.time_to_text(post.due)) for post in upcoming}
    db.executemany("DELETE FROM upcoming WHERE post_id = :id", [{"id": gone[0]} for gone in there - wanted])
    db.executemany(
        "INSERT INTO upcoming (post_id, slug, due) VALUES (:post_id, :slug, :due)",
        [{"post_id": post_id, "slug": slug, "due": due} for post_id, slug, due in sorted(wanted - there)],
    )


def read_page_waits(db: sqlite3.Connection) -> dict[str, PageWaitRecord]:
    """Return the waits for pages, by post id."""
    return {row["post_id"]: codec.page_wait_from_row(row) for row in db.execute("SELECT * FROM page_wait")}


def _write_page_waits(db: sqlite3.Connection, waits: Mapping[str, PageWaitRecord]) -> None:
    db.execute("DELETE FROM page_wait")
    db.executemany(_WRITE_PAGE_WAIT, [codec.page_wait_to_row(wait) for wait in waits.values()])


# -- Notes and history


def read_notes(db: sqlite3.Connection, kind: NoteKind) -> dict[str, str]:
    """Return all notes of a kind: name → value."""
    rows = db.execute("SELECT name, value FROM note WHERE kind = :kind", {"kind": kind.value})
    return {row["name"]: row["value"] for row in rows}


def _write_notes(db: sqlite3.Connection, notes: NotesChange) -> None:
    for name, value in notes.changes.items():
        note = {"kind": notes.kind.value, "name": name, "value": value}
        if value is None:
            db.execute("DELETE FROM note WHERE kind = :kind AND name = :name", note)
        else:
            db.execute(_WRITE_NOTE, note)


def write_history(db: sqlite3.Connection, events: Iterable[Event], now: datetime) -> None:
    """Append events to the history, and advance the newest time of the ledger."""
    db.executemany(_WRITE_EVENT, [codec.event_to_row(event) for event in events])
    db.execute("UPDATE meta SET newest = :now WHERE newest IS NULL OR newest < :now", {"now": codec.time_to_text(now)})


# -- A whole batch


def write_batch(db: sqlite3.Connection, batch: WriteBatch, *, now: datetime) -> WriteResult:
    """Write a batch; see `bot.ledger.contract` for what is refused or outdated."""
    if batch.overrides_seen is not None and batch.overrides_seen != _overrides_seen(db):
        return WriteResult(outdated=True)
    notes = batch.notes
    if notes is not None and notes.known is not None and notes.known != read_notes(db, notes.kind):
        return WriteResult(outdated=True)
    for state in batch.new_accounts:
        db.execute(
            "INSERT INTO account (address, joined_at) VALUES (:address, :joined_at) ON CONFLICT DO NOTHING",
            {"address": state.address, "joined_at": codec.time_to_text(state.joined_at)},
        )
    known = _known_entries(db, batch.entries)
    for entry in batch.entries:
        if not is_rival(known.get(entry.post_id), entry):
            db.execute(_WRITE_ENTRY, codec.entry_to_row(entry))
    refused = tuple(change for change in batch.changes if not _write_change(db, change))
    db.executemany(_WRITE_OVERRIDE, [codec.override_to_row(override) for override in batch.overrides])
    if batch.paused is not None:
        db.execute("UPDATE meta SET paused = :paused", {"paused": batch.paused})
    if batch.upcoming is not None:
        _write_upcoming(db, batch.upcoming.values())
    if batch.old_feed is not None:
        _write_old_feed(db, batch.old_feed, now)
    _write_pictures(db, batch.pictures)
    if notes is not None:
        _write_notes(db, notes)
    if batch.accept_clock:
        db.execute("UPDATE meta SET newest = :now", {"now": codec.time_to_text(now)})
    events = still_news(batch, known=known, refused=refused)
    if batch.waiting is not None:
        events += waiting_events(read_page_waits(db), batch.waiting, now=now)
        _write_page_waits(db, batch.waiting)
    write_history(db, events, now)
    return WriteResult(refused=refused, events=events)
