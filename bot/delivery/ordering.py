"""The order in which an account's deliveries are sent. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain import Action, Delivery, DeliveryKey, DeliveryState, Occasion

#: A toot that leaves within this time of its datetime is on time.
ON_TIME: Final = timedelta(minutes=1)
#: Actions that create a status for the post; existing ones are matched before sending.
ANNOUNCING: Final = (Action.PUBLISH, Action.CONTINUE)
#: These take a toot back.
WITHDRAWALS: Final = (Action.DELETE, Action.REPLY)


def next_delivery(deliveries: Sequence[Delivery], *, now: datetime) -> Delivery:
    """The delivery that goes next: what is in flight, else withdrawals, threads begun, toots on time, (due, sequence).

    A publish that backs off is waited for, so that the order is kept. Edits, withdrawals and later parts of a thread
    that back off, and what was never tried and waits for the morning, delay no other delivery. A part waits for the
    part before it, an edit for the toot that it changes, a reminder for the post's toot; edits of one toot keep their
    order always.
    """
    for delivery in deliveries:
        if delivery.state is DeliveryState.SENDING:
            return delivery
    deliveries = [delivery for delivery in deliveries if not _comes_after_another(delivery, deliveries)]
    until = {delivery.key: _stands_aside_until(delivery, deliveries, now) for delivery in deliveries}
    ready = [delivery for delivery in deliveries if until[delivery.key] <= now]
    withdrawals = [delivery for delivery in ready if delivery.action in WITHDRAWALS]
    parts = [delivery for delivery in ready if delivery.action is Action.CONTINUE]
    on_time = [delivery for delivery in ready if is_on_time(delivery, now) and not _backs_off(delivery, now)]
    soonest = min(deliveries, key=lambda delivery: until[delivery.key])
    head = next(iter(withdrawals or parts or on_time or ready), soonest)
    return min([head, *_earlier_edits(head, deliveries)], key=lambda delivery: delivery.sequence)


def anchor_of(delivery: Delivery) -> DeliveryKey:
    """The toot that a delivery changes, answers, or takes back; of a publish the toot itself."""
    about = delivery.key.occasion.about
    if delivery.action is Action.CONTINUE:
        about = Occasion.PUBLISH.of_part(about.part - 1)
    return replace(delivery.key, occasion=about)


def toot_of(delivery: Delivery) -> DeliveryKey:
    """The post's own toot."""
    return replace(delivery.key, occasion=Occasion.PUBLISH)


def is_reminder(delivery: Delivery) -> bool:
    """Whether it posts a reminder."""
    return delivery.action is Action.PUBLISH and bool(delivery.key.occasion.reminder_id)


def _comes_after_another(delivery: Delivery, deliveries: Sequence[Delivery]) -> bool:
    """Whether the part before, or the toot that is edited, is still to be sent."""
    if delivery.action not in (Action.CONTINUE, Action.EDIT) and not is_reminder(delivery):
        return False
    anchor = toot_of(delivery) if is_reminder(delivery) else anchor_of(delivery)
    return any(other.key == anchor for other in deliveries if other is not delivery)


def is_on_time(delivery: Delivery, now: datetime) -> bool:
    """Whether a toot leaves at its datetime: then neither late ones nor their spacing hold it up."""
    return delivery.action is Action.PUBLISH and now - delivery.due <= ON_TIME


def _backs_off(delivery: Delivery, now: datetime) -> bool:
    return delivery.not_before is not None and delivery.not_before > now


def superseded_reason(withdrawal: Delivery, deliveries: Sequence[Delivery]) -> Delivery | None:
    """What a withdrawal makes void: a publish that came to nothing, or an edit of what is taken back.

    With the toot its whole thread is taken back, and its reminders; a later part or a reminder goes alone.
    """
    about = withdrawal.key.occasion.about
    for other in deliveries:
        if other.key.post_id != withdrawal.key.post_id or other.action in WITHDRAWALS:
            continue
        if about in (Occasion.PUBLISH, other.key.occasion.about):
            return other
    return None


def _stands_aside_until(delivery: Delivery, deliveries: Sequence[Delivery], now: datetime) -> datetime:
    waiting = [
        one.not_before
        for one in (delivery, *_earlier_edits(delivery, deliveries))
        if one.not_before is not None and (one.attempts == 0 or one.action is not Action.PUBLISH)
    ]
    return max([now, *waiting])


def _earlier_edits(delivery: Delivery, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Edits of the same post that were recorded before this one."""
    if delivery.action is not Action.EDIT:
        return []
    return [
        other
        for other in deliveries
        if other.action is Action.EDIT
        and anchor_of(other) == anchor_of(delivery)
        and other.sequence < delivery.sequence
    ]
