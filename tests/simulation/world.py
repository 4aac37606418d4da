"""The simulated world of one seed: its clocks, its schedule of events, and its processes. All on one thread."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from greenlet import getcurrent, greenlet

from bot.domain.clock import ManualClock
from tests.simulation.faults import Faults
from tests.simulation.process import Process

BEGIN = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)
HOUR = 3600.0


class MachineClock(ManualClock):
    """A clock that distinguishes one start of its machine from the next."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self._boot = 1

    def restart(self) -> None:
        """Restart the machine: all earlier marks become invalid."""
        self._boot += 1

    def mark(self) -> str:
        return f"boot{self._boot} {super().mark()}"

    def since(self, mark: str) -> timedelta | None:
        boot, _, rest = mark.partition(" ")
        return super().since(rest) if boot == f"boot{self._boot}" else None


class World:
    """Events in the order of their times; between them nothing happens."""

    def __init__(self, seed: int, root: Path) -> None:
        self.seed = seed
        self.root = root
        self.random = Random(seed)
        self.clock = MachineClock(BEGIN)  #: the machine's, which may be set wrong
        self.true_clock = ManualClock(BEGIN)  #: the server's
        self.latest = BEGIN  #: the latest time that the machine's clock has shown
        self.hub: greenlet = getcurrent()
        self.current: Process | None = None
        self.injected: Counter[str] = Counter()  #: what went wrong, by kind
        self.trace: list[str] = []
        self.faults = Faults(self)
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0

    @property
    def now(self) -> float:
        """Seconds since the beginning, true time."""
        return self.true_clock.monotonic()

    def moment(self, seconds: float) -> datetime:
        """The time of day, so many seconds after the beginning."""
        return BEGIN + timedelta(seconds=seconds)

    @staticmethod
    def seconds(moment: datetime) -> float:
        """Seconds from the beginning to a time of day."""
        return (moment - BEGIN).total_seconds()

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Schedule an action after a delay, in seconds."""
        self.at(self.now + max(0.0, seconds), action)

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Schedule an action at a time, in seconds since the beginning."""
        self._count += 1
        heapq.heappush(self._events, (max(seconds, self.now), self._count, action))

    def run_until(self, end: float, *, enough: Callable[[], bool] = lambda: False) -> None:
        """Run all events that are due until then, or until `enough` says so."""
        while self._events and self._events[0][0] <= end and not enough():
            when, _, action = heapq.heappop(self._events)
            self._advance(when)
            action()
        if not enough():
            self._advance(end)

    def _advance(self, to: float) -> None:
        by = timedelta(seconds=to - self.now)
        if by > timedelta():
            self.clock.advance(by)
            self.true_clock.advance(by)
        self.latest = max(self.latest, self.clock.now())

    def step_clock(self, by: timedelta) -> None:
        """Move the machine's clock, forward or back."""
        self.clock.step_to(self.clock.now() + by)
        self.latest = max(self.latest, self.clock.now())

    def note(self, what: str) -> None:
        """Add a line to the trace, for a developer who investigates the seed."""
        who = self.current.name if self.current else "-"
        self.trace.append(f"{self.now:10.2f} {self.clock.now():%d %H:%M:%S} {who:>5} {what}")

    def wrong(self, kind: str, detail: str = "") -> None:
        """Count an injected fault, and add it to the trace."""
        self.injected[kind] += 1
        self.note(f"! {kind} {detail}")
