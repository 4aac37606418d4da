"""What both keepers decide alike: transitions that the contract names. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.model import REPLACEABLE_HOLDS, Delivery, DeliveryState, Event, Hold


def may_replace(known: Delivery) -> bool:
    """Whether a plan may write this delivery anew."""
    return known.state is DeliveryState.DUE or (known.state is DeliveryState.HELD and known.hold in REPLACEABLE_HOLDS)


def replaced(known: Delivery, wanted: Delivery) -> Delivery:
    """What a plan wants, over what is there. The plan may have been made before the latest attempt or order.

    So the traces of attempts stay as they are, and a person's word is never taken back.
    """
    return replace(
        wanted,
        sequence=known.sequence,
        attempts=known.attempts,
        generation=known.generation,
        after_id=known.after_id,
        intended_at=known.intended_at,
        intended_mark=known.intended_mark,
        first_tried_at=known.first_tried_at,
        not_before=known.not_before,
        ordered_by=wanted.ordered_by or known.ordered_by,
    )


def may_retract(known: Delivery) -> bool:
    """Whether a plan may take this delivery out: never tried, and no person has decided."""
    return may_replace(known) and known.attempts == 0 and not known.ordered_by


def may_intend(known: Delivery | None, wanted: Delivery) -> bool:
    """Whether an intent may be written for `wanted`: it is still due, and says the same."""
    return known is not None and known.state is DeliveryState.DUE and known.announcement == wanted.announcement


def intended(delivery: Delivery, *, after_id: str, now: datetime, mark: str) -> Delivery:
    """The delivery with a new intent."""
    return replace(
        delivery,
        state=DeliveryState.SENDING,
        reason="",
        attempts=delivery.attempts + 1,
        after_id=delivery.after_id if delivery.after_id is not None else after_id,
        intended_at=now,
        intended_mark=mark,
        first_tried_at=delivery.first_tried_at or now,
        not_before=None,
    )


def unbraked(delivery: Delivery, *, who: str) -> Delivery:
    """The delivery after a person has let the brake go."""
    return replace(delivery, state=DeliveryState.DUE, hold=None, reason="", ordered_by=who)


def unbraked_event(delivery: Delivery, *, now: datetime, who: str) -> Event:
    """Its line of history."""
    return Event(
        at=now,
        what="let go",
        slug=delivery.slug,
        account=delivery.key.account,
        occasion=delivery.key.occasion,
        detail=f"was held by the {Hold.BRAKE.value}",
        who=who,
    )


def unblocked_event(account: str, *, blocked: str, now: datetime) -> Event:
    """The line of history of an account that works again after `blocked`."""
    return Event(at=now, what="works again", account=account, detail=f"was: {blocked}")


def newer_id(known: str | None, seen: str) -> str:
    """The newer of two status ids: numbers by size; other ids (ULIDs) sort as text. "0" is older than any."""
    if known is None or known == "0":
        return seen
    if seen == "0":
        return known
    if known.isdecimal() and seen.isdecimal():
        return str(max(int(known), int(seen)))
    return max(known, seen)


def problem_events(new: frozenset[str], solved: frozenset[str], *, now: datetime) -> tuple[Event, ...]:
    """Lines of history for what went wrong, and for what was mended."""
    return (
        *(Event(at=now, what="problem", detail=text) for text in sorted(new)),
        *(Event(at=now, what="solved", detail=text) for text in sorted(solved)),
    )
