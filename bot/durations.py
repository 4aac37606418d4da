"""Durations as people write them in settings: "72h", "2m", "1h 30m", "off"."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY: Final = 86400  #: seconds
_HOUR: Final = 3600
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")


def parse_duration(text: str) -> timedelta:
    """Read a duration such as "90s", "2m", "1h 30m", "3d"; "off" and "0" mean none.

    Raises ValueError with a sentence for the reader.
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
    """The two largest units of a duration, for a person: "3 days 4 h", "5 min", "12 s"."""
    seconds = round(abs(duration.total_seconds()))
    # Each pass says of thousands of old posts how late they would be, so the longest come first.
    if seconds >= _DAY:
        days, rest = divmod(seconds, _DAY)
        return _two(days, "day" if days == 1 else "days", rest // _HOUR, "h")
    if seconds >= _HOUR:
        hours, rest = divmod(seconds, _HOUR)
        return _two(hours, "h", rest // 60, "min")
    minutes, rest = divmod(seconds, 60)
    return _two(minutes, "min", rest, "s") if minutes else f"{rest} s"


def _two(number: int, unit: str, more: int, smaller: str) -> str:
    return f"{number} {unit} {more} {smaller}" if more else f"{number} {unit}"
