"""The delivery protocol: what is known → the one next step."""

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
    Picture,
    SeenStatus,
)
from bot.protocol import (
    ON_TIME,
    Adopt,
    Done,
    Introduce,
    Known,
    Learn,
    Look,
    Restore,
    Send,
    Timing,
    Upload,
    Wait,
    WriteIntent,
    next_step,
)

ACCOUNT = "conf@example.social"
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TIMING = Timing(
    lease=timedelta(seconds=60),
    settle=timedelta(seconds=120),
    send_within=timedelta(seconds=5),
    spacing=timedelta(minutes=2),
)
PICTURE = Picture(url="https://conf.example/a.png")
STATUS = SeenStatus(status_id="9", url="u", created_at=NOW, links=frozenset())

MakeDelivery = Callable[..., Delivery]


@pytest.fixture
def due(make_delivery: MakeDelivery) -> Delivery:
    return make_delivery("due", due=NOW)


@pytest.fixture
def sending(make_delivery: MakeDelivery) -> Delivery:
    return make_delivery("sending", due=NOW, state=DeliveryState.SENDING, intended_at=NOW, attempts=1)


def known(*deliveries: Delivery, account: dict[str, Any] | None = None, **changes: Any) -> Known:
    """An introduced account whose newest status is known, with what is given changed."""
    plain = AccountState(address=ACCOUNT, joined_at=None, last_status_id="5")
    facts: dict[str, Any] = {"now": NOW, "introduced": True, **changes}
    return Known(account=replace(plain, **(account or {})), deliveries=deliveries, **facts)


def test_with_nothing_open_it_is_done() -> None:
    assert next_step(known(introduced=False, account={"last_status_id": None}), TIMING) == Done()


class TestBeforeAnything:
    def test_a_pause_of_the_server_is_waited_for(self, due: Delivery, sending: Delivery) -> None:
        pause = {"not_before": NOW + SECOND, "blocked": "rate limit"}
        for delivery in (due, sending):
            for introduced in (True, False):
                facts = known(delivery, account=pause, introduced=introduced)
                assert next_step(facts, TIMING) == Wait(NOW + SECOND, "rate limit")

    def test_a_pause_without_words_says_what_it_is(self, due: Delivery) -> None:
        facts = known(due, account={"not_before": NOW + SECOND})
        assert next_step(facts, TIMING) == Wait(NOW + SECOND, "the server asked for a pause")

    def test_a_pause_that_is_over_holds_nothing_back(self, due: Delivery) -> None:
        assert next_step(known(due, account={"not_before": NOW}), TIMING) == WriteIntent(due)

    def test_an_intent_just_written_is_sent_whatever_the_pause(self, sending: Delivery) -> None:
        facts = known(sending, account={"not_before": NOW + SECOND}, fresh_intent=sending.key, intent_age=timedelta())
        assert next_step(facts, TIMING) == Send(sending)

    def test_the_server_is_asked_who_we_are_first(self, due: Delivery, sending: Delivery) -> None:
        facts = known(due, sending, introduced=False, account={"last_status_id": None})
        assert next_step(facts, TIMING) == Introduce()

    def test_nothing_begins_while_stopping(self, due: Delivery) -> None:
        assert next_step(known(due, introduced=False, stopping=True), TIMING) == Done()
        assert next_step(known(due, stopping=True), TIMING) == Done()

    def test_the_newest_status_is_learnt_before_anything_is_sent(self, due: Delivery) -> None:
        assert next_step(known(due, account={"last_status_id": None}), TIMING) == Learn()

    def test_an_account_without_statuses_is_known_too(self, due: Delivery) -> None:
        assert next_step(known(due, account={"last_status_id": "0"}), TIMING) == WriteIntent(due)


