"""Delivering for the accounts: what a worker does when its account is notified."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from bot.delivery import DeliveryContext, DeliveryResult, SessionState, deliver_pending, is_warm, warm_up
from bot.delivery.protocol import Timing
from bot.domain import Abilities, AccountFacts, Delivery, Event
from bot.domain.clock import Clock
from bot.ledger.contract import Ledger
from bot.publishers.contract import Publisher
from bot.runtime.workers import RequestLatch, WorkerPool


@dataclass(kw_only=True)
class Deliverer:
    """Delivers what the accounts are owed, and keeps what was prepared for a release on the dot.

    Safe across threads, as long as one account is served by one thread at a time.
    """

    ledger: Ledger
    publishers: Mapping[str, Publisher]  #: by the account's address
    clock: Clock
    timing: Timing
    owner: str  #: names the process in the ledger's leases
    stopping: Callable[[], bool]
    emit: Callable[[Event], None]
    hold_without_picture: bool
    jitter: Callable[[], float]  #: 0…1, spreads retries
    abilities: Mapping[str, Callable[[AccountFacts | None], Abilities]]  #: by address: `abilities_of` of the account
    latch: RequestLatch = field(default_factory=RequestLatch)
    warm: dict[str, SessionState] = field(default_factory=dict)  #: what `warm_up` has just learnt, by account

    def deliver_pending(self, address: str) -> DeliveryResult:
        """Deliver what one account is owed. Raises LedgerError."""
        session = self.warm.get(address)
        if session is not None:
            if not self.ledger.account_view(address).open:
                return DeliveryResult(account=address)  # the release it was prepared for is still to come
            del self.warm[address]
            session = session if is_warm(session, self.clock) else None
        state = session or SessionState()
        result = deliver_pending(self._context(address), state)
        if result.facts_changed:
            # The next session does not verify again: a server whose facts keep changing must not block the account.
            self.warm[address] = SessionState(
                verified=True, capabilities=state.capabilities, preflight_at=self.clock.monotonic()
            )
        return result

    def warm_up(self, address: str, expected: Sequence[Delivery]) -> bool:
        """Ask one account's server before the instant what a delivery would ask first.

        Returns whether the server reported other facts than `expected` was composed by: then plan the release again.
        """
        self.warm.pop(address, None)
        session = warm_up(self._context(address), expected)
        if session is None:
            return False
        # If the release is not planned again in time, its toot waits for the cycle that composes it by these facts.
        self.warm[address] = session
        return session.facts_changed

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
            abilities_of=self.abilities.get(address),
        )


class Accounts:
    """Knows which accounts rest after trouble, and which expect a release. The workers of the service call `serve`."""

    def __init__(
        self,
        deliverer: Deliverer,
        *,
        workers: WorkerPool,
        call_at: Callable[[str, datetime, Callable[[], None]], None],
        wake_loop: Callable[[], None],
    ) -> None:
        """`call_at` sets an alarm by name, `wake_loop` asks for another cycle."""
        self._deliverer = deliverer
        self._workers = workers
        self._call_at = call_at
        self._wake_loop = wake_loop
        self._resting: dict[str, datetime] = {}
        self._expected: dict[str, list[Delivery]] = {}

    def serve(self, address: str) -> None:
        """Deliver what the account is owed, then prepare what it will be owed. Raises LedgerError."""
        try:
            self._deliver(address)
        finally:
            self._deliverer.latch.request_started(address)  # also after an error: nothing is to wait for it
        soon = self._expected.pop(address, None)
        if soon is not None and self._deliverer.warm_up(address, soon):
            self._wake_loop()  # the release is prepared again, if there is time

    def expect(self, address: str, deliveries: list[Delivery]) -> None:
        """Prepare these in the account's own thread; returns at once."""
        self._resting.pop(address, None)
        self._expected[address] = deliveries
        self._workers.notify(address)

    def wake(self) -> None:
        """End the pauses of all accounts: what is due now is tried at the next notification."""
        self._resting.clear()

    def wake_and_notify(self) -> None:
        """End the pauses, and notify all accounts: a cycle has notified them while they paused."""
        self.wake()
        for address in self._deliverer.publishers:
            self._workers.notify(address)

    def _deliver(self, address: str) -> None:
        now = self._deliverer.clock.now()
        if self._resting.get(address, now) > now:
            return  # a blocked or unreachable account is not tried at every cycle
        self._resting.pop(address, None)
        result = self._deliverer.deliver_pending(address)
        if result.events or result.facts_changed:
            # Another cycle publishes what came of it, or composes again; it notifies this worker.
            self._wake_loop()
        if result.wait_until is not None:
            if result.trouble:
                self._resting[address] = result.wait_until
            # A cycle, which notifies the workers: the post may have changed while its toot waited.
            self._call_at(f"account {address}", result.wait_until, self._wake_loop)
