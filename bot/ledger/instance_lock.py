"""Which process stays at work on a ledger file: a file beside it, locked by that process for as long as it lives.

The system releases the lock when a process ends, also by `kill -9`, so nothing has to expire. (PostgreSQL does the
same with an advisory lock of a session.) The lock protects nothing: leases do.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
from pathlib import Path
from threading import Lock

#: The longest description of a process, in bytes.
_LONGEST = 500


class InstanceLock:
    """One process's claim to be named. Safe across threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._file: int | None = None
        self._who = ""

    def claim(self, who: str) -> str:
        """Take the lock, or return the process that holds it; empty if it is this one.

        Raises OSError if the file cannot be made.
        """
        with self._lock:
            if self._file is not None:
                return "" if who == self._who else self._who
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                named = os.pread(file, _LONGEST, 0).decode("utf-8", "replace").strip()
                os.close(file)
                return named or "a process that has only just started"
            os.ftruncate(file, 0)
            os.pwrite(file, f"{who}\n".encode()[:_LONGEST], 0)
            self._file, self._who = file, who
            return ""

    def give_up(self) -> None:
        """Release the lock; may be called twice."""
        with self._lock:
            if self._file is not None:
                # The file stays: removing it would let two processes hold locks on two files of one name.
                os.ftruncate(self._file, 0)
                os.close(self._file)
                self._file = None


def who_is_there(path: Path) -> str:
    """The process that says it holds the lock and is not known to have ended; empty if there is none.

    Goes by what is written there: trying the lock would keep a process that starts just now from taking it.
    """
    try:
        named = path.read_bytes()[:_LONGEST].decode("utf-8", "replace").strip()
    except OSError:
        return ""
    found = re.match(r"process (\d+) on (\S+),", named)
    if found and found[2] == socket.gethostname() and not _lives(int(found[1])):
        return ""
    return named


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True
