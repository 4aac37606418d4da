"""Months with their days; the iCalendar file: what RFC 5545 asks for, and an independent reader."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Occasion
from bot.operations.queue import QueueLine
from bot.planner.builder import PlanItem
from bot.planner.ruling import Verdict
from bot.report.calendar import collect_events, list_months, mark_days, render_ics

DUE = datetime(2027, 7, 16, 10, 0, tzinfo=UTC)
NOW = datetime(2027, 1, 1, 8, 30, tzinfo=UTC)


def item(
    account: str = "conf@example.social", occasion: Occasion = Occasion.PUBLISH, title: str = "Tickets"
) -> PlanItem:
    return PlanItem(
        post_id="https://conf.example/news/tickets/",
        slug="tickets",
        title=title,
        account=account,
        due=DUE,
        verdict=Verdict.UPCOMING,
        occasion=occasion,
    )


def rendered(*items: PlanItem, site: str = "Conf", now: datetime = NOW) -> bytes:
    return render_ics(collect_events(items, {"conf@example.social": "main"}), site=site, host="conf.example", now=now)


def events(data: bytes) -> list[icalendar.Event]:
    return list(icalendar.Calendar.from_ical(data).events)


def test_a_release_is_one_event_whatever_accounts_it_goes_to() -> None:
    (event,) = events(rendered(item(), item("other@example.social")))
    assert event["SUMMARY"] == "Tickets"
    assert event.decoded("DTSTART") == DUE
    assert event.decoded("DTSTAMP") == NOW
    assert event["DESCRIPTION"] == "tickets: upcoming for feeds, main, other@example.social."
    assert event["CLASS"] == "PRIVATE"
    assert event["TRANSP"] == "TRANSPARENT"
    assert not event.subcomponents, "no alarm"


def test_the_identity_of_an_event_stays_and_differs_from_that_of_its_reminders() -> None:
    first = events(rendered(item(), item(occasion=Occasion.reminder("week"))))
    later = events(
        rendered(item(title="New title"), item(occasion=Occasion.reminder("week")), now=NOW + timedelta(days=1))
    )
    assert [event["UID"] for event in first] == [event["UID"] for event in later]
    assert len({event["UID"] for event in first}) == 2
    assert first[1]["SUMMARY"] == "Tickets (reminder week)"


def test_lines_end_and_fold_as_the_rfc_asks() -> None:
    data = rendered(item(title="Ünïcödé: " + "ä" * 200 + " 🎤" * 30))
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(line.decode() for line in lines[:-1]), "no character is cut apart"
    assert len(lines) > 20


def test_text_is_escaped_as_the_rfc_asks() -> None:
    data = rendered(item(title='a\\b; c, d\n"e"'))
    assert b'SUMMARY:a\\\\b\\; c\\, d\\n"e"\r\n' in data


def test_an_empty_calendar_is_a_calendar() -> None:
    assert events(rendered()) == []


@given(title=st.text(max_size=300), site=st.text(max_size=100))
def test_whatever_a_title_holds_it_comes_back_from_an_independent_reader(title: str, site: str) -> None:
    data = rendered(item(title=title), site=site)
    assert max(map(len, data.split(b"\r\n"))) <= 75
    (event,) = events(data)
    plain = re.sub("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f]", "", re.sub("\r\n|\r", "\n", title))
    assert str(event.get("SUMMARY", "")) == plain


def test_a_line_knows_when_it_is_more_than_the_release() -> None:
    line = QueueLine(
        due=DUE,
        slug="a",
        title="A",
        occasion=Occasion.PUBLISH,
        places=("feeds",),
        verdict=Verdict.UPCOMING,
        reason=None,
    )
    assert line.what == ""


def test_months_are_whole_in_order_and_only_those_with_something() -> None:
    first, second = list_months([date(2027, 9, 8), date(2027, 2, 1), date(2027, 2, 28)])
    assert (first.title, second.title) == ("February 2027", "September 2027")
    assert [day.day for week in first.weeks for day in week if day] == list(range(1, 29))
    assert first.weeks[0][0] == date(2027, 2, 1), "weeks begin on Monday"
    assert [day and day.day for day in second.weeks[0]] == [None, None, 1, 2, 3, 4, 5]


def test_marks_count_what_a_day_has() -> None:
    days = {date(2027, 2, day): count for day, count in ((1, 1), (2, 2), (3, 9), (4, 10))}
    assert list(mark_days(days).values()) == ["*", "2", "9", "+"]
