"""Hints from the operating system that a file has changed (inotify, FSEvents, ReadDirectoryChangesW), by watchdog.

They are fast but not reliable: network folders and some containers send none, a folder that is replaced or that links
to another loses them, and a system may run out of watches. Then only the watcher's scans find the change.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias

from bot.posts.listing import is_hidden, may_be_post

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver


#: Discards the library's own log: a missing hint is no fault, because a scan finds the change.
_NOWHERE: Final = logging.NullHandler()
_SETTINGS: Final = (".toml", ".txt", ".j2")
#: The events that report a change; opening and reading a file do not.
_CHANGES: Final = frozenset({"created", "modified", "moved", "deleted", "closed"})
#: After these events a file is complete. A new file, or a new folder, may still be filled.
_FINISHED: Final = frozenset({"closed", "moved", "deleted"})
#: A folder, its identity on the disk, and whether the folders in it are watched too.
_Watched: TypeAlias = tuple[str, tuple[int, int] | None, bool]


class FileEvents:
    """Collects the paths that the system reports as changed; calls `notify` for each."""

    def __init__(self, notify: Callable[[], None]) -> None:
        self._notify = notify
        self._lock = Lock()
        self._paths: set[str] = set()
        self._writing: set[str] = set()
        self._single: frozenset[str] = frozenset()
        self._watched: frozenset[_Watched] = frozenset()
        self._observer: BaseObserver | None = None

    def arm(self, trees: Collection[Path], folders: Collection[str] = ()) -> None:
        """Watch these folders, `trees` with everything in them; again if another folder has replaced one."""
        roots = {str(tree) for tree in trees}
        # Each takes a thread, so not those within a tree, such as the folders of posts with pictures of their own.
        single = [folder for folder in folders if roots.isdisjoint((folder, *map(str, Path(folder).parents)))]
        wanted = frozenset(
            [*((root, _identity(root), True) for root in roots)]
            + [(folder, _identity(folder), False) for folder in single]
        )
        self._single = frozenset(folders)
        if wanted == self._watched:
            return
        self._watched = wanted
        self.close()
        logging.getLogger("watchdog").addHandler(_NOWHERE)
        try:
            from watchdog.observers import Observer  # imported here: it takes 40 ms, and `tick` watches nothing

            self._observer = Observer()
            self._observer.start()
        except (ImportError, OSError, RuntimeError):  # no threads or no watches left: the scans still find changes
            self._observer = None
            return
        wanted_events = _watched_events()
        for folder, identity, recursive in sorted(wanted, key=lambda one: (not one[2], one[0])):
            if identity is not None:
                with suppress(OSError, RuntimeError):
                    self._observer.schedule(self, folder, recursive=recursive, event_filter=wanted_events)  # type: ignore[arg-type]

    def is_blind(self) -> bool:
        """Whether another folder has replaced a watched one, so that changes go unreported. Takes microseconds."""
        return any(_identity(folder) != identity for folder, identity, _ in self._watched)

    def take(self) -> frozenset[str]:
        """Return the paths reported since the last call; those of folders end in a slash."""
        with self._lock:
            paths, self._paths = frozenset(self._paths), set()
        return paths

    def are_closed(self, taken: Collection[str]) -> bool:
        """Whether these files, and those reported since, were all closed, or renamed into place, by their writer."""
        with self._lock:
            return self._writing.isdisjoint(taken) and self._writing.isdisjoint(self._paths)

    def close(self) -> None:
        """Stop watching."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(timeout=5)
            self._observer = None

    def dispatch(self, event: FileSystemEvent) -> None:
        """Handle an event; watchdog calls it in a thread of its own."""
        if event.event_type not in _CHANGES or (event.is_directory and event.event_type == "modified"):
            return
        paths = {os.fsdecode(path) for path in (event.src_path, event.dest_path) if path}
        changed = {
            path + os.sep * event.is_directory for path in paths if self._matters(path, is_folder=event.is_directory)
        }
        if changed:
            with self._lock:
                self._paths |= changed
                if event.event_type in _FINISHED:
                    self._writing -= changed
                else:
                    self._writing |= changed
            self._notify()

    def _matters(self, path: str, *, is_folder: bool) -> bool:
        folder, name = os.path.split(path)
        if folder in self._single:
            return not is_hidden(name)
        # Editors keep files of their own next to those that they write.
        return not is_hidden(name) if is_folder else may_be_post(name) or name.endswith(_SETTINGS)


def _watched_events() -> list[type[FileSystemEvent]]:
    """The events to watch: all but opening and reading, because each of the watcher's scans opens the folders."""
    from watchdog import events  # imported here: it takes 40 ms, and `tick` watches nothing

    return [
        events.FileCreatedEvent,
        events.FileModifiedEvent,
        events.FileMovedEvent,
        events.FileDeletedEvent,
        events.FileClosedEvent,
        events.DirCreatedEvent,
        events.DirMovedEvent,
        events.DirDeletedEvent,
    ]


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return (found.st_dev, found.st_ino)
