"""Who we are on the account's server: asked before anything else, and before the instant where there is time for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.delivery.readback import preflight
from bot.delivery.session import UNREACHABLE, DeliveryContext, DeliverySession, emit
from bot.domain import Delivery, Lease
from bot.domain.clock import Clock
from bot.domain.errors import AccountBlockedError, LeaseHeldError, LeaseLostError, TransientError
from bot.ledger.transitions import unblocked_event

#: A pre-flight look is believed for this long; then there is another before anything is sent.
PREFLIGHT_LASTS: Final = timedelta(minutes=1)


def verify_account(tools: DeliveryContext, lease: Lease, memory: DeliverySession) -> None:
    """Ask who we are and what the server allows; what blocked the account ends, if reading was all it lacked."""
    facts = tools.publisher.introduce()
    memory.introduced, memory.software = True, facts.limits.software
    now, blocked = tools.clock.now(), tools.ledger.account(lease.account).blocked
    if blocked and not blocked.startswith(UNREACHABLE):
        # A token may be good for reading and not for posting: the block stands until a toot went out.
        memory.facts_once_sent = facts
        return
    tools.ledger.note_account(lease, facts=facts, now=now)
    if blocked:
        emit(unblocked_event(lease.account, blocked=blocked, now=now), tools, memory)


def warm_up(tools: DeliveryContext, expected: Sequence[Delivery]) -> DeliverySession | None:
    """Ask before the instant what a drain asks first: who we are, and whether what is `expected` is there already.

    Nothing is sent and nothing is settled. Returns what a `drain` within `PREFLIGHT_LASTS` need not ask again; None
    where it has to ask all by itself. Raises LedgerError.
    """
    address, memory, now = tools.publisher.address, DeliverySession(), tools.clock.now()
    state = tools.ledger.account(address)
    if state.blocked or (state.not_before is not None and state.not_before > now):
        return None
    try:
        lease = tools.ledger.lease(address, owner=tools.owner, duration=tools.timing.lease)
    except LeaseHeldError:
        return None
    try:
        verify_account(tools, lease, memory)
        tools.ledger.renew(lease)
        preflight(expected, tools, lease, memory)
        for delivery in expected:
            tools.publisher.get_ready(delivery.announcement)
    except (AccountBlockedError, TransientError, LeaseLostError):
        return None  # the drain meets it again, and says so
    finally:
        tools.ledger.give_back(lease)
    return memory


def is_warm(memory: DeliverySession, clock: Clock) -> bool:
    """Whether what `warm_up` learnt may still be believed."""
    return clock.monotonic() - memory.met_at <= PREFLIGHT_LASTS.total_seconds()
