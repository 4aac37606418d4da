"""The rules for one post and one account, in their order, each with its reason. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from bot.durations import format_duration
from bot.model import (
    REPLACEABLE_HOLDS,
    AccountState,
    Announcement,
    Delivery,
    DeliveryState,
    Entry,
    Hold,
    Post,
    Snapshot,
)

#: The brake counts the new toots of one account within this time.
BRAKE_WINDOW: Final = timedelta(hours=1)


class Verdict(Enum):
    """What becomes of a post on an account; the words are those of `announce queue`."""

    UPCOMING = "upcoming"  #: its datetime has not come
    DUE = "due"
    SENDING = "sending"  #: under way, or its outcome is being looked for
    SENT = "sent"
    HELD = "held"
    SKIPPED = "skipped"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The settings that the rules depend on."""

    catch_up: timedelta
    brake: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A released post and an account, with what the ledger knows of the two."""

    post: Post
    entry: Entry
    state: AccountState
    known: Delivery | None
    room: int  #: how many more new toots the brake lets through


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """The verdict, why, and what is to be written."""

    verdict: Verdict
    reason: str = ""
    hold: Hold | None = None
    counts: bool = False  #: takes one of the brake's places: it was not pending until now
    compose: bool = False  #: the text is (still) to be composed from the post
    retract: bool = False  #: take an untried delivery out of the ledger
    announcement: Announcement | None = None

    def apply(self, delivery: Delivery) -> Delivery:
        """The delivery as this ruling wants it."""
        assert self.announcement is not None
        state = DeliveryState.HELD if self.verdict is Verdict.HELD else DeliveryState.DUE
        # While a retry is due, the reason of the last failure is worth keeping.
        reason = self.reason if self.hold is not None or delivery.hold is not None else delivery.reason
        return replace(delivery, announcement=self.announcement, state=state, hold=self.hold, reason=reason)


_SETTLED: Final = {
    DeliveryState.SENDING: Verdict.SENDING,
    DeliveryState.SENT: Verdict.SENT,
    DeliveryState.REJECTED: Verdict.REJECTED,
    DeliveryState.SKIPPED: Verdict.SKIPPED,
}


def rule(case: Case, *, now: datetime, policy: Policy) -> Ruling:
    """Decide about one post on one account; `now` is aware."""
    known = case.known
    if known is not None:
        if known.state in _SETTLED:
            return Ruling(verdict=_SETTLED[known.state], reason=known.reason)
        if known.state is DeliveryState.HELD and known.hold not in REPLACEABLE_HOLDS:
            return Ruling(verdict=Verdict.HELD, hold=known.hold, reason=known.reason)
    untouched = known is None or (known.attempts == 0 and not known.ordered_by)
    why_not = _why_not(case, now=now, policy=policy) if untouched else ""
    if why_not:
        return Ruling(verdict=Verdict.SKIPPED, reason=why_not, retract=known is not None)
    if known is not None and (known.hold is None or known.ordered_by):
        return Ruling(verdict=Verdict.DUE, compose=True, reason=known.reason if known.hold is None else "")
    # New, or held as unclear: one mended template may free a pile of them.
    if case.room <= 0:
        return Ruling(
            verdict=Verdict.HELD,
            hold=Hold.BRAKE,
            reason=f"more than {policy.brake} new toots within an hour; `announce resume` lets them go",
            compose=True,
        )
    return Ruling(verdict=Verdict.DUE, counts=True, compose=True)


def brake_room(snapshot: Snapshot, account: str, *, now: datetime, policy: Policy) -> int:
    """How many more new toots of the account the brake lets through: sent and pending count together."""
    counted = 0
    for delivery in snapshot.deliveries.values():
        if delivery.key.account != account:
            continue
        pending = delivery.state in (DeliveryState.DUE, DeliveryState.SENDING)
        recent = (
            delivery.state is DeliveryState.SENT
            and delivery.settled_at is not None
            and delivery.settled_at > now - BRAKE_WINDOW
        )
        counted += pending or recent
    return policy.brake - counted


def _why_not(case: Case, *, now: datetime, policy: Policy) -> str:
    post, joined = case.post, case.state.joined_at
    if post.mastodon.skip:
        return "in the feeds only (`mastodon.skip`)"
    if post.hidden:
        return "hidden (`hidden: true`)"
    if joined is not None and case.entry.published < joined:
        return f"the account joined later, on {joined:%Y-%m-%d %H:%M} UTC"
    late = now - case.entry.published
    if late > policy.catch_up:
        return f"{format_duration(late)} late; `catch_up` is {format_duration(policy.catch_up)}"
    return ""
