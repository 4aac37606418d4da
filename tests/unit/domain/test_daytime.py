"""The hours of the day in which a late toot may go out."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.durations import Daytime, read_hours

NEW_YORK = ZoneInfo("America/New_York")
DAY = Daytime(begin=time(8), end=time(21), zone=NEW_YORK)
NIGHT = Daytime(begin=time(22), end=time(6), zone=NEW_YORK)


def there(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        (DAY, "2026-03-10 07:59:59", "2026-03-10 08:00"),
        (DAY, "2026-03-10 08:00", None),
        (DAY, "2026-03-10 20:59:59", None),
        (DAY, "2026-03-10 21:00", "2026-03-11 08:00"),
        (DAY, "2026-03-10 23:59:59", "2026-03-11 08:00"),
        (DAY, "2026-03-07 22:00", "2026-03-08 08:00"),  # the clocks go forward in that night
        (DAY, "2026-10-31 22:00", "2026-11-01 08:00"),  # and back
        (NIGHT, "2026-03-10 05:59:59", None),
        (NIGHT, "2026-03-10 06:00", "2026-03-10 22:00"),
        (NIGHT, "2026-03-10 21:59:59", "2026-03-10 22:00"),
        (NIGHT, "2026-03-10 22:00", None),
        (NIGHT, "2026-03-10 00:00", None),
    ],
)
def test_the_next_moment_within_the_hours(hours: Daytime, now: str, until: str | None) -> None:
    assert hours.wait_until(there(now)) == (None if until is None else there(until))


def test_an_hour_that_comes_twice_is_waited_for_where_it_is_still_to_come() -> None:
    hours = Daytime(begin=time(1, 30), end=time(3), zone=NEW_YORK)
    again = there("2026-11-01 01:15", fold=1)
    assert hours.wait_until(again) == again + timedelta(minutes=15)


times = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
moments = st.integers(0, 366 * 24 * 3600).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@given(times, times, moments)
def test_it_is_soon_and_within_the_hours(begin: time, end: time, now: datetime) -> None:
    if begin == end:
        return
    hours = Daytime(begin=begin, end=end, zone=NEW_YORK)
    until = hours.wait_until(now)
    if until is not None:
        assert now < until <= now + timedelta(hours=25)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("08:00-21:00", (time(8), time(21))),
        ("8:00 - 21:30", (time(8), time(21, 30))),
        (" 22:00-06:00 ", (time(22), time(6))),
    ],
)
def test_hours_as_people_write_them(text: str, meant: tuple[time, time]) -> None:
    assert read_hours(text) == meant


@pytest.mark.parametrize("text", ["", "8-21", "08:00", "08:00-24:00", "08:60-21:00", "25:00-26:00", "08:00–21:00"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match='is no span of hours; write for example "08:00-21:00"'):
        read_hours(text)


def test_an_empty_span_is_refused() -> None:
    with pytest.raises(ValueError, match="leave the setting out if toots may go out at any hour"):
        read_hours("08:00-8:00")
