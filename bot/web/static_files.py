"""Open the files of a public folder for HTTP, confined to the folder, each with its strong ETag."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import Final, TypeVar

from bot.files.staging import ENDING, is_copy_of

#: Do not follow a link in the last path segment, and do not block on a pipe.
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAX_REMEMBERED: Final = 4096

_State = tuple[int, int, int, int]
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class OpenedFile:
    """An open file, whose content matches its ETag. The caller closes `file`."""

    file: BufferedReader
    size: int
    etag: str  #: without quotes
    modified: datetime  #: UTC, whole seconds
    compressed: bool


class ServedFolder:
    """Opens files of a folder by request path. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._digests: dict[_State, str] = {}
        self._copies: dict[tuple[_State, _State], bool] = {}

    def open(self, name: str, *, gzip: bool) -> OpenedFile | None:
        """Open the file of that name (without a leading slash), or its compressed copy if that is up to date.

        None if it is not a public file: a name that begins with a dot, a path out of the folder (also through links),
        a folder or a pipe.
        """
        place = self._place(name)
        plain = None if place is None else _open_file(place)
        if plain is None:
            return None
        assert place is not None
        state = _state(plain)
        try:
            etag = self._etag(plain, state)
            copy = self._copy(place, plain, state) if gzip else None
        except BaseException:
            plain.close()
            raise
        if copy is not None:
            plain.close()
            # A different representation needs a different strong ETag (RFC 9110 section 8.8.3.3).
            return OpenedFile(copy, _state(copy)[1], f"{etag}-gzip", _modified(state), compressed=True)
        return OpenedFile(plain, state[1], etag, _modified(state), compressed=False)

    def _place(self, name: str) -> Path | None:
        parts = name.split("/")
        if not name or "\0" in name or "\\" in name or not all(_is_plain(part) for part in parts):
            return None
        try:
            root = os.path.realpath(self._folder)
            place = Path(os.path.realpath(self._folder.joinpath(*parts)))
        except (OSError, ValueError):
            return None
        # A link may point to another file in the folder, but not to a hidden one.
        inside = place.is_relative_to(root) and all(_is_plain(part) for part in place.relative_to(root).parts)
        return place if inside else None

    def _etag(self, file: BufferedReader, state: _State) -> str:
        with self._lock:
            known = self._digests.get(state)
        if known is None:
            known = hashlib.file_digest(file, "sha256").hexdigest()[:32]
            file.seek(0)
            if _state(file) == state:  # otherwise a writer is replacing the file
                self._remember(self._digests, state, known)
        return known

    def _copy(self, place: Path, plain: BufferedReader, state: _State) -> BufferedReader | None:
        """The compressed copy, if its content is the same: a writer replaces the two files one after the other."""
        copy = _open_file(place.with_name(place.name + ENDING))
        if copy is None:
            return None
        both = (state, _state(copy))
        with self._lock:
            right = self._copies.get(both)
        if right is None:
            right = is_copy_of(copy.read(), plain.read())
            copy.seek(0)
            plain.seek(0)
            self._remember(self._copies, both, right)
        if not right:
            copy.close()
            return None
        return copy

    def _remember(self, known: dict[_Key, _Value], key: _Key, value: _Value) -> None:
        with self._lock:
            if len(known) >= _MAX_REMEMBERED:
                known.clear()
            known[key] = value


def _is_plain(part: str) -> bool:
    return bool(part) and not part.startswith(".")


def _open_file(place: Path) -> BufferedReader | None:
    try:
        descriptor = os.open(place, _OPEN)
    except (OSError, ValueError):
        return None
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return os.fdopen(descriptor, "rb")
    except OSError:
        pass
    with suppress(OSError):
        os.close(descriptor)
    return None


def _state(file: BufferedReader) -> _State:
    found = os.fstat(file.fileno())
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_dev


def _modified(state: _State) -> datetime:
    return datetime.fromtimestamp(state[2] // 1_000_000_000, UTC)
