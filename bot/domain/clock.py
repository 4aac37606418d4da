"""Clocks, which callers pass as arguments. No other module of the bot reads the time of day."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final, Protocol

#: Marks are written with six decimals (seconds).
_ROUNDED: Final = 1e-6


class Clock(Protocol):
    """Tells the time of day, and a monotonic time for durations."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that only grow, and that go on counting while the machine sleeps."""

    def mark(self) -> str:
        """Return the present moment as a text for `since`, also for another process on this machine."""

    def since(self, mark: str) -> timedelta | None:
        """Return the time since a mark, regardless of clock steps; None if the machine was restarted since."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return monotonic_seconds()

    def mark(self) -> str:
        return f"{boot_id()} {monotonic_seconds():.6f}"

    def since(self, mark: str) -> timedelta | None:
        return _since(mark, boot=boot_id(), seconds=monotonic_seconds())


class ManualClock:
    """A clock that stands still until its owner moves it; for tests and simulations."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def mark(self) -> str:
        return f"set {self._monotonic:.6f}"

    def since(self, mark: str) -> timedelta | None:
        return _since(mark, boot="set", seconds=self._monotonic)

    def advance(self, by: timedelta) -> None:
        """Let time pass: the time of day and the monotonic time move together."""
        self._now += by
        self._monotonic += by.total_seconds()

    def step_to(self, now: datetime) -> None:
        """Set the time of day, as an operator or a time server would; no time passes."""
        self._now = now.astimezone(UTC)


class ShiftedClock(SystemClock):
    """Runs at the machine's speed, but tells another time of day; `step_to` moves it."""

    def __init__(self, now: datetime) -> None:
        self._offset = timedelta()
        self.step_to(now)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def step_to(self, now: datetime) -> None:
        """Set the time of day to `now`; it goes on from there."""
        self._offset = now.astimezone(UTC) - datetime.now(UTC)


def monotonic_seconds() -> float:
    """Monotonic seconds that count suspended time where the system offers it (CLOCK_BOOTTIME, Linux)."""
    boottime: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


@cache
def boot_id() -> str:
    """Return an id of the machine's present boot; a constant if the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "boot"


def _since(mark: str, *, boot: str, seconds: float) -> timedelta | None:
    marked_boot, _, marked_seconds = mark.rpartition(" ")
    if marked_boot != boot:
        return None
    passed = seconds - float(marked_seconds)
    # Without a boot id a restart still shows, because the seconds count from zero again.
    # A mark is rounded to the microsecond, so a mark made just now may lie in the future.
    return None if passed < -_ROUNDED else timedelta(seconds=max(0.0, passed))
