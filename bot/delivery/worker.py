"""The delivery worker: performs the protocol's steps for one account until it is done or has to wait."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeVar

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
from bot.delivery.readback import adopt, preflight, read_back
from bot.delivery.retry import blocked, failed
from bot.delivery.send import send, upload
from bot.delivery.session import DeliveryContext, DeliveryResult, DeliverySession, SessionState
from bot.domain import (
    AccountState,
    Action,
    Announcement,
    Delivery,
    DeliveryKey,
    DeliveryState,
    EventKind,
    Hold,
    Reason,
    ReasonCode,
)
from bot.domain.durations import rounded_duration
from bot.domain.errors import AccountBlockedError, LeaseHeldError, LeaseLostError, TransientError
from bot.domain.logs import log

Learnt = TypeVar("Learnt")
_LOG: Final = logging.getLogger("bot.delivery")


def deliver_pending(context: DeliveryContext, state: SessionState | None = None) -> DeliveryResult:
    """Deliver what the account is owed. Returns when nothing is left, or when the worker has to wait.

    `state` is the result of a recent `warm_up`. Raises LedgerError: without the ledger nothing may be sent.
    """
    ledger, address, clock = context.ledger, context.publisher.address, context.clock
    state = state or SessionState()
    if not ledger.account_view(address).open:
        return DeliveryResult(account=address)
    try:
        lease = ledger.acquire_lease(address, owner=context.owner, duration=context.timing.lease)
    except LeaseHeldError as error:
        return DeliveryResult(account=address, wait_until=clock.now() + error.remaining, why=_of_lease(error))
    try:
        wait = _steps(DeliverySession(context=context, lease=lease, state=state))
    except LeaseLostError as error:
        wait = Wait(clock.now() + context.timing.lease, _of_lease(error))
    finally:
        ledger.release_lease(lease)
    return DeliveryResult(
        account=address,
        events=tuple(state.events),
        wait_until=wait.until if wait else None,
        why=wait.why if wait else None,
        attention=state.attention,
        trouble=state.trouble,
        facts_changed=state.facts_changed,
    )


def _of_lease(error: LeaseHeldError | LeaseLostError) -> Reason:
    return Reason(code=ReasonCode.LEASE, text=error.message)


def _steps(session: DeliverySession) -> Wait | None:
    # Once the server has reported other facts nothing is sent: the deliveries have to be composed again.
    while not session.state.facts_changed:
        known = _protocol_state(session)
        step = next_step(known, session.context.timing)
        log(_LOG, logging.DEBUG, "step", account=session.lease.account, step=type(step).__name__)
        if isinstance(step, Done):
            return None
        if isinstance(step, Wait):
            return step
        try:
            _perform(step, known.account, session)
        except AccountBlockedError as error:
            return blocked(error, step, session)
        except TransientError as error:
            session.state.failed = failed(error, step, session)
    return None


def _protocol_state(session: DeliverySession) -> ProtocolState:
    now, view = session.now(), session.view()
    deliveries = view.open
    sending = next((d for d in deliveries if d.state is DeliveryState.SENDING), None)
    if session.context.clock.monotonic() - session.state.preflight_at > PREFLIGHT_LASTS.total_seconds():
        session.state.preflights.clear()
    head = next_delivery(deliveries, now=now) if deliveries else None
    return ProtocolState(
        now=now,
        account=view.account,
        deliveries=deliveries,
        anchor=view.deliveries.get(anchor_of(head)) if head else None,
        lost_edit_age=_lost_edit_age(head, session) if head else None,
        verified=session.state.verified,
        read_backs=session.state.read_backs,
        by_hand=frozenset(
            key
            for key, found in session.state.read_backs.items()
            if found and (key, found.status_id) in session.state.made_by_hand
        ),
        preflights=_still_true(session.state.preflights, deliveries),
        uploaded=_still_true(session.state.uploaded, deliveries),
        fresh_intent=session.state.fresh_intent,
        failed=session.state.failed,
        stopping=session.context.stopping() or bool(view.paused),
        # Last, because a send must follow this measurement at once, and reading the ledger may take long.
        intent_age=_intent_age(sending, session) if sending else None,
    )


def _intent_age(sending: Delivery, session: DeliverySession) -> timedelta | None:
    # A slow read-back may end after `settle`, but proves nothing about statuses made while it ran.
    if sending.key in session.state.read_back_began:
        return session.state.read_back_began[sending.key]
    return session.context.clock.since(sending.intended_mark)


def _lost_edit_age(head: Delivery, session: DeliverySession) -> timedelta | None:
    # A due edit has a mark only if an earlier request of it was lost.
    if head.action is not Action.EDIT or head.state is not DeliveryState.DUE or not head.intended_mark:
        return None
    return session.context.clock.since(head.intended_mark)


def _still_true(
    learnt: Mapping[DeliveryKey, tuple[Announcement, Learnt]], deliveries: Iterable[Delivery]
) -> dict[DeliveryKey, Learnt]:
    # The author may have changed the post meanwhile: the new text needs its own pre-flight read and uploads.
    return {
        delivery.key: learnt[delivery.key][1]
        for delivery in deliveries
        if delivery.key in learnt and learnt[delivery.key][0] == delivery.announcement
    }


def _perform(step: Step, account: AccountState, session: DeliverySession) -> None:
    ledger, publisher, now = session.ledger, session.publisher, session.now()
    if not isinstance(step, WriteIntent | Send):
        # WriteIntent renews the lease itself, and Send follows it at once: nothing slow may come between the two.
        ledger.renew_lease(session.lease)
    match step:
        case VerifyAccount():
            verify_account(session)
        case FetchCursor():
            ledger.note_account(session.lease, last_status_id=publisher.newest_status_id(), now=now)
        case Preflight(delivery):
            preflight([delivery], session)
        case ReadBack(delivery):
            read_back(delivery, session)
        case Adopt(delivery, status):
            adopt(delivery, status, session)
        case Requeue(delivery):
            _restore(delivery, session)
        case GiveUp(delivery):
            _give_up(delivery, session)
        case Skip(delivery, why):
            off = replace(delivery, state=DeliveryState.SKIPPED, reason=why, settled_at=now, not_before=None)
            session.set_aside(delivery, off, EventKind.SKIPPED)
        case Upload(delivery):
            media_ids = upload(delivery, session)
            if media_ids is not None:
                session.state.uploaded[delivery.key] = (delivery.announcement, media_ids)
        case WriteIntent(delivery):
            if ledger.write_intent(session.lease, delivery, after_id=account.last_status_id or "0", now=now):
                session.state.fresh_intent = delivery.key
        case Send(delivery):
            send(delivery, session)
        case Done() | Wait():
            raise AssertionError("these end the loop")


def _restore(delivery: Delivery, session: DeliverySession) -> None:
    due, now = restored(delivery), session.now()
    if delivery.action is Action.EDIT:
        due = replace(due, not_before=now + session.context.timing.settle)
    elif delivery.action.posts and delivery.attempts > 1:
        # A server that never confirms must not get a request every two minutes for a day.
        due = replace(
            due, not_before=now + backoff(delivery.attempts, jitter=session.context.jitter(), retry_after=None)
        )
    if delivery.action.posts:
        session.settle(due, EventKind.NOT_THERE, Reason(code=ReasonCode.NOT_FOUND))
    else:
        session.settle(due, EventKind.AGAIN, Reason(code=ReasonCode.HARMLESS_REPEAT))
    for learnt in (session.state.read_backs, session.state.read_back_began, session.state.preflights):
        learnt.pop(delivery.key, None)


def _give_up(delivery: Delivery, session: DeliverySession) -> None:
    now = session.now()
    lasted = rounded_duration(now - (delivery.first_tried_at or now))
    cause = session.state.failed.why if session.state.failed else delivery.reason
    reason = Reason(code=ReasonCode.GAVE_UP, lasted=lasted, cause=cause)
    # The absence of a delivery in flight is proven.
    unsent = restored(delivery) if delivery.state is DeliveryState.SENDING else delivery
    held = replace(unsent, state=DeliveryState.HELD, hold=Hold.FAILED, reason=reason, settled_at=now)
    session.state.attention = True
    session.set_aside(delivery, held, EventKind.HELD)
