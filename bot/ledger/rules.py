"""The contract's rules for transitions, shared by all implementations. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain import (
    CompareAndSet,
    Delivery,
    DeliveryState,
    Entry,
    Event,
    EventKind,
    PageWaitRecord,
    Reason,
    ReasonCode,
    WriteBatch,
)

#: Events that occur once for each post: only the process that records its entry first writes them.
OF_A_RELEASE: Final = (EventKind.RELEASED, EventKind.PICTURE_LEFT_OUT)


def may_change(known: Delivery | None, change: CompareAndSet) -> bool:
    """Whether a change still fits: the delivery is as it was read, and no request of it is open."""
    return known == change.known and (known is None or known.state is not DeliveryState.SENDING)


def is_rival(known: Entry | None, entry: Entry) -> bool:
    """Whether another process released the post meanwhile: the first release is the one that counts."""
    return known is not None and known.released_at != entry.released_at


def still_news(batch: WriteBatch, *, known: Collection[str], refused: Collection[CompareAndSet]) -> tuple[Event, ...]:
    """Return the events to write: without releases that another process has recorded, and without refused changes.

    `known` are the post ids of the batch's entries that the ledger had before.
    """
    theirs = {entry.slug for entry in batch.entries if entry.post_id in known}
    all_theirs = bool(batch.entries) and all(entry.post_id in known for entry in batch.entries)
    not_done = {(change.key.account, change.key.occasion, _slug_of(change)) for change in refused}

    def is_news(event: Event) -> bool:
        if event.kind in OF_A_RELEASE:
            return event.slug not in theirs if event.slug else not all_theirs
        return (event.account, event.occasion, event.slug) not in not_done

    return tuple(event for event in batch.events if is_news(event))


def _slug_of(change: CompareAndSet) -> str:
    delivery = change.wanted or change.known
    return delivery.slug if delivery is not None else ""


def may_intend(known: Delivery | None, wanted: Delivery) -> bool:
    """Whether an intent may be written for `wanted`: it is still due, with the same announcement."""
    return known is not None and known.state is DeliveryState.DUE and known.announcement == wanted.announcement


def intended(delivery: Delivery, *, after_id: str, now: datetime, mark: str) -> Delivery:
    """The delivery with a new intent."""
    return replace(
        delivery,
        state=DeliveryState.SENDING,
        reason=None,
        attempts=delivery.attempts + 1,
        after_id=delivery.after_id if delivery.after_id is not None else after_id,
        intended_at=now,
        intended_mark=mark,
        first_tried_at=delivery.first_tried_at or now,
        not_before=None,
    )


def unblocked_event(account: str, *, blocked: Reason, now: datetime) -> Event:
    """Return the event of an account that works again after `blocked`."""
    return Event(
        at=now, kind=EventKind.WORKS_AGAIN, account=account, reason=Reason(code=ReasonCode.WAS_BLOCKED, cause=blocked)
    )


def last_sent(known: datetime | None, settled: datetime | None, *, now: datetime) -> datetime | None:
    """Return when the account's latest toot was made, which a newly found old toot does not set back.

    A `known` time in the future was written with a wrong clock, and is ignored.
    """
    return max((moment for moment in (known, settled) if moment is not None and moment <= now), default=settled)


def waiting_events(
    known: Mapping[str, PageWaitRecord], wanted: Mapping[str, PageWaitRecord], *, now: datetime
) -> tuple[Event, ...]:
    """Return events for posts that begin to wait for their page, and for those that are held without it."""
    events = []
    for post_id, waiting in wanted.items():
        before = known.get(post_id)
        if waiting.missing and (before is None or not before.missing):
            events.append(Event(at=now, kind=EventKind.HELD, slug=waiting.slug, reason=waiting.missing_reason))
        elif waiting.why and (before is None or not before.why):
            events.append(Event(at=now, kind=EventKind.WAITS_FOR_PAGE, slug=waiting.slug, detail=waiting.why))
    return tuple(events)
