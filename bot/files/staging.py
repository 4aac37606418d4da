"""Check the new bytes of public files and sync them to temporary files: in threads, or one by one."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol, SupportsBytes, TypeVar, runtime_checkable

from bot.files.atomic import staged_together

ENDING: Final = ".gz"
_GZIP_LEVEL: Final = 6  # level 9 is slower and saves less than one percent
_QUICK_GZIP_LEVEL: Final = 1  # takes a third of the time; output a sixth larger
_MIN_GZIP_SIZE: Final = 18  #: bytes: a gzip file's head and end (RFC 1952)


def compressed(content: bytes, *, quickly: bool = False) -> bytes:
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
    """Content with a check; both methods raise an error if the content is broken."""

    def made(self) -> bytes:
        """The content."""

    def check(self, content: bytes) -> None:
        """Check the content; may be called in another thread."""


def made_of(source: SupportsBytes) -> tuple[bytes, Callable[[bytes], None] | None]:
    """Make a file's content; returns it with its check. Raises what making it raises."""
    if isinstance(source, Checked):
        return source.made(), source.check
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
        contents.append((copy, compressed(content, quickly=quickly)))
    return list(zip(staged_together(contents), (place for place, _ in contents), strict=True))


class Workers:
    """Stages files in threads, which are kept for the next write, or in the caller's thread."""

    def __init__(self) -> None:
        self._threads: Executor | None = None

    def of(self, *, side_by_side: bool) -> Executor:
        """The thread pool if `side_by_side`, else the caller's thread."""
        if not side_by_side:
            return _OneByOne()
        if self._threads is None:  # starting threads takes as long as writing a file
            self._threads = ThreadPoolExecutor(WRITER_THREADS, thread_name_prefix="writer")
        return self._threads


class _OneByOne(Executor):
    """Runs each task immediately in the caller's thread: threads do not pay off for a few files."""

    def submit(self, work: Callable[..., _T], /, *args: object, **options: object) -> Future[_T]:
        done: Future[_T] = Future()
        try:
            done.set_result(work(*args, **options))
        except Exception as error:  # noqa: BLE001 - passed on through the future
            done.set_exception(error)
        return done
