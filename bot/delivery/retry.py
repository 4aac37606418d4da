"""What a failed step leaves: a wait, a blocked account, and what waits counts as tried from here on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.delivery.protocol import Send, Step, VerifyAccount, Wait, backoff, refused
from bot.delivery.readback import IN_DOUBT
from bot.delivery.session import UNREACHABLE, DeliveryContext, DeliverySession, emit, settle
from bot.domain import Action, CompareAndSet, Delivery, DeliveryState, Event, EventKind, Lease, WriteBatch
from bot.domain.errors import AccountBlockedError, OutcomeUnknownError, TransientError

#: A blocked account is asked again after this time: a person is mending the token meanwhile.
ASK_AGAIN: Final = timedelta(minutes=1)
#: An account that cannot be read is asked at least this often.
LONGEST_PATIENCE: Final = timedelta(minutes=5)


def failed(error: TransientError, step: Step, tools: DeliveryContext, lease: Lease, memory: DeliverySession) -> Wait:
    """Nothing was posted: back off, in the ledger if a delivery was being tried."""
    delivery = getattr(step, "delivery", None)
    attempts = delivery.attempts if isinstance(delivery, Delivery) else 0
    now = tools.clock.now()
    until = now + backoff(attempts, jitter=tools.jitter(), retry_after=error.retry_after)
    memory.trouble = True
    if error.retry_after is not None:
        tools.ledger.block_account(lease, why=error.message, not_before=until, now=now)
    elif not isinstance(step, Send):
        until = max(until, now + _patience(tools, lease))
        _doubt_what_is_in_flight(tools, lease)
        if isinstance(step, VerifyAccount):
            _note_block(f"{UNREACHABLE}{error}", tools, lease, memory)
        else:
            emit(Event(at=now, kind=EventKind.WILL_RETRY, account=lease.account, detail=str(error)), tools, memory)
    if isinstance(step, Send):
        if step.delivery.action is Action.EDIT and isinstance(error.__cause__, OutcomeUnknownError):
            # Arriving late, it must not undo a later edit.
            until = max(until, tools.clock.now() + tools.timing.settle)
        due = replace(refused(step.delivery, software=memory.software), reason=str(error), not_before=until)
        settle(due, EventKind.WILL_RETRY, str(error), tools, lease, memory)
    _begin_trying(str(error), tools, lease)
    return Wait(until, str(error))


def _doubt_what_is_in_flight(tools: DeliveryContext, lease: Lease) -> None:
    # What keeps the server from answering may be holding the request as well, and let it through after our next look.
    now = tools.clock.now()
    for delivery in tools.ledger.open_deliveries(lease.account):
        if delivery.state is DeliveryState.SENDING and delivery.action.posts:
            tools.ledger.settle(lease, replace(delivery, intended_mark=IN_DOUBT), event=None, now=now)


def _patience(tools: DeliveryContext, lease: Lease) -> timedelta:
    """The wait after a failure to read: it grows with the time that the trouble has lasted."""
    now = tools.clock.now()
    began = [d.first_tried_at for d in tools.ledger.open_deliveries(lease.account) if d.first_tried_at is not None]
    return min((now - min(began)) / 4, LONGEST_PATIENCE) if began else timedelta()


def _begin_trying(why: str, tools: DeliveryContext, lease: Lease) -> None:
    # From here on what waits counts as tried: it does not silently become too late, and is given up aloud.
    now = tools.clock.now()
    untried = [
        delivery
        for delivery in tools.ledger.open_deliveries(lease.account)
        if delivery.state is DeliveryState.DUE and delivery.first_tried_at is None
    ]
    changes = tuple(
        CompareAndSet(known=d, wanted=replace(d, first_tried_at=now, reason=d.reason or why)) for d in untried
    )
    if changes:
        # Those that a plan or a person has changed meanwhile are left as they are.
        tools.ledger.record(WriteBatch(changes=changes), now=now)


def blocked(
    error: AccountBlockedError, step: Step, tools: DeliveryContext, lease: Lease, memory: DeliverySession
) -> Wait:
    """The server serves this account no more: nothing was posted, and a person has to mend it."""
    now = tools.clock.now()
    if isinstance(step, Send):
        # A clear no: nothing was posted, so the delivery is owed as before.
        due = replace(refused(step.delivery, software=memory.software), reason=str(error))
        tools.ledger.settle(lease, due, event=None, now=now)
    _note_block(str(error), tools, lease, memory)
    memory.trouble = True
    # From here on what waits is owed: once the account works again, a person hears of what has become too old.
    _begin_trying(str(error), tools, lease)
    return Wait(now + ASK_AGAIN, str(error))


def _note_block(why: str, tools: DeliveryContext, lease: Lease, memory: DeliverySession) -> None:
    now = tools.clock.now()
    if tools.ledger.block_account(lease, why=why, not_before=None, now=now):
        # Told once, not at every tick of a token that nobody has mended yet.
        memory.attention = True
        emit(Event(at=now, kind=EventKind.BLOCKED, account=lease.account, detail=why), tools, memory)
