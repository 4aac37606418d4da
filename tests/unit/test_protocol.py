"""The delivery protocol: what is known → the one next step, and the small rules around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import (
    AccountState,
    Announcement,
    Delivery,
    DeliveryKey,
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
    backoff,
    find_status,
    idempotency_key,
    next_step,
    restored,
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


class TestIdempotencyKey:
    @pytest.mark.parametrize(
        "change",
        [
            {"generation": 1},
            {"announcement": Announcement(text="other", link=None, length=5, limit=500)},
            {"key": DeliveryKey("other", ACCOUNT, "publish")},
            {"key": DeliveryKey("https://conf.example/news/due/", "other@example.social", "publish")},
            {"key": DeliveryKey("https://conf.example/news/due/", ACCOUNT, "edit:1")},
        ],
    )
    def test_it_changes_with_identity_text_and_generation(self, due: Delivery, change: dict[str, Any]) -> None:
        assert idempotency_key(replace(due, **change)) != idempotency_key(due)

    def test_it_changes_with_nothing_else(self, due: Delivery) -> None:
        tried = replace(
            due,
            state=DeliveryState.SENDING,
            reason="r",
            sequence=9,
            attempts=3,
            after_id="4",
            intended_at=NOW,
            due=NOW + SECOND,
            slug="renamed",
            ordered_by="amy",
            announcement=replace(due.announcement, pictures=(PICTURE,), language="de", limit=1),
        )
        assert idempotency_key(tried) == idempotency_key(due)

    def test_parts_do_not_run_into_each_other(self, due: Delivery) -> None:
        one = replace(due, key=DeliveryKey("ab", "c", "publish"))
        other = replace(due, key=DeliveryKey("a", "bc", "publish"))
        assert idempotency_key(one) != idempotency_key(other)

    @given(text=st.text())
    def test_it_fits_into_a_header_whatever_the_text(self, make_delivery: MakeDelivery, text: str) -> None:
        delivery = make_delivery(announcement=Announcement(text=text, link=None, length=1, limit=500))
        key = idempotency_key(delivery)
        assert key.isascii()
        assert key.isalnum()
        assert len(key) == 64


def seen(status_id: str, text: str | None = None, *links: str, content_warning: str = "") -> SeenStatus:
    return SeenStatus(
        status_id=status_id,
        url=f"https://example.social/{status_id}",
        created_at=NOW,
        links=frozenset(links),
        text=text,
        content_warning=content_warning,
    )


LINK = "https://conf.example/news/due/"


def says(text: str, *, link: str | None = None, content_warning: str | None = None) -> Announcement:
    return Announcement(text=text, link=link, content_warning=content_warning, length=1, limit=500)


class TestFindStatus:
    @pytest.mark.parametrize(
        ("sent", "stored"),
        [
            ("Hello", "Hello"),
            ("  Hello \n", "Hello"),
            ("a\r\nb", "a\nb"),
            ("a  \nb", "a\nb"),
            ("a\n\nb", "a\n\nb"),
            ("thanks @ana@example.social!", "thanks @ana!"),
            ("thanks @ana@example.social.", "thanks @ana."),
            ("thanks @ana@example.social, @bo@other.example", "thanks @ana, @bo@other.example"),
            ("thanks @ana@example.social\nbye", "thanks @ana\nbye"),
            ("@Ana@Example.Social", "@ana"),
            ("thanks @Ana", "thanks @ana"),
            ("by @a.b-c@sub.example-x.social:3000 today", "by @a.b-c today"),
            ("(@ana@example.social)", "(@ana)"),
            ("write to info@conf.example", "write to info@conf.example"),
        ],
    )
    def test_the_same_words_are_found_as_a_server_keeps_them(self, sent: str, stored: str) -> None:
        status = seen("1", stored)
        assert find_status(says(sent), [status], claimed=frozenset()) == (status, False)

    @pytest.mark.parametrize(
        ("sent", "stored"),
        [
            ("Hello", "Hello!"),
            ("Hello", "hello"),
            ("a\nb", "a b"),
            ("a\n\nb", "a\nb"),
            ("a  b", "a b"),
            ("thanks @ana@example.social", "thanks @anna"),
            ("thanks @ana@example.social", "thanks ana"),
            ("write to info@conf.example", "write to info@conf"),
            ("Hello", None),
            ("Hello", ""),
        ],
    )
    def test_other_words_are_not(self, sent: str, stored: str | None) -> None:
        assert find_status(says(sent), [seen("1", stored)], claimed=frozenset()) == (None, False)

    @pytest.mark.parametrize(
        ("sent", "stored", "same"),
        [
            (None, "", True),
            ("", "", True),
            ("cw", "cw", True),
            (" cw ", "cw", True),
            ("cw", "", False),
            (None, "cw", False),
        ],
    )
    def test_the_content_warning_is_part_of_the_words(self, sent: str | None, stored: str, same: bool) -> None:
        status = seen("1", "Hello", content_warning=stored)
        found, _ = find_status(says("Hello", content_warning=sent), [status], claimed=frozenset())
        assert (found == status) is same

    def test_the_link_with_other_words_was_tooted_by_hand(self) -> None:
        status = seen("1", "look at this", LINK, "https://example.org")
        assert find_status(says("Hello", link=LINK), [status], claimed=frozenset()) == (status, True)

    def test_another_link_is_somebody_elses_business(self) -> None:
        status = seen("1", "look at this", LINK + "x")
        assert find_status(says("Hello", link=LINK), [status], claimed=frozenset()) == (None, False)
        assert find_status(says("Hello"), [seen("1", "look", LINK)], claimed=frozenset()) == (None, False)

    def test_our_own_words_come_before_somebody_elses_link(self) -> None:
        hand, ours = seen("1", "look at this", LINK), seen("2", "Hello", LINK)
        assert find_status(says("Hello", link=LINK), [hand, ours], claimed=frozenset()) == (ours, False)

    def test_what_another_delivery_lives_at_is_left_out(self) -> None:
        one, two = seen("1", "Hello", LINK), seen("2", "Hello", LINK)
        announcement = says("Hello", link=LINK)
        assert find_status(announcement, [one, two], claimed=frozenset({"1"})) == (two, False)
        assert find_status(announcement, [one, two], claimed=frozenset({"1", "2"})) == (None, False)

    def test_of_several_the_oldest_is_taken(self) -> None:
        one, two = seen("1", "Hello"), seen("2", "Hello")
        assert find_status(says("Hello"), [one, two], claimed=frozenset()) == (one, False)
        hands = [seen("1", "x", LINK), seen("2", "y", LINK)]
        assert find_status(says("Hello", link=LINK), hands, claimed=frozenset()) == (hands[0], True)

    def test_of_none_there_is_none(self) -> None:
        assert find_status(says("Hello", link=LINK), [], claimed=frozenset()) == (None, False)


class TestBackoff:
    @pytest.mark.parametrize(
        ("attempts", "seconds"),
        [(0, 15), (1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 900), (7, 900), (10**6, 900)],
    )
    def test_it_doubles_up_to_a_quarter_of_an_hour(self, attempts: int, seconds: int) -> None:
        assert backoff(attempts, jitter=0, retry_after=None) == timedelta(seconds=seconds)
        assert backoff(attempts, jitter=1, retry_after=None) == timedelta(seconds=seconds) * 1.25

    @given(attempts=st.integers(0, 10_000), jitter=st.floats(0, 1))
    def test_it_stays_within_its_bounds(self, attempts: int, jitter: float) -> None:
        wait = backoff(attempts, jitter=jitter, retry_after=None)
        assert timedelta(seconds=15) <= wait <= timedelta(minutes=15) * 1.25

    def test_a_wait_that_the_server_named_is_honoured(self) -> None:
        assert backoff(0, jitter=1, retry_after=timedelta(hours=2)) == timedelta(hours=2)

    def test_a_shorter_one_does_not_make_us_hurry(self) -> None:
        assert backoff(1, jitter=0, retry_after=SECOND) == timedelta(seconds=30)


def test_a_restored_delivery_begins_its_next_generation(sending: Delivery) -> None:
    old = replace(sending, generation=2, after_id="5", first_tried_at=NOW, intended_mark="m")
    assert restored(old) == replace(
        old,
        state=DeliveryState.DUE,
        generation=3,
        reason="an earlier attempt did not arrive",
        intended_at=None,
        intended_mark="",
    )
