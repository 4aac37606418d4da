"""Datetimes as authors write them → aware UTC. Pure. The rules for authors are in docs/writing-posts.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.config import Release, Site


_WRITTEN: Final = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:(?:[Tt]|[ \t]+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"(?:[ \t]*(?P<utc>[Zz])|[ \t]*(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?)?)?",
    re.ASCII,
)
_YEARS: Final = range(1970, 2201)
#: The extreme UTC offsets in use: -12 and +14 hours.
_WEST, _EAST = timedelta(hours=-12), timedelta(hours=14)
_NONE: Final = timedelta()
_EXAMPLE: Final = "Write for example 2024-07-16 09:00 or 2024-07-16 09:00:00-04:00"


class DatetimeError(ValueError):
    """A datetime cannot be used; holds the problem, the remedy and the rule's name.

    Without a remedy of its own it shows an example, to which `or_write` adds another.
    """

    def __init__(self, problem: str, remedy: str = "", *, rule: str = "datetime-wrong") -> None:
        self.rule = rule
        self.problem = problem
        self._remedy = remedy
        super().__init__(f"{problem} {self.remedy}")

    @property
    def remedy(self) -> str:
        """What to write instead."""
        return self._remedy or f"{_EXAMPLE}."

    def or_write(self, example: str) -> str:
        """The remedy where something else can be written besides a datetime."""
        return self._remedy or f"{_EXAMPLE}, or {example}."


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """A warning about a datetime that could be read."""

    rule: str
    problem: str
    remedy: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A parsed datetime: aware, in UTC, in whole seconds."""

    moment: datetime
    remarks: tuple[Remark, ...] = ()


