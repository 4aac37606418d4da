"""Whether the bot is awake, as the health page tells it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.domain.clock import Clock

#: The loop beats every second while it waits, and after each cycle; one that has missed beats for so long hangs.
STALE_AFTER: Final = timedelta(minutes=2)


class Heartbeat:
    """Written by the loop, read by the health page. Safe across threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun = clock.monotonic()
        self._latest: tuple[datetime, float] | None = None

    def beat(self) -> None:
        """A cycle has been done, or the loop waits for a reason to do one."""
        self._latest = (self._clock.now(), self._clock.monotonic())

    def health(self) -> tuple[bool, Mapping[str, object]]:
        """Whether the loop goes on, and the minute (UTC) when it last showed that.

        Not the time of the latest cycle: one follows each change of the posts, so it would tell when the team works on
        news to come.
        """
        latest = self._latest
        since = latest[1] if latest is not None else self._begun
        well = self._clock.monotonic() - since < STALE_AFTER.total_seconds()
        minute = None if latest is None else f"{latest[0]:%Y-%m-%dT%H:%MZ}"
        return well, {"awake": minute}
