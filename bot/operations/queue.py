"""The plan's items as the lines of a table: what is the same on several accounts is one line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from bot.domain import Occasion
from bot.domain.durations import format_duration
from bot.domain.wording import reason_words
from bot.planner.builder import PlanItem
from bot.planner.ruling import Verdict

FEEDS: Final = "feeds"
_DAY: Final = timedelta(days=1)
_ROUNDED_FROM: Final = timedelta(days=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One post, reminder or edit, wherever it goes with the same fate."""

    due: datetime  #: UTC
    slug: str
    title: str
    occasion: Occasion
    places: tuple[str, ...]  #: "feeds" and the accounts by their names in the settings
    verdict: Verdict
    reason: str

    @property
    def what(self) -> str:
        """The occasion in words, if it is not the post's own release: "reminder week"."""
        if self.occasion == Occasion.PUBLISH:
            return ""
        return str(self.occasion).replace(":", " ")


def lines_of(items: Iterable[PlanItem], names: Mapping[str, str]) -> tuple[Line, ...]:
    """The lines in the order of the items. `names` are those of the accounts in the settings, by address."""
    places: dict[Line, list[str]] = {}
    for item in items:
        line = Line(
            due=item.due,
            slug=item.slug,
            title=item.title,
            occasion=item.occasion,
            places=(),
            verdict=item.verdict,
            reason=reason_words(item.reason),
        )
        listed = places.setdefault(line, [])
        is_release = item.occasion == Occasion.PUBLISH
        if (is_release or not item.account) and FEEDS not in listed:
            listed.append(FEEDS)
        if item.account:
            listed.append(names.get(item.account, item.account))
    return tuple(replace(line, places=tuple(listed)) for line, listed in places.items())


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
    exact = format_duration(timedelta(days=round(abs(away) / _DAY)) if abs(away) >= _ROUNDED_FROM else away)
    return f"in {exact}" if moment > now else f"{exact} ago"


def times_of(moment: datetime, zone: tzinfo) -> Times:
    """How a moment is shown, in this zone."""
    local, utc = moment.astimezone(zone), moment.astimezone(UTC)
    other_day = f"{utc:%a} " if utc.date() != local.date() else ""
    return Times(
        month=f"{local:%B %Y}",
        day=f"{local:%a %d}",
        local=f"{local:%H:%M %Z}",
        utc="" if local.utcoffset() == utc.utcoffset() else f"{other_day}{utc:%H:%M} UTC",
    )
