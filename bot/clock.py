"""The clock is an argument. Nothing else in the bot reads the time of day."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time of day, and a monotonic time for durations."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that only grow, and that go on counting while the machine sleeps."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return monotonic_seconds()


class SetClock:
    """A clock that stands still until it is moved; for tests and pretended seasons."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, by: timedelta) -> None:
        """Let time pass: the time of day and the monotonic time move together."""
        self._now += by
        self._monotonic += by.total_seconds()

    def step_to(self, now: datetime) -> None:
        """Set the time of day, as a person or a time server would; no time passes."""
        self._now = now.astimezone(UTC)


class ShiftedClock:
    """Runs at the machine's speed, but tells another time of day; `step_to` moves it."""

    def __init__(self, now: datetime) -> None:
        self._offset = timedelta()
        self.step_to(now)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def monotonic(self) -> float:
        return monotonic_seconds()

    def step_to(self, now: datetime) -> None:
        """Set the time of day to `now`; it goes on from there."""
        self._offset = now.astimezone(UTC) - datetime.now(UTC)


def monotonic_seconds() -> float:
    """Monotonic seconds that count suspended time where the system offers it (CLOCK_BOOTTIME, Linux)."""
    boottime: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)
