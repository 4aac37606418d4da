"""Who we are on the account's server: asked before anything else, and before the instant where there is time for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.delivery.readback import preflight
from bot.delivery.session import DeliveryContext, DeliverySession, SessionState
from bot.domain import Capabilities, Delivery, ReasonCode
from bot.domain.clock import Clock
from bot.domain.errors import AccountBlockedError, LeaseHeldError, LeaseLostError, TransientError

#: A pre-flight look is believed for this long; then there is another before anything is sent.
PREFLIGHT_LASTS: Final = timedelta(minutes=1)


def verify_account(session: DeliverySession) -> None:
    """Ask who we are and what the server allows; what blocked the account ends, if reading was all it lacked."""
    facts = session.publisher.verify_account()
    session.state.introduced, session.state.capabilities = True, facts.capabilities or Capabilities()
    blocked = session.view().account.blocked
    if blocked is not None and blocked.code is not ReasonCode.ACCOUNT_UNREACHABLE:
        # A token may be good for reading and not for posting: the block stands until a toot went out.
        session.state.facts_once_sent = facts
        return
    for event in session.ledger.note_account(session.lease, facts=facts, now=session.now()):
        session.emit(event)


def warm_up(context: DeliveryContext, expected: Sequence[Delivery]) -> SessionState | None:
    """Ask before the instant what a session asks first: who we are, and whether what is `expected` is there already.

    Nothing is sent and nothing is settled. Returns what a session within `PREFLIGHT_LASTS` need not ask again; None
    where it has to ask all by itself. Raises LedgerError.
    """
    ledger, address, now = context.ledger, context.publisher.address, context.clock.now()
    known = ledger.account_view(address).account
    if known.blocked is not None or (known.not_before is not None and known.not_before > now):
        return None
    try:
        lease = ledger.acquire_lease(address, owner=context.owner, duration=context.timing.lease)
    except LeaseHeldError:
        return None
    session = DeliverySession(context=context, lease=lease, state=SessionState())
    try:
        verify_account(session)
        ledger.renew_lease(lease)
        preflight(expected, session)
        for delivery in expected:
            context.publisher.prepare_pictures(delivery.announcement)
    except (AccountBlockedError, TransientError, LeaseLostError):
        return None  # the session to come meets it again, and says so
    finally:
        ledger.release_lease(lease)
    return session.state


def is_warm(state: SessionState, clock: Clock) -> bool:
    """Whether what `warm_up` learnt may still be believed."""
    return clock.monotonic() - state.met_at <= PREFLIGHT_LASTS.total_seconds()
