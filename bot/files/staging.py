"""One write of public files: check the new bytes, sync them to temporary files, rename these into place."""

from __future__ import annotations

import gzip
import os
import zlib
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, SupportsBytes, TypeVar, runtime_checkable

from bot.domain.errors import OutputError, PublicFileError
from bot.files.atomic import remove, stage_files
from bot.files.public_paths import Manifest, State, write_error

ENDING: Final = ".gz"
_GZIP_LEVEL: Final = 6  # level 9 is slower and saves less than one percent
_QUICK_GZIP_LEVEL: Final = 1  # takes a third of the time; output a sixth larger
_MIN_GZIP_SIZE: Final = 18  #: bytes: a gzip file's head and end (RFC 1952)


def compress(content: bytes, *, quickly: bool = False) -> bytes:
    """Compress with gzip, without a timestamp, so that equal content gives equal bytes."""
    return gzip.compress(content, _QUICK_GZIP_LEVEL if quickly else _GZIP_LEVEL, mtime=0)


def is_copy_of(copy: bytes, content: bytes) -> bool:
    """Whether a gzip file holds this content, by the checksum and the length at its end (RFC 1952 section 2.3.1).

    Does not decompress, so checking an unchanged file is cheap.
    """
    end = zlib.crc32(content).to_bytes(4, "little") + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")
    return len(copy) >= _MIN_GZIP_SIZE and copy.startswith(b"\x1f\x8b") and copy.endswith(end)


_T = TypeVar("_T")

#: The number of files written in parallel; most of the time is spent waiting for the disk.
WRITER_THREADS: Final = 8
#: From this number of files on, threads are faster even if the caller is in no hurry.
MIN_FILES_FOR_THREADS: Final = 50


@runtime_checkable
class Checked(Protocol):
    """Content with a check that may run in another thread. Both methods raise an error if the content is broken."""

    def render(self) -> bytes:
        """Make the content, without the check."""

    def check(self, content: bytes) -> None:
        """Check the content."""


def render_content(source: SupportsBytes) -> tuple[bytes, Callable[[bytes], None] | None]:
    """Make a file's content; returns it with its check. Raises what making it raises."""
    if isinstance(source, Checked):
        return source.render(), source.check
    return bytes(source), None


def stage(
    content: bytes,
    *,
    plain: Path | None,
    copy: Path | None,
    check: Callable[[bytes], None] | None,
    quickly: bool,
) -> Sequence[tuple[Path, Path]]:
    """Write the content and its compressed copy to temporary files: (temporary, target).

    Both or none, so that they stay consistent. Raises OSError, and what the check raises.
    """
    if check is not None:
        check(content)
    contents: list[tuple[Path, bytes]] = []
    if plain is not None:
        contents.append((plain, content))
    if copy is not None:
        contents.append((copy, compress(content, quickly=quickly)))
    return list(zip(stage_files(contents), (place for place, _ in contents), strict=True))


class Executors:
    """Stages files in threads, which are kept for the next write, or in the caller's thread."""

    def __init__(self) -> None:
        self._threads: Executor | None = None

    def choose(self, *, parallel: bool) -> Executor:
        """The thread pool if `parallel`, else the caller's thread."""
        if not parallel:
            return _InlineExecutor()
        if self._threads is None:  # starting threads takes as long as writing a file
            self._threads = ThreadPoolExecutor(WRITER_THREADS, thread_name_prefix="writer")
        return self._threads


class _InlineExecutor(Executor):
    """Runs each task immediately in the caller's thread: threads do not pay off for a few files."""

    def submit(self, work: Callable[..., _T], /, *args: object, **options: object) -> Future[_T]:
        done: Future[_T] = Future()
        try:
            done.set_result(work(*args, **options))
        except Exception as error:  # noqa: BLE001 - passed on through the future
            done.set_exception(error)
        return done


@dataclass(frozen=True, kw_only=True)
class KnownFile:
    """The content of a file when it was last known to be correct."""

    content: SupportsBytes
    states: tuple[State | None, ...]  #: of the file, and of its compressed copy if it has one


StagedFiles = Sequence[tuple[Path, Path]]  #: temporary file → place


@dataclass(kw_only=True)
class WriteInProgress:
    """The state of one write in progress."""

    manifest: Manifest
    files: Mapping[str, SupportsBytes]
    paths: dict[str, Path] = field(default_factory=dict)
    right: list[str] = field(default_factory=list)  #: names, including copies, that are up to date
    empty: frozenset[Path] = frozenset()  #: empty folders
    known: dict[str, KnownFile] = field(default_factory=dict)  #: files unchanged since the last write
    staging: dict[str, Future[StagedFiles]] = field(default_factory=dict)  #: name → its temporary files
    staged: set[str] = field(default_factory=set)  #: the names of these files and of their copies
    waiting: deque[Future[StagedFiles]] = field(default_factory=deque)
    faults: list[OutputError] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)  #: names of files that could not be brought up to date

    def stage(self, name: str, names: Collection[str], staging: Future[StagedFiles]) -> None:
        self.staging[name] = staging
        self.staged.update(names)
        self.waiting.append(staging)
        if len(self.waiting) > 2 * WRITER_THREADS:  # limits the contents held in memory
            self.waiting.popleft().exception()

    def fault(self, name: str, error: OutputError | OSError, path: Path) -> None:
        self.failed.add(name)
        self.faults.append(error if isinstance(error, OutputError) else write_error(path, error))


def move_into_place(staged: StagedFiles, name: str, work: WriteInProgress, listed: Collection[str]) -> list[Path]:
    """Rename a file and its copy into place; returns the paths that were renamed."""
    placed: list[Path] = []
    try:
        for temporary, place in staged:
            if (name if place == work.paths[name] else name + ENDING) not in listed:
                work.failed.add(name)
                break
            os.replace(temporary, place)
            placed.append(place)
    except OSError as error:
        work.fault(name, error, work.paths[name])
    for temporary, _ in staged[len(placed) :]:
        remove(temporary)
    return placed


def make_content_error(path: Path, error: Exception) -> PublicFileError:
    problem = f"it was left as it is, for its new content would be broken: {error}."
    return PublicFileError(path, problem, remedy="This is a fault of announce; please report it.")