def parse_datetime(text: str, *, site: Site, release: Release) -> Moment:
    """Parse a datetime as an author wrote it.

    Without an offset it is in the site's timezone, or in UTC if the settings say so; a bare date means the default
    release time in the site's timezone. Fractions of a second are dropped. Raises DatetimeError.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise DatetimeError(f'"{text}" is not a datetime.')
    zone: ZoneInfo = site.timezone
    naive_is_utc = site.naive_datetimes == "utc"
    written = _clock_reading(found, text, release)
    if found["hour"] is None:
        local = _local(written, zone)
        problem = f"is a bare date; {written:%H:%M} in {zone.key} is meant."
        remark = Remark(rule="bare-date", problem=problem, remedy="Write the hour too, to be sure.")
        return Moment(moment=local.moment, remarks=(remark, *local.remarks))
    offset = _offset(found)
    if offset is not None:
        return _with_offset(written, offset, zone, naive_is_utc=naive_is_utc)
    return Moment(moment=written.replace(tzinfo=UTC)) if naive_is_utc else _local(written, zone)


def _clock_reading(found: re.Match[str], text: str, release: Release) -> datetime:
    year, month, day = map(int, found.group("year", "month", "day"))
    if year not in _YEARS:
        raise DatetimeError(f"the year {year} is out of range.", f"Write a year from {_YEARS[0]} to {_YEARS[-1]}.")
    hour, minute, second = found.group("hour", "minute", "second")
    if hour is None:
        clock = release.default_time
        hour, minute, second = clock.hour, clock.minute, clock.second
    try:
        # Naive on purpose: the timezone is applied later.
        return datetime(year, month, day, int(hour), int(minute), int(second or 0))  # noqa: DTZ001
    except ValueError:
        raise DatetimeError(f'"{text}" is not in the calendar or on the clock.') from None


def _offset(found: re.Match[str]) -> timedelta | None:
    utc, sign, hours, minutes = found.group("utc", "sign", "hours", "minutes")
    if utc:
        return _NONE
    return None if not sign else _offset_of(sign, int(hours), int(minutes or 0))


@lru_cache(maxsize=64)
def _offset_of(sign: str, hours: int, minutes: int) -> timedelta:
    amount = timedelta(hours=hours, minutes=minutes)
    offset = amount if sign == "+" else -amount
    if minutes > 59 or not _WEST <= offset <= _EAST:
        raise DatetimeError(
            f"the offset {format_offset(offset)} is not in use anywhere.", "Write it as +02:00 or -04:00."
        )
    return offset


def _with_offset(written: datetime, offset: timedelta, zone: ZoneInfo, *, naive_is_utc: bool) -> Moment:
    at = (written - offset).replace(tzinfo=UTC)
    there = at.astimezone(zone)
    expected = there.utcoffset()
    if expected is None or offset == expected or (naive_is_utc and not offset):
        return Moment(moment=at)
    day = written.date().isoformat()
    remark = Remark(
        rule="datetime-offset",
        problem=f"{format_offset(offset)}, but {zone.key} is {format_offset(expected)} on {day}.",
        remedy=f"As it stands it means {_minute(there)} in {zone.key}. Leave the offset out, or correct it.",
    )
    return Moment(moment=at, remarks=(remark,))


def _local(written: datetime, zone: ZoneInfo) -> Moment:
    first, second = (written.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None
    assert after is not None
    if before == after:
        return Moment(moment=first.astimezone(UTC))
    if before < after:  # PEP 495: in a gap, fold=0 counts with the offset before it, fold=1 with the one after
        valid = _end_of_gap(written, before, after, zone)
        raise DatetimeError(
            f"{written:%Y-%m-%d %H:%M} does not exist in {zone.key}: the clocks skip it.",
            f"The next valid time is {valid:%Y-%m-%d %H:%M}.",
            rule="datetime-gap",
        )
    one, two = format_offset(before), format_offset(after)
    remark = Remark(
        rule="repeated-time",
        problem=f"{written:%H:%M} comes twice on {written:%Y-%m-%d} in {zone.key}; the first is meant.",
        remedy=f"Write {written:%H:%M:%S}{one} for the first or {two} for the second.",
    )
    return Moment(moment=first.astimezone(UTC), remarks=(remark,))


def _end_of_gap(written: datetime, before: timedelta, after: timedelta, zone: ZoneInfo) -> datetime:
    # The offset changes between these two moments: bisect to the second.
    earlier, later = (written - after).replace(tzinfo=UTC), (written - before).replace(tzinfo=UTC)
    while later - earlier > timedelta(seconds=1):
        middle = earlier + timedelta(seconds=(later - earlier) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == before:
            earlier = middle
        else:
            later = middle
    return later.astimezone(zone).replace(tzinfo=None)


def _minute(there: datetime) -> str:
    return there.replace(tzinfo=None).isoformat(" ", "minutes")  # many times faster than strftime


@lru_cache(maxsize=64)
def format_offset(offset: timedelta) -> str:
    """Format an offset from UTC: "-04:00"."""
    sign = "-" if offset < timedelta() else "+"
    minutes, seconds = divmod(int(abs(offset).total_seconds()), 60)
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


AOE: Final = timezone(timedelta(hours=-12), "AoE")
_AOE: Final = re.compile(r"\s*\(?\b(?:AoE|anywhere on earth)\)?\s*$", re.IGNORECASE)
_END_OF_DAY: Final = time(23, 59)


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """A moment, and the timezone in which its days are counted."""

    moment: datetime  #: aware, in UTC
    zone: tzinfo
    remarks: tuple[Remark, ...] = ()


def parse_deadline(text: str, *, site: Site, release: Release) -> Deadline:
    """Parse a deadline: any datetime of `parse_datetime`, or one that ends in "AoE" (anywhere on Earth, UTC-12).

    A bare date means the last minute of that day. Raises DatetimeError.
    """
    of_day = release.model_copy(update={"default_time": _END_OF_DAY})
    found = _AOE.search(text)
    if found is None:
        when = parse_datetime(text, site=site, release=of_day)
        return Deadline(moment=when.moment, zone=site.timezone, remarks=when.remarks)
    # Parsed as UTC, so that no rule of the site's timezone applies.
    plain = site.model_copy(update={"naive_datetimes": "utc"})
    bare = text[: found.start()]
    when = parse_datetime(f"{bare} 23:59" if re.fullmatch(r"\s*[\d-]+\s*", bare) else bare, site=plain, release=of_day)
    if re.search(r":\d{2}\S*?\s*([Zz]|[+-]\d{1,2}(:?\d{2})?)\s*$", bare):
        raise DatetimeError(f'"{text}" has two zones.', "Leave out the offset, or AoE.")
    local = when.moment.replace(tzinfo=AOE)
    return Deadline(moment=local.astimezone(UTC), zone=AOE)


def shift(moment: datetime, by: timedelta, *, zone: tzinfo) -> datetime:
    """Shift a moment by a duration; the result is in UTC. Whole days keep the local time of day in `zone`.

    If a clock change skips that local time, the result is the one after the gap (PEP 495).
    """
    days, rest = timedelta(days=abs(by).days), abs(by) - timedelta(days=abs(by).days)
    sign = -1 if by < timedelta() else 1
    local = moment.astimezone(zone).replace(tzinfo=None) + sign * days
    return local.replace(tzinfo=zone).astimezone(UTC) + sign * rest
