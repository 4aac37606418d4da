"""The tables of the ledger, and the upgrade of a ledger of an earlier version.

Datetimes are ISO 8601 texts in UTC, which sort by time. `mark` columns hold `Clock.mark()` texts. `reason` columns
hold a `Reason` as JSON, or a sentence of an earlier version.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Final

from bot.domain.errors import LedgerError

#: The version of these tables, in SQLite's `user_version`.
VERSION: Final = 9
#: The only version that can be upgraded to this one; written by commit 37b060a.
OLDEST_VERSION: Final = 8

SCHEMA: Final = """
-- One row. `newest` is the latest time that was written, `entry_writes` how many writes of entries there were.
CREATE TABLE meta (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    newest       TEXT,
    paused       TEXT NOT NULL DEFAULT '',
    entry_writes INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO meta (one) VALUES (1);

-- A released post as the feeds show it: `document` is the whole entry, `changed` is `entry_writes` at its latest write.
CREATE TABLE entry (
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    post_id     TEXT NOT NULL UNIQUE,
    slug        TEXT NOT NULL,
    published   TEXT NOT NULL,
    released_at TEXT NOT NULL,
    document    TEXT NOT NULL,
    changed     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX entry_by_changed ON entry (changed);
-- Triggers keep `changed` right for every writer, including an operator with another SQLite tool.
CREATE TRIGGER entry_is_new AFTER INSERT ON entry BEGIN
    UPDATE meta SET entry_writes = entry_writes + 1;
    UPDATE entry SET changed = (SELECT entry_writes FROM meta) WHERE post_id = new.post_id;
END;
CREATE TRIGGER entry_is_changed AFTER UPDATE OF post_id, document ON entry BEGIN
    UPDATE meta SET entry_writes = entry_writes + 1;
    UPDATE entry SET changed = (SELECT entry_writes FROM meta) WHERE post_id = new.post_id;
END;

CREATE TABLE account (
    address        TEXT PRIMARY KEY,
    joined_at      TEXT,
    facts          TEXT,
    last_status_id TEXT,
    blocked        TEXT NOT NULL DEFAULT '',
    not_before     TEXT,
    last_sent_at   TEXT,
    lease_owner    TEXT,
    lease_mark     TEXT,
    lease_seconds  REAL,
    fence          INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE delivery (
    sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
    post_id        TEXT NOT NULL,
    account        TEXT NOT NULL,
    occasion       TEXT NOT NULL,
    slug           TEXT NOT NULL,
    due            TEXT NOT NULL,
    action         TEXT NOT NULL CHECK (action IN ('publish', 'continue', 'reply', 'edit', 'delete')),
    state          TEXT NOT NULL CHECK (state IN ('due', 'sending', 'sent', 'rejected', 'held', 'skipped')),
    hold           TEXT CHECK (hold IN ('brake', 'person', 'unclear', 'failed')),
    reason         TEXT NOT NULL,
    announcement   TEXT NOT NULL,
    attempts       INTEGER NOT NULL,
    generation     INTEGER NOT NULL,
    after_id       TEXT,
    intended_at    TEXT,
    intended_mark  TEXT NOT NULL,
    first_tried_at TEXT,
    not_before     TEXT,
    status_id      TEXT,
    status_url     TEXT,
    settled_at     TEXT,
    ordered_by     TEXT NOT NULL,
    is_foreign     INTEGER NOT NULL,
    UNIQUE (post_id, account, occasion),
    CHECK ((state = 'held') = (hold IS NOT NULL)),
    CHECK (state <> 'sending' OR intended_at IS NOT NULL)
) STRICT;
CREATE INDEX delivery_by_account ON delivery (account, state, due, sequence);

-- The operator's latest override of a post.
CREATE TABLE override (
    post_id TEXT PRIMARY KEY,
    said    TEXT NOT NULL CHECK (said IN ('hold', 'release', 'publish', 'skip', 'retry')),
    early   INTEGER NOT NULL,
    who     TEXT NOT NULL,
    at      TEXT NOT NULL
) STRICT;

-- The posts that waited for their datetime at the latest cycle; the next cycle notices if one has disappeared.
CREATE TABLE upcoming (
    post_id TEXT PRIMARY KEY,
    slug    TEXT NOT NULL,
    due     TEXT NOT NULL
) STRICT;

-- Posts that are due and whose page is not online yet.
CREATE TABLE page_wait (
    post_id TEXT PRIMARY KEY,
    slug    TEXT NOT NULL,
    since   TEXT NOT NULL,
    why     TEXT NOT NULL,
    missing INTEGER NOT NULL
) STRICT;

-- Texts by kind and name, see `NoteKind`.
CREATE TABLE note (
    kind  TEXT NOT NULL,
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT;

-- The entries of feeds that the site had before; a post takes over the id and dates of its old entry at release.
CREATE TABLE old_entry (
    feed_id   TEXT PRIMARY KEY,
    link      TEXT NOT NULL,
    title     TEXT NOT NULL,
    published TEXT,
    updated   TEXT
) STRICT;
CREATE TABLE old_feed (
    source TEXT PRIMARY KEY,
    at     TEXT NOT NULL
) STRICT;

-- The facts about covers on other hosts; `media_type` and `size` are null if the host did not give them.
CREATE TABLE remote_picture (
    url        TEXT PRIMARY KEY,
    media_type TEXT,
    size       INTEGER,
    asked_at   TEXT NOT NULL
) STRICT;

CREATE TABLE event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at       TEXT NOT NULL,
    what     TEXT NOT NULL,
    slug     TEXT NOT NULL,
    account  TEXT NOT NULL,
    occasion TEXT NOT NULL,
    detail   TEXT NOT NULL,
    who      TEXT NOT NULL
) STRICT;
"""


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Create the tables in an empty ledger, or upgrade those of version 8, in one transaction.

    Raises LedgerError for any other version, without changing anything.
    """
    version = schema_version(db)
    if version == VERSION:
        return
    if version > VERSION:
        raise LedgerError(
            f"the ledger was written by a newer version of announce (schema {version}, this one knows {VERSION}).",
            remedy="Install that version again; nothing was changed.",
        )
    if 0 < version < OLDEST_VERSION:
        raise LedgerError(
            f"the ledger was written by a version of announce that was never released (schema {version}).",
            remedy="Rename its file, then `announce adopt` begins a new one with what the accounts show. "
            "Nothing was changed.",
        )
    db.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have upgraded the ledger while this one waited for the lock.
        if schema_version(db) == version:
            (_create if version == 0 else _upgrade)(db)
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def schema_version(db: sqlite3.Connection) -> int:
    """Return the version of the tables; 0 for an empty file."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _create(db: sqlite3.Connection) -> None:
    # Statement by statement, because `executescript` commits the open transaction first.
    statement = ""
    for line in SCHEMA.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""


#: Tables of version 8 → the present tables with the same columns.
_SAME: Final = {
    "account": "account",
    "delivery": "delivery",
    "word": "override",
    "upcoming": "upcoming",
    "waiting": "page_wait",
    "old_entry": "old_entry",
    "old_feed": "old_feed",
    "remote_picture": "remote_picture",
    "event": "event",
}
_OTHERS: Final = ("memory", "entry", "entry_writes", "problem", "told", "pinged", "deployed")
_INDEXES: Final = ("entry_by_published", "entry_by_changed", "delivery_by_account")


def _upgrade(db: sqlite3.Connection) -> None:
    """Upgrade from version 8: copy every row into the present tables; sequence numbers stay the same."""
    for trigger in ("entry_is_new", "entry_is_changed"):
        db.execute(f"DROP TRIGGER {trigger}")
    for index in _INDEXES:
        db.execute(f"DROP INDEX {index}")
    for name in (*_SAME, *_OTHERS):
        db.execute(f"ALTER TABLE {name} RENAME TO old_version_{name}")
    given = {row[0].removeprefix("old_version_"): row[1] for row in db.execute("SELECT name, seq FROM sqlite_sequence")}
    _create(db)
    for old, new in _SAME.items():
        columns = ", ".join(row[1] for row in db.execute(f"PRAGMA table_info({new})"))
        db.execute(f"INSERT INTO {new} ({columns}) SELECT {columns} FROM old_version_{old}")  # noqa: S608 — our names
    db.execute("UPDATE meta SET (newest, paused) = (SELECT newest, paused FROM old_version_memory)")
    db.execute(
        "INSERT INTO entry (post_id, slug, published, released_at, document) "
        "SELECT post_id, slug, published, released_at, document FROM old_version_entry ORDER BY rowid"
    )
    for kind, (columns, understand) in _NOTES.items():
        rows = db.execute(f"SELECT {columns} FROM old_version_{kind}").fetchall()  # noqa: S608 — our own names
        new_kind = {"told": "alert"}.get(kind, kind)
        db.executemany(
            "INSERT INTO note (kind, name, value) VALUES (?, ?, ?)", [(new_kind, *understand(r)) for r in rows]
        )
    for name in (*_SAME, *_OTHERS):
        db.execute(f"DROP TABLE old_version_{name}")
    for name in ("delivery", "event"):
        db.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
        db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, given.get(name, 0)))


def _told(row: sqlite3.Row) -> tuple[str, str]:
    # `other_key`: the present key of the same cause may be another.
    value = {"what": row[1], "at": row[2], "there": bool(row[3]), "other_key": True}
    return row[0], json.dumps(value, ensure_ascii=False)


#: Table of version 8 → its columns, and the function that makes a note's name and value from a row.
_NOTES: Final[dict[str, tuple[str, Callable[[sqlite3.Row], tuple[str, str]]]]] = {
    "problem": ("text, since", lambda row: (row[0], row[0])),
    "told": ("cause, what, at, there", _told),
    "pinged": ("hub, topic, digest", lambda row: (f"{row[0]} {row[1]}", row[2])),
    "deployed": ("post_id, words", lambda row: (row[0], row[1])),
}
