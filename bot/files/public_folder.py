"""Write public files: atomically, only if they differ, and only if they are the bot's own."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Collection, Mapping
from concurrent.futures import Executor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import SupportsBytes

from bot.domain.errors import OutputError, PublicFileError
from bot.domain.gc import gc_paused
from bot.files.atomic import sweep, sync_folder
from bot.files.public_paths import (
    MANIFEST,
    MOVE,
    Manifest,
    State,
    check_name,
    error_for_other_file,
    foreign_file_error,
    is_real_folder,
    lies_in,
    lock_folder,
    make_folder,
    read_manifest,
    read_state,
    write_error,
    write_manifest,
)
from bot.files.staging import (
    ENDING,
    MIN_FILES_FOR_THREADS,
    Executors,
    KnownFile,
    WriteInProgress,
    is_copy_of,
    make_content_error,
    move_into_place,
    render_content,
    stage,
)

__all__ = ["MANIFEST", "PublicFolder", "Written"]


@dataclass(frozen=True, kw_only=True)
class Written:
    """The result of a write: changed names, removed names, and errors.

    Compressed copies are not listed.
    """

    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    faults: tuple[OutputError, ...] = ()


class PublicFolder:
    """A folder that is served to the public. Readers see the complete old or new content of a file.

    Several processes may write into the same folder: one waits for the other. With `gzip`, each file gets a
    compressed copy beside it, with the suffix ".gz".
    """

    def __init__(self, folder: Path, *, gzip: bool = False) -> None:
        self._folder = folder
        self._gzip = gzip
        self._list = folder / MANIFEST
        self.in_threads = True  #: whether files may be written in parallel
        self._executors = Executors()
        self._seen: dict[str, KnownFile] = {}
        self._places: dict[str, tuple[Path, Path]] = {}

    def write(
        self,
        files: Mapping[str, SupportsBytes],
        *,
        retire_in: Collection[str] = (),
        quickly: Collection[str] = (),
        at_once: bool = False,
    ) -> Written:
        """Write the files whose bytes differ; an error in one does not affect the others.

        `files` is path below the folder, with "/" between its parts → content. `bytes()` makes a content only if its
        file must be written: not if this object wrote an equal content and the file is unchanged since. If making it
        fails, the file stays as it is. Other files of earlier writes stay too, except the bot's own files in the
        folders `retire_in`, which are removed. Files in the folders `quickly` are compressed faster and less: there
        are many, and few readers fetch them. `at_once` writes even a few files in parallel.

        A foreign file is not touched; if it already has these bytes, it counts as the bot's own from now on. Raises
        nothing that the disk can cause.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with lock_folder(self._folder):
                return self._write(files, retire_in, quickly, at_once=at_once)
        except OSError as error:
            return Written(faults=(write_error(self._folder, error),))

    def _write(
        self,
        files: Mapping[str, SupportsBytes],
        retire_in: Collection[str],
        quickly: Collection[str],
        *,
        at_once: bool,
    ) -> Written:
        work = WriteInProgress(manifest=read_manifest(self._list), files=files)
        self._find_places(work)
        copied = set(work.paths) if self._gzip else set()
        in_threads = self.in_threads and (at_once or len(work.paths) > MIN_FILES_FOR_THREADS)
        pool = self._executors.choose(parallel=in_threads)
        # Objects made here are short-lived; each garbage collection would traverse all posts in vain.
        with gc_paused():
            for name in work.paths:
                self._prepare(name, work, pool, with_copy=name in copied, quickly=lies_in(name, quickly))
            listed = self._enlist(work)
            changed = self._replace(work, listed, pool)
        self._remember(work, copied)
        removed = self._retire(work, retire_in, listed, copied)
        return Written(changed=tuple(changed), removed=removed, faults=tuple(work.faults))

    def _find_places(self, work: WriteInProgress) -> None:
        root = os.path.realpath(self._folder)
        checked: dict[Path, PublicFileError | OSError | None] = {}
        sound = {str(self._folder)}
        for name in sorted(work.files):
            path, folder = self._place_of(name)
            try:
                check_name(name, self._folder)
            except OutputError as fault:
                work.fault(name, fault, path)
                continue
            if folder not in checked:
                checked[folder] = None if is_real_folder(str(folder), sound) else make_folder(path, root, self._folder)
            fault_there = checked[folder]
            if fault_there is None:
                work.paths[name] = path
            else:
                work.fault(name, error_for_other_file(fault_there, path), path)
        # The lock guarantees that no other run is active.
        work.empty = sweep({self._folder, *(folder for folder, fault_there in checked.items() if fault_there is None)})

    def _prepare(self, name: str, work: WriteInProgress, pool: Executor, *, with_copy: bool, quickly: bool) -> None:
        """Find the files to write, make their content, and start staging it."""
        path = work.paths[name]
        names = [name, name + ENDING] if with_copy else [name]
        seen, source = self._seen.get(name), work.files[name]
        is_known = seen is not None and seen.content == source and work.manifest.names.issuperset(names)
        if is_known and seen is not None and seen.states == self._states(names):
            work.right += names
            work.known[name] = KnownFile(content=source, states=seen.states)
            return
        try:
            content, check = render_content(source)
        except Exception as error:  # noqa: BLE001 - any error: readers keep the last good file
            work.fault(name, make_content_error(path, error), path)
            return
        places: dict[str, Path] = {}
        for one in names:
            place = self._folder / one
            try:
                if path.parent in work.empty or self._differs(place, one, content, work.manifest, copy=one != name):
                    places[one] = place
                else:
                    work.right.append(one)
            except (OutputError, OSError) as error:
                work.fault(name, error, place)
                if one == name:
                    return  # a stale copy would be served instead of the file
        if places:
            # In parallel with making the next file: nearly all of this work releases the GIL.
            plain, copy = places.get(name), places.get(name + ENDING)
            staging = pool.submit(stage, content, plain=plain, copy=copy, check=check, quickly=quickly)
            work.stage(name, places, staging)

    def _differs(self, path: Path, name: str, content: bytes, manifest: Manifest, *, copy: bool) -> bool:
        """Whether the file must be written. Raises OutputError if it must not be."""
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            return True
        if not stat.S_ISREG(mode):
            what = "a symbolic link" if stat.S_ISLNK(mode) else "something that is no file"
            raise PublicFileError(path, f"{what} is in the file's place, so it was left as it is.", remedy=MOVE)
        there = path.read_bytes()
        if is_copy_of(there, content) if copy else there == content:
            return False
        if name not in manifest.names:
            raise foreign_file_error(path, manifest, self._list)
        return True

    def _enlist(self, work: WriteInProgress) -> frozenset[str]:
        """Add new names to the list before the first write, so that a crash cannot leave a file that is not on it."""
        listed = work.manifest.names
        unlisted = {*work.right, *work.staged} - listed
        if not unlisted:
            return listed
        try:
            write_manifest(self._list, listed | unlisted)
        except (OutputError, OSError) as error:
            work.faults.append(error if isinstance(error, OutputError) else write_error(self._list, error))
            return listed
        return listed | unlisted

    def _replace(self, work: WriteInProgress, listed: Collection[str], pool: Executor) -> list[str]:
        """Rename all staged files into place together, so that the formats change at nearly the same time."""
        wait(work.staging.values())
        changed: list[str] = []
        folders: set[Path] = set()
        for name, staging in work.staging.items():
            path = work.paths[name]
            try:
                placed = move_into_place(staging.result(), name, work, listed)
            except OSError as error:
                work.fault(name, error, path)
            except Exception as error:  # noqa: BLE001 - as where it is made
                work.fault(name, make_content_error(path, error), path)
            else:
                changed += [name] if path in placed else []
                folders.update(place.parent for place in placed)
        deque(pool.map(sync_folder, folders), maxlen=0)
        return changed

    def _remember(self, work: WriteInProgress, copied: Collection[str]) -> None:
        others = {name: seen for name, seen in self._seen.items() if name not in work.files}
        self._seen = others | {
            name: work.known.get(name)
            or KnownFile(
                content=work.files[name],
                states=self._states([name, name + ENDING] if name in copied else [name]),
            )
            for name in work.paths.keys() - work.failed
        }

    def _states(self, names: Collection[str]) -> tuple[State | None, ...]:
        return tuple(read_state(f"{self._folder}/{name}") for name in names)

    def _place_of(self, name: str) -> tuple[Path, Path]:
        """The path of a file and its folder. Cached: making a Path is slow, and there may be a thousand files."""
        if name not in self._places:
            path = self._folder / name
            self._places[name] = (path, path.parent)
        return self._places[name]

    def _retire(
        self, work: WriteInProgress, folders: Collection[str], listed: frozenset[str], copied: Collection[str]
    ) -> tuple[str, ...]:
        """Remove obsolete files of the bot, and copies that were not renewed, which would show old news."""
        wanted = work.files.keys() | {name + ENDING for name in copied}
        old_copies = {name + ENDING for name in work.files} & listed
        in_folders = {name for name in listed if lies_in(name, folders)} if folders else set()
        retired = sorted((old_copies | in_folders) - wanted)
        gone: list[str] = []
        for name in retired:
            path = self._folder / name
            try:
                with suppress(FileNotFoundError):
                    if stat.S_ISREG(path.lstat().st_mode):
                        path.unlink()
                gone.append(name)
            except OSError as error:
                work.faults.append(write_error(path, error))
        if gone:
            for parent in {(self._folder / name).parent for name in gone} - {self._folder}:
                with suppress(OSError):  # the folder is not empty
                    parent.rmdir()
            try:
                write_manifest(self._list, listed.difference(gone))
            except (OutputError, OSError) as error:
                work.faults.append(error if isinstance(error, OutputError) else write_error(self._list, error))
        return tuple(name for name in gone if not name.endswith(ENDING))
