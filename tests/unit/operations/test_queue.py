"""Items as lines of a table, moments as they are shown, months with their days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain import Occasion
from bot.operations.queue import Times, distance_of, lines_of, times_of
from bot.planner.builder import PlanItem
from bot.planner.ruling import Verdict
from bot.report.calendar import list_months, mark_days

DUE = datetime(2027, 7, 16, 10, 0, tzinfo=UTC)
NAMES = {"a@x.example": "main", "b@x.example": "second"}


def item(account: str, verdict: Verdict = Verdict.UPCOMING, occasion: Occasion = Occasion.PUBLISH) -> PlanItem:
    return PlanItem(
        post_id="tickets", slug="tickets", title="T", account=account, due=DUE, verdict=verdict, occasion=occasion
    )


def test_the_same_fate_on_several_accounts_is_one_line() -> None:
    (line,) = lines_of([item("a@x.example"), item("b@x.example"), item("gone@x.example")], NAMES)
    assert line.places == ("feeds", "main", "second", "gone@x.example")


def test_another_fate_is_another_line() -> None:
    lines = lines_of([item("a@x.example"), item("b@x.example", Verdict.HELD)], NAMES)
    assert [(line.places, line.verdict.value) for line in lines] == [
        (("feeds", "main"), "upcoming"),
        (("feeds", "second"), "held"),
    ]


def test_feeds_alone_and_a_reminder_without_feeds() -> None:
    feeds, reminder = lines_of([item(""), item("a@x.example", occasion=Occasion.reminder("week"))], NAMES)
    assert (feeds.places, feeds.what) == (("feeds",), "")
    assert (reminder.places, reminder.what) == (("main",), "reminder week")


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


def test_months_are_whole_in_order_and_only_those_with_something() -> None:
    first, second = list_months([date(2027, 9, 8), date(2027, 2, 1), date(2027, 2, 28)])
    assert (first.title, second.title) == ("February 2027", "September 2027")
    assert [day.day for week in first.weeks for day in week if day] == list(range(1, 29))
    assert first.weeks[0][0] == date(2027, 2, 1), "weeks begin on Monday"
    assert [day and day.day for day in second.weeks[0]] == [None, None, 1, 2, 3, 4, 5]


def test_marks_count_what_a_day_has() -> None:
    days = {date(2027, 2, day): count for day, count in ((1, 1), (2, 2), (3, 9), (4, 10))}
    assert list(mark_days(days).values()) == ["*", "2", "9", "+"]
