"""From step to step, until nothing is left or nothing can be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from bot.delivery.handshake import PREFLIGHT_LASTS, verify_account
from bot.delivery.ordering import anchor_of, next_delivery
from bot.delivery.protocol import (
    Adopt,
    Done,
    FetchCursor,
    GiveUp,
    Preflight,
    ProtocolState,
    ReadBack,
    Requeue,
    Send,
    Skip,
    Step,
    Upload,
    VerifyAccount,
    Wait,
    WriteIntent,
    backoff,
    next_step,
    restored,
)
from bot.delivery.readback import adopt, look, preflight
from bot.delivery.retry import blocked, failed
from bot.delivery.send import send, upload
from bot.delivery.session import DeliveryContext, DeliveryResult, DeliverySession, set_aside, settle
from bot.domain import Action, Announcement, Delivery, DeliveryKey, DeliveryState, EventKind, Hold, Lease
from bot.domain.durations import format_duration
from bot.domain.errors import AccountBlockedError, LeaseHeldError, LeaseLostError, TransientError
from bot.ledger import Ledger

Learnt = TypeVar("Learnt")


def deliver_pending(tools: DeliveryContext, memory: DeliverySession | None = None) -> DeliveryResult:
    """Deliver what the account is owed. Returns when nothing is left, or nothing can be done before a time.

    `memory` is what `warm_up` learnt a moment ago. Raises LedgerError: without the ledger nothing may be sent.
    """
    address, memory = tools.publisher.address, memory or DeliverySession()
    if not tools.ledger.open_deliveries(address):
        return DeliveryResult(account=address)
    try:
        lease = tools.ledger.lease(address, owner=tools.owner, duration=tools.timing.lease)
    except LeaseHeldError as error:
        return DeliveryResult(account=address, wait_until=tools.clock.now() + error.remaining, why=error.message)
    try:
        wait = _steps(tools, lease, memory)
    except LeaseLostError as error:
        wait = Wait(tools.clock.now() + tools.timing.lease, error.message)
    finally:
        tools.ledger.give_back(lease)
    return DeliveryResult(
        account=address,
        events=tuple(memory.events),
        wait_until=wait.until if wait else None,
        why=wait.why if wait else "",
        attention=memory.attention,
        trouble=memory.trouble,
    )


def _steps(tools: DeliveryContext, lease: Lease, memory: DeliverySession) -> Wait | None:
    while True:
        step = next_step(_known(tools, memory), tools.timing)
        if isinstance(step, Done):
            return None
        if isinstance(step, Wait):
            return step
        try:
            _perform(step, tools, lease, memory)
        except AccountBlockedError as error:
            return blocked(error, step, tools, lease, memory)
        except TransientError as error:
            memory.failed = failed(error, step, tools, lease, memory)


def _known(tools: DeliveryContext, memory: DeliverySession) -> ProtocolState:
    now, deliveries = tools.clock.now(), tools.ledger.open_deliveries(tools.publisher.address)
    sending = next((d for d in deliveries if d.state is DeliveryState.SENDING), None)
    if tools.clock.monotonic() - memory.met_at > PREFLIGHT_LASTS.total_seconds():
        memory.met.clear()
    head = next_delivery(deliveries, now=now) if deliveries else None
    return ProtocolState(
        now=now,
        account=tools.ledger.account(tools.publisher.address),
        deliveries=deliveries,
        anchor=_anchor(head, tools.ledger) if head else None,
        introduced=memory.introduced,
        looked=memory.looked,
        by_hand=frozenset(
            key for key, found in memory.looked.items() if found and (key, found.status_id) in memory.foreign
        ),
        met=_still_true(memory.met, deliveries),
        uploaded=_still_true(memory.uploaded, deliveries),
        fresh_intent=memory.fresh_intent,
        failed=memory.failed,
        stopping=tools.stopping() or bool(tools.ledger.paused()),
        # Last: what is sent on it must follow at once, and reading the ledger may take its time.
        intent_age=_intent_age(sending, tools, memory) if sending else None,
    )


def _anchor(head: Delivery, ledger: Ledger) -> Delivery | None:
    return ledger.delivery(anchor_of(head))


def _intent_age(sending: Delivery, tools: DeliveryContext, memory: DeliverySession) -> timedelta | None:
    # A slow look may end after `settle`, but it proves nothing about what came while it lasted.
    if sending.key in memory.look_began:
        return memory.look_began[sending.key]
    return tools.clock.since(sending.intended_mark)


def _still_true(
    learnt: Mapping[DeliveryKey, tuple[Announcement, Learnt]], deliveries: Iterable[Delivery]
) -> dict[DeliveryKey, Learnt]:
    # The post may have been changed meanwhile: the new words want their own look, and their own pictures.
    return {
        delivery.key: learnt[delivery.key][1]
        for delivery in deliveries
        if delivery.key in learnt and learnt[delivery.key][0] == delivery.announcement
    }


def _perform(step: Step, tools: DeliveryContext, lease: Lease, memory: DeliverySession) -> None:
    ledger, publisher, now = tools.ledger, tools.publisher, tools.clock.now()
    if not isinstance(step, WriteIntent | Send):
        # Writing the intent renews, and a Send was just preceded by it: between the two nothing may take time.
        ledger.renew(lease)
    match step:
        case VerifyAccount():
            verify_account(tools, lease, memory)
        case FetchCursor():
            ledger.note_account(lease, last_status_id=publisher.newest_status_id(), now=now)
        case Preflight(delivery):
            preflight([delivery], tools, lease, memory)
        case ReadBack(delivery):
            look(delivery, tools, lease, memory)
        case Adopt(delivery, status):
            adopt(delivery, status, tools, lease, memory)
        case Requeue(delivery):
            _restore(delivery, tools, lease, memory)
        case GiveUp(delivery):
            _give_up(delivery, tools, lease, memory)
        case Skip(delivery, why):
            off = replace(delivery, state=DeliveryState.SKIPPED, reason=why, settled_at=now, not_before=None)
            set_aside(delivery, off, EventKind.SKIPPED, why, tools, lease, memory)
        case Upload(delivery):
            media_ids = upload(delivery, tools, lease, memory)
            if media_ids is not None:
                memory.uploaded[delivery.key] = (delivery.announcement, media_ids)
        case WriteIntent(delivery):
            after_id = ledger.account(lease.account).last_status_id or "0"
            if ledger.write_intent(lease, delivery, after_id=after_id, now=now):
                memory.fresh_intent = delivery.key
        case Send(delivery):
            send(delivery, tools, lease, memory)
        case Done() | Wait():
            raise AssertionError("these end the loop")


def _restore(delivery: Delivery, tools: DeliveryContext, lease: Lease, memory: DeliverySession) -> None:
    detail = "looked for, not found: is sent again" if delivery.action.posts else "is done once more, without harm"
    due, now = restored(delivery), tools.clock.now()
    if delivery.action is Action.EDIT:
        due = replace(due, not_before=now + tools.timing.settle)
    elif delivery.action.posts and delivery.attempts > 1:
        # A server that never answers rightly is not asked every two minutes for a day.
        due = replace(due, not_before=now + backoff(delivery.attempts, jitter=tools.jitter(), retry_after=None))
    settle(due, EventKind.NOT_THERE if delivery.action.posts else EventKind.AGAIN, detail, tools, lease, memory)
    for learnt in (memory.looked, memory.look_began, memory.met):
        learnt.pop(delivery.key, None)


def _give_up(delivery: Delivery, tools: DeliveryContext, lease: Lease, memory: DeliverySession) -> None:
    now = tools.clock.now()
    lasted = format_duration(now - (delivery.first_tried_at or now))
    cause = memory.failed.why if memory.failed else delivery.reason
    reason = f"tried for {lasted}: {cause or 'it never arrived'}"
    # What was in flight is proven absent.
    unsent = restored(delivery) if delivery.state is DeliveryState.SENDING else delivery
    held = replace(unsent, state=DeliveryState.HELD, hold=Hold.FAILED, reason=reason, settled_at=now)
    memory.attention = True
    remedy = f"`announce retry {delivery.slug}` tries again."
    set_aside(delivery, held, EventKind.HELD, f"{reason} {remedy}", tools, lease, memory)
