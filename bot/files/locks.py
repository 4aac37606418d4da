"""Locks of open files between processes. The system releases one when its process ends, also by `kill -9`."""

from __future__ import annotations

import fcntl


def lock(descriptor: int) -> None:
    """Wait for the lock of an open file or folder, until `descriptor` is closed.

    Raises OSError on file systems without locks, such as some network disks.
    """
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def try_lock(descriptor: int) -> bool:
    """Take the lock of an open file or folder, until `descriptor` is closed; False if another one holds it.

    Raises OSError as `lock`.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
