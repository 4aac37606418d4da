"""Which post files lie in a folder, and whether they have changed: a cheap look that opens none of them."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

#: Size, mtime and ctime in nanoseconds, inode; ctime changes with permissions and where mtime was set back.
FileState: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A file that may be a post."""

    path: Path
    state: FileState


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What lies in a folder and below, in the order of the paths."""

    files: tuple[Listed, ...]
    closed: tuple[tuple[Path, OSError], ...] = ()  #: folders below it that could not be looked into


def state_of(path: Path) -> FileState | None:
    """The state of a file, through links; None if there is none."""
    try:
        return _state(path.stat())
    except (OSError, ValueError):  # ValueError: a null byte
        return None


def list_files(folder: Path) -> Listing:
    """All `*.md` files, through links; names that begin with `_` or `.` are left out, folders too.

    Raises OSError if the folder itself cannot be looked into.
    """
    files: list[Listed] = []
    closed: list[tuple[Path, OSError]] = []
    seen: set[tuple[int, int]] = set()
    folders, linked = [folder], deque[Path]()
    while folders or linked:
        # Folders behind links come last: one that is also here by itself counts under its own path.
        current = folders.pop() if folders else linked.popleft()
        try:
            entries = _entries(current, seen)
        except OSError as error:
            if current == folder:
                raise
            if not isinstance(error, FileNotFoundError):  # gone since its parent was listed
                closed.append((current, error))
            continue
        for entry in entries:
            path = Path(entry.path)
            if _is_folder(entry):
                (linked if entry.is_symlink() else folders).append(path)
            elif entry.name.endswith(".md"):
                files += filter(None, [_listed(entry)])
    files.sort(key=lambda file: file.path)
    return Listing(files=tuple(files), closed=tuple(sorted(closed, key=lambda pair: pair[0])))


def _entries(folder: Path, seen: set[tuple[int, int]]) -> list[os.DirEntry[str]]:
    found = folder.stat()
    if (found.st_dev, found.st_ino) in seen:  # a link may lead back to where it stands
        return []
    seen.add((found.st_dev, found.st_ino))
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if not entry.name.startswith(("_", "."))), key=lambda e: e.name)


def _listed(entry: os.DirEntry[str]) -> Listed | None:
    try:
        if not entry.is_file():
            return None
        return Listed(path=Path(entry.path), state=_state(entry.stat()))
    except OSError:  # gone between listing and looking, or a ring of links
        return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _state(found: os.stat_result) -> FileState:
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
