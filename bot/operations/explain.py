"""What was done and why: the log, and everything that is known of one post."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.config import Config
from bot.domain import Delivery, Entry, Event, Override, Post, Reason, Snapshot
from bot.domain.clock import Clock
from bot.domain.errors import UsageError
from bot.ledger import existing_ledger
from bot.operations.site import find_post, open_site
from bot.planner.builder import PlanItem
from bot.planner.matching import entry_by_name
from bot.planner.plan import Plan
from bot.posts.git.folders import open_posts
from bot.runtime.planning import scan_posts

_MOST_EVENTS: Final = 100_000  #: more than the ledger keeps of one site in years


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Everything that is known of one post."""

    slug: str
    title: str
    path: str | None  #: None: its file is gone
    url: str
    post_id: str
    feed_id: str | None  #: None: not released yet
    published: datetime | None
    released_at: datetime | None
    updated: datetime | None
    revision: int
    digest: str  #: of the words in the file
    digest_shown: str | None  #: of the words in the feeds; differs until the next cycle has seen a change
    is_draft: bool
    hidden: bool
    withdrawn: str | None
    waited_since: datetime | None  #: since when it waits for its page
    override: Override | None  #: the latest
    items: tuple[PlanItem, ...]  #: what becomes of the post and of its reminders, on each account
    deliveries: tuple[Delivery, ...]  #: in the order in which the ledger took them up
    history: tuple[Event, ...]
    doubt: Reason | None  #: why nothing at all is released; None if all is well


def read_events(config: Config, clock: Clock, *, limit: int) -> tuple[Event, ...]:
    """The latest events, oldest first; none without a ledger. Raises LedgerError."""
    with existing_ledger(config, clock) as ledger:
        return tuple(ledger.events(limit=limit)) if ledger is not None else ()


def explain(config: Config, name: str, clock: Clock) -> Explanation:
    """What is known of the post with this slug or path. The ledger remembers released posts whose file is gone.

    Raises PostError for a broken file, UsageError if there is no such post, LedgerError.
    """
    snapshot, events = Snapshot(), tuple[Event, ...]()
    with existing_ledger(config, clock) as ledger:
        if ledger is not None:
            snapshot, events = ledger.snapshot(), tuple(ledger.events(limit=_MOST_EVENTS))
    post, entry, scan = None, None, scan_posts(open_posts(config))
    try:
        post = find_post(config, name, scan=scan)
    except UsageError:
        entry = next((one for one in snapshot.entries.values() if one.slug == name), None)
        if entry is None:
            raise
    site = open_site(config, clock, scan=scan, snapshot=snapshot)
    return explanation_of(post, entry, plan=site.plan, snapshot=snapshot, events=events)


def explanation_of(
    post: Post | None,
    entry: Entry | None,
    *,
    plan: Plan,
    snapshot: Snapshot,
    events: Iterable[Event],
) -> Explanation:
    """Gather what is known. One of `post` and `entry` is given; the entry of a post is looked up here. Pure."""
    entry = entry or (entry_by_name(post, snapshot.entries) if post is not None else None)
    either: Post | Entry | None = post or entry
    assert either is not None
    post_id = entry.post_id if entry is not None else either.post_id
    waiting = snapshot.waiting.get(post_id)
    mine = [delivery for key, delivery in snapshot.deliveries.items() if key.post_id == post_id]
    slugs = {either.slug, *(delivery.slug for delivery in mine), *([entry.slug] if entry is not None else [])}
    return Explanation(
        slug=either.slug,
        title=either.title,
        path=str(post.path) if post is not None else None,
        url=either.url,
        post_id=post_id,
        feed_id=(entry.feed_id or entry.post_id) if entry is not None else None,
        published=entry.published if entry is not None else either.published,
        released_at=entry.released_at if entry is not None else None,
        updated=entry.updated if entry is not None else None,
        revision=entry.revision if entry is not None else 0,
        digest=digest_of(either),
        digest_shown=digest_of(entry) if entry is not None else None,
        is_draft=post is not None and post.published is None,
        hidden=either.hidden,
        withdrawn=post.withdrawn if post is not None else None,
        waited_since=waiting.since if waiting is not None else None,
        override=snapshot.overrides.get(post_id),
        items=tuple(item for item in plan.items if item.post_id in (post_id, either.post_id)),
        deliveries=tuple(sorted(mine, key=lambda delivery: delivery.sequence)),
        history=tuple(event for event in events if event.slug in slugs),
        doubt=plan.doubt,
    )


def digest_of(one: Post | Entry) -> str:
    """The digest of what the feeds show, without the version of its making."""
    return one.digests.entry.rpartition(":")[2]
