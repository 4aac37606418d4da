"""What is known of one post, why the bot decided so, and what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.config import Config
from bot.domain import Delivery, Entry, Event, Occasion, Override, Post, Snapshot
from bot.domain.clock import Clock
from bot.domain.errors import UsageError
from bot.domain.wording import HOLD_REMEDIES, reason_words
from bot.ledger import existing_ledger
from bot.operations.log import LogLine, line_of
from bot.operations.site import find_post, open_site
from bot.planner.builder import PlanItem
from bot.planner.matching import entry_by_name
from bot.planner.plan import Plan
from bot.planner.ruling import Verdict
from bot.posts.git.folders import open_posts
from bot.runtime.planning import scan_posts

_MOST_EVENTS: Final = 100_000  #: more than the ledger keeps of one site in years


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """What becomes of the post, or of a reminder of it, in one place."""

    account: str  #: the account's address; empty: the feeds only
    occasion: str
    due: datetime
    verdict: str
    reason: str
    next_step: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One delivery, as the ledger has it."""

    account: str
    occasion: str
    action: str
    state: str
    hold: str | None
    reason: str
    due: datetime
    attempts: int
    not_before: datetime | None
    settled_at: datetime | None
    status_url: str | None
    ordered_by: str
    by_hand: bool  #: a person tooted it before the bot


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
    word: Override | None  #: an operator's latest
    fates: tuple[Fate, ...]
    deliveries: tuple[Attempt, ...]
    history: tuple[LogLine, ...]
    doubt: str  #: why nothing at all is released; empty if all is well


_STEPS: Final[Mapping[Verdict, str]] = {
    Verdict.UPCOMING: "it goes out at its time",
    Verdict.WAITING: "its page is asked for again and again; `announce publish {slug}` does not wait",
    Verdict.DUE: "it goes out with the next cycle, or when the server can be reached",
    Verdict.SENDING: "the account's own toots are looked through before it is ever sent again",
    Verdict.SENT: "nothing; if the post's words change, the toot is edited",
    Verdict.SKIPPED: "nothing; `announce publish {slug}` toots it all the same",
    Verdict.REJECTED: "change the post, then `announce retry {slug}`",
}


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
        word=snapshot.overrides.get(post_id),
        fates=_fates([item for item in plan.items if item.post_id in (post_id, either.post_id)], either.slug),
        deliveries=tuple(_attempt(delivery) for delivery in sorted(mine, key=lambda one: one.sequence)),
        history=tuple(line_of(event) for event in events if event.slug in slugs),
        doubt=reason_words(plan.doubt),
    )


def _fates(items: Sequence[PlanItem], slug: str) -> tuple[Fate, ...]:
    return tuple(
        Fate(
            account=item.account,
            occasion=str(item.occasion),
            due=item.due,
            verdict=item.verdict.value,
            reason=reason_words(item.reason),
            next_step=_next_step(item).format(slug=slug),
        )
        for item in items
    )


def _next_step(item: PlanItem) -> str:
    if item.verdict is Verdict.SENT and item.occasion != Occasion.PUBLISH:
        return "nothing"
    if item.verdict is Verdict.HELD:
        return HOLD_REMEDIES[item.hold]
    return _STEPS[item.verdict]


def _attempt(delivery: Delivery) -> Attempt:
    return Attempt(
        account=delivery.key.account,
        occasion=str(delivery.key.occasion),
        action=delivery.action.value,
        state=delivery.state.value,
        hold=delivery.hold.value if delivery.hold is not None else None,
        reason=reason_words(delivery.reason),
        due=delivery.due,
        attempts=delivery.attempts,
        not_before=delivery.not_before,
        settled_at=delivery.settled_at,
        status_url=delivery.status_url,
        ordered_by=delivery.ordered_by,
        by_hand=delivery.foreign,
    )


def digest_of(one: Post | Entry) -> str:
    """The digest of what the feeds show, without the version of its making."""
    return one.digests.entry.rpartition(":")[2]
