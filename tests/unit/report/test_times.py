"""Moments and distances as they are shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.report.times import Times, distance_of, show_both_times, show_time, show_when, times_of

DUE = datetime(2027, 7, 16, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("America/New_York", Times(month="July 2027", day="Fri 16", local="06:00 EDT", utc="10:00 UTC")),
        ("UTC", Times(month="July 2027", day="Fri 16", local="10:00 UTC", utc="")),
        ("Pacific/Kiritimati", Times(month="July 2027", day="Sat 17", local="00:00 +14", utc="Fri 10:00 UTC")),
    ],
)
def test_a_moment_is_shown_in_both_times_with_the_day_where_it_differs(zone: str, shown: Times) -> None:
    assert times_of(DUE, ZoneInfo(zone)) == shown


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (timedelta(days=3, hours=4), "in 3 days 4 h"),
        (timedelta(days=57, hours=13), "in 58 days"),
        (-timedelta(hours=2), "2 h ago"),
        (-timedelta(days=12), "12 days ago"),
        (timedelta(), "0 s ago"),
    ],
)
def test_a_distance_is_said_in_few_words(away: timedelta, said: str) -> None:
    assert distance_of(DUE + away, DUE) == said


@pytest.mark.parametrize(
    ("moment", "zone", "line", "page"),
    [
        (DUE, "America/New_York", "Fri 16 Jul 2027 06:00 EDT (10:00 UTC)", "Fri 16 Jul 2027 06:00 EDT, 10:00 UTC"),
        (DUE, "UTC", "Fri 16 Jul 2027 10:00 UTC", "Fri 16 Jul 2027 10:00 UTC"),
        (
            datetime(2027, 7, 5, 20, 0, tzinfo=UTC),
            "Asia/Tokyo",
            "Tue 06 Jul 2027 05:00 JST (Mon 20:00 UTC)",
            "Tue 6 Jul 2027 05:00 JST, Mon 20:00 UTC",
        ),
    ],
)
def test_a_moment_in_a_line_and_on_a_page(moment: datetime, zone: str, line: str, page: str) -> None:
    assert show_time(moment, ZoneInfo(zone)) == line
    assert show_both_times(moment, ZoneInfo(zone)) == page


def test_a_moment_with_its_distance() -> None:
    shown = show_when(DUE, ZoneInfo("UTC"), now=DUE - timedelta(days=2))
    assert shown == "Fri 16 Jul 2027 10:00 UTC, in 2 days"
