"""Brings a ledger file to this version: each migration with its number in one transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from datetime import timedelta

from bot.errors import LedgerError
from bot.ledgers.schema import MIGRATIONS, Migration


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring the tables to this version, each step in a transaction with its number.

    Raises LedgerError for a ledger from a newer version, and whatever a step raises; then the file is as it was
    before that step.
    """
    version = _version(connection)
    if version > len(migrations):
        raise LedgerError(
            f"the ledger was written by a newer version of announce (schema {version}, this one knows "
            f"{len(migrations)}).",
            remedy="Install that version again; nothing was changed.",
        )
    for number in range(version, len(migrations)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have done the same step while this one waited for its turn.
            if _version(connection) == number:
                _step(connection, migrations[number])
                connection.execute(f"PRAGMA user_version = {number + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _step(connection: sqlite3.Connection, migration: Migration) -> None:
    if not isinstance(migration, str):
        migration(connection)
        return
    # One by one: `executescript` would commit the transaction first.
    statement = ""
    for line in migration.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def write_ahead(connection: sqlite3.Connection, *, patience: timedelta) -> None:
    """Turn write-ahead logging on. The file keeps it, so only the first time changes anything.

    SQLite does not wait for its turn here as it does elsewhere (two processes that make the file at once), so this
    does, for `patience`.
    """
    end = time.monotonic() + patience.total_seconds()
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
