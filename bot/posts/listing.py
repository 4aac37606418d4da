"""List the post files of a folder and detect changes, without opening any file."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from bot.domain.errors import PostError

#: Size, mtime and ctime in nanoseconds, inode; ctime also changes with permissions, and if a program sets mtime back.
FileState: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """The files of a folder and its subfolders, in path order."""

    files: Mapping[str, FileState]  #: full path → state; files that may be posts
    closed: tuple[tuple[Path, OSError], ...] = ()  #: subfolders that could not be read


def state_of(path: str | Path) -> FileState | None:
    """The state of a file, following links; None if it does not exist."""
    try:
        return state_from(os.stat(path))
    except (OSError, ValueError):  # ValueError: a null byte
        return None


def post_state_of(path: str) -> FileState | None:
    """The state of a possible post file; None if it does not exist or is not a regular file."""
    try:
        entry = Path(path)
        return state_from(entry.stat()) if entry.is_file() else None
    except OSError:
        return None


def state_from(found: os.stat_result) -> FileState:
    """The part of a file's stat result that changes with its content."""
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def may_be_post(name: str) -> bool:
    """Whether a file of this name may be a post."""
    return name.endswith(".md") and not is_hidden(name)


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is ignored."""
    return name.startswith(("_", "."))


def path_sort_key(path: str) -> list[str]:
    """A sort key for paths: folder by folder."""
    return path.split(os.sep)


def list_files(folder: Path) -> Listing:
    """List all `*.md` files, following links; ignores files and folders whose names begin with `_` or `.`.

    Raises OSError if the folder itself cannot be read.
    """
    files: list[tuple[str, FileState]] = []
    closed: list[tuple[Path, OSError]] = []
    seen: set[tuple[int, int]] = set()
    folders, linked = [str(folder)], deque[str]()
    while folders or linked:
        # Linked folders come last, so a folder that is also reachable directly is listed under its own path.
        current = folders.pop() if folders else linked.popleft()
        try:
            entries = _entries(current, seen)
        except OSError as error:
            if current == str(folder):
                raise
            if not isinstance(error, FileNotFoundError):  # deleted after its parent was listed
                closed.append((Path(current), error))
            continue
        for entry in entries:
            if _is_folder(entry):
                (linked if entry.is_symlink() else folders).append(entry.path)
            elif entry.name.endswith(".md"):
                state = _state_of_entry(entry)
                if state is not None:
                    files.append((entry.path, state))
    if len(seen) > 1:  # the files of a single folder are already sorted
        files.sort(key=lambda file: path_sort_key(file[0]))
    return Listing(files=dict(files), closed=tuple(sorted(closed, key=lambda pair: pair[0])))


def _entries(folder: str, seen: set[tuple[int, int]]) -> list[os.DirEntry[str]]:
    found = os.stat(folder)
    if (found.st_dev, found.st_ino) in seen:  # a link may point to one of its own parents
        return []
    seen.add((found.st_dev, found.st_ino))
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if not is_hidden(entry.name)), key=lambda e: e.name)


def _state_of_entry(entry: os.DirEntry[str]) -> FileState | None:
    try:
        return state_from(entry.stat()) if entry.is_file() else None
    except OSError:  # deleted after the listing, or a loop of links
        return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


#: A file's state; with a content digest where the state alone may miss a change.
State: TypeAlias = FileState | tuple[int, int, int, int, bytes]
#: Opaque; equal if nothing has changed.
Signature: TypeAlias = tuple[tuple[str, State | None], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderSnapshot:
    """The states of the post files and of their pictures at one moment."""

    files: Mapping[str, State] = field(default_factory=dict)  #: in path order
    pictures: Mapping[str, FileState | None] = field(default_factory=dict)
    closed: tuple[PostError, ...] = ()  #: one for each unreadable folder
    fault: PostError | None = None  #: why the whole folder is unreadable

    @property
    def signature(self) -> Signature:
        """A value that changes whenever the snapshot does."""
        return (*self.files.items(), *self.pictures.items())


def are_equal(one: FolderSnapshot, other: FolderSnapshot) -> bool:
    """Whether two snapshots are equal."""
    return one.files == other.files and one.pictures == other.pictures and (one.fault is None) == (other.fault is None)


def may_have_changed(snapshot: FolderSnapshot, *, seconds: float) -> bool:
    """Whether a file may have changed within the last `seconds`, or a clock is wrong."""
    moment = time.time_ns() - int(seconds * 1e9)
    return any(max(state[1], state[2]) > moment for state in snapshot.files.values())


def merge_stable(
    agreed: FolderSnapshot, before: FolderSnapshot, now: FolderSnapshot, *, reported: Collection[str]
) -> FolderSnapshot:
    """The stable part of two snapshots, while some files are still being written.

    A file that differs, or for which a change was reported between the two, keeps its state of the agreed snapshot; a
    new file is left out.
    """
    if now.fault is not None or before.fault is not None:
        return agreed
    files: dict[str, State] = {}
    for path in sorted({*agreed.files, *now.files}, key=path_sort_key):
        moves = path in reported or before.files.get(path) != now.files.get(path)
        state = (agreed if moves else now).files.get(path)
        if state is not None:
            files[path] = state
    return replace(now, files=files)


def update_paths(since: FolderSnapshot, changed: Collection[str]) -> FolderSnapshot | None:
    """Update a snapshot, given that only these paths have changed; None if a full snapshot is needed.

    A path that ends in a slash is a folder. Files that are neither posts nor pictures of posts are ignored.
    """
    if since.fault is not None or since.closed:
        return None
    files, pictures = dict(since.files), dict(since.pictures)
    came = False
    for path in changed:
        folder, name = os.path.split(path)
        if path in pictures:
            pictures[path] = state_of(path)
        elif name and not may_be_post(name):
            continue
        elif name and (path in files or folder in set(map(os.path.dirname, files))):
            state = post_state_of(path)
            came = came or path not in files
            if state is None:
                files.pop(path, None)
            else:
                files[path] = state
        else:
            return None
    if came:
        files = dict(sorted(files.items(), key=lambda file: path_sort_key(file[0])))
    return replace(since, files=files, pictures=pictures)
