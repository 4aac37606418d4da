"""Where public files may lie, and what stands in the way."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

from bot.errors import OutputError
from bot.output.manifest import MANIFEST, MOVE
from bot.output.temporary import is_temporary

#: What tells one state of a file from another: inode, size, time of change in nanoseconds.
State = tuple[int, int, int]

_REMEDIES: Final = {
    errno.ENOSPC: "Make room on the disk; the next run tries again.",
    errno.EDQUOT: "Make room on the disk; the next run tries again.",
    errno.EACCES: "Give the user that runs announce the right to write there.",
    errno.EPERM: "Give the user that runs announce the right to write there.",
    errno.EROFS: "Make the disk writable, or choose another [feeds] folder.",
    errno.ENOTDIR: "A file stands where a folder is needed. " + MOVE,
    errno.EEXIST: "A file stands where a folder is needed. " + MOVE,
}


def check_name(name: str, folder: Path) -> None:
    """Raises OutputError if the file would lie outside of the folder, or in a place kept for us."""
    if not _is_public(name):
        raise OutputError(f'{folder}: "{name}" is not a name for a public file, so it was not written.')


@lru_cache(maxsize=10_000)
def _is_public(name: str) -> bool:
    pure = PurePosixPath(name)
    plain = str(pure) == name and pure.parts and not pure.is_absolute() and "\0" not in name
    return bool(plain) and ".." not in pure.parts and pure.name != MANIFEST and not is_temporary(pure.name)


def is_sound(folder: str, sound: set[str]) -> bool:
    """Whether a folder is there and lies, without links on the way, below one that is `sound`; then it is added.

    False says nothing: then `make_folder` finds out.
    """
    if folder not in sound:
        above = os.path.dirname(folder)
        with suppress(OSError):
            if above != folder and is_sound(above, sound) and stat.S_ISDIR(os.lstat(folder).st_mode):
                sound.add(folder)
    return folder in sound


def make_folder(path: Path, root: str, folder: Path) -> OutputError | OSError | None:
    """Make the folder of a file; returns what stands in the way."""
    if not Path(os.path.realpath(path.parent)).is_relative_to(root):
        return OutputError(
            f"{path}: a symbolic link leads out of {folder}, so the file was not written.",
            remedy="Remove the link, or choose another [feeds] folder.",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return error
    return None


def told_of(fault: OutputError | OSError, path: Path) -> OutputError | OSError:
    """The fault of a folder, told of another file in it."""
    if isinstance(fault, OSError):
        return fault
    _, _, problem = fault.message.partition(": ")
    return OutputError(f"{path}: {problem}", remedy=fault.remedy)


def lies_in(name: str, folders: Collection[str]) -> bool:
    return any(name.startswith(f"{folder}/") for folder in folders)


def state_of(path: str | Path) -> State | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the system gives it free when the process dies."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network disks know no such lock; then two runs may repeat work, no more
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def fault_of(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(f"{path}: cannot be written: {reason}.", remedy=_REMEDIES.get(error.errno or 0, ""))
