"""Items as lines of a table, and what a tick would do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bot.config import Config
from bot.domain import CompareAndSet, Delivery, DeliveryKey, Occasion, Snapshot, WriteBatch
from bot.operations.queue import TickForecast, foresee_tick, lines_of
from bot.operations.site import SiteState
from bot.planner.builder import PlanItem
from bot.planner.plan import Plan
from bot.planner.ruling import Verdict
from bot.posts.folder import Scan

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


WEEK = Occasion.reminder("week")


@pytest.fixture
def forecast(site_config: Callable[..., Config], make_delivery: Callable[..., Delivery]) -> Callable[..., TickForecast]:
    """What a tick would do with a plan of these items that changes the deliveries of these occasions."""

    def foresee(*items: PlanItem, changes: tuple[Occasion, ...] = ()) -> TickForecast:
        keys = [DeliveryKey("tickets", "a@x.example", occasion) for occasion in changes]
        batch = WriteBatch(changes=tuple(CompareAndSet(known=None, wanted=make_delivery(key=key)) for key in keys))
        plan = Plan(now=DUE, items=items, batch=batch)
        return foresee_tick(
            SiteState(
                config=site_config(),
                scan=Scan(posts=(), faults=(), signature=()),
                snapshot=Snapshot(),
                plan=plan,
                now=DUE,
            )
        )

    return foresee


@pytest.mark.parametrize(
    ("verdict", "group"), [(Verdict.DUE, "due"), (Verdict.WAITING, "waiting"), (Verdict.SENDING, "unknown")]
)
def test_a_tick_acts_on_each_verdict(forecast: Callable[..., TickForecast], verdict: Verdict, group: str) -> None:
    acts, *others = item("a@x.example", verdict), item("b@x.example"), item("", Verdict.SENT)
    found = forecast(acts, *others)
    groups = {name: getattr(found, name) for name in ("released", "due", "waiting", "unknown", "held")}
    assert groups == {**dict.fromkeys(groups, ()), group: (acts,)}


@pytest.mark.parametrize(("changes", "held"), [((), []), ((Occasion.PUBLISH,), [Occasion.PUBLISH]), ((WEEK,), [WEEK])])
def test_only_what_is_newly_held_is_named(
    forecast: Callable[..., TickForecast], changes: tuple[Occasion, ...], held: list[Occasion]
) -> None:
    both = [item("a@x.example", Verdict.HELD, occasion) for occasion in (Occasion.PUBLISH, WEEK)]
    assert [one.occasion for one in forecast(*both, changes=changes).held] == held
