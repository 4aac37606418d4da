"""What a plan says of one post on one account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model import Hold, Occasion, Post
from bot.planning.ruling import Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """What becomes of one post on one account, and why."""

    post_id: str
    slug: str
    title: str
    account: str  #: the account's address; empty: the feeds only
    due: datetime
    order: int = 0  #: among posts of the same datetime
    verdict: Verdict
    occasion: str = Occasion.PUBLISH
    reason: str = ""
    hold: Hold | None = None
    status_url: str | None = None


def turn_of(post: Post) -> tuple[datetime, int, str]:
    """Sorts posts into the order of their release: by datetime, then `order:`, then slug."""
    return published_of(post), post.order, post.slug


def published_of(post: Post) -> datetime:
    """The publish datetime of a post that has one."""
    assert post.published is not None
    return post.published