class TestSending:
    @pytest.mark.parametrize("age", [timedelta(), SECOND, timedelta(seconds=5)])
    def test_a_fresh_intent_is_sent_at_once(self, sending: Delivery, age: timedelta) -> None:
        assert next_step(known(sending, fresh_intent=sending.key, intent_age=age), TIMING) == Send(sending)

    @pytest.mark.parametrize("age", [timedelta(seconds=5, microseconds=1), timedelta(hours=1), None])
    def test_a_stale_intent_is_looked_for_and_never_sent(self, sending: Delivery, age: timedelta | None) -> None:
        assert next_step(known(sending, fresh_intent=sending.key, intent_age=age), TIMING) == Look(sending)

    @pytest.mark.parametrize("age", [timedelta(), timedelta(hours=1), None])
    def test_an_intent_of_another_drain_is_looked_for(self, sending: Delivery, age: timedelta | None) -> None:
        assert next_step(known(sending, intent_age=age), TIMING) == Look(sending)

    def test_an_intent_for_another_delivery_is_none_for_this_one(self, sending: Delivery, due: Delivery) -> None:
        facts = known(sending, fresh_intent=due.key, intent_age=timedelta())
        assert next_step(facts, TIMING) == Look(sending)

    def test_the_unknown_comes_before_the_unsent(self, due: Delivery, sending: Delivery) -> None:
        earlier = replace(due, due=NOW - timedelta(hours=1))
        assert next_step(known(earlier, sending), TIMING) == Look(sending)

    def test_the_unknown_is_looked_for_while_stopping_too(self, due: Delivery, sending: Delivery) -> None:
        assert next_step(known(due, sending, stopping=True), TIMING) == Look(sending)

    @pytest.mark.parametrize("age", [timedelta(), timedelta(hours=1), None])
    def test_what_is_found_is_adopted(self, sending: Delivery, age: timedelta | None) -> None:
        facts = known(sending, looked={sending.key: STATUS}, intent_age=age)
        assert next_step(facts, TIMING) == Adopt(sending, STATUS)

    @pytest.mark.parametrize("age", [timedelta(), timedelta(seconds=119), timedelta(seconds=119.999)])
    def test_absence_counts_only_once_the_server_has_surely_settled(self, sending: Delivery, age: timedelta) -> None:
        step = next_step(known(sending, looked={sending.key: None}, intent_age=age), TIMING)
        assert step == Wait(NOW + timedelta(seconds=120) - age, "the server may still be working on an earlier attempt")

    @pytest.mark.parametrize("age", [timedelta(seconds=120), timedelta(days=1)])
    def test_a_proven_absence_makes_it_due_again(self, sending: Delivery, age: timedelta) -> None:
        assert next_step(known(sending, looked={sending.key: None}, intent_age=age), TIMING) == Restore(sending)

    @pytest.mark.parametrize(
        ("since", "wait"),
        [
            (timedelta(), timedelta(seconds=120)),
            (timedelta(seconds=20), timedelta(seconds=100)),
            (timedelta(seconds=-20), timedelta(seconds=120)),
        ],
    )
    def test_after_a_restart_of_the_machine_the_time_of_day_tells_the_age(
        self, sending: Delivery, since: timedelta, wait: timedelta
    ) -> None:
        facts = known(replace(sending, intended_at=NOW - since), looked={sending.key: None}, intent_age=None)
        step = next_step(facts, TIMING)
        assert isinstance(step, Wait)
        assert step.until == NOW + wait

    def test_after_a_long_restart_absence_counts(self, sending: Delivery) -> None:
        old = replace(sending, intended_at=NOW - timedelta(seconds=120))
        assert next_step(known(old, looked={old.key: None}, intent_age=None), TIMING) == Restore(old)


class TestBeginning:
    def test_the_first_in_order_goes_first(self, due: Delivery, make_delivery: MakeDelivery) -> None:
        assert next_step(known(due, make_delivery("second", due=NOW)), TIMING) == WriteIntent(due)

    def test_a_back_off_is_waited_for_and_nobody_overtakes(self, due: Delivery, make_delivery: MakeDelivery) -> None:
        waiting = replace(due, not_before=NOW + SECOND, reason="no answer")
        facts = known(waiting, make_delivery("second", due=NOW))
        assert next_step(facts, TIMING) == Wait(NOW + SECOND, "no answer")

    def test_a_back_off_that_is_over_holds_nothing_back(self, due: Delivery) -> None:
        ready = replace(due, not_before=NOW)
        assert next_step(known(ready), TIMING) == WriteIntent(ready)

    @pytest.mark.parametrize(
        ("late", "since_last", "waits"),
        [
            (ON_TIME, SECOND, None),
            (ON_TIME + SECOND, SECOND, timedelta(seconds=119)),
            (ON_TIME + SECOND, timedelta(seconds=119), SECOND),
            (ON_TIME + SECOND, timedelta(minutes=2), None),
            (timedelta(), timedelta(), None),
        ],
    )
    def test_only_late_toots_are_spaced(
        self, due: Delivery, late: timedelta, since_last: timedelta, waits: timedelta | None
    ) -> None:
        delivery = replace(due, due=NOW - late)
        step = next_step(known(delivery, account={"last_sent_at": NOW - since_last}), TIMING)
        if waits is None:
            assert step == WriteIntent(delivery)
        else:
            assert step == Wait(NOW + waits, "late toots go out one by one (`spacing`)")

    def test_the_first_toot_of_an_account_waits_for_no_spacing(self, due: Delivery) -> None:
        late = replace(due, due=NOW - timedelta(days=1))
        assert next_step(known(late), TIMING) == WriteIntent(late)

    def test_pictures_are_uploaded_before_the_intent(
        self, due: Delivery, make_announcement: Callable[..., Announcement]
    ) -> None:
        pictured = replace(due, announcement=make_announcement(pictures=(PICTURE,)))
        assert next_step(known(pictured), TIMING) == Upload(pictured)
        for media_ids in (("m1",), ()):
            facts = known(pictured, uploaded={pictured.key: media_ids})
            assert next_step(facts, TIMING) == WriteIntent(pictured)

    def test_nothing_is_uploaded_before_its_turn(
        self, due: Delivery, make_announcement: Callable[..., Announcement]
    ) -> None:
        pictured = replace(
            due, announcement=make_announcement(pictures=(PICTURE,)), not_before=NOW + SECOND, reason="r"
        )
        assert next_step(known(pictured), TIMING) == Wait(NOW + SECOND, "r")
