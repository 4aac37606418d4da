"""Writes the result of a plan, or of a person's command, into the SQLite ledger."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bot.ledgers import codec
from bot.ledgers.rows import (
    find_delivery,
    known_entries,
    read_heard,
    read_waiting,
    remove_delivery,
    write_delivery,
    write_entry,
    write_history,
    write_old_feed,
    write_pictures,
    write_waiting,
    write_words,
)
from bot.ledgers.rules import is_rival, may_change, still_news, waiting_events
from bot.model import Change, Recorded, Recording


def write_recording(db: sqlite3.Connection, recording: Recording, *, now: datetime) -> Recorded:
    """All of it, within the caller's transaction; what is refused and what is outdated as `bot.ledger` says."""
    if recording.heard is not None and recording.heard != read_heard(db):
        return Recorded(outdated=True)
    for state in recording.joining:
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
    if recording.believes_clock:
        db.execute("UPDATE memory SET newest = ?", (codec.time_to_text(now),))
    events = still_news(recording, known=known, refused=refused)
    if recording.waiting is not None:
        events += waiting_events(read_waiting(db), recording.waiting, now=now)
        write_waiting(db, recording.waiting)
    write_history(db, events, now)
    return Recorded(refused=refused, events=events)


def _write_change(db: sqlite3.Connection, change: Change) -> bool:
    if not may_change(find_delivery(db, change.key), change):
        return False
    if change.wanted is not None:
        write_delivery(db, change.wanted)
    else:
        remove_delivery(db, change.key)
    return True
