"""Reads snapshots of the ledger; caches avoid reading and decoding unchanged rows again.

Of a cycle's thousands of rows few have changed since the cycle before. The caches affect only the speed.
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
    latest: int = -1  #: the number of the latest write that it includes
    entries: dict[str, Entry] = field(default_factory=dict)


class EntryCache:
    """Caches the entries. Each write of an entry has a number, by which the newer ones are found.

    Thread-safe: a thread ignores what another one has read from a later state.
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
        if len(entries) != count:  # an operator has deleted a row by hand
            entries = self._written_after(-1, db)
        self._read = _Read(latest=latest, entries=entries)
        return dict(entries)

    def _written_after(self, number: int, db: sqlite3.Connection) -> dict[str, Entry]:
        rows = db.execute(
            "SELECT post_id, document FROM entry WHERE changed > :number ORDER BY sequence", {"number": number}
        )
        return {row["post_id"]: codec.entry_from_json(row["document"]) for row in rows}


class RowCache(Generic[_T]):
    """Caches the record that each row was decoded to. Thread-safe."""

    def __init__(self, decode: Callable[[sqlite3.Row], _T]) -> None:
        """The result of `decode` depends only on the row."""
        self._decode = decode
        self._known: dict[tuple[object, ...], _T] = {}

    def all(self, rows: Iterable[sqlite3.Row]) -> list[_T]:
        """Decode the rows, in their order. Rows that are not among them leave the cache."""
        known, found = self._known, {}
        for row in rows:
            content = tuple(row)
            one = known.get(content)
            found[content] = self._decode(row) if one is None else one
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
        """Return the snapshot as of the transaction."""
        # Changes with writes of this connection and of any other one (https://sqlite.org/pragma.html).
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
            overrides={override.post_id: override for override in overrides},
            upcoming={post.post_id: post for post in upcoming},
            paused=meta["paused"],
            old_entries={entry.feed_id: entry for entry in old_entries},
            old_feeds=frozenset(old_feeds),
            pictures={picture.url: picture for picture in pictures},
            waiting=read_page_waits(db),
        )
