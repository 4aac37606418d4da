"""Months with their days, and the marks of those that have something. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

#: Weeks begin on Monday (ISO 8601).
_WEEKS: Final = calendar.Calendar(firstweekday=calendar.MONDAY)
WEEKDAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """One month; its weeks hold the days, None where another month's stand."""

    title: str  #: "July 2027"
    weeks: tuple[tuple[date | None, ...], ...]


def months_of(days: Collection[date]) -> tuple[Month, ...]:
    """The months that have one of these days, in order."""
    return tuple(_month(year, month) for year, month in sorted({(day.year, day.month) for day in days}))


def _month(year: int, month: int) -> Month:
    weeks = tuple(
        tuple(day if day.month == month else None for day in week) for week in _WEEKS.monthdatescalendar(year, month)
    )
    return Month(title=f"{date(year, month, 1):%B %Y}", weeks=weeks)


def marks_of(counts: Mapping[date, int]) -> dict[date, str]:
    """How each day is marked: one release "*", more of them their number, from ten on "+"."""
    return {day: "*" if count == 1 else str(count) if count < 10 else "+" for day, count in counts.items()}
