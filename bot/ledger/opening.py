"""Opens the ledger that the settings name. Only this module knows its implementation and its path."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bot.config import Config
from bot.domain import Instance, Snapshot
from bot.domain.clock import Clock
from bot.ledger.contract import Ledger
from bot.ledger.instance_lock import read_instance
from bot.ledger.schema import OLDEST_VERSION, VERSION
from bot.ledger.sqlite import SqliteLedger

#: The database and its version, for the doctor.
DATABASE: Final = f"SQLite {sqlite3.sqlite_version}"
#: A database and the files that SQLite keeps beside it: the write-ahead log and its index.
_FILES: Final = ("", "-wal", "-shm")


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerReport:
    """The result of inspecting a ledger without opening it for work."""

    running: Instance | None  #: the process that holds the instance lock; None if there is none
    unreadable: str = ""  #: why it cannot be read at all
    damage: str = ""  #: what is broken; empty if it is whole
    schema: int = 0  #: the version of its tables
    known_schema: int = VERSION  #: the version of the tables that this program writes
    remedy: str = ""  #: what to do with a ledger that cannot be read, or whose schema is too old


def open_ledger(config: Config, clock: Clock) -> Ledger:
    """Open the ledger of the settings, and make it where there is none yet. The caller closes it.

    Raises LedgerError if it cannot be used, DamagedLedgerError if any part of it is broken.
    """
    return SqliteLedger(_path(config), clock)


@contextmanager
def existing_ledger(config: Config, clock: Clock) -> Iterator[Ledger | None]:
    """Open the ledger for a command that only reads; yields None if there is none yet. Raises LedgerError."""
    if not _path(config).exists():
        yield None
        return
    ledger = open_ledger(config, clock)
    try:
        yield ledger
    finally:
        ledger.close()


def read_snapshot(config: Config, clock: Clock) -> Snapshot:
    """Return the ledger's snapshot; empty if there is no ledger yet. Raises LedgerError."""
    with existing_ledger(config, clock) as ledger:
        return ledger.snapshot() if ledger is not None else Snapshot()


def set_ledger_aside(config: Config, *, now: datetime) -> str:
    """Rename a damaged ledger, so that `open_ledger` begins a new one; returns its new name. Raises OSError."""
    path = _path(config)
    aside = path.with_name(f"{path.name}.damaged-{now:%Y%m%d-%H%M%S}")
    for ending in _FILES:
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    return aside.name


def inspect_ledger(config: Config) -> LedgerReport | None:
    """Inspect the ledger, even a damaged one; returns None if there is none yet."""
    path = _path(config)
    if not path.exists():
        return None
    running = read_instance(path.with_name(f"{path.name}-running"))
    try:
        found, schema = _examined(path)
    except sqlite3.Error as error:
        remedy = "Put a good copy in its place; docs/running.md, Backup."
        return LedgerReport(running=running, unreadable=str(error), remedy=remedy)
    is_too_old = 0 < schema < OLDEST_VERSION
    remedy = "Rename its file; `announce adopt` begins a new one with what the accounts show." if is_too_old else ""
    return LedgerReport(running=running, damage="" if found == "ok" else found, schema=schema, remedy=remedy)


def _examined(path: Path) -> tuple[str, int]:
    """Return the result of SQLite's integrity check, and the schema version. Raises sqlite3.Error."""
    db = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=5)
    try:
        found = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
        return " ".join(found.split()), int(db.execute("PRAGMA user_version").fetchone()[0])
    finally:
        db.close()


def name_of_ledger(config: Config) -> str:
    """Return the name of the ledger for messages to the operator. It contains no secret."""
    return _path(config).name


def url_in(folder: Path) -> str:
    """Return the `[ledger] url` of a ledger in this folder."""
    return f"sqlite:///{folder / 'ledger.db'}"


def _path(config: Config) -> Path:
    return config.root / config.ledger.file
