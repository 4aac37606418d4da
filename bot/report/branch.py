"""What a branch changes of the posts: read from git and the folder. Contacts nobody, writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.compose.announcement import as_reminder
from bot.config import Config
from bot.domain import AccountState, Announcement, Delivery, DeliveryKey, DeliveryState, Entry, Occasion, Post, Snapshot
from bot.domain.errors import ComposeError, PostError, UsageError
from bot.feeds.entry import entry_of
from bot.planner.builder import Compose
from bot.posts.addresses import name_of
from bot.posts.folder import Scan
from bot.posts.git.changes import Changes, FileChange, changes_since, old_bytes
from bot.posts.reader import parse_post
from bot.report.view import Gone, gone_of


def assumed_ledger(
    posts: Iterable[Post], *, accounts: Sequence[str], compose: Compose, now: datetime, tag_ids: bool = False
) -> Snapshot:
    """Everything that was due at `now` is released and tooted, on time; `posts` are those of the base."""
    entries: dict[str, Entry] = {}
    deliveries: dict[DeliveryKey, Delivery] = {}
    for post in posts:
        if post.published is None or post.published > now:
            continue
        entries[post.post_id] = entry_of(post, released_at=post.published, tag_ids=tag_ids)
        for address in accounts:
            for delivery in _sent(post, address, compose, now):
                deliveries[delivery.key] = delivery
    return Snapshot(
        entries=entries,
        accounts={address: AccountState(address=address, joined_at=None) for address in accounts},
        deliveries=deliveries,
    )


def _sent(post: Post, address: str, compose: Compose, now: datetime) -> Iterable[Delivery]:
    if post.published is None or post.hidden or post.mastodon.skip:
        return
    said = [(Occasion.PUBLISH, post, post.published)]
    said += [
        (Occasion.reminder(one.reminder_id), as_reminder(post, one), one.at) for one in post.reminders if one.at <= now
    ]
    for occasion, words_of, due in said:
        try:
            words: Announcement = compose(words_of, address)
        except ComposeError:  # held: it is not out
            continue
        yield Delivery(
            key=DeliveryKey(post.post_id, address, occasion),
            slug=post.slug,
            due=due,
            announcement=words,
            state=DeliveryState.SENT,
            attempts=1,
            first_tried_at=due,
            settled_at=due,
            status_id="1",
            sequence=1,
        )


@dataclass(frozen=True, kw_only=True)
class Branch:
    """The posts that a branch changes, and how they were where it began."""

    since: str
    changed: frozenset[Path]  #: all its files, and posts whose pictures it changes
    before: Mapping[Path, Post]  #: the posts as they were, by their present path; one that was not usable is not there
    old_paths: Mapping[Path, Path]  #: by present path
    base_posts: Sequence[Post]  #: all posts of the base
    gone: tuple[Gone, ...]
    looks: tuple[Path, ...]  #: templates, people and settings among the changed files


def read_branch(config: Config, revision: str, scan: Scan, *, now: datetime) -> Branch:
    """The changes since `revision`, for the posts of `scan`. Raises UsageError."""
    changes = changes_since(revision, root=config.root)
    files = [post.path for post in scan.posts] + [fault.path for fault in scan.faults]
    before: dict[Path, Post] = {}
    old_paths: dict[Path, Path] = {}
    for path in files:
        change = changes.files.get(path)
        if change is not None and change.old_path is not None:
            old_paths[path] = change.old_path
            was = _as_it_was(config, changes, change.old_path)
            before.update({path: was} if was is not None else {})
    removed = [(one.path, _as_it_was(config, changes, one.path)) for one in _removed(config, changes)]
    touched = frozenset(changes.files)
    unchanged = [post for post in scan.posts if post.path not in touched]
    # A post that only has another picture now is changed too, and its words are as they were.
    before.update({post.path: post for post in unchanged if _shows_any_of(post, touched, config)})
    old_paths.update({path: path for path in before if path not in old_paths})
    return Branch(
        since=revision,
        changed=touched | before.keys(),
        before=before,
        old_paths=old_paths,
        base_posts=_unique([*unchanged, *before.values(), *(post for _, post in removed if post is not None)]),
        gone=tuple(gone_of(path, post, now=now) for path, post in removed if post is not None),
        looks=tuple(sorted(path for path in touched if _is_look(path, config))),
    )


def _as_it_was(config: Config, changes: Changes, path: Path) -> Post | None:
    try:
        data = old_bytes(changes, path, root=config.root)
        return parse_post(data, path=config.root / path, slug=name_of(path), config=config)
    except (PostError, UsageError):  # it was not usable then, so nothing of it is out
        return None


def _removed(config: Config, changes: Changes) -> Iterator[FileChange]:
    for change in changes.files.values():
        # Moved out of the folder, or to a name that is left alone: for the bot it is gone.
        stays = not change.deleted and _is_post_file(change.path, config)
        if change.old_path is not None and _is_post_file(change.old_path, config) and not stays:
            yield FileChange(path=change.old_path, deleted=True)


def _is_post_file(path: Path, config: Config) -> bool:
    folder = config.site.posts
    if path.suffix != ".md" or not path.is_relative_to(folder):
        return False
    return not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)


def _shows_any_of(post: Post, touched: frozenset[Path], config: Config) -> bool:
    pictures = (post.cover, *(post.mastodon.media or ()))
    places = [picture.path for picture in pictures if picture is not None and picture.path is not None]
    root = config.root.resolve()
    return any(place.is_relative_to(root) and place.relative_to(root) in touched for place in places)


def _is_look(path: Path, config: Config) -> bool:
    whole = (config.root / path).absolute()
    files = (config.people_file.absolute(), config.path.absolute())
    return whole in files or whole.is_relative_to(config.templates_folder.absolute())


def _unique(posts: Sequence[Post]) -> list[Post]:
    return list({post.path: post for post in posts}.values())
