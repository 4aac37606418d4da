"""The input of the checks: the posts and settings of a project, and everything derived from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from bot.compose.composer import Composer
from bot.config import Config
from bot.domain import Entry, Post, Snapshot
from bot.domain.errors import PostError
from bot.planner.matching import match
from bot.planner.plan import Plan
from bot.posts.folder import broken_slugs
from bot.posts.frontmatter.source import Source, read_source


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A project, as every check gets it."""

    config: Config
    posts: Sequence[Post]
    faults: Sequence[PostError] = ()  #: files that are no usable posts
    plan: Plan  #: the one for `now`
    compose: Composer
    snapshot: Snapshot
    now: datetime
    environ: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[Path, str] = field(default_factory=dict)  #: the contents of the files, by their path in findings

    @property
    def accounts(self) -> Sequence[str]:
        """The accounts' addresses."""
        return list(self.config.account_addresses().values())

    @cached_property
    def released(self) -> Mapping[Path, Entry]:
        """The entries of the released posts."""
        dated = [post for post in self.posts if post.published is not None]
        return match(dated, self.snapshot.entries, broken=broken_slugs(self.faults, self.config)).entries

    @cached_property
    def fresh(self) -> Sequence[Post]:
        """Posts whose wording can still be chosen: drafts, and unreleased ones that are not too late for a toot."""
        oldest = self.now - self.config.release.catch_up
        return [
            post
            for post in self.posts
            if post.path not in self.released
            and post.withdrawn is None
            and (post.published is None or post.published > oldest)
        ]

    @cached_property
    def secret(self) -> Sequence[Post]:
        """Posts that are not public yet: drafts, and those to come."""
        return [post for post in self.fresh if post.published is None or post.published > self.now]

    @cached_property
    def tooted(self) -> Sequence[Post]:
        """Posts whose toots are still to be sent, or can still be edited."""
        oldest = self.now - self.config.release.edit_window
        fresh = {post.path for post in self.fresh}
        return [
            post
            for post in self.posts
            if post.path in fresh
            or post.withdrawn
            or (post.path in self.released and post.published is not None and post.published > oldest)
        ]

    def source(self, post: Post) -> Source | None:
        """Parse the post's file into front matter and body; None if its text was not read."""
        text = self.texts.get(post.path)
        return None if text is None else read_source(text.encode(), path=post.path)
