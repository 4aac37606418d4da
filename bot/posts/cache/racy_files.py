"""Files that may change without their state showing it, for clocks of file systems are coarse.

A file that was read within moments of its last change may have changed once more since, within the same tick of the
file system's clock and with the same length. git calls such a file "racily clean" (git's
Documentation/technical/racy-git) and compares its content; so does this, until the moments are over.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from bot.posts.listing import FileState, State

#: The coarsest clock of a file system that is in use (FAT: two seconds), in nanoseconds.
TICK: Final = 2_000_000_000


class RacyFiles:
    """Keeps a digest of each file that was read just when it had changed."""

    def __init__(self) -> None:
        self._digests: dict[str, tuple[FileState, bytes]] = {}
        self._open: set[str] = set()  #: those that may still change unseen

    def read(self, path: str, state: State, data: bytes) -> State:
        """Note a file that was read; returns the state to know it by."""
        bare = plain(state)
        if not is_recent(bare, time.time_ns()):
            self._digests.pop(path, None)
            self._open.discard(path)
            return bare
        digest = hashlib.blake2b(data, digest_size=16).digest()
        self._digests[path] = (bare, digest)
        self._open.add(path)
        return (*bare, digest)

    def holds_still(self, path: str) -> bool:
        """Whether a file that was read cannot have changed since without its state showing it."""
        return path not in self._open

    def told_apart(self, files: Mapping[str, State], only: Collection[str] | None = None) -> Mapping[str, State]:
        """The states with what the content says where that is needed; `only`: of these paths."""
        if not self._digests:
            return files
        told = dict(files)
        for path in self._digests.keys() if only is None else self._digests.keys() & set(only):
            state = told.get(path)
            noted, digest = self._digests[path]
            if state is None or plain(state) != noted:
                continue
            told[path] = (*noted, self._again(path, noted, digest))
        return told

    def _again(self, path: str, state: FileState, digest: bytes) -> bytes:
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
    """Whether a file changed so recently that it may change again without a trace; `now` in ns since the epoch."""
    _, mtime, ctime, _ = state
    # A time that is far ahead says nothing; a little ahead is the other clock of a network folder.
    return any(abs(now - moment) < TICK for moment in (mtime, ctime))


def plain(state: State) -> FileState:
    """The state without what the content says."""
    return (state[0], state[1], state[2], state[3])
