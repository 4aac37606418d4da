"""Snapshots of the ledger: rows that have not changed are neither read nor understood again.

A cycle sees thousands of rows, of which few have changed since the one before. Without what is kept here a snapshot
would be the same, only slower.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.domain import Entry, Snapshot
from bot.ledger import codec
from bot.ledger.rows import read_page_waits

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class _Read:
    latest: int = -1  #: the number of the latest write that is in it
    entries: dict[str, Entry] = field(default_factory=dict)


class EntryCache:
    """The entries as they were read the last time. Each write of one takes a number, so what is new is found by that.

    Safe across threads: what one thread has read is right for another one, or is not used.
    """

    def __init__(self) -> None:
        self._read = _Read()

    def all(self, db: sqlite3.Connection) -> dict[str, Entry]:
        """All entries by post id, in the order of their recording, as of the transaction."""
        latest, count = db.execute("SELECT entry_writes, (SELECT count(*) FROM entry) FROM meta").fetchone()
        known = self._read
        if known.latest > latest:  # read by another thread, after this transaction had begun
            known = _Read()
        entries = {**known.entries, **self._written_after(known.latest, db)}
        if len(entries) != count:  # somebody took one out by hand
            entries = self._written_after(-1, db)
        self._read = _Read(latest=latest, entries=entries)
        return dict(entries)

    def _written_after(self, number: int, db: sqlite3.Connection) -> dict[str, Entry]:
        rows = db.execute(
            "SELECT post_id, document FROM entry WHERE changed > :number ORDER BY sequence", {"number": number}
        )
        return {row["post_id"]: codec.entry_from_json(row["document"]) for row in rows}


class RowCache(Generic[_T]):
    """Remembers what each row was understood as. Safe across threads."""

    def __init__(self, understand: Callable[[sqlite3.Row], _T]) -> None:
        """`understand` depends on nothing but the row."""
        self._understand = understand
        self._known: dict[tuple[object, ...], _T] = {}

    def all(self, rows: Iterable[sqlite3.Row]) -> list[_T]:
        """What the rows hold, in their order. Those that are not among them are forgotten."""
        known, found = self._known, {}
        for row in rows:
            content = tuple(row)
            one = known.get(content)
            found[content] = self._understand(row) if one is None else one
        self._known = found
        return list(found.values())


class SnapshotReader:
    """Reads snapshots. Safe across threads."""

    def __init__(self) -> None:
        self._latest: tuple[tuple[int, int, int], Snapshot] | None = None
        self._entries = EntryCache()
        self._deliveries = RowCache(codec.delivery_from_row)
        self._upcoming = RowCache(codec.upcoming_from_row)

    def read(self, db: sqlite3.Connection) -> Snapshot:
        """Everything, as of the transaction."""
        # What this connection has written, and whether any other one has (https://sqlite.org/pragma.html).
        version = (id(db), db.total_changes, db.execute("PRAGMA data_version").fetchone()[0])
        known = self._latest
        if known is not None and known[0] == version:
            return known[1]
        snapshot = self._read(db)
        self._latest = (version, snapshot)
        return snapshot

    def _read(self, db: sqlite3.Connection) -> Snapshot:
        accounts = [codec.account_from_row(row) for row in db.execute("SELECT * FROM account")]
        deliveries = self._deliveries.all(db.execute("SELECT * FROM delivery ORDER BY sequence"))
        overrides = [codec.override_from_row(row) for row in db.execute("SELECT * FROM override")]
        upcoming = self._upcoming.all(db.execute("SELECT * FROM upcoming"))
        meta = db.execute("SELECT newest, paused FROM meta").fetchone()
        old_entries = [codec.old_entry_from_row(row) for row in db.execute("SELECT * FROM old_entry")]
        old_feeds = [row["source"] for row in db.execute("SELECT source FROM old_feed")]
        pictures = [codec.picture_from_row(row) for row in db.execute("SELECT * FROM remote_picture")]
        return Snapshot(
            entries=self._entries.all(db),
            accounts={account.address: account for account in accounts},
            deliveries={delivery.key: delivery for delivery in deliveries},
            newest=codec.time_from_text(meta["newest"]),
            words={override.post_id: override for override in overrides},
            upcoming={post.post_id: post for post in upcoming},
            paused=meta["paused"],
            old_entries={entry.feed_id: entry for entry in old_entries},
            old_feeds=frozenset(old_feeds),
            pictures={picture.url: picture for picture in pictures},
            waiting=read_page_waits(db),
        )
