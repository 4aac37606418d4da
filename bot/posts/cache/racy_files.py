"""Detect changes that a file's state does not show, because file system clocks are coarse.

A file that was read right after its last change may have changed again within the same tick of the file system's
clock and with the same length. git calls such a file "racily clean" (git's Documentation/technical/racy-git) and
compares its content. This module does the same until the tick is over.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from bot.posts.listing import FileState, State

#: The coarsest file system clock in use (FAT: two seconds), in nanoseconds.
TICK: Final = 2_000_000_000


class RacyFiles:
    """Keeps a digest of each file that was read right after it changed."""

    def __init__(self) -> None:
        self._digests: dict[str, tuple[FileState, bytes]] = {}
        self._open: set[str] = set()  #: files that may still change without a new state

    def read(self, path: str, state: State, data: bytes) -> State:
        """Record a file that was read; returns the state to compare it by."""
        bare = without_digest(state)
        if not is_recent(bare, time.time_ns()):
            self._digests.pop(path, None)
            self._open.discard(path)
            return bare
        digest = hashlib.blake2b(data, digest_size=16).digest()
        self._digests[path] = (bare, digest)
        self._open.add(path)
        return (*bare, digest)

    def is_settled(self, path: str) -> bool:
        """Whether every later change of this file would show in its state."""
        return path not in self._open

    def with_digests(self, files: Mapping[str, State], only: Collection[str] | None = None) -> Mapping[str, State]:
        """The states, with a content digest where the state alone is not enough; `only` limits this to some paths."""
        if not self._digests:
            return files
        states = dict(files)
        for path in self._digests.keys() if only is None else self._digests.keys() & set(only):
            state = states.get(path)
            noted, digest = self._digests[path]
            if state is None or without_digest(state) != noted:
                continue
            states[path] = (*noted, self._read_digest(path, noted, digest))
        return states

    def _read_digest(self, path: str, state: FileState, digest: bytes) -> bytes:
        if path not in self._open:
            return digest
        over = not is_recent(state, time.time_ns())
        try:
            now = hashlib.blake2b(Path(path).read_bytes(), digest_size=16).digest()
        except OSError:
            return b""
        if over and now == digest:
            self._open.discard(path)
        return now


def is_recent(state: FileState, now: int) -> bool:
    """Whether a file may change again without a new state; `now` is in nanoseconds since the epoch."""
    _, mtime, ctime, _ = state
    # A time slightly ahead of ours is the clock of a network file system; one far ahead is wrong and ignored.
    return any(abs(now - moment) < TICK for moment in (mtime, ctime))


def without_digest(state: State) -> FileState:
    """The state without the content digest."""
    return (state[0], state[1], state[2], state[3])
