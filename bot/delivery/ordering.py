"""The order in which an account's deliveries are sent. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain import Action, Delivery, DeliveryKey, DeliveryState, Occasion

#: A toot that is sent within this time after its datetime is on time.
ON_TIME: Final = timedelta(minutes=1)
#: Actions before which the worker checks whether the status exists already.
ANNOUNCING: Final = (Action.PUBLISH, Action.CONTINUE)
#: Actions that withdraw a toot.
WITHDRAWALS: Final = (Action.DELETE, Action.REPLY)


def next_delivery(deliveries: Sequence[Delivery], *, now: datetime) -> Delivery:
    """Return the next delivery: one in flight, else withdrawals, begun threads, toots on time, then by (due, sequence).

    A publish in back-off delays the others, so that the order is kept. Edits, withdrawals and later parts of a thread
    in back-off delay no other delivery, and neither does an untried one that waits for the hours of the day. A part
    waits for the part before it, an edit for its toot, a reminder for the post's toot. Edits of one toot always keep
    their order.
    """
    for delivery in deliveries:
        if delivery.state is DeliveryState.SENDING:
            return delivery
    deliveries = [delivery for delivery in deliveries if not _waits_for_another(delivery, deliveries)]
    until = {delivery.key: _delayed_until(delivery, deliveries, now) for delivery in deliveries}
    ready = [delivery for delivery in deliveries if until[delivery.key] <= now]
    withdrawals = [delivery for delivery in ready if delivery.action in WITHDRAWALS]
    parts = [delivery for delivery in ready if delivery.action is Action.CONTINUE]
    on_time = [delivery for delivery in ready if is_on_time(delivery, now) and not _backs_off(delivery, now)]
    soonest = min(deliveries, key=lambda delivery: until[delivery.key])
    head = next(iter(withdrawals or parts or on_time or ready), soonest)
    return min([head, *_earlier_edits(head, deliveries)], key=lambda delivery: delivery.sequence)


def anchor_of(delivery: Delivery) -> DeliveryKey:
    """Return the key of the toot that a delivery edits, replies to or withdraws; a publish is its own anchor."""
    about = delivery.key.occasion.about
    if delivery.action is Action.CONTINUE:
        about = Occasion.PUBLISH.of_part(about.part - 1)
    return replace(delivery.key, occasion=about)


def toot_of(delivery: Delivery) -> DeliveryKey:
    """Return the key of the post's own toot."""
    return replace(delivery.key, occasion=Occasion.PUBLISH)


def _waits_for_another(delivery: Delivery, deliveries: Sequence[Delivery]) -> bool:
    """Whether the delivery's anchor, or a reminder's toot, is still to be sent."""
    if delivery.action not in (Action.CONTINUE, Action.EDIT) and not delivery.is_reminder:
        return False
    anchor = toot_of(delivery) if delivery.is_reminder else anchor_of(delivery)
    return any(other.key == anchor for other in deliveries if other is not delivery)


def is_on_time(delivery: Delivery, now: datetime) -> bool:
    """Whether a toot is on time: then neither late toots nor their spacing delay it."""
    return delivery.action is Action.PUBLISH and now - delivery.due <= ON_TIME


def _backs_off(delivery: Delivery, now: datetime) -> bool:
    return delivery.not_before is not None and delivery.not_before > now


def superseded_reason(withdrawal: Delivery, deliveries: Sequence[Delivery]) -> Delivery | None:
    """Return an open delivery that a withdrawal makes void: an unsent publish, or an edit.

    A withdrawal of the toot includes its whole thread and its reminders; one of a later part or a reminder does not.
    """
    about = withdrawal.key.occasion.about
    for other in deliveries:
        if other.key.post_id != withdrawal.key.post_id or other.action in WITHDRAWALS:
            continue
        if about in (Occasion.PUBLISH, other.key.occasion.about):
            return other
    return None


def _delayed_until(delivery: Delivery, deliveries: Sequence[Delivery], now: datetime) -> datetime:
    waiting = [
        one.not_before
        for one in (delivery, *_earlier_edits(delivery, deliveries))
        if one.not_before is not None and (one.attempts == 0 or one.action is not Action.PUBLISH)
    ]
    return max([now, *waiting])


def _earlier_edits(delivery: Delivery, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Return the open edits of the same toot that were recorded before this one."""
    if delivery.action is not Action.EDIT:
        return []
    return [
        other
        for other in deliveries
        if other.action is Action.EDIT
        and anchor_of(other) == anchor_of(delivery)
        and other.sequence < delivery.sequence
    ]
