"""Hints from the operating system that a file has changed (inotify, FSEvents, ReadDirectoryChangesW), by watchdog.

They are fast and they are not the truth: network folders and some containers have none, a folder that is replaced
or that links to another loses them, and a system may run out of watches. Then the looks alone find the change.
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


#: Where the library's words about itself go: no use to a person, for a hint that does not come is found by the looks.
_NOWHERE: Final = logging.NullHandler()
_SETTINGS: Final = (".toml", ".txt", ".j2")
#: What is told when a file is only opened or read is no change.
_CHANGES: Final = frozenset({"created", "modified", "moved", "deleted", "closed"})
#: After these events a file is complete. A new file, or a new folder, may still be filled.
_FINISHED: Final = frozenset({"closed", "moved", "deleted"})
#: A folder with what tells whether it is still the same one, and whether the folders in it are watched too.
_Watched: TypeAlias = tuple[str, tuple[int, int] | None, bool]


class FileEvents:
    """Collects the paths that the system says have changed; calls `ring` for each."""

    def __init__(self, notify: Callable[[], None]) -> None:
        self._ring = notify
        self._lock = Lock()
        self._paths: set[str] = set()
        self._writing: set[str] = set()
        self._single: frozenset[str] = frozenset()
        self._watched: frozenset[_Watched] = frozenset()
        self._observer: BaseObserver | None = None

    def arm(self, trees: Collection[Path], folders: Collection[str] = ()) -> None:
        """Watch these folders, `trees` with all that is in them; again where one was replaced by another."""
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
        except (ImportError, OSError, RuntimeError):  # no threads or no watches left: the looks find all the same
            self._observer = None
            return
        told = _events_told_of()
        for folder, identity, recursive in sorted(wanted, key=lambda one: (not one[2], one[0])):
            if identity is not None:
                with suppress(OSError, RuntimeError):
                    self._observer.schedule(self, folder, recursive=recursive, event_filter=told)  # type: ignore[arg-type]

    def is_blind(self) -> bool:
        """Whether one of the folders was replaced by another one, of which nothing will be told. Takes microseconds."""
        return any(_identity(folder) != identity for folder, identity, _ in self._watched)

    def take(self) -> frozenset[str]:
        """The paths since the last time; those of folders end in a slash."""
        with self._lock:
            paths, self._paths = frozenset(self._paths), set()
        return paths

    def are_closed(self, taken: Collection[str]) -> bool:
        """Whether these files, and those reported since, were all closed, or renamed into place, by their writer."""
        with self._lock:
            return self._writing.isdisjoint(taken) and self._writing.isdisjoint(self._paths)

    def close(self) -> None:
        """Watch nothing any more."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(timeout=5)
            self._observer = None

    def dispatch(self, event: FileSystemEvent) -> None:
        """What watchdog calls, in a thread of its own."""
        if event.event_type not in _CHANGES or (event.is_directory and event.event_type == "modified"):
            return
        paths = {os.fsdecode(path) for path in (event.src_path, event.dest_path) if path}
        told = {
            path + os.sep * event.is_directory for path in paths if self._matters(path, is_folder=event.is_directory)
        }
        if told:
            with self._lock:
                self._paths |= told
                if event.event_type in _FINISHED:
                    self._writing -= told
                else:
                    self._writing |= told
            self._ring()

    def _matters(self, path: str, *, is_folder: bool) -> bool:
        folder, name = os.path.split(path)
        if folder in self._single:
            return not is_hidden(name)
        # Editors keep files of their own beside those they write.
        return not is_hidden(name) if is_folder else may_be_post(name) or name.endswith(_SETTINGS)


def _events_told_of() -> list[type[FileSystemEvent]]:
    """All but opening and reading: each of our own looks opens the folders, and would wake two threads to say so."""
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
