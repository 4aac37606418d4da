"""Every effect of a process passes a point before and after it: the ledger's methods, and each step of a file write."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from bot.domain.errors import LedgerError
from bot.ledger import Ledger

if TYPE_CHECKING:
    from tests.simulation.process import Process
    from tests.simulation.world import World

_REPLACE, _UNLINK, _FLOCK = os.replace, os.unlink, fcntl.flock


_WRITES = frozenset(
    {"record", "acquire_lease", "renew_lease", "release_lease", "note_account", "write_intent", "settle"}
)


def _no_room() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class WatchedLedger:
    """A ledger whose every method has a point before and after it; each method is one transaction."""

    def __init__(self, ledger: Ledger, process: Process) -> None:
        self._ledger = ledger
        self._process = process

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._ledger, name)
        if not callable(method) or name == "close":
            return method
        process = self._process

        @wraps(method)
        def watched(*args: Any, **options: Any) -> Any:
            process.point(name)
            if name in _WRITES and process.world.faults.disk_is_full:
                raise LedgerError("the ledger cannot be used: database or disk is full.")
            result = method(*args, **options)
            process.point(f"after {name}")
            return result

        setattr(self, name, watched)
        return watched


def watched(ledger: Ledger, process: Process) -> Ledger:
    """The ledger with its points."""
    return cast("Ledger", WatchedLedger(ledger, process))


@contextmanager
def watched_files(world: World) -> Iterator[None]:
    """Add points at the steps of file writes while a process runs; fsync is skipped, as the files lie in memory."""

    def step(name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(do)
        def watched_step(*args: Any, **options: Any) -> Any:
            process = world.current
            if process is None:
                return do(*args, **options)
            process.point(name)
            if world.faults.disk_is_full and name == "replace":
                raise _no_room()
            result = do(*args, **options)
            process.point(f"after {name}")
            return result

        return watched_step

    def forced(fd: Any) -> None:
        if world.current is not None:
            world.current.point("fsync")
            if world.faults.disk_is_full:
                raise _no_room()

    def locked(descriptor: Any, how: int) -> None:
        # A real lock would wait for ever: both processes live on one thread.
        while True:
            try:
                _FLOCK(descriptor, how | fcntl.LOCK_NB)
            except BlockingIOError:
                assert world.current is not None
                world.current.sleep(0.1)
            else:
                return

    kept = os.fsync
    os.replace, os.unlink, os.fsync = step("replace", _REPLACE), step("unlink", _UNLINK), forced
    fcntl.flock = locked
    try:
        yield
    finally:
        os.replace, os.unlink, os.fsync, fcntl.flock = _REPLACE, _UNLINK, kept, _FLOCK
