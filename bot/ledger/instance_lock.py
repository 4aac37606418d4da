"""The instance lock: a file beside the ledger that the running process keeps locked for as long as it lives.

The system releases the lock when a process ends, also by `kill -9`, so nothing has to expire. (PostgreSQL does the
same with an advisory lock of a session.) The lock protects nothing: leases do. The file holds one line of JSON: "pid",
"host" and "since".
"""

from __future__ import annotations

import json
import os
import re
import socket
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final

from bot.domain import Instance
from bot.files.locks import try_lock

#: The longest file that is read, in bytes: a host's name has 255 at most.
_LONGEST: Final = 500
#: The file of a process of an earlier version, which wrote a sentence.
_SENTENCE: Final = re.compile(r"process (\d+) on (\S+), since (\d{4}-\d\d-\d\d \d\d:\d\d) UTC")


class InstanceLock:
    """The claim of one process to the instance lock. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._file: int | None = None
        self._instance: Instance | None = None

    def claim(self, instance: Instance) -> Instance | None:
        """Take the lock, or return the process that holds it; None if that is this one.

        Raises OSError if the file cannot be made.
        """
        with self._lock:
            if self._file is not None:
                return None if instance == self._instance else self._instance
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            if not try_lock(file):
                holder = _from_bytes(os.pread(file, _LONGEST, 0))
                os.close(file)
                return holder or Instance()  # the lock is taken before the line is written
            os.ftruncate(file, 0)
            os.pwrite(file, _to_bytes(instance), 0)
            self._file, self._instance = file, instance
            return None

    def give_up(self) -> None:
        """Release the lock; may be called twice."""
        with self._lock:
            if self._file is not None:
                # The file stays: removing it would let two processes hold locks on two files of one name.
                os.ftruncate(self._file, 0)
                os.close(self._file)
                self._file = None


def read_instance(path: Path) -> Instance | None:
    """Return the recorded holder of the lock, unless it is known to have ended; None if there is none.

    Reads the file only: trying the lock could keep a starting process from taking it.
    """
    try:
        instance = _from_bytes(path.read_bytes()[:_LONGEST])
    except OSError:
        return None
    if instance is None or instance.pid is None:
        return None
    if instance.host == socket.gethostname() and not _lives(instance.pid):
        return None
    return instance


def _to_bytes(instance: Instance) -> bytes:
    since = instance.since.isoformat() if instance.since is not None else None
    return json.dumps({"pid": instance.pid, "host": instance.host, "since": since}).encode() + b"\n"


def _from_bytes(line: bytes) -> Instance | None:
    """Read what a process wrote; None if it wrote nothing that can be read."""
    text = line.decode("utf-8", "replace")
    try:
        if found := _SENTENCE.match(text):
            since = datetime.strptime(found[3], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
            return Instance(pid=int(found[1]), host=found[2], since=since)
        values = json.loads(text)
        return Instance(pid=int(values["pid"]), host=str(values["host"]), since=datetime.fromisoformat(values["since"]))
    except (ValueError, TypeError, KeyError):
        return None


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # the process belongs to another user
        return True
    return True
