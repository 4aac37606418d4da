"""Collects the decisions of one cycle: items, changes, events. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain import (
    Abilities,
    Announcement,
    CompareAndSet,
    Delivery,
    DeliveryState,
    Event,
    EventKind,
    Hold,
    Occasion,
    Post,
    Reason,
    Snapshot,
)
from bot.planner.followups import within_reach
from bot.planner.ruling import Policy, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanItem:
    """The verdict on one post on one account, and its reason."""

    post_id: str
    slug: str
    title: str
    account: str  #: the account's address; empty: the feeds only
    due: datetime
    order: int = 0  #: among posts of the same datetime
    verdict: Verdict
    occasion: Occasion = Occasion.PUBLISH
    reason: Reason | None = None
    hold: Hold | None = None
    status_url: str | None = None


def turn_of(post: Post) -> tuple[datetime, int, str]:
    """Return the sort key for the order of release: datetime, then `order:`, then slug."""
    return published_of(post), post.order, post.slug


def published_of(post: Post) -> datetime:
    """Return the publish datetime of a post that is no draft."""
    assert post.published is not None
    return post.published


Compose = Callable[[Post, str], Announcement]


class PlanBuilder:
    """The plan of one cycle while the planners add to it."""

    def __init__(
        self,
        *,
        snapshot: Snapshot,
        now: datetime,
        policy: Policy,
        compose: Compose,
        accounts: Mapping[str, Abilities],
    ) -> None:
        self.snapshot = snapshot
        self.now = now
        self.policy = policy
        self.compose = compose
        self.accounts = accounts
        self.items: list[PlanItem] = []
        self.troubles: list[Reason] = []
        self.events: list[Event] = []
        self.changes: list[CompareAndSet] = []
        self.edits_owed: set[str] = set()  #: post ids whose edits could not be composed in this cycle
        #: The deliveries of each (post id, account), in the order of recording, with the changes of this cycle applied.
        self.histories: dict[tuple[str, str], list[Delivery]] = defaultdict(list)
        for delivery in sorted(snapshot.deliveries.values(), key=lambda d: d.sequence):
            self.histories[delivery.key.post_id, delivery.key.account].append(delivery)

    def change(self, change: CompareAndSet) -> Delivery | None:
        """Add a change and apply it to `histories`, which the rest of this cycle reads.

        Returns the delivery as it will be recorded. An action that the account's network does not support is settled
        or held with a reason instead of becoming due.
        """
        key = change.key
        change = within_reach(change, self.accounts[key.account].capabilities, now=self.now)
        self.changes.append(change)
        known = self.histories[key.post_id, key.account]
        at = next((index for index, delivery in enumerate(known) if delivery.key == key), len(known))
        known[at : at + 1] = [] if change.wanted is None else [change.wanted]
        return change.wanted

    def upsert(self, known: Delivery | None, wanted: Delivery, *, told: bool = False) -> Delivery:
        """Add a change from `known` to `wanted`, with an event if it begins a hold.

        With `told` there is no event: the operator's command recorded one already.
        """
        if wanted == known:
            return known
        written = self.change(CompareAndSet(known=known, wanted=wanted)) or wanted
        newly_held = written.hold is not None and (known is None or known.hold is not written.hold)
        if newly_held and not told:
            self.event(EventKind.HELD, written, written.reason)
        return written

    def add_followup(self, change: CompareAndSet | None, post: Post) -> bool:
        """Add an edit or withdrawal of a toot; returns whether it is a new delivery that is due."""
        if change is None or change.wanted is None:
            return False
        key = change.key
        if change.known is None and any(one.key == key for one in self.histories[key.post_id, key.account]):
            return False  # settled earlier, because the network does not support it
        written = self.upsert(change.known, change.wanted)
        if change.known is None:
            self.add_item(written, slug=post.slug, title=post.title)
        return change.known is None and written.state is DeliveryState.DUE

    def add_item(self, delivery: Delivery, *, slug: str, title: str) -> None:
        """Add a plan item for a delivery in its present state."""
        self.items.append(
            PlanItem(
                post_id=delivery.key.post_id,
                slug=slug,
                title=title,
                account=delivery.key.account,
                due=delivery.due,
                verdict=Verdict(delivery.state.value),
                occasion=delivery.key.occasion,
                reason=delivery.reason,
                hold=delivery.hold,
            )
        )

    def event(self, kind: EventKind, delivery: Delivery, reason: Reason | None) -> None:
        """Add an event about a delivery."""
        key = delivery.key
        self.events.append(
            Event(at=self.now, kind=kind, slug=delivery.slug, account=key.account, occasion=key.occasion, reason=reason)
        )
