"""The burst limit: how many toots and edits an account may send within an hour without `announce resume`. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bot.domain import Action, DeliveryState, Snapshot
from bot.planner.ruling import Policy

#: The burst limit counts the new toots and edits of one account within this time.
BURST_WINDOW: Final = timedelta(hours=1)


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
