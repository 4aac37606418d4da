"""How many new toots and edits of an account go out within an hour without being asked about. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bot.domain import Action, DeliveryState, Snapshot
from bot.planner.ruling import Policy

#: The brake counts the new toots and edits of one account within this time.
BRAKE_WINDOW: Final = timedelta(hours=1)


def brake_room(snapshot: Snapshot, account: str, *, now: datetime, policy: Policy) -> int:
    """How many more new toots and edits of the account the brake lets through: sent and pending count together."""
    return policy.brake - len(counted_by_brake(snapshot, account, now=now))


def counted_by_brake(snapshot: Snapshot, account: str, *, now: datetime) -> list[datetime]:
    """When each toot and edit went out that takes room of the brake now; for those that are pending, now."""
    moments = []
    for delivery in snapshot.deliveries.values():
        if delivery.key.account != account or delivery.ordered_by or delivery.action is Action.DELETE:
            # What a person let go was counted by that person.
            continue
        if delivery.key.occasion.part > 1:
            continue  # a thread is one announcement
        if delivery.state in (DeliveryState.DUE, DeliveryState.SENDING):
            moments.append(now)
        elif delivery.state is DeliveryState.SENT and delivery.settled_at is not None:
            moments += [delivery.settled_at] if delivery.settled_at > now - BRAKE_WINDOW else []
    return moments
