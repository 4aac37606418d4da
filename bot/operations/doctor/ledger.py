"""The ledger: looked at without changing it, not even to a newer schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from bot.domain import DeliveryState, Snapshot
from bot.domain.durations import format_duration
from bot.ledger.instance_lock import who_is_there
from bot.ledger.schema import MIGRATIONS
from bot.operations.doctor.report import Line, note, ok, problem
from bot.planner.guards import clock_doubt

_GROUP = "ledger"


def ledger_file(path: Path) -> Iterator[Line]:
    """Its integrity, its schema, and who is at work on it; the last line is a problem if it cannot be used."""
    if not path.exists():
        yield note(_GROUP, "there is none yet; the first `announce tick` or `announce run` makes it")
        return
    running = who_is_there(path.with_name(f"{path.name}-running"))
    yield ok(_GROUP, f"at work on it: {_without_host(running)}" if running else "nobody is at work on it now")
    try:
        found, version = _examined(path)
    except sqlite3.Error as error:
        yield problem(_GROUP, f"it cannot be read: {error}", "Put a good copy in its place; docs/running.md, Backup.")
        return
    if found != "ok":
        yield problem(_GROUP, f"it is damaged: {found}", "`announce adopt` puts it aside and begins a new one.")
        return
    known = len(MIGRATIONS)
    if version > known:
        remedy = "Install the newer version of announce again."
        yield problem(_GROUP, f"it was written by a newer version (schema {version}, this one knows {known})", remedy)
        return
    older = "" if version == known else f"; the next command brings it to {known}"
    yield ok(_GROUP, f"it is whole, schema {version}{older}")


def _examined(path: Path) -> tuple[str, int]:
    """What SQLite says of its integrity, and the schema's number. Raises sqlite3.Error."""
    db = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=5)
    try:
        found = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
        return " ".join(found.split()), int(db.execute("PRAGMA user_version").fetchone()[0])
    finally:
        db.close()


def _without_host(who: str) -> str:
    # "process 12 on HOST, since ...": the host's name is nobody's business.
    before, on, after = who.partition(" on ")
    return f"{before},{after.partition(',')[2]}" if on else who


def ledger_content(snapshot: Snapshot, now: datetime) -> Iterator[Line]:
    """What it remembers: when it was last written, what is held, what is blocked, whether all is paused."""
    if snapshot.newest is not None:
        behind = clock_doubt(snapshot, now)
        distance = f"{format_duration(now - snapshot.newest)} ago" if now >= snapshot.newest else "in the future"
        yield ok(_GROUP, f"last written {distance}, with {len(snapshot.entries)} released posts")
        if behind:
            yield problem("clock", behind, "")
    if snapshot.paused:
        yield problem(_GROUP, "everything is paused", "`announce resume` goes on.")
    counts = dict.fromkeys(DeliveryState, 0)
    for delivery in snapshot.deliveries.values():
        counts[delivery.state] += 1
    waiting = ", ".join(
        f"{counts[state]} {state.value}"
        for state in (DeliveryState.HELD, DeliveryState.REJECTED, DeliveryState.SENDING, DeliveryState.DUE)
        if counts[state]
    )
    if counts[DeliveryState.HELD] or counts[DeliveryState.REJECTED]:
        yield problem(_GROUP, f"toots: {waiting}", "`announce queue` names them and says why.")
    elif waiting:
        yield ok(_GROUP, f"toots: {waiting}")
