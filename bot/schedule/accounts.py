"""Serving the accounts: what one is owed is delivered in its own thread, and what it will be owed is prepared there."""

from __future__ import annotations

from datetime import datetime

from bot.app import Bot
from bot.model import Delivery
from bot.schedule.alarm import Alarm


class Accounts:
    """Knows which accounts rest after trouble, and which expect a release. The engine's workers call `serve`."""

    def __init__(self, bot: Bot, alarm: Alarm) -> None:
        self._bot = bot
        self._alarm = alarm
        self._resting: dict[str, datetime] = {}
        self._expected: dict[str, list[Delivery]] = {}

    def serve(self, address: str) -> None:
        """Deliver what the account is owed, then prepare what it will be owed. Raises LedgerError."""
        try:
            self._deliver(address)
        finally:
            self._bot.departures.leaves(address)  # whatever became of it: nobody need wait any longer
        if (soon := self._expected.pop(address, None)) is not None:
            self._bot.warm_up(address, soon)

    def expect(self, address: str, deliveries: list[Delivery]) -> None:
        """Prepare these in the account's own thread; returns at once."""
        self._resting.pop(address, None)
        self._expected[address] = deliveries
        self._bot.engine.ring(address)

    def wake(self) -> None:
        """What is due now is tried now, whatever pause an account is in."""
        self._resting.clear()

    def wake_and_ring(self) -> None:
        """The same, for accounts that a pass has rung before."""
        self.wake()
        for address in self._bot.publishers:
            self._bot.engine.ring(address)

    def _deliver(self, address: str) -> None:
        bot, now = self._bot, self._bot.parts.clock.now()
        if self._resting.get(address, now) > now:
            return  # a blocked or unreachable account is not asked at every pass
        self._resting.pop(address, None)
        drained = bot.drain(address)
        if drained.events:
            # Another pass writes what came of it where the site and people look.
            bot.bell.set()
        if drained.wait_until is not None:
            if drained.trouble:
                self._resting[address] = drained.wait_until
            # A pass, which rings the engine: the post may have changed while its toot waited.
            self._alarm.ring_at(f"account {address}", drained.wait_until, bot.bell.set)
