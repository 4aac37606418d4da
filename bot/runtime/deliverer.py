"""Delivering for the accounts: what a worker does when its account is notified."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from bot.delivery import DeliveryContext, DeliveryResult, SessionState, deliver_pending, is_warm, warm_up
from bot.delivery.protocol import Timing
from bot.domain import Delivery, Event
from bot.domain.clock import Clock
from bot.ledger.contract import Ledger
from bot.publishers.contract import Publisher
from bot.runtime.workers import RequestLatch


@dataclass(kw_only=True)
class Deliverer:
    """Delivers what the accounts are owed, and keeps what was prepared for a release on the dot.

    Safe across threads, as long as one account is served by one thread at a time.
    """

    ledger: Ledger
    publishers: Mapping[str, Publisher]  #: by the account's address
    clock: Clock
    timing: Timing
    owner: str
    stopping: Callable[[], bool]
    emit: Callable[[Event], None]
    hold_without_picture: bool
    jitter: Callable[[], float]  #: 0…1
    latch: RequestLatch = field(default_factory=RequestLatch)
    warm: dict[str, SessionState] = field(default_factory=dict)  #: what `warm_up` has just learnt, by account

    def deliver_pending(self, address: str) -> DeliveryResult:
        """Deliver what one account is owed. Raises LedgerError."""
        if not self.ledger.account_view(address).open:
            return DeliveryResult(account=address)
        session = self.warm.pop(address, None)
        return deliver_pending(
            self._context(address), session if session is not None and is_warm(session, self.clock) else None
        )

    def warm_up(self, address: str, expected: Sequence[Delivery]) -> None:
        """Ask one account's server before the instant what a delivery would ask first."""
        session = warm_up(self._context(address), expected)
        if session is not None:
            self.warm[address] = session

    def is_warm(self, address: str) -> bool:
        """Whether an account was prepared, so that its request can be sent at the instant."""
        return address in self.warm

    def _context(self, address: str) -> DeliveryContext:
        return DeliveryContext(
            ledger=self.ledger,
            publisher=self.publishers[address],
            clock=self.clock,
            timing=self.timing,
            owner=self.owner,
            stopping=self.stopping,
            jitter=self.jitter,
            emit=self.emit,
            hold_without_picture=self.hold_without_picture,
            request_started=partial(self.latch.request_started, address),
        )
