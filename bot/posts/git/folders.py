"""The local folder and the checkouts of all sources, read as one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final, Protocol

from bot.config import Config, Source
from bot.domain import Post
from bot.domain.errors import PostError
from bot.posts.cache.file import PostCache
from bot.posts.folder import PostFolder, Scan, Signature, reject_clashes, sort_by_path
from bot.posts.git.checkout import checkout_dir_of, config_of
from bot.posts.listing import FolderSnapshot
from bot.posts.reader import shown_path

_TRIES: Final = 3
#: Makes the reader of the posts folder in these settings.
Reader = Callable[[Config], PostFolder]


class PostSource(Protocol):
    """The source of posts for a cycle."""

    @property
    def pictures(self) -> Collection[str]:
        """The picture files that the watcher must watch."""

    @property
    def snapshot(self) -> FolderSnapshot | None:
        """The snapshot that `scan` uses; None if it takes its own."""

    def take_snapshot(self) -> FolderSnapshot:
        """Take a snapshot of the files."""

    def update_snapshot(self, since: FolderSnapshot, changed: Collection[str]) -> FolderSnapshot:
        """Update an earlier snapshot, given that only the files at these paths have changed."""

    def use_snapshot(self, snapshot: FolderSnapshot) -> None:
        """Make `scan` use this snapshot from now on."""

    def scan(self) -> Scan:
        """All posts and faults. Raises PostError if the folder cannot be read."""

    def read_changes(self) -> list[tuple[Post, Post]] | None:
        """Read the changed posts, each before and after; None if more than their content has changed since `scan`."""

    def remember(self) -> None:
        """Store the parsed posts on disk for the next start."""

    def close(self) -> None:
        """Close the caches."""


def open_posts(config: Config, *, cache: PostCache | None = None) -> PostSource:
    """Open the posts of these settings. Uses no network: of a source it reads the last checkout."""
    if config.sources:
        return JoinedFolders(config, local=PostFolder(config, cache=cache))
    return PostFolder(config, cache=cache)


class _Checkout:
    def __init__(self, config: Config, source: Source, reader: Reader) -> None:
        self.source = source
        self.directory: Final = checkout_dir_of(config, source)
        self._config = config_of(config, source)
        self._reader = reader
        self.forget()

    def forget(self) -> None:
        """Discard what was read; the next scan reads everything."""
        self.folder = self._reader(self._config)
        self.latest: tuple[object, Scan] | None = None  #: the mark of a tree, and its scan


class JoinedFolders:
    """The posts of several folders. Not thread-safe, but another process may replace the checkouts meanwhile.

    Only the local folder needs a watcher: a checkout is reread when another tree becomes current.
    """

    def __init__(self, config: Config, *, reader: Reader = PostFolder, local: PostFolder | None = None) -> None:
        self._config = config
        self._local = local or reader(config)
        self._local_was_there = False
        self._checkouts = [_Checkout(config, source, reader) for source in config.sources]

    @property
    def pictures(self) -> Collection[str]:
        return self._local.pictures

    @property
    def snapshot(self) -> FolderSnapshot | None:
        return self._local.snapshot

    def take_snapshot(self) -> FolderSnapshot:
        return self._local.take_snapshot()

    def update_snapshot(self, since: FolderSnapshot, changed: Collection[str]) -> FolderSnapshot:
        return self._local.update_snapshot(since, changed)

    def use_snapshot(self, snapshot: FolderSnapshot) -> None:
        self._local.use_snapshot(snapshot)

    def read_changes(self) -> list[tuple[Post, Post]] | None:
        return self._local.read_changes() if self._has_local() else None

    def remember(self) -> None:
        self._local.remember()

    def close(self) -> None:
        self._local.close()

    def scan(self) -> Scan:
        """Read the new and changed files. An unreadable source becomes a fault and does not affect the others.

        Raises PostError if the local folder existed and is gone.
        """
        scans: list[Scan] = [self._local.scan()] if self._has_local() else []
        unreadable: list[PostError] = []
        for checkout in self._checkouts:
            try:
                scans.append(_read(checkout))
            except PostError as error:
                scans.append(Scan(posts=(), faults=(), signature=_unreadable(checkout)))
                unreadable.append(self._fault(checkout, error))
        # On a clash the first post wins: the local folder, then the sources in the order of the settings.
        outcomes = [one for scan in scans for one in sort_by_path([*scan.faults, *scan.posts])]
        posts, faults = reject_clashes(outcomes, dated=self._config.posts.dated_names)
        return Scan(
            posts=posts,
            faults=(*faults, *unreadable),
            signature=_joined([scan.signature for scan in scans]),
            # Posts that are missing because their source was unreadable are not gone.
            complete=not unreadable,
        )

    def _has_local(self) -> bool:
        """Whether to read the local folder: with sources it is optional, but one that vanishes is a fault."""
        snapshot = self._local.snapshot
        is_there = self._config.posts_folder.is_dir() if snapshot is None else snapshot.fault is None
        self._local_was_there = self._local_was_there or is_there
        return self._local_was_there

    def _fault(self, checkout: _Checkout, error: PostError) -> PostError:
        shown = shown_path(checkout.directory.current / checkout.source.folder, self._config.root)
        if checkout.directory.commit():
            return PostError(shown, error.problem, remedy="`announce check` says which commit of it is in force.")
        return PostError(
            shown,
            f"nothing was fetched yet from {checkout.source.shown}.",
            remedy="`announce run` and `announce tick` fetch it; `announce check` says why it fails.",
        )


def _read(checkout: _Checkout) -> Scan:
    """Scan one tree; repeats the scan if another tree became current meanwhile. Raises PostError."""
    for _ in range(_TRIES):
        before = checkout.directory.mark()
        if checkout.latest is not None and checkout.latest[0] == before:
            return checkout.latest[1]
        found = _scanned(checkout.folder)
        if checkout.directory.mark() == before:
            if isinstance(found, PostError):
                raise found
            if before is not None:
                checkout.latest = (before, found)
            return found
        # The scan may have mixed files of two trees.
        checkout.forget()
    raise PostError(checkout.directory.current, "changes faster than it can be read.")


def _scanned(folder: PostFolder) -> Scan | PostError:
    try:
        return folder.scan()
    except PostError as error:
        return error


def _unreadable(checkout: _Checkout) -> Signature:
    return ((str(checkout.directory.current), None),)


def _joined(parts: Sequence[Signature]) -> Signature:
    return tuple(one for part in parts for one in part)
