"""Rows of the ledger that need not be read, or understood, again: a pass sees thousands, of which few have changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.domain import Entry
from bot.ledger import codec

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
