"""The delivery protocol: what is known → the one next step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.delivery.ordering import ON_TIME, next_delivery
from bot.delivery.protocol import (
    Adopt,
    Done,
    FetchCursor,
    GiveUp,
    Preflight,
    ProtocolState,
    ReadBack,
    Requeue,
    Send,
    Skip,
    Timing,
    Upload,
    VerifyAccount,
    Wait,
    WriteIntent,
    next_step,
)
from bot.domain import (
    AccountState,
    Action,
    Announcement,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Occasion,
    Picture,
    Reason,
    ReasonCode,
    SeenStatus,
)
from bot.domain.reasons import text_reason

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


def known(*deliveries: Delivery, account: dict[str, Any] | None = None, **changes: Any) -> ProtocolState:
    """A verified account, read back before and without any of these, with what is given changed."""
    plain = AccountState(address=ACCOUNT, joined_at=None, last_status_id="5")
    met = {delivery.key: None for delivery in deliveries}
    facts: dict[str, Any] = {"now": NOW, "verified": True, "preflights": met, **changes}
    return ProtocolState(account=replace(plain, **(account or {})), deliveries=deliveries, **facts)


def test_with_nothing_open_it_is_done() -> None:
    assert next_step(known(verified=False, account={"last_status_id": None}), TIMING) == Done()


class TestBeforeAnything:
    def test_a_pause_of_the_server_is_waited_for(self, due: Delivery, sending: Delivery) -> None:
        pause = {"not_before": NOW + SECOND, "blocked": text_reason("rate limit")}
        for delivery in (due, sending):
            for verified in (True, False):
                facts = known(delivery, account=pause, verified=verified)
                assert next_step(facts, TIMING) == Wait(NOW + SECOND, text_reason("rate limit"))

    def test_a_pause_without_words_says_what_it_is(self, due: Delivery) -> None:
        facts = known(due, account={"not_before": NOW + SECOND})
        assert next_step(facts, TIMING) == Wait(NOW + SECOND, Reason(code=ReasonCode.SERVER_PAUSE))

    def test_a_pause_that_is_over_holds_nothing_back(self, due: Delivery) -> None:
        assert next_step(known(due, account={"not_before": NOW}), TIMING) == WriteIntent(due)

    def test_an_intent_just_written_is_sent_whatever_the_pause(self, sending: Delivery) -> None:
        facts = known(sending, account={"not_before": NOW + SECOND}, fresh_intent=sending.key, intent_age=timedelta())
        assert next_step(facts, TIMING) == Send(sending)

    def test_the_server_is_asked_who_we_are_first(self, due: Delivery, sending: Delivery) -> None:
        facts = known(due, sending, verified=False, account={"last_status_id": None})
        assert next_step(facts, TIMING) == VerifyAccount()

    def test_nothing_begins_while_stopping(self, due: Delivery) -> None:
        assert next_step(known(due, verified=False, stopping=True), TIMING) == Done()
        assert next_step(known(due, stopping=True), TIMING) == Done()

    def test_the_newest_status_is_learnt_before_anything_is_sent(self, due: Delivery) -> None:
        assert next_step(known(due, account={"last_status_id": None}), TIMING) == FetchCursor()

    def test_an_account_without_statuses_is_known_too(self, due: Delivery) -> None:
        assert next_step(known(due, account={"last_status_id": "0"}), TIMING) == WriteIntent(due)


class TestSending:
    @pytest.mark.parametrize("age", [timedelta(), SECOND, timedelta(seconds=5)])
    def test_a_fresh_intent_is_sent_at_once(self, sending: Delivery, age: timedelta) -> None:
        assert next_step(known(sending, fresh_intent=sending.key, intent_age=age), TIMING) == Send(sending)

    @pytest.mark.parametrize("age", [timedelta(seconds=5, microseconds=1), timedelta(hours=1), None])
    def test_a_stale_intent_is_looked_for_and_never_sent(self, sending: Delivery, age: timedelta | None) -> None:
        assert next_step(known(sending, fresh_intent=sending.key, intent_age=age), TIMING) == ReadBack(sending)

    @pytest.mark.parametrize("age", [timedelta(), timedelta(hours=1), None])
    def test_an_intent_of_another_drain_is_looked_for(self, sending: Delivery, age: timedelta | None) -> None:
        assert next_step(known(sending, intent_age=age), TIMING) == ReadBack(sending)

    def test_an_intent_for_another_delivery_is_none_for_this_one(self, sending: Delivery, due: Delivery) -> None:
        facts = known(sending, fresh_intent=due.key, intent_age=timedelta())
        assert next_step(facts, TIMING) == ReadBack(sending)

    def test_the_unknown_comes_before_the_unsent(self, due: Delivery, sending: Delivery) -> None:
        earlier = replace(due, due=NOW - timedelta(hours=1))
        assert next_step(known(earlier, sending), TIMING) == ReadBack(sending)

    def test_the_unknown_is_looked_for_while_stopping_too(self, due: Delivery, sending: Delivery) -> None:
        assert next_step(known(due, sending, stopping=True), TIMING) == ReadBack(sending)

    @pytest.mark.parametrize("age", [timedelta(), timedelta(hours=1), None])
    def test_what_is_found_is_adopted(self, sending: Delivery, age: timedelta | None) -> None:
        facts = known(sending, read_backs={sending.key: STATUS}, intent_age=age)
        assert next_step(facts, TIMING) == Adopt(sending, STATUS)

    @pytest.mark.parametrize("age", [timedelta(), timedelta(seconds=119), timedelta(seconds=119.999)])
    def test_absence_counts_only_once_the_server_has_surely_settled(self, sending: Delivery, age: timedelta) -> None:
        step = next_step(known(sending, read_backs={sending.key: None}, intent_age=age), TIMING)
        assert step == Wait(NOW + timedelta(seconds=120) - age, Reason(code=ReasonCode.EARLIER_ATTEMPT_OPEN))

    @pytest.mark.parametrize("age", [timedelta(seconds=120), timedelta(days=1)])
    def test_a_proven_absence_makes_it_due_again(self, sending: Delivery, age: timedelta) -> None:
        assert next_step(known(sending, read_backs={sending.key: None}, intent_age=age), TIMING) == Requeue(sending)

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
        facts = known(replace(sending, intended_at=NOW - since), read_backs={sending.key: None}, intent_age=None)
        step = next_step(facts, TIMING)
        assert isinstance(step, Wait)
        assert step.until == NOW + wait

    def test_after_a_long_restart_absence_counts(self, sending: Delivery) -> None:
        old = replace(sending, intended_at=NOW - timedelta(seconds=120))
        assert next_step(known(old, read_backs={old.key: None}, intent_age=None), TIMING) == Requeue(old)


class TestBeginning:
    def test_the_first_in_order_goes_first(self, due: Delivery, make_delivery: MakeDelivery) -> None:
        assert next_step(known(due, make_delivery("second", due=NOW)), TIMING) == WriteIntent(due)

    def test_a_back_off_is_waited_for_and_nobody_overtakes(self, due: Delivery, make_delivery: MakeDelivery) -> None:
        late = NOW - timedelta(hours=1)
        waiting = replace(due, due=late, attempts=1, not_before=NOW + SECOND, reason=text_reason("no answer"))
        facts = known(waiting, make_delivery("second", due=late + SECOND))
        assert next_step(facts, TIMING) == Wait(NOW + SECOND, text_reason("no answer"))

    @pytest.mark.parametrize("waits", [timedelta(), timedelta(hours=1)])
    def test_a_toot_on_time_waits_for_no_late_one(
        self, due: Delivery, make_delivery: MakeDelivery, waits: timedelta
    ) -> None:
        late = replace(due, due=NOW - timedelta(hours=1), attempts=1, not_before=NOW + waits)
        on_time = make_delivery("on-time", due=NOW)
        assert next_step(known(late, on_time), TIMING) == WriteIntent(on_time)
        assert next_step(known(late, on_time, account={"last_sent_at": NOW - SECOND}), TIMING) == WriteIntent(on_time)

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
            assert step == Wait(NOW + waits, Reason(code=ReasonCode.SPACING))

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
            due, announcement=make_announcement(pictures=(PICTURE,)), not_before=NOW + SECOND, reason=text_reason("r")
        )
        assert next_step(known(pictured), TIMING) == Wait(NOW + SECOND, text_reason("r"))

    def test_what_was_never_tried_and_waits_for_the_morning_is_overtaken(
        self, due: Delivery, make_delivery: MakeDelivery
    ) -> None:
        morning, on_time = (
            replace(due, not_before=NOW + SECOND, reason=text_reason("daytime")),
            make_delivery("second", due=NOW),
        )
        assert next_step(known(morning, on_time), TIMING) == WriteIntent(on_time)
        assert next_step(known(morning), TIMING) == Wait(NOW + SECOND, text_reason("daytime"))


class TestPreflight:
    """Before a send the account is read back: somebody may have been faster, or the ledger may have been lost."""

    def test_it_comes_before_pictures_and_intent(
        self, due: Delivery, make_announcement: Callable[..., Announcement]
    ) -> None:
        for delivery in (due, replace(due, announcement=make_announcement(pictures=(PICTURE,)))):
            assert next_step(known(delivery, preflights={}), TIMING) == Preflight(delivery)

    def test_it_comes_before_every_further_try_too(self, due: Delivery) -> None:
        # In the hours in which the server did not answer, somebody may have tooted by hand.
        again = replace(due, attempts=3, after_id="4", first_tried_at=NOW)
        assert next_step(known(again, preflights={}), TIMING) == Preflight(again)

    def test_it_comes_before_the_spacing_so_that_a_lost_ledger_adopts_at_once(self, due: Delivery) -> None:
        late = replace(due, due=NOW - timedelta(days=1))
        account = {"last_sent_at": NOW}
        assert next_step(known(late, preflights={}, account=account), TIMING) == Preflight(late)
        assert next_step(known(late, preflights={late.key: STATUS}, account=account), TIMING) == Adopt(late, STATUS)
        assert isinstance(next_step(known(late, account=account), TIMING), Wait)

    def test_what_it_finds_is_adopted(self, due: Delivery) -> None:
        assert next_step(known(due, preflights={due.key: STATUS}), TIMING) == Adopt(due, STATUS)

    def test_what_it_found_for_another_says_nothing(self, due: Delivery, sending: Delivery) -> None:
        assert next_step(known(due, preflights={sending.key: STATUS}), TIMING) == Preflight(due)

    def test_it_is_not_made_before_a_back_off_is_over(self, due: Delivery) -> None:
        waiting = replace(due, attempts=1, not_before=NOW + SECOND, reason=text_reason("r"))
        assert next_step(known(waiting, preflights={}), TIMING) == Wait(NOW + SECOND, text_reason("r"))

    def test_the_unknown_is_looked_for_before(self, due: Delivery, sending: Delivery) -> None:
        assert next_step(known(due, sending, preflights={}), TIMING) == ReadBack(sending)

    @pytest.mark.parametrize("action", [Action.EDIT, Action.DELETE, Action.REPLY])
    def test_only_a_publish_needs_it(self, due: Delivery, action: Action) -> None:
        delivery, anchor = following(due, action), sent(due)
        assert next_step(known(delivery, preflights={}, anchor=anchor), TIMING) == WriteIntent(delivery)


def following(publish: Delivery, action: Action, **changes: Any) -> Delivery:
    """What edits, deletes or answers a publish."""
    occasion = Occasion.edit(1) if action is Action.EDIT else Occasion.WITHDRAW
    key = DeliveryKey(publish.key.post_id, publish.key.account, occasion)
    return replace(publish, key=key, action=action, **changes)


def sent(delivery: Delivery, **changes: Any) -> Delivery:
    return replace(delivery, state=DeliveryState.SENT, status_id="3", settled_at=NOW, **changes)


FOLLOWING = [Action.EDIT, Action.DELETE, Action.REPLY]
WITHDRAWING = [Action.DELETE, Action.REPLY]


class TestWhatFollowsAToot:
    @pytest.mark.parametrize("action", FOLLOWING)
    @pytest.mark.parametrize("state", [DeliveryState.HELD, DeliveryState.REJECTED, DeliveryState.SKIPPED, None])
    def test_without_a_toot_it_is_called_off(self, due: Delivery, action: Action, state: DeliveryState | None) -> None:
        delivery = following(due, action)
        anchor = replace(due, state=state) if state else None
        assert next_step(known(delivery, anchor=anchor), TIMING) == Skip(delivery, Reason(code=ReasonCode.NO_TOOT))

    @pytest.mark.parametrize("action", FOLLOWING)
    def test_a_toot_made_by_hand_is_left_alone(self, due: Delivery, action: Action) -> None:
        delivery = following(due, action)
        step = next_step(known(delivery, anchor=sent(due, foreign=True)), TIMING)
        assert step == Skip(delivery, Reason(code=ReasonCode.TOOT_MADE_BY_HAND))

    @pytest.mark.parametrize("action", FOLLOWING)
    def test_it_waits_for_no_spacing(self, due: Delivery, action: Action) -> None:
        delivery = following(due, action, due=NOW - timedelta(hours=2))
        facts = known(delivery, anchor=sent(due), account={"last_sent_at": NOW})
        assert next_step(facts, TIMING) == WriteIntent(delivery)

    @pytest.mark.parametrize("action", FOLLOWING)
    def test_it_uploads_nothing_itself(
        self, due: Delivery, action: Action, make_announcement: Callable[..., Announcement]
    ) -> None:
        delivery = following(due, action, announcement=make_announcement(pictures=(PICTURE,)))
        assert next_step(known(delivery, anchor=sent(due)), TIMING) == WriteIntent(delivery)

    @pytest.mark.parametrize("action", FOLLOWING)
    def test_it_backs_off(self, due: Delivery, action: Action) -> None:
        delivery = following(due, action, attempts=1, not_before=NOW + SECOND, reason=text_reason("no answer"))
        assert next_step(known(delivery, anchor=sent(due)), TIMING) == Wait(NOW + SECOND, text_reason("no answer"))

    @pytest.mark.parametrize("action", [Action.EDIT, Action.DELETE])
    @pytest.mark.parametrize("age", [timedelta(), timedelta(hours=1), None])
    def test_what_can_be_repeated_is_not_looked_for(self, due: Delivery, action: Action, age: timedelta | None) -> None:
        delivery = following(due, action, state=DeliveryState.SENDING, intended_at=NOW, attempts=1)
        assert next_step(known(delivery, anchor=sent(due), intent_age=age), TIMING) == Requeue(delivery)

    @pytest.mark.parametrize("action", FOLLOWING)
    def test_a_fresh_intent_is_sent(self, due: Delivery, action: Action) -> None:
        delivery = following(due, action, state=DeliveryState.SENDING, intended_at=NOW, attempts=1)
        facts = known(delivery, anchor=sent(due), intent_age=timedelta(), fresh_intent=delivery.key)
        assert next_step(facts, TIMING) == Send(delivery)

    def test_a_reply_of_unknown_outcome_is_looked_for(self, due: Delivery) -> None:
        reply = following(due, Action.REPLY, state=DeliveryState.SENDING, intended_at=NOW, attempts=1)
        assert next_step(known(reply, anchor=sent(due), intent_age=SECOND), TIMING) == ReadBack(reply)
        facts = known(reply, anchor=sent(due), intent_age=timedelta(hours=1), read_backs={reply.key: None})
        assert next_step(facts, TIMING) == Requeue(reply)

    def test_an_edit_goes_in_its_turn(self, due: Delivery, make_delivery: MakeDelivery) -> None:
        edit, other = following(due, Action.EDIT), make_delivery("other", due=NOW - timedelta(hours=1))
        assert next_step(known(other, edit), TIMING) == WriteIntent(other)
        assert next_step(known(edit, other, anchor=sent(due)), TIMING) == WriteIntent(edit)

    def test_what_is_edited_goes_first_though_the_clock_was_set_back(self, due: Delivery) -> None:
        edit = following(due, Action.EDIT)
        assert next_step(known(edit, due, anchor=due), TIMING) == WriteIntent(due)


class TestWithdrawals:
    @pytest.mark.parametrize("action", WITHDRAWING)
    def test_they_go_before_everything_else(self, due: Delivery, make_delivery: MakeDelivery, action: Action) -> None:
        other, withdrawal = make_delivery("other", due=NOW - timedelta(hours=1)), following(due, action)
        assert next_step(known(other, withdrawal, anchor=sent(due)), TIMING) == WriteIntent(withdrawal)

    @pytest.mark.parametrize("action", WITHDRAWING)
    def test_but_not_before_what_is_in_flight(self, due: Delivery, sending: Delivery, action: Action) -> None:
        assert next_step(known(following(due, action), sending), TIMING) == ReadBack(sending)

    @pytest.mark.parametrize("action", WITHDRAWING)
    def test_they_overtake_what_backs_off(self, due: Delivery, make_delivery: MakeDelivery, action: Action) -> None:
        waiting = make_delivery("other", due=NOW - SECOND, attempts=1, not_before=NOW + SECOND)
        withdrawal = following(due, action)
        assert next_step(known(waiting, withdrawal, anchor=sent(due)), TIMING) == WriteIntent(withdrawal)

    @pytest.mark.parametrize("action", WITHDRAWING)
    def test_a_publish_of_the_same_post_that_came_to_nothing_is_called_off(self, due: Delivery, action: Action) -> None:
        restored, withdrawal = replace(due, attempts=1, generation=1), following(due, action)
        step = next_step(known(restored, withdrawal, anchor=restored, preflights={}), TIMING)
        assert step == Skip(restored, Reason(code=ReasonCode.WITHDRAWN))
        off = replace(restored, state=DeliveryState.SKIPPED)
        step = next_step(known(withdrawal, anchor=off), TIMING)
        assert step == Skip(withdrawal, Reason(code=ReasonCode.NO_TOOT))

    @pytest.mark.parametrize("action", WITHDRAWING)
    def test_an_edit_of_the_same_post_is_called_off(self, due: Delivery, action: Action) -> None:
        edit, withdrawal = following(due, Action.EDIT), following(due, action)
        step = next_step(known(edit, withdrawal, anchor=sent(due)), TIMING)
        assert step == Skip(edit, Reason(code=ReasonCode.WITHDRAWN))

    @pytest.mark.parametrize("action", WITHDRAWING)
    def test_other_posts_are_not_called_off(self, due: Delivery, make_delivery: MakeDelivery, action: Action) -> None:
        other = make_delivery("other", due=NOW)
        step = next_step(known(following(due, action), other, anchor=sent(due)), TIMING)
        assert step == WriteIntent(following(due, action))


class TestOneFaultStaysOneFault:
    """What can be repeated holds up nobody while it backs off."""

    @pytest.mark.parametrize("action", FOLLOWING)
    def test_others_go_on(self, due: Delivery, make_delivery: MakeDelivery, action: Action) -> None:
        failing = following(due, action, attempts=4, not_before=NOW + timedelta(minutes=15))
        other = make_delivery("other", due=NOW)
        assert next_delivery([failing, other], now=NOW) == other
        assert next_step(known(failing, other), TIMING) == WriteIntent(other)

    def test_if_all_stand_aside_the_earliest_is_waited_for(self, due: Delivery, make_delivery: MakeDelivery) -> None:
        later = following(due, Action.EDIT, attempts=1, not_before=NOW + 2 * SECOND)
        sooner = replace(later, key=make_delivery("other").key, not_before=NOW + SECOND)
        assert next_delivery([later, sooner], now=NOW) == sooner
        assert next_delivery([later, sooner], now=NOW + 2 * SECOND) == later

    def test_edits_of_one_post_keep_their_order(self, due: Delivery, make_delivery: MakeDelivery) -> None:
        first = following(due, Action.EDIT, sequence=2, attempts=1, not_before=NOW + SECOND)
        second = replace(
            first, key=replace(first.key, occasion=Occasion.edit(2)), sequence=3, attempts=0, not_before=None
        )
        back = replace(second, due=NOW - timedelta(hours=1))  # recorded after the clock was set back
        other = make_delivery("other", due=NOW)
        for later in (second, back):
            assert next_delivery(sorted([first, later], key=lambda edit: edit.due), now=NOW + SECOND) == first
            assert next_delivery([later, first, other], now=NOW) == other
            assert next_delivery([later, first], now=NOW) == first
        assert next_step(known(first, second, anchor=sent(due)), TIMING) == Wait(NOW + SECOND, None)


class TestGivingUp:
    LONG = timedelta(hours=24, microseconds=1)
    TROUBLE = Wait(NOW + SECOND, text_reason("the server cannot be reached"))

    def test_after_a_failure_what_was_tried_for_too_long_is_given_up(self, due: Delivery) -> None:
        tried = replace(due, first_tried_at=NOW - self.LONG, attempts=9)
        assert next_step(known(tried, failed=self.TROUBLE), TIMING) == GiveUp(tried)

    @pytest.mark.parametrize("verified", [True, False])
    @pytest.mark.parametrize("stopping", [True, False])
    def test_also_while_the_server_does_not_even_say_who_we_are(
        self, due: Delivery, verified: bool, stopping: bool
    ) -> None:
        tried = replace(due, first_tried_at=NOW - self.LONG)
        facts = known(tried, failed=self.TROUBLE, verified=verified, stopping=stopping)
        assert next_step(facts, TIMING) == GiveUp(tried)

    def test_each_of_them_is(self, due: Delivery, make_delivery: MakeDelivery) -> None:
        fresh = replace(due, first_tried_at=NOW - self.LONG + SECOND)
        tried = make_delivery("other", first_tried_at=NOW - self.LONG)
        assert next_step(known(fresh, tried, failed=self.TROUBLE), TIMING) == GiveUp(tried)

    @pytest.mark.parametrize("since", [timedelta(hours=24), timedelta(), None])
    def test_a_failure_otherwise_ends_the_drain(self, due: Delivery, since: timedelta | None) -> None:
        tried = replace(due, first_tried_at=None if since is None else NOW - since)
        assert next_step(known(tried, failed=self.TROUBLE, preflights={}), TIMING) == self.TROUBLE

    def test_nothing_in_flight_is_given_up(self, sending: Delivery) -> None:
        tried = replace(sending, first_tried_at=NOW - self.LONG)
        assert next_step(known(tried, failed=self.TROUBLE), TIMING) == self.TROUBLE

    def test_after_a_long_pause_there_is_another_try_first(self, due: Delivery) -> None:
        tried = replace(due, first_tried_at=NOW - timedelta(days=9), attempts=1)
        assert next_step(known(tried), TIMING) == WriteIntent(tried)

    def test_an_attempt_that_came_to_nothing_ends_it_too(self, sending: Delivery) -> None:
        # A server that answers every post with 500 and every look with an empty page.
        tried = replace(sending, first_tried_at=NOW - self.LONG, attempts=300)
        facts = known(tried, read_backs={tried.key: None}, intent_age=timedelta(minutes=5))
        assert next_step(facts, TIMING) == GiveUp(tried)
        assert next_step(replace(facts, read_backs={tried.key: STATUS}), TIMING) == Adopt(tried, STATUS)
        assert isinstance(next_step(replace(facts, intent_age=SECOND), TIMING), Wait)

    def test_the_time_is_a_setting(self, due: Delivery) -> None:
        tried, hour = replace(due, first_tried_at=NOW - timedelta(hours=2)), timedelta(hours=1)
        facts = known(tried, failed=self.TROUBLE)
        assert next_step(facts, replace(TIMING, give_up_after=hour)) == GiveUp(tried)
        assert next_step(facts, TIMING) == self.TROUBLE


class TestExpiring:
    """`expires:` beats all, also where something else held the toot up until then."""

    def test_a_toot_that_was_proven_absent_is_not_sent_again_after_its_end(self, due: Delivery) -> None:
        ends = replace(due.announcement, expires=NOW)
        late = replace(due, announcement=ends, attempts=1, first_tried_at=NOW)
        assert next_step(known(late), TIMING) == Skip(late, Reason(code=ReasonCode.EXPIRED, at=NOW))
        still = replace(late, announcement=replace(ends, expires=NOW + SECOND))
        assert next_step(known(still), TIMING) == WriteIntent(still)

    def test_what_is_under_way_is_looked_for_all_the_same(self, due: Delivery) -> None:
        sending = replace(
            due,
            announcement=replace(due.announcement, expires=NOW),
            state=DeliveryState.SENDING,
            intended_at=NOW,
            attempts=1,
        )
        assert next_step(known(sending), TIMING) == ReadBack(sending)
