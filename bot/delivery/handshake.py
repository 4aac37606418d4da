"""Verifies the account with its server: first in every session, and ahead of a release if there is time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.delivery.readback import preflight
from bot.delivery.session import DeliveryContext, DeliverySession, SessionState
from bot.domain import Abilities, Delivery, ReasonCode
from bot.domain.clock import Clock
from bot.domain.errors import AccountBlockedError, LeaseHeldError, LeaseLostError, TransientError

#: The result of a pre-flight read is valid for this long; after that the worker reads again before it sends.
PREFLIGHT_LASTS: Final = timedelta(minutes=1)


def verify_account(session: DeliverySession) -> None:
    """Ask the server which account the token belongs to and what it accepts; ends a block for unreachability."""
    facts = session.publisher.verify_account()
    session.state.verified, session.state.capabilities = True, facts.capabilities
    known = session.view().account
    blocked = known.blocked
    if blocked is not None and blocked.code is not ReasonCode.ACCOUNT_UNREACHABLE:
        # A token may allow reading but not posting, so the block stays until a toot is sent.
        session.state.facts_once_sent = facts
        return
    for event in session.ledger.note_account(session.lease, facts=facts, now=session.now()):
        session.emit(event)
    abilities_of = session.context.abilities_of
    if abilities_of is not None:
        before, after = abilities_of(known.facts), abilities_of(facts)
        session.state.facts_changed = _without_version(before) != _without_version(after)


def _without_version(can: Abilities) -> Abilities:
    # No announcement depends on the server's version itself.
    return replace(can, limits=replace(can.limits, software=""))


def warm_up(context: DeliveryContext, expected: Sequence[Delivery]) -> SessionState | None:
    """Do ahead of a release what a session does first: verify the account, and check for the `expected` deliveries.

    Sends and settles nothing. Does not check for them if the server has reported other facts than they were composed
    by. Returns the state for a session that begins within `PREFLIGHT_LASTS`; None if that session has to start from
    nothing. Raises LedgerError.
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
        if session.state.facts_changed:
            # The deliveries have to be composed again. The ledger has the facts, so no later session would notice.
            session.state.preflight_at = context.clock.monotonic()
            return session.state
        ledger.renew_lease(lease)
        preflight(expected, session)
        for delivery in expected:
            context.publisher.prepare_pictures(delivery.announcement)
    except (AccountBlockedError, TransientError, LeaseLostError):
        return None  # the session itself will meet and report the error
    finally:
        ledger.release_lease(lease)
    return session.state


def is_warm(state: SessionState, clock: Clock) -> bool:
    """Whether the state that `warm_up` returned is still valid."""
    return clock.monotonic() - state.preflight_at <= PREFLIGHT_LASTS.total_seconds()
