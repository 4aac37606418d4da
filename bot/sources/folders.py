"""The local folder and the checkouts of all sources, read as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeVar

from bot.config import Config, Source
from bot.errors import PostError
from bot.model import Post
from bot.posts.folder import PostFolder, Scan, Signature
from bot.posts.read import shown_path
from bot.sources.place import config_of, place_of

_TRIES: Final = 3
_Found = TypeVar("_Found")
#: Makes what reads the folder in some settings.
Reader = Callable[[Config], PostFolder]


class Posts(Protocol):
    """What a pass reads posts from."""

    def stamp(self) -> Signature:
        """Equal to the last scan's signature if nothing has changed; opens no file. Raises PostError."""

    def scan(self) -> Scan:
        """All posts and faults. Raises PostError if there is nothing that can be read."""


def posts_of(config: Config) -> Posts:
    """The posts that these settings name. Contacts nobody: of sources it reads what was fetched last."""
    return JoinedFolders(config) if config.sources else PostFolder(config)


class _Checkout:
    def __init__(self, config: Config, source: Source, reader: Reader) -> None:
        self.source = source
        self.place: Final = place_of(config, source)
        self._config = config_of(config, source)
        self._reader = reader
        self.forget()

    def forget(self) -> None:
        """Read everything anew at the next look."""
        self.folder = self._reader(self._config)


class JoinedFolders:
    """Posts of several folders. Not for use from several threads at once; checkouts may be swapped meanwhile."""

    def __init__(self, config: Config, *, reader: Reader = PostFolder) -> None:
        self._config = config
        self._local = reader(config)
        self._local_was_there = False
        self._checkouts = [_Checkout(config, source, reader) for source in config.sources]

    def stamp(self) -> Signature:
        """The present signature; what cannot be read has one too."""
        parts: list[Signature] = [self._local.stamp()] if self._has_local() else []
        for checkout in self._checkouts:
            try:
                parts.append(_undisturbed(checkout, lambda folder: folder.stamp()))
            except PostError:
                parts.append(_unreadable(checkout))
        return _joined(parts)

    def scan(self) -> Scan:
        """Read what is new or changed. A source that cannot be read is a fault; the others go on.

        Raises PostError if the local folder was there and is gone.
        """
        scans: list[Scan] = [self._local.scan()] if self._has_local() else []
        unreadable: list[PostError] = []
        for checkout in self._checkouts:
            try:
                scans.append(_undisturbed(checkout, lambda folder: folder.scan()))
            except PostError as error:
                scans.append(Scan(posts=(), faults=(), signature=_unreadable(checkout)))
                unreadable.append(self._fault(checkout, error))
        posts, faults = without_clashes(scans)
        return Scan(
            posts=posts,
            faults=(*faults, *unreadable),
            signature=_joined([scan.signature for scan in scans]),
            # What is missing because its source could not be read is not gone.
            complete=not unreadable,
        )

    def _has_local(self) -> bool:
        """Beside sources nobody needs a local folder. One that vanishes under our eyes is a mishap all the same."""
        self._local_was_there = self._local_was_there or self._config.posts_folder.is_dir()
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


def without_clashes(scans: Sequence[Scan]) -> tuple[tuple[Post, ...], tuple[PostError, ...]]:
    """Two posts never share an address or an id: the first keeps it, in the order of the settings, local ones first.

    A file with a fault keeps its address too; otherwise another would be announced under it while it is mended.
    """
    posts: list[Post] = []
    faults: list[PostError] = []
    slugs: dict[str, Path] = {}
    ids: dict[str, Path] = {}
    for scan in scans:
        for fault in scan.faults:
            slugs.setdefault(fault.path.stem, fault.path)
            faults.append(fault)
        for post in scan.posts:
            if (other := slugs.setdefault(post.slug, post.path)) != post.path:
                problem = f"has the same name as {other}, so they would share {post.url}."
                faults.append(PostError(post.path, problem, remedy="Rename one of the files."))
            elif (other := ids.setdefault(post.post_id, post.path)) != post.path:
                line, remedy = post.lines.get("id"), "Give one of them another id."
                faults.append(
                    PostError(post.path, f"has the same id as {other}.", line=line, field="id", remedy=remedy)
                )
            else:
                posts.append(post)
    return tuple(posts), tuple(faults)


def _undisturbed(checkout: _Checkout, look: Callable[[PostFolder], _Found]) -> _Found:
    """What a look finds in one tree: one during which another was swapped in is repeated. Raises PostError."""
    for _ in range(_TRIES):
        before = checkout.place.mark()
        found = _looked(checkout.folder, look)
        if checkout.place.mark() == before:
            if isinstance(found, PostError):
                raise found
            return found
        # It may have read a file of one tree under the name of another.
        checkout.forget()
    raise PostError(checkout.place.current, "changes faster than it can be read.")


def _looked(folder: PostFolder, look: Callable[[PostFolder], _Found]) -> _Found | PostError:
    try:
        return look(folder)
    except PostError as error:
        return error


def _unreadable(checkout: _Checkout) -> Signature:
    return ((str(checkout.place.current), None),)


def _joined(parts: Sequence[Signature]) -> Signature:
    return tuple(one for part in parts for one in part)
