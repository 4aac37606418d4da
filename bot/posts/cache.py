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
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from bot.posts.listing import FileState
from bot.posts.stored import early_from_json, early_to_json, late_from_json, late_to_json

_T = TypeVar("_T")

FILE_NAME: Final = "posts-cache.db"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS post (
    path TEXT PRIMARY KEY, early TEXT NOT NULL, late TEXT NOT NULL, digest BLOB NOT NULL, late_digest BLOB NOT NULL
) WITHOUT ROWID
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A post as it was read from a file in this state."""

    state: FileState
    pictures: Mapping[str, FileState | None]
    early: dict[str, Any]  #: the fields of Post that need no rendering
    late: Any  #: what makes the other ones; None if it must be asked for with `PostCache.late`


class PostCache:
    """The file. Raises nothing: without it everything is only slower. Safe across threads."""

    def __init__(self, path: Path, *, key: str) -> None:
        """`key` stands for all that the meaning of a file depends on."""
        self._path = path
        self._key = hashlib.blake2b(key.encode()).digest()
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def load(self) -> dict[str, Stored]:
        """Everything that is whole, by whole path."""
        return self._with(self._load) or {}

    def late(self, path: str, early_digest: str) -> Any:
        """What makes the late fields of a post; None if it is not there, or not that of the post with this digest."""

        def find(db: sqlite3.Connection) -> Any:
            row = db.execute("SELECT late, late_digest FROM post WHERE path = ?", (path,)).fetchone()
            is_whole = row is not None and row[1] == self._digest(path + early_digest, row[0])
            return late_from_json(row[0]) if is_whole else None

        return self._with(find)

    def keep(self, posts: Mapping[str, Stored], *, gone: Iterable[str] = ()) -> None:
        """Keep these, in one transaction, and forget those that are gone."""

        def write(db: sqlite3.Connection) -> None:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("DELETE FROM post WHERE path = ?", [(path,) for path in gone if _is_text(path)])
            db.executemany("INSERT OR REPLACE INTO post VALUES (?, ?, ?, ?, ?)", self._rows(posts))
            db.execute("COMMIT")

        self._with(write)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._forget()

    def _rows(self, posts: Mapping[str, Stored]) -> Iterator[tuple[str, str, str, bytes, bytes]]:
        for path, post in posts.items():
            if not _is_text(path):
                continue
            early, late = early_to_json(post.state, post.pictures, post.early), late_to_json(post.late)
            late_digest = self._digest(path + post.early["digest"], late)
            yield path, early, late, self._digest(path, early), late_digest

    def _digest(self, path: str, text: str) -> bytes:
        return hashlib.blake2b(f"{path}\0{text}".encode(), key=self._key, digest_size=16).digest()

    def _load(self, db: sqlite3.Connection) -> dict[str, Stored]:
        rows = db.execute("SELECT path, early, digest FROM post").fetchall()
        whole = [(path, early) for path, early, digest in rows if digest == self._digest(path, early)]
        found = early_from_json(early for _, early in whole)
        return {
            path: Stored(state=state, pictures=pictures, early=early, late=None)
            for (path, _), (state, pictures, early) in zip(whole, found, strict=True)
        }

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
            db.execute(_SCHEMA)
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

    here = Path(__file__).parent
    code = [(path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(here.glob("*.py"))]
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
