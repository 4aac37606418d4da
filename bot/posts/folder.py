"""The folder of posts. It is scanned often, so a scan rereads only the files that changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from bot.domain import Post
from bot.domain.errors import PostError
from bot.domain.gc import gc_paused
from bot.posts.addresses import name_of, slug_of
from bot.posts.cache.racy_files import RacyFiles, without_digest
from bot.posts.listing import FileState, FolderSnapshot, Signature, State, list_files, state_of, update_paths
from bot.posts.pictures import Bundle, find_local_files
from bot.posts.reader import make_unreadable_error, parse_post, read_bytes, shown_path

if TYPE_CHECKING:
    from bot.config import Config
    from bot.posts.cache.file import PostCache, Read


__all__ = ["PostFolder", "Scan", "Signature"]

#: With more changed files than this, a full scan is the simpler answer (see `read_changes`).
MOST_CHANGES: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """The result of one scan of the folder."""

    posts: tuple[Post, ...]  #: including drafts, in path order
    faults: tuple[PostError, ...]  #: one for each unusable file, in path order
    signature: Signature
    complete: bool = True  #: false: some folders were unreadable, so a missing post may still exist


class _KnownFile(NamedTuple):
    """A file that was read, with the states of the file and its pictures at that time."""

    state: State
    outcome: Post | PostError | None
    pictures: Mapping[str, FileState | None]


class PostFolder:
    """The post files of one site. Not thread-safe."""

    def __init__(self, config: Config, *, cache: PostCache | None = None) -> None:
        """With a `cache`, `remember` stores the parsed posts on disk for the next start."""
        self._config = config
        self._known: dict[str, _KnownFile] = {}
        self._cache = cache
        self._is_loaded = False
        self._unsaved: set[str] = set()  #: paths of files that were read and are not in the cache yet
        self.pictures: tuple[str, ...] = ()  #: the picture files of all known posts
        self._recent = RacyFiles()
        self._snapshot: FolderSnapshot | None = None
        self._last_read = FolderSnapshot()  #: the states of the files as last read

    def take_snapshot(self) -> FolderSnapshot:
        """Take a snapshot of all files. Opens only files that were read right after a change (see `RacyFiles`)."""
        self._load_cache()
        try:
            listing = list_files(self._config.posts_folder)
        except OSError as error:
            return FolderSnapshot(fault=self._missing(error))
        return FolderSnapshot(
            files=self._recent.with_digests(listing.files),
            closed=tuple(make_unreadable_error(path, error, config=self._config) for path, error in listing.closed),
            pictures={path: state_of(path) for path in self.pictures},
        )

    def update_snapshot(self, since: FolderSnapshot, changed: Collection[str]) -> FolderSnapshot:
        """Update an earlier snapshot, given that only the files at these paths have changed."""
        updated = update_paths(since, changed)
        if updated is None:
            return self.take_snapshot()
        return replace(updated, files=self._recent.with_digests(updated.files, changed))

    def use_snapshot(self, snapshot: FolderSnapshot) -> None:
        """Make `scan` use this snapshot from now on; the caller keeps it up to date."""
        self._snapshot = snapshot

    @property
    def snapshot(self) -> FolderSnapshot | None:
        """The snapshot that `scan` uses, updated by what it has read; None if it takes its own."""
        return self._snapshot

    def scan(self) -> Scan:
        """Read the new and changed files. An unusable file becomes a fault and does not affect the others.

        Raises PostError if there is no such folder.
        """
        snapshot = self._snapshot or self.take_snapshot()
        if snapshot.fault is not None:
            raise snapshot.fault
        passing = list(snapshot.closed)
        known: dict[str, _KnownFile] = {}
        # All objects made here stay alive; the garbage collector would take a tenth of the time to visit them.
        with gc_paused():
            for path, state in snapshot.files.items():
                try:
                    one = self._fresh(path, state, snapshot) or self._read(path, state)
                    if one is not None:
                        known[path] = one
                except FileNotFoundError:
                    continue  # gone since it was listed
                except OSError as error:
                    # Not stored as known: the next scan tries again.
                    passing.append(make_unreadable_error(Path(path), error, config=self._config))
        self._known = known
        seen = self._last_read = self._as_read(snapshot)
        if self._snapshot is not None:
            self._snapshot = seen
        outcomes = [one.outcome for one in known.values() if one.outcome is not None]
        if passing:  # otherwise they are already in path order
            outcomes = sort_by_path([*outcomes, *passing])
        dated = self._config.posts.dated_names
        posts, faults = reject_clashes(outcomes, dated=dated)
        return Scan(posts=posts, faults=faults, signature=seen.signature)

    def read_changes(self) -> list[tuple[Post, Post]] | None:
        """Read the files that the next `scan` would reread; returns the posts before and after the change.

        None if more has changed: a file was added or removed, is unusable or no post, or has other pictures.
        """
        snapshot, read = self._snapshot or self.take_snapshot(), self._last_read
        if snapshot.fault is not None or snapshot.closed or len(snapshot.files) != len(read.files):
            return None
        changed = [path for path, state in snapshot.files.items() if read.files.get(path) != state]
        if len(changed) > MOST_CHANGES or snapshot.pictures != read.pictures:
            return None
        found: list[tuple[Post, Post]] = []
        states, pictures = dict(snapshot.files), dict(snapshot.pictures)
        for path in changed:
            before = self._known.get(path) if path in read.files else None
            try:
                after = self._read(path, snapshot.files[path])
            except OSError:
                return None
            if before is None or after is None or before.pictures.keys() != after.pictures.keys():
                return None
            if not isinstance(before.outcome, Post) or not isinstance(after.outcome, Post):
                return None
            self._known[path], states[path] = after, after.state
            pictures.update(after.pictures)
            found.append((before.outcome, after.outcome))
        self._last_read = replace(snapshot, files=states, pictures=pictures)
        if self._snapshot is not None:
            self._snapshot = self._last_read
        return found

    def remember(self) -> None:
        """Store the posts read since the last call, except files whose change might not show in their state yet."""
        still = {path for path in self._unsaved if self._recent.is_settled(path)}
        if not still or self._cache is None:
            return
        kept: dict[str, Read] = {}
        for path in still:
            known = self._known.get(path)
            if known is not None and isinstance(known.outcome, Post):
                kept[path] = (without_digest(known.state), known.pictures, known.outcome)
        self._cache.keep(kept, here=self._known.keys() - (still - kept.keys()))
        self._unsaved -= still

    def close(self) -> None:
        """Close the cache."""
        if self._cache is not None:
            self._cache.close()

    def _load_cache(self) -> None:
        if self._is_loaded or self._cache is None:
            return
        self._is_loaded = True
        with gc_paused():
            for path, (state, pictures, post) in self._cache.load().items():
                self._known[path] = _KnownFile(state=state, outcome=post, pictures=pictures)
        if self._known:
            self.pictures = tuple({picture: None for one in self._known.values() for picture in one.pictures})

    def _as_read(self, snapshot: FolderSnapshot) -> FolderSnapshot:
        """The snapshot, updated by the states of the files as they were read."""
        pictures: dict[str, FileState | None] = {}
        for one in self._known.values():
            if one.pictures:
                pictures.update(one.pictures)
        self.pictures = tuple(sorted(pictures))
        files = {
            path: self._known[path].state if path in self._known else state for path, state in snapshot.files.items()
        }
        return replace(snapshot, files=files, pictures={path: pictures[path] for path in self.pictures})

    def _missing(self, error: OSError) -> PostError:
        missing = isinstance(error, FileNotFoundError)
        return PostError(
            shown_path(self._config.posts_folder, self._config.root),
            "there is no such folder." if missing else f"cannot be looked into: {error.strerror or error}.",
            remedy="Check [site] posts in the settings; it names the folder of the post files.",
        )

    def _fresh(self, path: str, state: State, snapshot: FolderSnapshot) -> _KnownFile | None:
        known = self._known.get(path)
        if known is None or known.state != state:
            return None
        if not known.pictures:
            return known
        return known if all(snapshot.pictures.get(one) == was for one, was in known.pictures.items()) else None

    def _read(self, path: str, state: State) -> _KnownFile | None:
        """Read one file. Raises OSError.

        The state is taken before the bytes, so the next snapshot shows a change in between. A file that is being
        written although the snapshot calls it stable keeps its previous content.
        """
        data = read_bytes(path)
        if self._snapshot is not None and state_of(path) != without_digest(state):
            return self._known.get(path)
        state = self._recent.read(path, state, data)
        self._unsaved.add(path)
        outcome: Post | PostError | None
        try:
            outcome = parse_post(data, path=path, slug=name_of(path), config=self._config)
        except PostError as fault:
            outcome = fault
        pictures = self._files_of(outcome, path) if outcome is not None and not isinstance(outcome, PostError) else []
        return _KnownFile(state=state, outcome=outcome, pictures={picture: state_of(picture) for picture in pictures})

    def _files_of(self, post: Post, path: str) -> list[str]:
        """The paths where its pictures may be, whether or not they exist."""
        bundle = Bundle.of(path, post.url)
        pictures = filter(None, (post.cover, *(post.mastodon.media or ())))
        files = (file for one in pictures for file in find_local_files(one.url, config=self._config, bundle=bundle))
        return list(dict.fromkeys(map(str, files)))


def reject_clashes(
    outcomes: Iterable[Post | PostError], *, dated: bool
) -> tuple[tuple[Post, ...], tuple[PostError, ...]]:
    """Turn posts with the address or id of an earlier post into faults.

    A file with a fault keeps its address too; otherwise another post would be announced under it until the author has
    fixed the file.
    """
    posts: list[Post] = []
    faults: list[PostError] = []
    urls: dict[str, Path] = {}
    ids: dict[str, Path] = {}
    broken: dict[str, Path] = {}  #: by slug, because the address of a file with a fault is not certain
    for outcome in outcomes:
        if isinstance(outcome, PostError):
            broken.setdefault(slug_of(outcome.path, dated=dated), outcome.path)
            faults.append(outcome)
        elif (other := broken.get(outcome.slug) or urls.setdefault(outcome.url, outcome.path)) is not outcome.path:
            problem = f"has the same name as {other}, so they would share {outcome.url}."
            faults.append(_clash(outcome, "", problem, other))
        elif (other := ids.setdefault(outcome.post_id, outcome.path)) is not outcome.path:
            faults.append(_clash(outcome, "id", f"has the same id as {other}.", other))
        else:
            posts.append(outcome)
    return tuple(posts), tuple(faults)


def broken_slugs(faults: Iterable[PostError], config: Config) -> frozenset[str]:
    """The slugs of files with faults: these posts still exist and are only unreadable for now."""
    return frozenset(slug_of(fault.path, dated=config.posts.dated_names) for fault in faults)


def sort_by_path(outcomes: Iterable[Post | PostError]) -> list[Post | PostError]:
    """Sort posts and faults by their paths."""
    return sorted(outcomes, key=lambda one: one.path)


def _clash(post: Post, field: str, problem: str, other: Path) -> PostError:
    remedy = "Give one of them another id." if field else "Rename one of the files."
    rule = "same-id" if field else "same-name"
    line = post.lines.get(field)
    return PostError(post.path, problem, rule=rule, line=line, field=field, remedy=remedy, others=(other,))
