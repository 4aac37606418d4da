"""The folder of posts. It is looked at often, so only what has changed is read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from bot.errors import PostError
from bot.posts.listing import FileState, Listed, Listing, list_files, state_of
from bot.posts.pictures import local_file
from bot.posts.read import parse_post, read_bytes, shown_path, unreadable

if TYPE_CHECKING:
    from bot.config import Config
    from bot.model import Post

#: Equal if nothing has changed; good for nothing but comparing.
Signature: TypeAlias = tuple[tuple[str, FileState | None], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """What the folder held at one look."""

    posts: tuple[Post, ...]  #: drafts too, in the order of their paths
    faults: tuple[PostError, ...]  #: one for each file that cannot be used, in the same order
    signature: Signature
    complete: bool = True  #: false: some of the posts could not be looked at, so what is missing may be there


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """A file that was read, with the states that it and its pictures had then."""

    state: FileState
    outcome: Post | PostError | None
    pictures: tuple[tuple[Path, FileState | None], ...]


class PostFolder:
    """The post files of one site. Not for use from several threads at once."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._known: dict[Path, _Known] = {}

    def stamp(self) -> Signature:
        """The folder's present signature; opens no file. It equals the last scan's if nothing has changed.

        Raises PostError if there is no such folder.
        """
        files = self._list().files
        return _signature(
            [(file.path, file.state) for file in files],
            [
                (picture, state_of(picture))
                for known in (self._known.get(file.path) for file in files)
                for picture, _ in (known.pictures if known is not None else ())
            ],
        )

    def scan(self) -> Scan:
        """Read what is new or changed. A file that cannot be used is a fault; the others go on.

        Raises PostError if there is no such folder.
        """
        listing = self._list()
        passing: list[PostError] = [unreadable(path, error, config=self._config) for path, error in listing.closed]
        known: dict[Path, _Known] = {}
        for file in listing.files:
            try:
                known[file.path] = self._fresh(file) or self._read(file)
            except FileNotFoundError:
                continue  # gone since it was listed
            except OSError as error:
                # Not kept: the next scan tries again.
                passing.append(unreadable(file.path, error, config=self._config))
        self._known = known
        posts, faults = _without_clashes([one.outcome for one in known.values()], passing)
        return Scan(
            posts=posts,
            faults=faults,
            signature=_signature(
                [(file.path, known[file.path].state if file.path in known else file.state) for file in listing.files],
                [picture for one in known.values() for picture in one.pictures],
            ),
        )

    def _list(self) -> Listing:
        folder = self._config.posts_folder
        try:
            return list_files(folder)
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            raise PostError(
                shown_path(folder, self._config.root),
                "there is no such folder." if missing else f"cannot be looked into: {error.strerror or error}.",
                remedy="Check [site] posts in the settings; it names the folder of the post files.",
            ) from None

    def _fresh(self, file: Listed) -> _Known | None:
        known = self._known.get(file.path)
        if known is None or known.state != file.state:
            return None
        return known if all(state_of(path) == state for path, state in known.pictures) else None

    def _read(self, file: Listed) -> _Known:
        """Raises OSError. The state is older than the bytes, so a change in between is seen at the next look."""
        data = read_bytes(file.path)
        outcome: Post | PostError | None
        try:
            outcome = parse_post(data, path=file.path, slug=file.path.stem, config=self._config)
        except PostError as fault:
            outcome = fault
        pictures = self._files_of(outcome) if outcome is not None and not isinstance(outcome, PostError) else []
        return _Known(
            state=file.state, outcome=outcome, pictures=tuple((picture, state_of(picture)) for picture in pictures)
        )

    def _files_of(self, post: Post) -> list[Path]:
        """Where its pictures lie, whether they are there or not."""
        files = (
            local_file(picture.url, config=self._config)
            for picture in (post.cover, *(post.mastodon.media or ()))
            if picture
        )
        return list(dict.fromkeys(file for file in files if file is not None))


def _signature(
    files: Sequence[tuple[Path, FileState | None]], pictures: Sequence[tuple[Path, FileState | None]]
) -> Signature:
    return tuple((str(path), state) for path, state in (*files, *sorted(pictures, key=lambda picture: picture[0])))


def _without_clashes(
    outcomes: Sequence[Post | PostError | None], passing: Sequence[PostError]
) -> tuple[tuple[Post, ...], tuple[PostError, ...]]:
    """Two posts never share an address or an id: the first by path keeps it, the other is a fault.

    A file with a fault keeps its address too; otherwise another would be announced under it while it is mended.
    """
    posts: list[Post] = []
    faults: list[PostError] = []
    slugs: dict[str, Path] = {}
    ids: dict[str, Path] = {}
    for outcome in sorted(_real(outcomes, passing), key=lambda one: one.path):
        slug = outcome.path.stem if isinstance(outcome, PostError) else outcome.slug
        other = slugs.setdefault(slug, outcome.path)
        if isinstance(outcome, PostError):
            faults.append(outcome)
        elif other != outcome.path:
            faults.append(_clash(outcome, "", f"has the same name as {other}, so they would share {outcome.url}."))
        elif (other := ids.setdefault(outcome.post_id, outcome.path)) != outcome.path:
            faults.append(_clash(outcome, "id", f"has the same id as {other}."))
        else:
            posts.append(outcome)
    return tuple(posts), tuple(faults)


def _real(outcomes: Sequence[Post | PostError | None], passing: Sequence[PostError]) -> Iterator[Post | PostError]:
    yield from (outcome for outcome in outcomes if outcome is not None)
    yield from passing


def _clash(post: Post, field: str, problem: str) -> PostError:
    remedy = "Give one of them another id." if field else "Rename one of the files."
    return PostError(post.path, problem, line=post.lines.get(field), field=field, remedy=remedy)
