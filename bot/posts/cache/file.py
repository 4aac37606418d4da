"""What was read from the post files, kept on disk for the next start. Safe to delete at any time.

Rows are believed only if they were written by this very program with these settings (`key`), are whole (a digest over
each), and belong to a file whose state is still the same. Whatever else is wrong with the file, it is as if there
were none. It is no more secret than the ledger beside it, and nobody else may write into it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from bot.posts.cache.codec import OWN_WORDS, early_from_json, early_to_json, late_from_json, late_to_json
from bot.posts.listing import FileState

_T = TypeVar("_T")

FILE_NAME: Final = "posts-cache.db"
#: Two tables, so that a start, which needs only the early fields, does not have to page past the bodies.
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS early (path TEXT PRIMARY KEY, digest BLOB, post BLOB) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS late (path TEXT PRIMARY KEY, digest BLOB, body TEXT) WITHOUT ROWID",
)


class Stored(NamedTuple):
    """A post as it was read from a file in this state."""

    path: str  #: whole
    state: FileState
    pictures: Mapping[str, FileState | None]
    early: Sequence[Any]  #: the fields of Post that need no rendering, as `EAGER_FIELDS` names them
    late: Any  #: what makes the other ones; None if it must be asked for with `PostCache.late`


class PostCache:
    """The file. Raises nothing: without it everything is only slower. Safe across threads."""

    def __init__(self, path: Path, *, key: str) -> None:
        """`key` stands for all that the meaning of a file depends on."""
        self._path = path
        self._key = hashlib.blake2b(key.encode()).digest()
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def load(self) -> list[Stored]:
        """Everything that is whole."""
        return self._with(self._load) or []

    def late(self, path: str, early_digest: str) -> Any:
        """What makes the late fields of a post; None if it is not there, or not that of the post with this digest."""

        def find(db: sqlite3.Connection) -> Any:
            row = db.execute("SELECT digest, body FROM late WHERE path = ?", (path,)).fetchone()
            is_whole = row is not None and row[0] == self._late_digest(path, early_digest, row[1])
            return late_from_json(row[1]) if is_whole else None

        return self._with(find)

    def keep(self, posts: Iterable[Stored], *, gone: Iterable[str] = ()) -> None:
        """Keep these, in one transaction, and forget those that are gone."""

        def write(db: sqlite3.Connection) -> None:
            db.execute("BEGIN IMMEDIATE")
            for path in filter(_is_text, gone):
                db.execute("DELETE FROM early WHERE path = ?", (path,))
                db.execute("DELETE FROM late WHERE path = ?", (path,))
            for post in posts:
                if _is_text(post.path):
                    db.execute("INSERT OR REPLACE INTO early VALUES (?, ?, ?)", self._early_row(post))
                    db.execute("INSERT OR REPLACE INTO late VALUES (?, ?, ?)", self._late_row(post))
            db.execute("COMMIT")

        self._with(write)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._forget()

    def _early_row(self, post: Stored) -> tuple[str, bytes, bytes]:
        early = early_to_json(post.path, post.state, post.pictures, post.early)
        return post.path, self._digest(early), early

    def _late_row(self, post: Stored) -> tuple[str, bytes, str]:
        late = late_to_json(post.late)
        return post.path, self._late_digest(post.path, post.early[OWN_WORDS].whole, late), late

    def _late_digest(self, path: str, early_digest: str, late: str) -> bytes:
        return self._digest(f"{path}\0{early_digest}\0{late}".encode())

    def _digest(self, data: bytes) -> bytes:
        return hashlib.blake2b(data, key=self._key, digest_size=16).digest()

    def _load(self, db: sqlite3.Connection) -> list[Stored]:
        rows = db.execute("SELECT digest, post FROM early").fetchall()
        whole = [post for digest, post in rows if digest == self._digest(post)]
        return [Stored(*found, None) for found in early_from_json(whole)]

    def _with(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Do the work; None if the cache cannot be used."""
        with self._lock:
            try:
                return work(self._open())
            except (sqlite3.Error, OSError, ValueError, KeyError, TypeError, IndexError):
                self._forget()
                return None

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        try:
            self._connection = self._connect()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # in use, or the disk is full
                raise
            for ending in ("", "-wal", "-shm"):  # it is no database any more
                with suppress(FileNotFoundError):
                    os.remove(f"{self._path}{ending}")
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        _refuse_others(self._path)
        db = sqlite3.connect(self._path, timeout=1, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            for statement in _SCHEMA:
                db.execute(statement)
        except BaseException:
            db.close()
            raise
        return db

    def _forget(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def cache_key(config: Any) -> str:
    """Everything besides the file itself that a post's reading depends on: program, libraries, settings, timezones."""
    from importlib.metadata import version

    package = Path(__file__).parents[2]
    files = [path for name in ("posts", "domain", "config") for path in (package / name).rglob("*.py")]
    code = [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(files)]
    libraries = [version(name) for name in ("markdown-it-py", "nh3", "lxml", "PyYAML", "pillow", "tzdata")]
    site, release = config.site.model_dump(mode="json"), config.release.model_dump(mode="json")
    files = config.posts.model_dump(mode="json")
    return json.dumps([code, libraries, site, files, release["default_time"], str(config.root), _zone_files(config)])


def _zone_files(config: Any) -> list[tuple[str, int]]:
    from zoneinfo import TZPATH

    files = [Path(folder, config.site.timezone.key) for folder in TZPATH]
    return [(str(file), file.stat().st_mtime_ns) for file in files if file.is_file()]


def _refuse_others(path: Path) -> None:
    found = path.stat()
    mine = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
    if not mine or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{path} could be written by somebody else")


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
