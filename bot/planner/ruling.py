"""The input and output of the rules: a case, the policy of the settings, the burst limit, and the ruling. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from bot.domain import (
    AccountState,
    Action,
    Announcement,
    Delivery,
    DeliveryState,
    Entry,
    Hold,
    Override,
    OverrideKind,
    Post,
    Reason,
    ReasonCode,
    Snapshot,
)
from bot.domain.durations import Daytime

#: The burst limit counts the new toots and edits of one account within this time.
BURST_WINDOW: Final = timedelta(hours=1)


class Verdict(Enum):
    """The outcome for a post on an account; `announce queue` shows the values."""

    UPCOMING = "upcoming"  #: its datetime has not come
    WAITING = "waiting"  #: its datetime has come; its page is not online yet
    DUE = "due"
    SENDING = "sending"  #: in flight, or its outcome is unknown
    SENT = "sent"
    HELD = "held"
    SKIPPED = "skipped"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The settings that the rules depend on."""

    catch_up: timedelta
    burst_limit: int
    daytime: Daytime | None = None
    edits: bool = True
    edit_window: timedelta = timedelta(days=30)
    give_up_after: timedelta = timedelta(hours=24)
    hold_without_picture: bool = False
    wait_for_page: timedelta = timedelta()  #: zero: no post waits for its page
    release_without_page: bool = False  #: `page_missing = "release"`
    tag_ids: bool = False  #: whether newly released posts get tag addresses as their ids in the feeds


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A released post and an account, with what the ledger knows of both."""

    post: Post
    entry: Entry
    state: AccountState
    known: Delivery | None
    override: Override | None
    room: int  #: how many more new toots the burst limit allows

    @property
    def due(self) -> datetime:
        """When the toot is due: the publish datetime plus the wait for the page, or the reminder's own moment."""
        return self.entry.due if self.post.reminding is None else self.post.reminding.at


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """The verdict, its reason, and what the ledger is to record."""

    verdict: Verdict
    reason: Reason | None = None
    hold: Hold | None = None
    writes: bool = False  #: the ledger is to record a delivery with this verdict
    retract: bool = False  #: the ledger is to remove an untried delivery
    counts: bool = False  #: counts against the burst limit
    compose: bool = False  #: the announcement is to be composed from the post
    again: bool = False  #: the operator ordered another try
    ordered_by: str = ""
    not_before: datetime | None = None
    announcement: Announcement | None = None

    def apply(self, delivery: Delivery, *, now: datetime) -> Delivery:
        """Return the delivery with this ruling applied."""
        was_skipped = delivery.state is DeliveryState.SKIPPED
        wanted = replace(
            delivery,
            announcement=self.announcement or delivery.announcement,
            state=_STATE[self.verdict],
            hold=self.hold,
            reason=self.reason,
            ordered_by=self.ordered_by or delivery.ordered_by,
            not_before=delivery.not_before if was_tried(delivery) else self.not_before,
            settled_at=now if self.verdict is Verdict.SKIPPED and not was_skipped else delivery.settled_at,
        )
        if self.again:
            wanted = replace(
                wanted,
                reason=None,
                first_tried_at=None,
                not_before=None,
                settled_at=None,
                generation=delivery.generation + 1,
            )
        return wanted


_STATE: Final = {
    Verdict.DUE: DeliveryState.DUE,
    Verdict.HELD: DeliveryState.HELD,
    Verdict.SKIPPED: DeliveryState.SKIPPED,
}


def held_by(override: Override | None) -> Reason | None:
    """Return the reason of a HOLD override; None for any other."""
    if override is None or override.kind is not OverrideKind.HOLD:
        return None
    return Reason(code=ReasonCode.HELD_BY, who=override.who)


def skipped_by_post(post: Post) -> Reason | None:
    """Return the reason not to toot a post with `mastodon: skip`; None for any other."""
    return Reason(code=ReasonCode.FEEDS_ONLY) if post.mastodon.skip else None


def burst_limit_reason(policy: Policy) -> Reason:
    """Return the reason to hold a delivery that exceeds the burst limit."""
    return Reason(code=ReasonCode.BURST_LIMIT, count=policy.burst_limit)


def burst_room(snapshot: Snapshot, account: str, *, now: datetime, policy: Policy) -> int:
    """Return how many more toots and edits of the account the burst limit allows; sent and pending ones both count."""
    return policy.burst_limit - len(counted_by_burst_limit(snapshot, account, now=now))


def counted_by_burst_limit(snapshot: Snapshot, account: str, *, now: datetime) -> list[datetime]:
    """Return when each toot and edit that counts against the limit was sent; `now` for those that are pending."""
    moments = []
    for delivery in snapshot.deliveries.values():
        if delivery.key.account != account or delivery.ordered_by or delivery.action is Action.DELETE:
            # What the operator released by command does not count: the operator saw the number.
            continue
        if delivery.key.occasion.part > 1:
            continue  # a whole thread counts as one announcement
        if delivery.state in (DeliveryState.DUE, DeliveryState.SENDING):
            moments.append(now)
        elif delivery.state is DeliveryState.SENT and delivery.settled_at is not None:
            moments += [delivery.settled_at] if delivery.settled_at > now - BURST_WINDOW else []
    return moments


def failed_for_picture(reason: Reason | None) -> bool:
    """Whether a toot is held because a picture could not be uploaded; another picture ends that hold."""
    return reason is not None and reason.code is ReasonCode.PICTURE_FAILED


def was_tried(delivery: Delivery) -> bool:
    """Whether the worker has tried the delivery: from then on it is owed, however late it gets."""
    return delivery.attempts > 0 or delivery.first_tried_at is not None
