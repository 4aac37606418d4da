"""Items as lines of a table."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.domain import Occasion
from bot.operations.queue import lines_of
from bot.planner.builder import PlanItem
from bot.planner.ruling import Verdict

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
