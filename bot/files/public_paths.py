"""The paths of public files: the list of the bot's own files, folders, and conflicts with foreign files."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

from bot.domain.errors import OutputError, PublicFileError
from bot.files.atomic import is_temporary, replace_file
from bot.files.locks import lock

#: The name of the list, a file in the public folder itself.
MANIFEST: Final = ".announce-files.json"
MOVE: Final = "Move it away or delete it, or choose another [feeds] folder."
_ABOUT: Final = "The files that announce wrote into this folder, and may replace."


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The list of the bot's own files, as read."""

    names: frozenset[str] = frozenset()
    damage: str = ""  #: why the list cannot be used; empty if it can


def read_manifest(path: Path) -> Manifest:
    """Read the list; empty if there is none yet. Raises nothing."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return Manifest(damage="it is not a file")
        names = json.loads(path.read_bytes())["files"]
    except FileNotFoundError:
        return Manifest()
    except OSError as error:
        return Manifest(damage=str(error.strerror))
    except (ValueError, TypeError, KeyError, RecursionError):
        return Manifest(damage='it is not JSON with a list of names under "files"')
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return Manifest(damage='"files" in it is not a list of names')
    return Manifest(names=frozenset(names))


def write_manifest(path: Path, names: Iterable[str]) -> None:
    """Replace the list. Raises OutputError and OSError."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise PublicFileError(path, "is not a file, so nothing new was written.", remedy=MOVE)
    text = json.dumps({"about": _ABOUT, "files": sorted(names)}, indent=2, ensure_ascii=True) + "\n"
    replace_file(path, text.encode())


def foreign_file_error(path: Path, manifest: Manifest, list_path: Path) -> PublicFileError:
    """Build the error for a foreign file at the path of a public file."""
    if not manifest.damage:
        return PublicFileError(
            path, "a file is there that announce did not write, so it was left as it is.", remedy=MOVE
        )
    return PublicFileError(
        path,
        "it may not be announce's own, so it was left as it is: the list of announce's files, "
        f"{list_path}, cannot be used ({manifest.damage}).",
        remedy="If announce wrote the file, delete it: the next run writes it, and the list, anew. "
        "Else move it away, or choose another [feeds] folder.",
    )


#: The state of a file, to detect changes: inode, size, time of change in nanoseconds.
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
    """Raises OutputError if the file would be outside the folder, or has a name that the bot reserves."""
    if not _is_public(name):
        raise OutputError(f'{folder}: "{name}" is not a name for a public file, so it was not written.', subject=name)


@lru_cache(maxsize=10_000)
def _is_public(name: str) -> bool:
    pure = PurePosixPath(name)
    plain = str(pure) == name and pure.parts and not pure.is_absolute() and "\0" not in name
    return bool(plain) and ".." not in pure.parts and pure.name != MANIFEST and not is_temporary(pure.name)


def is_real_folder(folder: str, sound: set[str]) -> bool:
    """Whether a folder exists below one of the `sound` folders, without links in between; if so, adds it to them.

    False is not an error: `make_folder` then finds the reason.
    """
    if folder not in sound:
        above = os.path.dirname(folder)
        with suppress(OSError):
            if above != folder and is_real_folder(above, sound) and stat.S_ISDIR(os.lstat(folder).st_mode):
                sound.add(folder)
    return folder in sound


def make_folder(path: Path, root: str, folder: Path) -> PublicFileError | OSError | None:
    """Make the folder of a file; returns the error if there is an obstacle."""
    if not Path(os.path.realpath(path.parent)).is_relative_to(root):
        return PublicFileError(
            path,
            f"a symbolic link leads out of {folder}, so the file was not written.",
            remedy="Remove the link, or choose another [feeds] folder.",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return error
    return None


def error_for_other_file(fault: PublicFileError | OSError, path: Path) -> PublicFileError | OSError:
    """The fault of a folder, reported for another file in it."""
    if isinstance(fault, OSError):
        return fault
    return PublicFileError(path, fault.problem, remedy=fault.remedy)


def lies_in(name: str, folders: Collection[str]) -> bool:
    return any(name.startswith(f"{folder}/") for folder in folders)


def read_state(path: str | Path) -> State | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock the folder for this process; the system releases the lock if the process dies."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network disks have no locks; then two runs may only repeat work
            lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def write_error(path: Path, error: OSError) -> PublicFileError:
    reason = error.strerror or str(error)
    return PublicFileError(path, f"cannot be written: {reason}.", remedy=_REMEDIES.get(error.errno or 0, ""))
