"""A look at a ledger from outside: whether it is whole, which version wrote it, and which process is at work on it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bot.ledger.instance_lock import who_is_there
from bot.ledger.schema import VERSION

#: The library that keeps the file.
SQLITE_VERSION: Final = sqlite3.sqlite_version


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerReport:
    """What a look from outside shows."""

    running: str  #: the process that holds the instance lock; empty if there is none
    unreadable: str = ""  #: why it cannot be read at all
    damage: str = ""  #: what is broken; empty if it is whole
    schema: int = 0  #: the version of its tables
    known_schema: int = VERSION  #: the version of the tables that this program writes


def inspect_file(path: Path) -> LedgerReport:
    """Look at a ledger file, and change nothing."""
    running = who_is_there(path.with_name(f"{path.name}-running"))
    try:
        found, schema = _examined(path)
    except sqlite3.Error as error:
        return LedgerReport(running=running, unreadable=str(error))
    return LedgerReport(running=running, damage="" if found == "ok" else found, schema=schema)


def _examined(path: Path) -> tuple[str, int]:
    """What SQLite says of its integrity, and the schema's number. Raises sqlite3.Error."""
    db = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=5)
    try:
        found = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
        return " ".join(found.split()), int(db.execute("PRAGMA user_version").fetchone()[0])
    finally:
        db.close()
