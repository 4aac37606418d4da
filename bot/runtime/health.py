"""Whether the bot is awake: what a health page may say of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.domain.clock import Clock

#: The loop beats every second while it waits, and after each pass; a beat that is missing for so long never comes.
STALE_AFTER: Final = timedelta(minutes=2)


class Heartbeat:
    """Written by the loop, read by whoever asks. Safe across threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun = clock.monotonic()
        self._latest: tuple[datetime, float] | None = None

    def beat(self) -> None:
        """A pass has been done, or the loop waits for a reason to do one."""
        self._latest = (self._clock.now(), self._clock.monotonic())

    def health(self) -> tuple[bool, Mapping[str, object]]:
        """Whether the loop goes on, and the minute (UTC) when it last showed that.

        Not when the latest pass was: one follows each change of the posts, so that would tell when somebody works on
        news to come.
        """
        latest = self._latest
        since = latest[1] if latest is not None else self._begun
        well = self._clock.monotonic() - since < STALE_AFTER.total_seconds()
        minute = None if latest is None else f"{latest[0]:%Y-%m-%dT%H:%MZ}"
        return well, {"awake": minute}
