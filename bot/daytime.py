"""The hours of the day in which a late toot may go out. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_WRITTEN: Final = re.compile(r"(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Daytime:
    """From `begin` to `end`, both in `zone`; over midnight if `end` is earlier."""

    begin: time
    end: time
    zone: ZoneInfo

    def wait_until(self, now: datetime) -> datetime | None:
        """The next moment (UTC) within the hours; None if `now` is within them."""
        local = now.astimezone(self.zone)
        if self._holds(local.time()):
            return None
        # Wall-clock arithmetic on purpose: the hours are those that a person's clock shows.
        today = local.replace(hour=self.begin.hour, minute=self.begin.minute, second=0, microsecond=0)
        opening = today if today > local else today + timedelta(days=1)
        return opening.astimezone(UTC)

    def _holds(self, clock: time) -> bool:
        if self.begin <= self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end


def read_hours(text: str) -> tuple[time, time]:
    """The two times of day in a text such as "08:00-21:00". Raises ValueError with a sentence for the reader."""
    found = _WRITTEN.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        begin, end = (time.fromisoformat(clock.zfill(5)) for clock in found.groups())
    except ValueError:
        raise ValueError(f'"{text}" is no span of hours; write for example "08:00-21:00"') from None
    if begin == end:
        raise ValueError(f'"{text}" is an empty span; leave the setting out if toots may go out at any hour')
    return begin, end
