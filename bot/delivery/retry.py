"""Handles a failed step: back-off or a blocked account. All waiting deliveries count as tried from then on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.delivery.protocol import Send, Step, VerifyAccount, Wait, backoff, refused
from bot.delivery.readback import IN_DOUBT
from bot.delivery.session import DeliverySession
from bot.domain import Action, CompareAndSet, Delivery, DeliveryState, Event, EventKind, Reason, ReasonCode, WriteBatch
from bot.domain.errors import AccountBlockedError, OutcomeUnknownError, TransientError

#: The worker verifies a blocked account again after this time: the operator may have replaced the token.
ASK_AGAIN: Final = timedelta(minutes=1)
#: The worker tries an account that cannot be read at least this often.
LONGEST_PATIENCE: Final = timedelta(minutes=5)


def failed(error: TransientError, step: Step, session: DeliverySession) -> Wait:
    """Back off after an attempt that posted nothing; the ledger records it if a delivery was being sent."""
    delivery = getattr(step, "delivery", None)
    attempts = delivery.attempts if isinstance(delivery, Delivery) else 0
    now = session.now()
    until = now + backoff(attempts, jitter=session.context.jitter(), retry_after=error.retry_after)
    why = Reason(code=ReasonCode.PUBLISH_ERROR, text=str(error))
    session.state.trouble = True
    if error.retry_after is not None:
        pause = Reason(code=ReasonCode.PUBLISH_ERROR, text=error.message)
        session.ledger.note_account(session.lease, blocked=pause, not_before=until, now=now)
    elif not isinstance(step, Send):
        until = max(until, now + _patience(session))
        _doubt_what_is_in_flight(session)
        if isinstance(step, VerifyAccount):
            _note_block(Reason(code=ReasonCode.ACCOUNT_UNREACHABLE, text=str(error)), session)
        else:
            session.emit(Event(at=now, kind=EventKind.WILL_RETRY, account=session.account, reason=why))
    if isinstance(step, Send):
        due = refused(step.delivery, key_is_spent=_spends_key(session))
        if step.delivery.action is Action.EDIT and isinstance(error.__cause__, OutcomeUnknownError):
            # The lost edit may still arrive, and must not undo a later one.
            until = max(until, session.now() + session.context.timing.settle)
            due = replace(due, intended_mark=step.delivery.intended_mark)
        due = replace(due, reason=why, not_before=until)
        session.settle(due, EventKind.WILL_RETRY, why)
    _begin_trying(why, session)
    return Wait(until, why)


def _doubt_what_is_in_flight(session: DeliverySession) -> None:
    # The fault that blocks our reads may delay the open request too, and let it through after our next read-back.
    now = session.now()
    for delivery in session.view().open:
        if delivery.state is DeliveryState.SENDING and delivery.action.posts:
            session.ledger.settle(session.lease, replace(delivery, intended_mark=IN_DOUBT), event=None, now=now)


def _patience(session: DeliverySession) -> timedelta:
    """Return the wait after a failed read: it grows with the time that the failure has lasted."""
    now = session.now()
    began = [d.first_tried_at for d in session.view().open if d.first_tried_at is not None]
    return min((now - min(began)) / 4, LONGEST_PATIENCE) if began else timedelta()


def _begin_trying(why: Reason, session: DeliverySession) -> None:
    # From here on waiting deliveries count as tried: they do not silently become too late, and giving up is reported.
    now = session.now()
    untried = [
        delivery
        for delivery in session.view().open
        if delivery.state is DeliveryState.DUE and delivery.first_tried_at is None
    ]
    changes = tuple(
        CompareAndSet(known=d, wanted=replace(d, first_tried_at=now, reason=d.reason or why)) for d in untried
    )
    if changes:
        # The ledger refuses changes of deliveries that a plan or the operator has changed meanwhile.
        session.ledger.record(WriteBatch(changes=changes), now=now)


def blocked(error: AccountBlockedError, step: Step, session: DeliverySession) -> Wait:
    """Record that the server refuses the account: nothing was posted, and the operator has to correct it."""
    now, why = session.now(), Reason(code=ReasonCode.ACCOUNT_BLOCKED, names=(error.cause.value,), text=str(error))
    if isinstance(step, Send):
        # The server has clearly refused, so nothing was posted and the delivery is still owed.
        due = refused(step.delivery, key_is_spent=_spends_key(session))
        session.ledger.settle(session.lease, replace(due, reason=why), event=None, now=now)
    _note_block(why, session)
    session.state.trouble = True
    # From here on waiting deliveries are owed, so that the operator learns which became too old meanwhile.
    _begin_trying(why, session)
    return Wait(now + ASK_AGAIN, why)


def _note_block(why: Reason, session: DeliverySession) -> None:
    # One event, not one at every attempt until the operator replaces the token.
    for event in session.ledger.note_account(session.lease, blocked=why, now=session.now()):
        session.state.attention = True
        session.emit(event)


def _spends_key(session: DeliverySession) -> bool:
    """Whether the server rejects an Idempotency-Key again with which it has rejected a request."""
    can = session.state.capabilities
    return can is not None and can.refusal_spends_key
