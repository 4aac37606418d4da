"""The local folder and the checkouts of all sources, read as one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final, Protocol

from bot.config import Config, Source
from bot.domain import Post
from bot.domain.errors import PostError
from bot.posts.cache.file import PostCache
from bot.posts.folder import PostFolder, Scan, Signature, by_path, without_clashes
from bot.posts.git.checkout import checkout_dir_of, config_of
from bot.posts.listing import FolderSnapshot
from bot.posts.reader import shown_path

_TRIES: Final = 3
#: Makes what reads the folder in some settings.
Reader = Callable[[Config], PostFolder]


class PostSource(Protocol):
    """What a pass reads posts from."""

    @property
    def pictures(self) -> Collection[str]:
        """The pictures' files of all posts that the watcher must watch."""

    @property
    def agreed(self) -> FolderSnapshot | None:
        """The look that `scan` goes by; None if it looks itself."""

    def look(self) -> FolderSnapshot:
        """How the files are now."""

    def look_again(self, since: FolderSnapshot, changed: Collection[str]) -> FolderSnapshot:
        """How the files are now, if only those at these paths have changed since an earlier look."""

    def go_by(self, look: FolderSnapshot) -> None:
        """From now on `scan` goes by this look."""

    def scan(self) -> Scan:
        """All posts and faults. Raises PostError if there is nothing that can be read."""

    def news(self) -> list[tuple[Post, Post]] | None:
        """Read what the next `scan` would read anew, if only words of posts have changed; None: more than that."""

    def remember(self) -> None:
        """Keep on disk what has been read, for the next start."""

    def close(self) -> None:
        """Let go of what is open."""


def open_posts(config: Config, *, cache: PostCache | None = None) -> PostSource:
    """The posts that these settings name. Uses no network: of a source it reads what was fetched last."""
    if config.sources:
        return JoinedFolders(config, local=PostFolder(config, cache=cache))
    return PostFolder(config, cache=cache)


class _Checkout:
    def __init__(self, config: Config, source: Source, reader: Reader) -> None:
        self.source = source
        self.place: Final = checkout_dir_of(config, source)
        self._config = config_of(config, source)
        self._reader = reader
        self.forget()

    def forget(self) -> None:
        """Read everything anew at the next look."""
        self.folder = self._reader(self._config)
        self.latest: tuple[object, Scan] | None = None  #: what was read, and the mark of its tree


class JoinedFolders:
    """Posts of several folders. Not for use from several threads at once; checkouts may be swapped meanwhile.

    Only the local folder has to be watched: a checkout is read again when another tree was put in force.
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
    def agreed(self) -> FolderSnapshot | None:
        return self._local.agreed

    def look(self) -> FolderSnapshot:
        return self._local.look()

    def look_again(self, since: FolderSnapshot, changed: Collection[str]) -> FolderSnapshot:
        return self._local.look_again(since, changed)

    def go_by(self, look: FolderSnapshot) -> None:
        self._local.go_by(look)

    def news(self) -> list[tuple[Post, Post]] | None:
        return self._local.news() if self._has_local() else None

    def remember(self) -> None:
        self._local.remember()

    def close(self) -> None:
        self._local.close()

    def scan(self) -> Scan:
        """Read what is new or changed. A source that cannot be read is a fault; the others go on.

        Raises PostError if the local folder was there and is gone.
        """
        scans: list[Scan] = [self._local.scan()] if self._has_local() else []
        unreadable: list[PostError] = []
        for checkout in self._checkouts:
            try:
                scans.append(_read(checkout))
            except PostError as error:
                scans.append(Scan(posts=(), faults=(), signature=_unreadable(checkout)))
                unreadable.append(self._fault(checkout, error))
        # The first keeps what two would share: in the order of the settings, the local folder before all sources.
        outcomes = [one for scan in scans for one in by_path([*scan.faults, *scan.posts])]
        posts, faults = without_clashes(outcomes, dated=self._config.posts.dated_names)
        return Scan(
            posts=posts,
            faults=(*faults, *unreadable),
            signature=_joined([scan.signature for scan in scans]),
            # What is missing because its source could not be read is not gone.
            complete=not unreadable,
        )

    def _has_local(self) -> bool:
        """With sources a local folder is optional; one that was there and vanishes is still a fault."""
        agreed = self._local.agreed
        is_there = self._config.posts_folder.is_dir() if agreed is None else agreed.fault is None
        self._local_was_there = self._local_was_there or is_there
        return self._local_was_there

    def _fault(self, checkout: _Checkout, error: PostError) -> PostError:
        shown = shown_path(checkout.place.current / checkout.source.folder, self._config.root)
        if checkout.place.commit():
            return PostError(shown, error.problem, remedy="`announce check` says which commit of it is in force.")
        return PostError(
            shown,
            f"nothing was fetched yet from {checkout.source.shown}.",
            remedy="`announce run` and `announce tick` fetch it; `announce check` says why it fails.",
        )


def _read(checkout: _Checkout) -> Scan:
    """What is in one tree: a scan during which another was swapped in is repeated. Raises PostError."""
    for _ in range(_TRIES):
        before = checkout.place.mark()
        if checkout.latest is not None and checkout.latest[0] == before:
            return checkout.latest[1]
        found = _scanned(checkout.folder)
        if checkout.place.mark() == before:
            if isinstance(found, PostError):
                raise found
            if before is not None:
                checkout.latest = (before, found)
            return found
        # It may have read a file of one tree under the name of another.
        checkout.forget()
    raise PostError(checkout.place.current, "changes faster than it can be read.")


def _scanned(folder: PostFolder) -> Scan | PostError:
    try:
        return folder.scan()
    except PostError as error:
        return error


def _unreadable(checkout: _Checkout) -> Signature:
    return ((str(checkout.place.current), None),)


def _joined(parts: Sequence[Signature]) -> Signature:
    return tuple(one for part in parts for one in part)
