"""Making the settings of a site, and what the bot would do first with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from bot.config import Config
from bot.config.load import load_text
from bot.domain import Post
from bot.domain.errors import UsageError
from bot.files.atomic import exists_error, write_file
from bot.operations.setup.proposal import Proposal, machine_timezone, propose
from bot.operations.setup.text import settings_text
from bot.posts.git.folders import open_posts

#: What a proposal cannot do without: the operator's answer goes before what was found.
QUESTIONS: Final = ("title", "url", "timezone", "permalink")


def propose_settings(
    path: Path, *, posts: str | None, force: bool, progress: Callable[[int], None] = lambda _: None
) -> Proposal:
    """What suits the site that the settings file at `path` is for; `posts` is its folder of posts, if that is known.

    Raises OutputError if there are settings already, unless `force`; UsageError if there is no such folder.
    """
    if path.exists() and not force:
        raise exists_error(path, remedy="Change it by hand, or add --force to replace it.")
    root = path.absolute().parent.parent
    if posts and not (root / posts).is_dir():
        raise UsageError(f"there is no folder {posts} in {root}.", remedy="Name one that is there with --posts.")
    return propose(root, posts=posts, timezone=machine_timezone(), progress=progress)


def open_questions(proposal: Proposal) -> tuple[str, ...]:
    """Those of QUESTIONS that an operator who can be asked should answer."""
    return tuple(name for name in QUESTIONS if name != "permalink" or not proposal.permalink_known)


def with_answers(proposal: Proposal, answers: Mapping[str, str]) -> Proposal:
    """The proposal with answers to some of QUESTIONS."""
    if "permalink" in answers:
        proposal = replace(proposal, permalink_from="", permalink_known=True)
    return replace(proposal, **answers)  # type: ignore[arg-type]  # the questions are texts


def write_settings(path: Path, proposal: Proposal, *, acct: str, force: bool) -> Config:
    """Write the settings file and return what it says; nothing is written that could not be read again.

    Raises ConfigError with what is wrong with the answers, OutputError if the file cannot be written.
    """
    text = settings_text(proposal, acct=acct)
    config = load_text(text, path)
    write_file(path, text.encode(), replace=force)
    return config


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstStart:
    """The posts of a site, sorted by what a first start makes of them."""

    total: int
    drafts: int
    old: int  #: into the feeds, without a toot
    fresh: tuple[Post, ...]  #: due and not too late: tooted at once
    coming: tuple[Post, ...]  #: tooted at their times, the next one first
    latest: Post | None  #: the one of the latest datetime
    faults: int  #: files that cannot be used as they stand


def foresee_first_start(config: Config, *, now: datetime) -> FirstStart:
    """What a first start would do with the posts of a site. Raises PostError if their folder cannot be read."""
    scan = open_posts(config).scan()
    moments = ((post.published, post) for post in scan.posts if post.published is not None)
    dated = sorted(moments, key=lambda one: one[0])
    catch_up = config.release.catch_up
    fresh = tuple(post for at, post in dated if now - catch_up <= at <= now and post.is_tooted)
    return FirstStart(
        total=len(scan.posts),
        drafts=len(scan.posts) - len(dated),
        old=sum(at <= now for at, _ in dated) - len(fresh),
        fresh=fresh,
        coming=tuple(post for at, post in dated if at > now),
        latest=max(
            scan.posts, key=lambda post: (post.published is not None, str(post.published), post.slug), default=None
        ),
        faults=len(scan.faults),
    )
