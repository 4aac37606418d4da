"""The rules for one post and one account: each with its reason and its boundary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.model import (
    AccountState,
    Announcement,
    Delivery,
    DeliveryState,
    Entry,
    Hold,
    MastodonOptions,
    Post,
    Snapshot,
)
from bot.verdict import Case, Policy, Ruling, Verdict, brake_room, rule

ACCOUNT = "conf@example.social"
DUE = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
POLICY = Policy(catch_up=timedelta(hours=72), brake=4)

MakeCase = Callable[..., Case]


@pytest.fixture
def make_case(make_post: Callable[..., Post], make_entry: Callable[..., Entry]) -> MakeCase:
    def make(*, known: Delivery | None = None, room: int = 1, joined: datetime | None = None, **post: Any) -> Case:
        return Case(
            post=make_post(**post),
            entry=make_entry(published=DUE),
            state=AccountState(address=ACCOUNT, joined_at=joined),
            known=known,
            room=room,
        )

    return make


def ruled(case: Case, now: datetime = DUE) -> Ruling:
    return rule(case, now=now, policy=POLICY)


@pytest.mark.parametrize("late", [timedelta(), SECOND, timedelta(hours=72)])
def test_a_post_within_catch_up_is_due(make_case: MakeCase, late: timedelta) -> None:
    assert ruled(make_case(), DUE + late) == Ruling(verdict=Verdict.DUE, counts=True, compose=True)


def test_a_post_one_second_beyond_catch_up_is_skipped(make_case: MakeCase) -> None:
    ruling = ruled(make_case(), DUE + timedelta(hours=72, seconds=1))
    assert ruling == Ruling(verdict=Verdict.SKIPPED, reason="3 days late; `catch_up` is 3 days")


def test_without_catch_up_only_the_very_moment_is_on_time(make_case: MakeCase) -> None:
    policy = Policy(catch_up=timedelta(), brake=4)
    assert rule(make_case(), now=DUE, policy=policy).verdict is Verdict.DUE
    assert rule(make_case(), now=DUE + SECOND, policy=policy).verdict is Verdict.SKIPPED


@pytest.mark.parametrize(
    ("joined", "verdict", "reason"),
    [
        (None, Verdict.DUE, ""),
        (DUE - SECOND, Verdict.DUE, ""),
        (DUE, Verdict.DUE, ""),
        (DUE + SECOND, Verdict.SKIPPED, "the account joined later, on 2026-03-10 14:00 UTC"),
    ],
)
def test_an_account_gets_posts_from_when_it_joined(
    make_case: MakeCase, joined: datetime | None, verdict: Verdict, reason: str
) -> None:
    ruling = ruled(make_case(joined=joined), DUE + HOUR)
    assert (ruling.verdict, ruling.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("post", "reason"),
    [
        ({"hidden": True}, "hidden (`hidden: true`)"),
        ({"mastodon": MastodonOptions(skip=True)}, "in the feeds only (`mastodon.skip`)"),
    ],
)
def test_what_the_post_itself_rules_out_is_skipped(make_case: MakeCase, post: dict[str, Any], reason: str) -> None:
    assert ruled(make_case(**post)) == Ruling(verdict=Verdict.SKIPPED, reason=reason)


LATE = DUE + timedelta(hours=73)


@pytest.mark.parametrize(
    ("standing", "now", "post", "joined"),
    [
        ({}, LATE, {}, None),
        ({}, DUE, {"hidden": True}, None),
        ({}, DUE, {"mastodon": MastodonOptions(skip=True)}, None),
        ({}, DUE, {}, DUE + SECOND),
        ({"state": DeliveryState.HELD, "hold": Hold.UNCLEAR}, LATE, {}, None),
    ],
)
def test_an_untried_delivery_that_is_no_longer_wanted_is_retracted(
    make_case: MakeCase,
    make_delivery: Callable[..., Delivery],
    standing: dict[str, Any],
    now: datetime,
    post: dict[str, Any],
    joined: datetime | None,
) -> None:
    ruling = ruled(make_case(known=make_delivery(**standing), joined=joined, **post), now)
    assert (ruling.verdict, ruling.retract, ruling.compose) == (Verdict.SKIPPED, True, False)
    assert ruling.reason


@pytest.mark.parametrize("standing", [{"attempts": 1}, {"ordered_by": "amy"}])
@pytest.mark.parametrize(
    ("now", "post"),
    [(LATE, {}), (DUE, {"hidden": True}), (DUE, {"mastodon": MastodonOptions(skip=True)})],
)
def test_what_was_tried_or_ordered_stays_due(
    make_case: MakeCase,
    make_delivery: Callable[..., Delivery],
    standing: dict[str, Any],
    now: datetime,
    post: dict[str, Any],
) -> None:
    ruling = ruled(make_case(known=make_delivery(reason="try again", **standing), room=-5, **post), now)
    assert ruling == Ruling(verdict=Verdict.DUE, compose=True, reason="try again")


@pytest.mark.parametrize(
    ("standing", "verdict"),
    [
        ({"state": DeliveryState.SENDING, "intended_at": DUE}, Verdict.SENDING),
        ({"state": DeliveryState.SENT}, Verdict.SENT),
        ({"state": DeliveryState.REJECTED}, Verdict.REJECTED),
        ({"state": DeliveryState.SKIPPED}, Verdict.SKIPPED),
        ({"state": DeliveryState.HELD, "hold": Hold.BRAKE}, Verdict.HELD),
        ({"state": DeliveryState.HELD, "hold": Hold.PERSON}, Verdict.HELD),
        ({"state": DeliveryState.HELD, "hold": Hold.FAILED}, Verdict.HELD),
    ],
)
@pytest.mark.parametrize("now", [DUE, LATE])
def test_what_is_settled_or_in_a_persons_hands_stays_as_it_is(
    make_case: MakeCase,
    make_delivery: Callable[..., Delivery],
    standing: dict[str, Any],
    verdict: Verdict,
    now: datetime,
) -> None:
    ruling = ruled(make_case(known=make_delivery(reason="as before", **standing), hidden=True, room=9), now)
    assert ruling == Ruling(verdict=verdict, reason="as before", hold=standing.get("hold"))


def test_without_room_a_new_delivery_is_held_by_the_brake(make_case: MakeCase) -> None:
    ruling = ruled(make_case(room=0))
    assert (ruling.verdict, ruling.hold, ruling.compose, ruling.counts) == (Verdict.HELD, Hold.BRAKE, True, False)
    assert ruling.reason == "more than 4 new toots within an hour; `announce resume` lets them go"


def test_a_pending_delivery_needs_no_room(make_case: MakeCase, make_delivery: Callable[..., Delivery]) -> None:
    ruling = ruled(make_case(known=make_delivery(reason="r"), room=0))
    assert ruling == Ruling(verdict=Verdict.DUE, compose=True, reason="r")


@pytest.mark.parametrize(
    ("room", "ordered_by", "expected"),
    [
        (1, "", Ruling(verdict=Verdict.DUE, counts=True, compose=True)),
        (0, "amy", Ruling(verdict=Verdict.DUE, compose=True)),
    ],
)
def test_an_unclear_post_is_looked_at_again(
    make_case: MakeCase, make_delivery: Callable[..., Delivery], room: int, ordered_by: str, expected: Ruling
) -> None:
    known = make_delivery(state=DeliveryState.HELD, hold=Hold.UNCLEAR, reason="no room", ordered_by=ordered_by)
    assert ruled(make_case(known=known, room=room)) == expected


def test_a_mended_post_does_not_slip_past_the_brake(
    make_case: MakeCase, make_delivery: Callable[..., Delivery]
) -> None:
    known = make_delivery(state=DeliveryState.HELD, hold=Hold.UNCLEAR)
    ruling = ruled(make_case(known=known, room=0))
    assert (ruling.verdict, ruling.hold) == (Verdict.HELD, Hold.BRAKE)


@pytest.mark.parametrize(
    ("standing", "taken"),
    [
        ({}, 1),
        ({"state": DeliveryState.SENDING, "intended_at": DUE}, 1),
        ({"state": DeliveryState.SENT, "settled_at": DUE}, 1),
        ({"state": DeliveryState.SENT, "settled_at": DUE - HOUR + SECOND}, 1),
        ({"state": DeliveryState.SENT, "settled_at": DUE - HOUR}, 0),
        ({"state": DeliveryState.SENT, "settled_at": DUE - 2 * HOUR}, 0),
        ({"state": DeliveryState.REJECTED, "settled_at": DUE}, 0),
        ({"state": DeliveryState.SKIPPED}, 0),
        ({"state": DeliveryState.HELD, "hold": Hold.BRAKE}, 0),
        ({"state": DeliveryState.HELD, "hold": Hold.UNCLEAR}, 0),
        ({"account": "other@example.social"}, 0),
    ],
)
def test_the_brake_counts_what_is_pending_and_what_was_sent_within_the_hour(
    make_delivery: Callable[..., Delivery], standing: dict[str, Any], taken: int
) -> None:
    rows = [make_delivery(slug, **standing) for slug in ("a", "b")]
    snapshot = Snapshot(deliveries={row.key: row for row in rows})
    assert brake_room(snapshot, ACCOUNT, now=DUE, policy=POLICY) == 4 - 2 * taken


def test_a_ruling_is_applied_to_the_delivery(
    make_delivery: Callable[..., Delivery], make_announcement: Callable[..., Announcement]
) -> None:
    text = make_announcement(text="new")
    tried = make_delivery(attempts=2, reason="the server cannot be reached.", ordered_by="amy")
    due = Ruling(verdict=Verdict.DUE, announcement=text)
    assert due.apply(tried) == replace(tried, announcement=text)

    held = Ruling(verdict=Verdict.HELD, hold=Hold.UNCLEAR, reason="no title", announcement=text).apply(tried)
    assert held == replace(tried, announcement=text, state=DeliveryState.HELD, hold=Hold.UNCLEAR, reason="no title")
    assert due.apply(held) == replace(tried, announcement=text, reason="")
