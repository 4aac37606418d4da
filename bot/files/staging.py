"""A public file's new bytes, checked and safe on the disk beside their place: many files at once, or one by one."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol, SupportsBytes, TypeVar, runtime_checkable

from bot.files.atomic import staged_together

ENDING: Final = ".gz"
_GZIP_LEVEL: Final = 6  # 9 takes longer and saves less than a hundredth
_QUICK_GZIP_LEVEL: Final = 1  # a third of the time; a sixth larger
_MIN_GZIP_SIZE: Final = 18  #: bytes: a gzip file's head and end (RFC 1952)


def compressed(content: bytes, *, quickly: bool = False) -> bytes:
    """The content as a gzip file without a time, so that the same content gives the same bytes."""
    return gzip.compress(content, _QUICK_GZIP_LEVEL if quickly else _GZIP_LEVEL, mtime=0)


def is_copy_of(copy: bytes, content: bytes) -> bool:
    """Whether a gzip file holds this content, by the checksum and the length at its end (RFC 1952 section 2.3.1).

    Nothing is unpacked or packed, so that a file that has not changed costs next to nothing.
    """
    end = zlib.crc32(content).to_bytes(4, "little") + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")
    return len(copy) >= _MIN_GZIP_SIZE and copy.startswith(b"\x1f\x8b") and copy.endswith(end)


_T = TypeVar("_T")

#: Files on their way to the disk at once, where there are many; most of that time is waiting.
WRITER_THREADS: Final = 8
#: So many files are worth threads, even where the caller is in no hurry.
MIN_FILES_FOR_THREADS: Final = 50


@runtime_checkable
class Checked(Protocol):
    """A content that is checked once it is made; both methods raise an error if it would be broken."""

    def made(self) -> bytes:
        """The content."""

    def check(self, content: bytes) -> None:
        """Check the content; may be called in another thread."""


def made_of(source: SupportsBytes) -> tuple[bytes, Callable[[bytes], None] | None]:
    """A file's content, and the check that it still has to pass. Raises what making it raises."""
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
    """The content in a temporary file beside its place, and compressed beside that of its copy: (temporary, place).

    Both or none, so that they stay in step. Raises OSError, and what the check raises.
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
    """Stages the files in threads, which are kept for the next time, or in the caller's own."""

    def __init__(self) -> None:
        self._threads: Executor | None = None

    def of(self, *, side_by_side: bool) -> Executor:
        """The threads, if files are to be written `side_by_side`."""
        if not side_by_side:
            return _OneByOne()
        if self._threads is None:  # to start them takes as long as to write a file
            self._threads = ThreadPoolExecutor(WRITER_THREADS, thread_name_prefix="writer")
        return self._threads


class _OneByOne(Executor):
    """Does all work at once, in the caller's own thread: a handful of files is not worth threads."""

    def submit(self, work: Callable[..., _T], /, *args: object, **options: object) -> Future[_T]:
        done: Future[_T] = Future()
        try:
            done.set_result(work(*args, **options))
        except Exception as error:  # noqa: BLE001 - it is the future's
            done.set_exception(error)
        return done
