"""The file of the SQLite ledger: WAL, flushed at each commit, one connection per thread, and what may be wrong with it.

What nothing outside follows from at once, such as a lease, is not flushed: on a shared disk one flush in a hundred
takes thirty milliseconds.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from bot.domain.errors import DamagedLedgerError, LedgerError
from bot.ledger.schema import MIGRATIONS, Migration


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


_WRITE: Final = "BEGIN IMMEDIATE"
BUSY_TIMEOUT: Final = timedelta(seconds=10)
_DAMAGED: Final = (
    "Nothing is sent without it. Put a good copy in its place, or let `announce adopt` put it aside and begin a new "
    "one with what the accounts show."
)


class SqliteFile:
    """Safe across threads and processes of one machine."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self._path = path
        self._durable = durable
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._closing = threading.Lock()

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._closing:
            while self._connections:
                self._connections.pop().close()
            self._local = threading.local()

    def examine(self) -> None:
        """Raises sqlite3.DatabaseError if any part of the file is broken."""
        # Some ten milliseconds for a thousand deliveries. Damage that is met later may have been acted on by then: a
        # byte in an index hides a row, and what it says was sent is sent again.
        found = [str(row[0]) for row in self.connection().execute("PRAGMA integrity_check(1)")]
        if found != ["ok"]:
            raise sqlite3.DatabaseError(" ".join(found[0].split()))

    def connection(self) -> sqlite3.Connection:
        """The connection of the calling thread."""
        known: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if known is not None:
            return known
        # Transactions are begun in words (isolation_level None); `close` may come from another thread.
        connection = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT.total_seconds(), isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        write_ahead(connection, patience=BUSY_TIMEOUT)
        connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'OFF'}")
        with self._closing:
            self._connections.append(connection)
        self._local.connection = connection
        return connection

    @contextmanager
    def transaction(self, begin: str = _WRITE, *, flush: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is written, or nothing. Raises LedgerError.

        Without `flush` it is not waited until the disk has it, but for what SQLite has to keep in order itself. A
        process that dies takes nothing back; a power failure may, until `flush`, or another transaction that is
        flushed and writes something (https://sqlite.org/pragma.html#pragma_synchronous).
        """
        with self.explained():
            db = self.connection()
            if begin == _WRITE and self._durable:
                # Said each time: a connection that was left otherwise would lose an intent.
                db.execute(f"PRAGMA synchronous = {'FULL' if flush else 'NORMAL'}")
            db.execute(begin)
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def flush(self) -> None:
        """Wait until the disk has all that was written. Raises LedgerError."""
        if not self._durable:
            return
        with self.explained():
            try:
                # No lock of SQLite's is on this file, so that closing it lets go of none.
                descriptor = os.open(self._path.with_name(f"{self._path.name}-wal"), os.O_RDONLY)
            except FileNotFoundError:
                return  # moved into the main file, which is flushed then
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Whatever goes wrong with the file, in words for people: raises LedgerError or DamagedLedgerError."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise LedgerError(
                f"the ledger {self._path} cannot be used: {error}.",
                remedy="Check that its folder can be written to and the disk has room; nothing is sent without it.",
            ) from error
        except sqlite3.IntegrityError:
            raise  # a row that the tables do not allow: a fault of this program, not of the file
        except sqlite3.DatabaseError as error:
            raise DamagedLedgerError(
                f"the ledger {self._path} is damaged: {error}.",
                remedy=_DAMAGED,
            ) from error
        except ValueError as error:
            # A record that is no record: not to be guessed at. Its content stays out of the message.
            raise DamagedLedgerError(
                f"the ledger {self._path} holds something that this version cannot read ({type(error).__name__}).",
                remedy=_DAMAGED,
            ) from error
        except OSError as error:
            raise LedgerError(
                f"the ledger {self._path} cannot be made or written: {error.strerror or error}.",
                remedy="Check the folder in `[ledger] url`; nothing is sent without it.",
            ) from error
