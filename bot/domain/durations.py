"""Durations and times as people write them in settings ("72h", "1h 30m", "off") and read them in lines of text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

#: A clock this far from those of all the accounts' servers is doubted (HTTP gives their time in whole seconds).
SERVER_TOLERANCE: Final = timedelta(minutes=5)

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY: Final = 86400  #: seconds
_HOUR: Final = 3600
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")


def parse_duration(text: str) -> timedelta:
    """Read a duration such as "90s", "2m", "1h 30m", "3d"; "off" and "0" mean none.

    Raises ValueError with a message for the author of the setting.
    """
    compact = text.strip().lower()
    if compact in ("off", "0"):
        return timedelta()
    if not compact or _PART.sub("", compact).strip():
        raise ValueError(f'"{text}" is not a duration; write for example "90s", "2m", "72h", "3d" or "off"')
    try:
        return sum(
            (timedelta(**{_UNITS[unit]: float(number)}) for number, unit in _PART.findall(compact)),
            start=timedelta(),
        )
    except OverflowError:
        raise ValueError(f'"{text}" is too long a time') from None


def format_duration(duration: timedelta) -> str:
    """Format a duration with its two largest units: "3 days 4 h", "5 min", "12 s". The sign is dropped."""
    seconds = round(abs(duration.total_seconds()))
    # Each cycle formats the lateness of thousands of old posts, so the largest unit is tested first.
    if seconds >= _DAY:
        days, rest = divmod(seconds, _DAY)
        return _two(days, "day" if days == 1 else "days", rest // _HOUR, "h")
    if seconds >= _HOUR:
        hours, rest = divmod(seconds, _HOUR)
        return _two(hours, "h", rest // 60, "min")
    minutes, rest = divmod(seconds, 60)
    return _two(minutes, "min", rest, "s") if minutes else f"{rest} s"


def format_distance(moment: datetime, now: datetime) -> str:
    """How far a moment is from now: "in 3 days 4 h", "5 min ago"."""
    gap = format_duration(moment - now)
    return f"in {gap}" if moment > now else f"{gap} ago"


def local_and_utc(moment: datetime, zone: tzinfo) -> tuple[datetime, str]:
    """The moment in `zone`, and its time in UTC for a person: "10:00 UTC", "Wed 02:00 UTC" if the day is another.

    The text is empty where the zone's time is UTC.
    """
    local, utc = moment.astimezone(zone), moment.astimezone(UTC)
    if local.utcoffset() == utc.utcoffset():
        return local, ""
    day = "" if local.date() == utc.date() else f"{utc:%a} "
    return local, f"{day}{utc:%H:%M} UTC"


def rounded_duration(duration: timedelta) -> timedelta:
    """Round a duration down to the precision that `format_duration` shows."""
    seconds = round(abs(duration.total_seconds()))
    unit = _HOUR if seconds >= _DAY else 60 if seconds >= _HOUR else 1
    return timedelta(seconds=seconds - seconds % unit)


def _two(number: int, unit: str, more: int, smaller: str) -> str:
    return f"{number} {unit} {more} {smaller}" if more else f"{number} {unit}"


_WRITTEN: Final = re.compile(r"(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Daytime:
    """The hours from `begin` to `end`, both in `zone`; they span midnight if `end` is earlier."""

    begin: time
    end: time
    zone: ZoneInfo

    def wait_until(self, now: datetime) -> datetime | None:
        """Return when the hours begin next (UTC); None if `now` is within them."""
        local = now.astimezone(self.zone)
        if self._holds(local.time()):
            return None
        # Wall-clock arithmetic on purpose: the hours are local time, across changes to and from summer time.
        today = local.replace(hour=self.begin.hour, minute=self.begin.minute, second=0, microsecond=0)
        opening = today if today > local else today + timedelta(days=1)
        return opening.astimezone(UTC)

    def _holds(self, clock: time) -> bool:
        if self.begin <= self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end


def read_hours(text: str) -> tuple[time, time]:
    """Read the two times of day in a text such as "08:00-21:00".

    Raises ValueError with a message for the author of the setting.
    """
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
