"""The heartbeat of the loop, for the health page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.domain.clock import Clock

#: The loop beats every second while it waits, and after each cycle. Without a beat for this long it hangs.
STALE_AFTER: Final = timedelta(minutes=2)


class Heartbeat:
    """Written by the loop, read by the health page. Safe across threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun = clock.monotonic()
        self._latest: tuple[datetime, float] | None = None

    def beat(self) -> None:
        """Note that the loop has done a cycle, or waits for a reason to do one."""
        self._latest = (self._clock.now(), self._clock.monotonic())

    def health(self) -> tuple[bool, Mapping[str, object]]:
        """Return whether the loop runs, and the minute (UTC) of its latest beat.

        The time of the latest cycle stays private: a cycle follows each change of the posts, so it would reveal when
        the team works on upcoming news.
        """
        latest = self._latest
        since = latest[1] if latest is not None else self._begun
        well = self._clock.monotonic() - since < STALE_AFTER.total_seconds()
        minute = None if latest is None else f"{latest[0]:%Y-%m-%dT%H:%MZ}"
        return well, {"awake": minute}
