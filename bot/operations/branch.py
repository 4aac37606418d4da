"""What a branch changes in the posts, read from git and the folder. Uses no network, writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from bot.compose.announcement import make_reminder_post
from bot.config import Config
from bot.domain import (
    AccountState,
    Announcement,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Entry,
    Finding,
    Occasion,
    Post,
    Snapshot,
)
from bot.domain.errors import ComposeError, PostError, UsageError
from bot.feeds.entry import entry_of
from bot.planner.builder import Compose
from bot.posts.addresses import name_of
from bot.posts.folder import Scan
from bot.posts.git.changes import Changes, FileChange, changes_since, read_old_bytes
from bot.posts.listing import is_hidden, may_be_post
from bot.posts.reader import parse_post


def assume_released(
    posts: Iterable[Post], *, accounts: Sequence[str], compose: Compose, now: datetime, tag_ids: bool = False
) -> Snapshot:
    """A ledger in which everything due at `now` went out on time; `posts` are those of the base."""
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
    if post.published is None or not post.is_tooted:
        return
    due_by_now = [(Occasion.PUBLISH, post, post.published)]
    due_by_now += [
        (Occasion.reminder(one.reminder_id), make_reminder_post(post, one), one.at)
        for one in post.reminders
        if one.at <= now
    ]
    for occasion, words_of, due in due_by_now:
        try:
            words: Announcement = compose(words_of, address)
        except ComposeError:  # it would be held
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


class PostStage(Enum):
    """How far a post has come."""

    DRAFT = "draft"
    UPCOMING = "upcoming"
    OUT = "out"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeletedPost:
    """A post whose file a branch deletes."""

    path: Path
    title: str
    stage: PostStage  #: before it was deleted


@dataclass(frozen=True, kw_only=True)
class Branch:
    """The posts that a branch changes, and how they were where it began."""

    since: str
    changed: frozenset[Path]  #: all its files, and posts whose pictures it changes
    before: Mapping[Path, Post]  #: the posts as they were, by their present path; without unusable ones
    old_paths: Mapping[Path, Path]  #: by present path
    base_posts: Sequence[Post]  #: all posts of the base
    gone: tuple[DeletedPost, ...]
    wording_files: tuple[Path, ...]  #: templates, people and settings among the changed files


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
            was = _read_old_version(config, changes, change.old_path)
            before.update({path: was} if was is not None else {})
    removed = [(one.path, _read_old_version(config, changes, one.path)) for one in _removed(config, changes)]
    touched = frozenset(changes.files)
    unchanged = [post for post in scan.posts if post.path not in touched]
    # A post with another picture is changed too, although its file is the same.
    before.update({post.path: post for post in unchanged if _shows_any_of(post, touched, config)})
    old_paths.update({path: path for path in before if path not in old_paths})
    return Branch(
        since=revision,
        changed=touched | before.keys(),
        before=before,
        old_paths=old_paths,
        base_posts=_unique([*unchanged, *before.values(), *(post for _, post in removed if post is not None)]),
        gone=tuple(
            DeletedPost(path=path, title=post.title, stage=_stage_of(post, now))
            for path, post in removed
            if post is not None
        ),
        wording_files=tuple(sorted(path for path in touched if _changes_wording(path, config))),
    )


def _read_old_version(config: Config, changes: Changes, path: Path) -> Post | None:
    try:
        data = read_old_bytes(changes, path, root=config.root)
        return parse_post(data, path=config.root / path, slug=name_of(path), config=config)
    except (PostError, UsageError):  # it was unusable then, so nothing of it is out
        return None


def _removed(config: Config, changes: Changes) -> Iterator[FileChange]:
    for change in changes.files.values():
        # Moved out of the folder, or to a name that the bot skips: for the bot it is gone.
        stays = not change.deleted and _is_post_file(change.path, config)
        if change.old_path is not None and _is_post_file(change.old_path, config) and not stays:
            yield FileChange(path=change.old_path, deleted=True)


def _is_post_file(path: Path, config: Config) -> bool:
    folder = config.site.posts
    if not path.is_relative_to(folder):
        return False
    *folders, name = path.relative_to(folder).parts or ("",)
    return may_be_post(name) and not any(map(is_hidden, folders))


def _shows_any_of(post: Post, touched: frozenset[Path], config: Config) -> bool:
    pictures = (post.cover, *(post.mastodon.media or ()))
    files = [picture.path for picture in pictures if picture is not None and picture.path is not None]
    root = config.root.resolve()
    return any(file.is_relative_to(root) and file.relative_to(root) in touched for file in files)


def _changes_wording(path: Path, config: Config) -> bool:
    whole = (config.root / path).absolute()
    files = (config.people_file.absolute(), config.path.absolute())
    return whole in files or whole.is_relative_to(config.templates_folder.absolute())


def _unique(posts: Sequence[Post]) -> list[Post]:
    return list({post.path: post for post in posts}.values())


def _stage_of(post: Post, now: datetime) -> PostStage:
    if post.published is None:
        return PostStage.DRAFT
    return PostStage.UPCOMING if post.published > now else PostStage.OUT


def findings_about(findings: Iterable[Finding], changed: Collection[Path]) -> list[Finding]:
    """The findings about changed files, and those about other files that a changed one causes."""
    return [one for one in findings if one.path in changed or any(other in changed for other in one.others)]
