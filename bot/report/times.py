"""Moments and distances as people read them, in the site's time and in UTC. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from bot.domain.durations import format_distance, local_and_utc

_DAY: Final = timedelta(days=1)
#: From here on a distance is shown in whole days.
_ROUNDED_FROM: Final = timedelta(days=10)


def show_time(moment: datetime, zone: tzinfo) -> str:
    """A moment for a line of text: "Sat 06 Jul 2024 06:00 EDT (10:00 UTC)"."""
    local, utc = local_and_utc(moment, zone)
    return f"{local:%a %d %b %Y %H:%M %Z} ({utc})" if utc else f"{local:%a %d %b %Y %H:%M} UTC"


def show_when(moment: datetime, zone: tzinfo, *, now: datetime) -> str:
    """A moment and how far away it is: "Sat 06 Jul 2024 06:00 EDT (10:00 UTC), in 3 days 4 h"."""
    return f"{show_time(moment, zone)}, {format_distance(moment, now)}"


def show_both_times(moment: datetime, zone: tzinfo) -> str:
    """A moment for a page: "Sat 6 Jul 2024 06:00 EDT, 10:00 UTC"."""
    local, utc = local_and_utc(moment, zone)
    day = f"{local:%a} {local.day} {local:%b %Y %H:%M}"
    return f"{day} {local:%Z}, {utc}" if utc else f"{day} UTC"


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """A moment as a table shows it."""

    month: str  #: "July 2027"
    day: str  #: "Fri 16"
    local: str  #: "06:00 EDT"
    utc: str  #: "10:00 UTC", with the day in front if it is another; empty where the local time is UTC


def distance_of(moment: datetime, now: datetime) -> str:
    """How far away, in few words: "in 3 days 4 h", "in 57 days", "2 h ago"."""
    away = moment - now
    if abs(away) >= _ROUNDED_FROM:
        away = timedelta(days=round(away / _DAY))
    return format_distance(now + away, now)


def times_of(moment: datetime, zone: tzinfo) -> Times:
    """How a moment is shown, in this zone."""
    local, utc = local_and_utc(moment, zone)
    return Times(month=f"{local:%B %Y}", day=f"{local:%a %d}", local=f"{local:%H:%M %Z}", utc=utc)
