"""The file of the SQLite ledger: connections, transactions, flushes and errors.

Each thread has its own connection. Writes that nothing outside the ledger depends on at once, such as leases, are not
flushed: on a shared disk one flush in a hundred takes thirty milliseconds.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from bot.domain.errors import DamagedLedgerError, LedgerError

#: The longest wait for another writer.
BUSY_TIMEOUT: Final = timedelta(seconds=10)
#: From this many pages (of 4 KiB) in the log on a commit moves them into the main file; SQLite's own default.
CHECKPOINT_PAGES: Final = 1000
_DAMAGED: Final = (
    "Nothing is sent without it. Put a good copy in its place, or let `announce adopt` put it aside and begin a new "
    "one with what the accounts show."
)


def write_ahead(connection: sqlite3.Connection, *, patience: timedelta) -> None:
    """Turn write-ahead logging on. The setting is stored in the file, so only the first call changes it.

    SQLite's busy timeout does not apply here if two processes create the file at once, so this function retries for
    `patience`.
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
        """Check the whole file. Raises sqlite3.DatabaseError if any part of it is broken."""
        # Takes some ten milliseconds for a thousand deliveries. Damage found later may have done harm by then: a wrong
        # byte in an index hides a row, and the delivery that it records as sent is sent again.
        found = [str(row[0]) for row in self.connection().execute("PRAGMA integrity_check(1)")]
        if found != ["ok"]:
            raise sqlite3.DatabaseError(" ".join(found[0].split()))

    def connection(self) -> sqlite3.Connection:
        """The connection of the calling thread."""
        known: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if known is not None:
            return known
        # isolation_level None: transactions begin explicitly. Another thread may call `close`.
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
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read transaction, which sees the ledger as of one moment. Raises LedgerError."""
        with self.explained():
            db = self.connection()
            db.execute("BEGIN")
            try:
                yield db
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

    @contextmanager
    def writing(self, *, durable: bool = True, urgent: bool = False) -> Iterator[sqlite3.Connection]:
        """A write transaction. Raises LedgerError. See `begin` for the options."""
        with self.explained():
            db = self.begin(durable=durable, urgent=urgent)
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def begin(self, *, durable: bool = True, urgent: bool = False) -> sqlite3.Connection:
        """Begin a write transaction; other writers wait until it ends. Raises sqlite3.Error.

        A commit that is not `durable` does not wait for the disk. It survives the end of the process; a power failure
        may undo it until `flush`, or until a later durable transaction writes something
        (https://sqlite.org/pragma.html#pragma_synchronous). An `urgent` commit leaves the checkpoint, which moves the
        log into the main file and takes some ten milliseconds, to a later commit (https://sqlite.org/wal.html,
        "Checkpointing").
        """
        db = self.connection()
        # Set for each transaction: with a setting left over from another one a power failure could lose an intent.
        if self._durable:
            db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        db.execute(f"PRAGMA wal_autocheckpoint = {0 if urgent else CHECKPOINT_PAGES}")
        db.execute("BEGIN IMMEDIATE")
        return db

    def flush(self) -> None:
        """Wait until everything written is on the disk. Raises LedgerError."""
        if not self._durable:
            return
        with self.explained():
            try:
                # SQLite holds no POSIX lock on this file, so closing the descriptor releases none.
                descriptor = os.open(self._path.with_name(f"{self._path.name}-wal"), os.O_RDONLY)
            except FileNotFoundError:
                return  # a checkpoint has moved the log into the main file and flushed it
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Convert the errors of SQLite and the file system into LedgerError or DamagedLedgerError."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise LedgerError(
                f"the ledger {self._path} cannot be used: {error}.",
                remedy="Check that its folder can be written to and the disk has room; nothing is sent without it.",
            ) from error
        except sqlite3.IntegrityError:
            raise  # a row that violates a constraint: a bug of this program, not damage to the file
        except sqlite3.DatabaseError as error:
            raise DamagedLedgerError(
                f"the ledger {self._path} is damaged: {error}.",
                remedy=_DAMAGED,
            ) from error
        except ValueError as error:
            # A row that cannot be decoded. The message must not show its content.
            raise DamagedLedgerError(
                f"the ledger {self._path} holds something that this version cannot read ({type(error).__name__}).",
                remedy=_DAMAGED,
            ) from error
        except OSError as error:
            raise LedgerError(
                f"the ledger {self._path} cannot be made or written: {error.strerror or error}.",
                remedy="Check the folder in `[ledger] url`; nothing is sent without it.",
            ) from error
