"""Parsed posts, stored on disk for the next start. The operator may delete the file at any time.

A row is used only if the same program with the same settings wrote it (`key`), its digest matches, and the state of
its post file is unchanged. A cache file with any other fault is ignored. The file is no more secret than the ledger
beside it, but no other user may have write access to it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar
from zoneinfo import TZPATH

from bot.domain import Post
from bot.posts.cache.codec import post_to_json, posts_from_json
from bot.posts.listing import FileState

_T = TypeVar("_T")

FILE_NAME: Final = "posts-cache.db"
_SCHEMA: Final = "CREATE TABLE IF NOT EXISTS post (path TEXT PRIMARY KEY, digest BLOB, post BLOB) WITHOUT ROWID"
#: A post, with the states of its file and its pictures at the time of reading.
Read: TypeAlias = tuple[FileState, Mapping[str, FileState | None], Post]


class PostCache:
    """The cache file. Raises nothing: an unusable cache only costs time. Thread-safe."""

    def __init__(self, path: Path, *, key: str) -> None:
        """`key` identifies the program and the settings, see `make_cache_key`."""
        self._path = path
        self._key = hashlib.blake2b(key.encode()).digest()
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._kept: dict[str, tuple[FileState, Mapping[str, FileState | None]]] = {}  #: by path, as stored

    def load(self) -> dict[str, Read]:
        """All valid rows, by the full path of the post file."""
        found = self._with(self._load) or {}
        self._kept = {path: (state, pictures) for path, (state, pictures, _) in found.items()}
        return found

    def keep(self, posts: Mapping[str, Read], *, here: Set[str]) -> None:
        """Store the rows that are new, and delete those of files not in `here`, in one transaction."""
        new = {path: one for path, one in posts.items() if self._kept.get(path) != one[:2] and _is_text(path)}
        gone = self._kept.keys() - here
        if not new and not gone:
            return

        def write(db: sqlite3.Connection) -> None:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("DELETE FROM post WHERE path = ?", [(path,) for path in gone])
            for path, (state, pictures, post) in new.items():
                row = post_to_json(path, state, pictures, post)
                db.execute("INSERT OR REPLACE INTO post VALUES (?, ?, ?)", (path, self._digest(row), row))
            db.execute("COMMIT")

        self._with(write)
        self._kept = {path: known for path, known in self._kept.items() if path in here}
        self._kept.update((path, (state, pictures)) for path, (state, pictures, _) in new.items())

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._forget()

    def _digest(self, data: bytes) -> bytes:
        return hashlib.blake2b(data, key=self._key, digest_size=16).digest()

    def _load(self, db: sqlite3.Connection) -> dict[str, Read]:
        rows = db.execute("SELECT digest, post FROM post").fetchall()
        whole = [post for digest, post in rows if digest == self._digest(post)]
        return {path: (state, pictures, post) for path, state, pictures, post in posts_from_json(whole)}

    def _with(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Do the work on the open database; None if the cache cannot be used."""
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
            for ending in ("", "-wal", "-shm"):  # the file is damaged: delete it
                with suppress(FileNotFoundError):
                    os.remove(f"{self._path}{ending}")
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        _refuse_if_writable_for_others(self._path)
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


def make_cache_key(config: Any) -> str:
    """A digest of what parsing a post depends on besides its file: program, libraries, settings, timezone data."""
    package = Path(__file__).parents[2]
    files = [path for name in ("posts", "domain", "config") for path in (package / name).rglob("*.py")]
    code = [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(files)]
    libraries = [version(name) for name in ("markdown-it-py", "nh3", "lxml", "PyYAML", "pillow", "tzdata")]
    site, release = config.site.model_dump(mode="json"), config.release.model_dump(mode="json")
    posts = config.posts.model_dump(mode="json")
    return json.dumps([code, libraries, site, posts, release["default_time"], str(config.root), _zone_files(config)])


def _zone_files(config: Any) -> list[tuple[str, int]]:
    files = [Path(folder, config.site.timezone.key) for folder in TZPATH]
    return [(str(file), file.stat().st_mtime_ns) for file in files if file.is_file()]


def _refuse_if_writable_for_others(path: Path) -> None:
    found = path.stat()
    mine = found.st_uid == os.geteuid()
    if not mine or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{path} is writable for other users")


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
