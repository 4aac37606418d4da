"""Trying for too long, and pausing: what is owed is never silently dropped, and a pause is no failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.delivery import DeliveryResult
from bot.domain import DeliveryState, Hold, WriteBatch
from bot.domain.errors import AccountBlockedError, OutcomeUnknownError, TransientError
from bot.domain.wording import event_detail, reason_words
from tests.support.delivery_stage import (
    ACCOUNT,
    MINUTE,
    NOW,
    SECOND,
    TIMING,
    MakeDelivery,
    World,
    new_world,
    pictured,
    raising,
)

HOUR = timedelta(hours=1)
AWAY = TransientError("the server cannot be reached.")
FOR_EVER = 10_000


@pytest.fixture
def world() -> World:
    return new_world()


def drains_for(world: World, long: timedelta, *, every: timedelta = HOUR) -> list[DeliveryResult]:
    results = [world.deliver_pending()]
    end = world.clock.now() + long
    while world.clock.now() + every <= end:
        results.append(world.later(every))
    return results


class TestGivingUp:
    @pytest.mark.parametrize("method", ["verify_account", "newest_status_id", "list_recent", "publish"])
    def test_after_a_day_of_trying_it_is_held_and_told(
        self, world: World, make_delivery: MakeDelivery, method: str
    ) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.during(method, *[raising(AWAY)] * FOR_EVER)
        results = drains_for(world, TIMING.give_up_after)
        assert world.row().state is DeliveryState.DUE
        assert [result.attention for result in results].count(True) == (method == "verify_account"), "told once"
        last = world.later(HOUR)
        row = world.row()
        assert (row.state, row.hold) == (DeliveryState.HELD, Hold.FAILED)
        assert reason_words(row.reason) == "tried for 1 day 1 h: the server cannot be reached."
        assert row.settled_at == NOW + 25 * HOUR
        assert (last.attention, last.wait_until) == (True, None)
        assert last.events[-1].kind.value == "held"
        assert "announce retry tickets" in event_detail(last.events[-1])
        assert world.history[-1] == ("held", "tickets")
        assert world.server.statuses == []

    def test_all_that_waited_as_long_is_held(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(*(make_delivery(slug, due=NOW) for slug in "abc"))
        world.server.during("publish", *[raising(AWAY)] * FOR_EVER)
        drains_for(world, 23 * HOUR)
        world.owes(make_delivery("fresh", due=NOW + 23 * HOUR))
        last = drains_for(world, 3 * HOUR)[-1]
        assert [world.row(slug).hold for slug in "abc"] == [Hold.FAILED] * 3
        assert world.row("fresh").state is DeliveryState.DUE
        assert last.wait_until is not None

    def test_a_server_that_never_lets_it_arrive_is_given_up(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.during("publish", *[raising(OutcomeUnknownError("no answer."))] * FOR_EVER)
        drains_for(world, 26 * HOUR)
        row = world.row()
        assert (row.state, row.hold) == (DeliveryState.HELD, Hold.FAILED)
        assert (row.generation, row.intended_mark) == (row.attempts, ""), "its absence was proven each time"
        assert world.server.statuses == []

    def test_what_was_let_go_again_begins_a_new_day(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.during("publish", *[raising(AWAY)] * 99)
        drains_for(world, 25 * HOUR)
        world.owes(replace(world.row(), state=DeliveryState.DUE, hold=None, first_tried_at=None, not_before=None))
        world.deliver_pending()
        assert world.row().state is DeliveryState.DUE
        world.server.answers.clear()
        world.later(HOUR)
        assert world.row().state is DeliveryState.SENT

    def test_a_machine_that_was_off_for_long_tries_again_first(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.during("publish", raising(AWAY))
        world.deliver_pending()
        world.later(timedelta(days=3))
        assert world.row().state is DeliveryState.SENT

    def test_a_blocked_account_gives_nothing_up(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery("a", due=NOW), make_delivery("b", due=NOW))
        world.server.during("publish", raising(AWAY), raising(AccountBlockedError("bad token.")))
        world.deliver_pending()
        world.later(MINUTE)
        world.server.during("verify_account", *[raising(AccountBlockedError("bad token."))] * 99)
        drains_for(world, 50 * HOUR)
        assert [world.row(slug).state for slug in "ab"] == [DeliveryState.DUE] * 2
        world.server.answers.clear()
        world.deliver_pending()
        world.later(5 * MINUTE)
        assert [world.row(slug).state for slug in "ab"] == [DeliveryState.SENT] * 2

    def test_a_person_who_was_faster_is_not_overruled(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.during("verify_account", *[raising(AWAY)] * FOR_EVER)
        drains_for(world, 24 * HOUR)

        def hold_and_fail() -> None:
            world.owes(replace(world.row(), state=DeliveryState.HELD, hold=Hold.OPERATOR))
            raise AWAY

        world.server.during("verify_account", hold_and_fail)
        assert not world.later(HOUR).attention
        assert world.row().hold is Hold.OPERATOR


class TestBeginningToTry:
    @pytest.mark.parametrize("method", ["verify_account", "list_recent", "publish"])
    def test_everything_that_waits_counts_as_tried(
        self, world: World, make_delivery: MakeDelivery, method: str
    ) -> None:
        # Else the second one would silently become too late while the first is being tried.
        world.owes(make_delivery("a", due=NOW), make_delivery("b", due=NOW))
        world.server.during(method, raising(AWAY))
        world.deliver_pending()
        assert [world.row(slug).first_tried_at for slug in "ab"] == [NOW, NOW]
        assert [reason_words(world.row(slug).reason) for slug in "ab"] == ["the server cannot be reached."] * 2
        world.later(MINUTE)
        assert [world.row(slug).first_tried_at for slug in "ab"] == [NOW, NOW]

    def test_the_first_time_stays(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.during("verify_account", *[raising(AWAY)] * 2)
        world.deliver_pending()
        world.later(HOUR)
        assert world.row().first_tried_at == NOW


class TestPausing:
    def test_while_all_is_paused_nobody_is_asked(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.pauses()
        assert world.deliver_pending() == DeliveryResult(account=ACCOUNT)
        assert world.server.asked == []

    @pytest.mark.parametrize("method", ["verify_account", "list_recent", "upload"])
    def test_a_pause_in_the_middle_begins_nothing_new(
        self, world: World, make_delivery: MakeDelivery, method: str
    ) -> None:
        world.owes(make_delivery("a", due=NOW, announcement=pictured("a")), make_delivery("b", due=NOW))
        world.server.during(method, world.pauses)
        result = world.deliver_pending()
        assert world.server.statuses == []
        assert [world.row(slug).state for slug in "ab"] == [DeliveryState.DUE] * 2
        assert (result.wait_until, result.attention) == (None, False)

    def test_what_is_in_hand_is_finished(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery("a", due=NOW), make_delivery("b", due=NOW))
        world.server.during("publish", world.pauses)
        world.deliver_pending()
        assert [world.row(slug).state for slug in "ab"] == [DeliveryState.SENT, DeliveryState.DUE]

    def test_an_unknown_outcome_is_found_out_but_not_sent_again(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.failures = [OutcomeUnknownError("no answer.")]

        def settled_only_now() -> None:
            world.pauses()
            world.clock.advance(TIMING.settle)

        world.server.during("publish", settled_only_now)
        world.deliver_pending()
        assert (world.row().state, world.server.statuses) == (DeliveryState.DUE, [])

    def test_after_the_pause_it_goes_on(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.failures = [AWAY]
        world.deliver_pending()
        world.pauses()
        drains_for(world, timedelta(days=2), every=6 * HOUR)
        assert world.row().state is DeliveryState.DUE
        world.ledger.record(WriteBatch(paused=""), now=world.clock.now())
        world.later(SECOND)
        assert world.row().state is DeliveryState.SENT
