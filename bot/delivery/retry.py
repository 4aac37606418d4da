"""What follows a failed step: a wait, or a blocked account; all that waits counts as tried from then on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.delivery.protocol import Send, Step, VerifyAccount, Wait, backoff, refused
from bot.delivery.readback import IN_DOUBT
from bot.delivery.session import DeliverySession
from bot.domain import Action, CompareAndSet, Delivery, DeliveryState, Event, EventKind, Reason, ReasonCode, WriteBatch
from bot.domain.errors import AccountBlockedError, OutcomeUnknownError, TransientError

#: A blocked account is asked again after this time: the operator may have mended the token meanwhile.
ASK_AGAIN: Final = timedelta(minutes=1)
#: An account that cannot be read is asked at least this often.
LONGEST_PATIENCE: Final = timedelta(minutes=5)


def failed(error: TransientError, step: Step, session: DeliverySession) -> Wait:
    """Nothing was posted: back off, in the ledger if a delivery was being tried."""
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
        if step.delivery.action is Action.EDIT and isinstance(error.__cause__, OutcomeUnknownError):
            # Arriving late, it must not undo a later edit.
            until = max(until, session.now() + session.context.timing.settle)
        due = refused(step.delivery, key_is_spent=session.state.capabilities.refusal_spends_key)
        due = replace(due, reason=why, not_before=until)
        session.settle(due, EventKind.WILL_RETRY, why)
    _begin_trying(why, session)
    return Wait(until, why)


def _doubt_what_is_in_flight(session: DeliverySession) -> None:
    # What keeps the server from answering may be holding the request as well, and let it through after our next look.
    now = session.now()
    for delivery in session.view().open:
        if delivery.state is DeliveryState.SENDING and delivery.action.posts:
            session.ledger.settle(session.lease, replace(delivery, intended_mark=IN_DOUBT), event=None, now=now)


def _patience(session: DeliverySession) -> timedelta:
    """The wait after a failure to read: it grows with the time that the trouble has lasted."""
    now = session.now()
    began = [d.first_tried_at for d in session.view().open if d.first_tried_at is not None]
    return min((now - min(began)) / 4, LONGEST_PATIENCE) if began else timedelta()


def _begin_trying(why: Reason, session: DeliverySession) -> None:
    # From here on what waits counts as tried: it does not silently become too late, and is given up aloud.
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
        # Those that a plan or the operator has changed meanwhile are left as they are.
        session.ledger.record(WriteBatch(changes=changes), now=now)


def blocked(error: AccountBlockedError, step: Step, session: DeliverySession) -> Wait:
    """The server serves this account no more: nothing was posted, and the operator has to mend it."""
    now, why = session.now(), Reason(code=ReasonCode.ACCOUNT_BLOCKED, names=(error.cause.value,), text=str(error))
    if isinstance(step, Send):
        # A clear no: nothing was posted, so the delivery is owed as before.
        due = refused(step.delivery, key_is_spent=session.state.capabilities.refusal_spends_key)
        session.ledger.settle(session.lease, replace(due, reason=why), event=None, now=now)
    _note_block(why, session)
    session.state.trouble = True
    # From here on what waits is owed: once the account works again, the operator learns what has become too old.
    _begin_trying(why, session)
    return Wait(now + ASK_AGAIN, why)


def _note_block(why: Reason, session: DeliverySession) -> None:
    # An event once, not at every tick until the token is mended.
    for event in session.ledger.note_account(session.lease, blocked=why, now=session.now()):
        session.state.attention = True
        session.emit(event)
