"""Durations as people write them in settings: "72h", "2m", "1h 30m", "off"."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
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
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    named = (
        (days, "day" if days == 1 else "days"),
        (hours, "h"),
        (minutes, "min"),
        (seconds, "s"),
    )
    for index, (number, unit) in enumerate(named):
        if number:
            following = named[index + 1 : index + 2]
            parts = [f"{number} {unit}", *(f"{n} {u}" for n, u in following if n)]
            return " ".join(parts)
    return "0 s"
