"""A drain performs the protocol: what is sent, what is written down, and what a failure leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.delivery import ASK_AGAIN, DeliveryResult
from bot.delivery.protocol import idempotency_key
from bot.domain import AccountView, Delivery, DeliveryState, Hold, Lease, Reason, ReasonCode
from bot.domain.errors import AccountBlockedError, LedgerError, OutcomeUnknownError, RejectedError, TransientError
from bot.domain.wording import event_detail, reason_words
from tests.support.delivery_stage import (
    ACCOUNT,
    MINUTE,
    NOW,
    SECOND,
    TIMING,
    MakeDelivery,
    World,
    free,
    new_world,
    pictured,
    raising,
    saying,
    status,
)
from tests.support.scratch_ledger import ScratchLedger


@pytest.fixture
def world() -> World:
    return new_world()


class TestAllIsWell:
    def test_what_is_owed_is_sent_in_order_and_written_down(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery("second", due=NOW), make_delivery("first", due=NOW - SECOND))
        result = world.deliver_pending()
        first, second = world.row("first"), world.row("second")
        assert world.server.texts == [first.announcement.text, second.announcement.text]
        assert (first.state, first.status_id, first.attempts, first.generation) == (DeliveryState.SENT, "1", 1, 0)
        assert first.status_url == world.server.statuses[0].url
        assert (first.settled_at, first.after_id, second.after_id) == (NOW, "0", "1")
        assert (world.account.last_status_id, world.account.last_sent_at) == ("2", NOW)
        assert world.account.facts == world.server.verify_account()
        assert world.history == [("sent", "first"), ("sent", "second")]
        assert result == DeliveryResult(account=ACCOUNT, events=tuple(world.said))
        assert tuple(world.said) == world.ledger.events(limit=9)
        assert free(world)

    def test_the_key_is_that_of_the_delivery_and_no_repeat(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.deliver_pending()
        assert world.server.keys == [(idempotency_key(world.row()), False)]

    def test_without_anything_open_nobody_is_asked(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(state=DeliveryState.HELD, hold=Hold.BURST_LIMIT), make_delivery("x", account="other"))
        assert world.deliver_pending() == DeliveryResult(account=ACCOUNT)
        assert world.server.asked == []

    def test_draining_again_sends_nothing(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.deliver_pending()
        world.deliver_pending()
        world.later(timedelta(days=1))
        assert len(world.server.statuses) == 1

    def test_pictures_are_sent_along(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW, announcement=pictured("a", "b")))
        world.deliver_pending()
        assert world.server.media_of == {"1": ("media-1", "media-2")}

    def test_late_toots_are_spaced(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(*(make_delivery(slug, due=NOW - timedelta(hours=1)) for slug in ("a", "b")))
        result = world.deliver_pending()
        assert len(world.server.statuses) == 1
        assert (result.wait_until, result.attention) == (NOW + 2 * MINUTE, False)
        assert result.why == Reason(code=ReasonCode.SPACING)
        assert world.later(2 * MINUTE - SECOND).wait_until == NOW + 2 * MINUTE
        assert len(world.server.statuses) == 1
        world.later(SECOND)
        assert len(world.server.statuses) == 2


class TestFailures:
    def test_a_try_that_posted_nothing_is_repeated_after_a_pause(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        world.owes(make_delivery("a", due=NOW), make_delivery("b", due=NOW))
        world.server.failures = [TransientError("the server cannot be reached.")]
        result = world.deliver_pending()
        row = world.row("a")
        assert (row.state, row.attempts, reason_words(row.reason)) == (
            DeliveryState.DUE,
            1,
            "the server cannot be reached.",
        )
        assert row.not_before == result.wait_until == NOW + timedelta(seconds=30)
        assert (result.attention, world.server.statuses) == (False, [])
        assert world.history == [("will retry", "a")]
        assert world.account.not_before is None

        world.later(timedelta(seconds=30))
        assert [world.row(slug).state for slug in "ab"] == [DeliveryState.SENT] * 2
        assert (world.row("a").generation, reason_words(world.row("a").reason), world.row("a").not_before) == (
            0,
            "",
            None,
        )
        assert [repeat for _, repeat in world.server.keys] == [False, True, False]
        assert world.server.keys[0][0] == world.server.keys[1][0]

    def test_during_the_pause_nobody_is_asked(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.failures = [TransientError("the server cannot be reached.")]
        until = world.deliver_pending().wait_until
        world.server.asked.clear()
        assert world.later(10 * SECOND).wait_until == until
        assert world.server.asked == []

    def test_the_pauses_grow(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.failures = [TransientError("no") for _ in range(3)]
        waits = []
        for _ in range(3):
            until = world.deliver_pending().wait_until
            assert until is not None
            waits.append(until - world.clock.now())
            world.clock.step_to(until)
        assert waits == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]

    def test_a_pause_that_the_server_asks_for_counts_for_the_account(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        world.owes(make_delivery("a", due=NOW), make_delivery("b", due=NOW))
        world.server.failures = [TransientError("the rate limit is reached.", retry_after=5 * MINUTE)]
        assert world.deliver_pending().wait_until == NOW + 5 * MINUTE
        assert (world.account.not_before, reason_words(world.account.blocked)) == (
            NOW + 5 * MINUTE,
            "the rate limit is reached.",
        )
        world.server.asked.clear()
        result = world.later(5 * MINUTE - SECOND)
        assert (result.wait_until, reason_words(result.why)) == (NOW + 5 * MINUTE, "the rate limit is reached.")
        assert world.server.asked == []
        world.later(SECOND)
        assert len(world.server.statuses) == 1
        assert world.account.not_before is None

    def test_a_refused_toot_needs_a_person_and_the_others_go_on(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        world.owes(make_delivery("a", due=NOW), make_delivery("b", due=NOW))
        world.server.failures = [RejectedError("too long.")]
        result = world.deliver_pending()
        row = world.row("a")
        assert (row.state, reason_words(row.reason), row.settled_at) == (DeliveryState.REJECTED, "too long.", NOW)
        assert result.attention
        assert result.wait_until is None
        assert world.server.texts == [world.row("b").announcement.text]
        assert world.history == [("rejected", "a"), ("sent", "b")]
        world.later(timedelta(days=1))
        assert len(world.server.statuses) == 1

    @pytest.mark.parametrize("method", ["verify_account", "newest_status_id", "upload", "publish"])
    def test_a_blocked_account_keeps_what_is_due_until_it_works_again(
        self, world: World, make_delivery: MakeDelivery, method: str
    ) -> None:
        world.owes(make_delivery(due=NOW, announcement=pictured("a")))
        world.server.during(method, raising(AccountBlockedError("bad token.", remedy="Make a new one.")))
        result = world.deliver_pending()
        assert (world.row().state, world.row().hold) == (DeliveryState.DUE, None)
        assert reason_words(world.account.blocked) == "bad token. Make a new one."
        assert (result.attention, result.wait_until) == (True, NOW + ASK_AGAIN)
        assert reason_words(result.why) == "bad token. Make a new one."
        assert [event.kind.value for event in result.events] == ["blocked"]

        again = world.later(ASK_AGAIN)
        assert (world.row().state, world.account.blocked) == (DeliveryState.SENT, None)
        assert not again.attention
        assert [event.kind.value for event in world.said] == ["blocked", "sent", "works again"]
        assert [what for what, _ in world.history] == ["blocked", "sent", "works again"]
        assert world.account.facts is not None

    @pytest.mark.parametrize("method", ["verify_account", "publish"])
    def test_a_block_that_lasts_is_told_once(self, world: World, make_delivery: MakeDelivery, method: str) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.during(method, *[raising(AccountBlockedError("bad token."))] * 3)
        results = [world.deliver_pending(), world.later(ASK_AGAIN), world.later(ASK_AGAIN)]
        assert [event.kind.value for event in world.said] == ["blocked"]
        assert world.history == [("blocked", "")]
        assert [result.attention for result in results] == [True, False, False]
        assert all(result.wait_until is not None for result in results)

    def test_another_block_is_told_too(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        errors = [AccountBlockedError("bad token."), AccountBlockedError("redirected.")]
        world.server.during("verify_account", *(raising(error) for error in errors))
        assert [world.deliver_pending().attention, world.later(ASK_AGAIN).attention] == [True, True]
        assert [event_detail(event) for event in world.said] == ["bad token.", "redirected."]

    @pytest.mark.parametrize("method", ["verify_account", "newest_status_id", "upload"])
    def test_a_failure_before_the_send_is_tried_again(
        self, world: World, make_delivery: MakeDelivery, method: str
    ) -> None:
        world.owes(make_delivery(due=NOW, announcement=pictured("a")))
        world.server.during(method, raising(TransientError("the server cannot be reached.")))
        result = world.deliver_pending()
        assert (world.row().state, world.row().attempts) == (DeliveryState.DUE, 0)
        assert result.wait_until == NOW + timedelta(seconds=15)
        told = "blocked" if method == "verify_account" else "will retry"
        assert ([event.kind.value for event in world.said], result.attention) == ([told], method == "verify_account")
        world.later(timedelta(seconds=15))
        assert world.row().state is DeliveryState.SENT
        assert ("works again" in [event.kind.value for event in world.said]) == (method == "verify_account")

    def test_while_nothing_is_due_yet_the_server_is_not_asked(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW - 120 * MINUTE, not_before=NOW + 60 * MINUTE))
        result = world.deliver_pending()
        assert (world.server.asked, world.said, result.attention) == ([], [], False)
        assert result.wait_until == NOW + 60 * MINUTE

    def test_an_upload_without_answer_is_simply_repeated(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW, announcement=pictured("a")))
        world.server.during("upload", raising(OutcomeUnknownError("no answer.")))
        assert world.deliver_pending().wait_until == NOW + timedelta(seconds=15)
        assert world.row().state is DeliveryState.DUE
        world.later(timedelta(seconds=15))
        assert len(world.server.statuses) == 1

    @pytest.mark.parametrize(("tried", "goes_out"), [(timedelta(minutes=9), False), (timedelta(minutes=10), True)])
    def test_a_picture_that_cannot_be_uploaded_does_not_hold_the_news_for_long(
        self, world: World, make_delivery: MakeDelivery, tried: timedelta, goes_out: bool
    ) -> None:
        world.owes(make_delivery(due=NOW, announcement=pictured("a"), first_tried_at=NOW - tried))
        world.server.during("upload", raising(TransientError("the server cannot take it.")))
        result = world.deliver_pending()
        assert (world.row().state is DeliveryState.SENT, result.attention) == (goes_out, goes_out)
        assert ("picture left out" in [event.kind.value for event in world.said]) == goes_out

    def test_a_refused_picture_is_left_out_and_told(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW, announcement=pictured("a", "b")))
        world.server.during("upload", raising(RejectedError("too large.")))
        result = world.deliver_pending()
        assert world.row().state is DeliveryState.SENT
        assert world.server.media_of == {"1": ("media-1",)}
        assert result.attention
        told = result.events[0]
        assert (told.kind.value, told.slug, event_detail(told)) == ("picture left out", "tickets", "too large.")

    def test_a_toot_goes_out_without_any_of_its_pictures(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW, announcement=pictured("a")))
        world.server.during("upload", raising(RejectedError("too large.")))
        world.deliver_pending()
        assert world.server.media_of == {"1": ()}


class TestUnknownOutcome:
    def test_what_arrived_is_found_and_not_sent_again(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery("a", due=NOW), make_delivery("b", due=NOW))
        world.server.failures, world.server.posts_first = [OutcomeUnknownError("no answer.")], True
        result = world.deliver_pending()
        assert [world.row(slug).status_id for slug in "ab"] == ["1", "2"]
        assert len(world.server.statuses) == 2
        assert world.history == [("no answer", "a"), ("found", "a"), ("sent", "b")]
        assert not world.row("a").foreign
        assert not result.attention

    def test_what_did_not_arrive_is_sent_once_more_after_settling(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        world.owes(make_delivery("a", due=NOW), make_delivery("b", due=NOW))
        world.server.failures = [OutcomeUnknownError("no answer.")]
        result = world.deliver_pending()
        assert (world.row("a").state, reason_words(world.row("a").reason)) == (DeliveryState.SENDING, "no answer.")
        assert result.wait_until == NOW + timedelta(seconds=120)
        assert world.server.statuses == [], "nothing overtakes what is unknown"

        assert world.later(timedelta(seconds=119)).wait_until == NOW + timedelta(seconds=120)
        assert world.server.statuses == []
        world.later(SECOND)
        assert len(world.server.statuses) == 1
        assert (world.row("a").generation, world.row("a").attempts, world.row("a").after_id) == (1, 2, "0")
        (first, _), (second, repeat) = world.server.keys
        assert first != second
        assert repeat
        assert world.history == [("no answer", "a"), ("not there", "a"), ("sent", "a")]
        world.later(2 * MINUTE)
        assert len(world.server.statuses) == 2

    def test_what_arrives_while_waiting_is_found(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.failures = [OutcomeUnknownError("no answer.")]
        world.deliver_pending()
        world.clock.advance(timedelta(seconds=100))
        world.server.statuses.append(status("1", world.row().announcement))
        world.deliver_pending()
        assert (world.row().state, world.row().status_id) == (DeliveryState.SENT, "1")
        assert len(world.server.statuses) == 1

    def test_a_look_that_began_too_early_proves_nothing(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.failures = [OutcomeUnknownError("no answer.")]
        world.deliver_pending()
        world.clock.advance(timedelta(seconds=110))

        def arrives_meanwhile() -> None:
            world.server.statuses.append(status("1", world.row().announcement))
            world.clock.advance(timedelta(seconds=20))

        world.server.during("read_back", arrives_meanwhile)
        result = world.deliver_pending()
        assert world.row().state is DeliveryState.SENDING
        assert result.wait_until is not None
        world.clock.step_to(result.wait_until)
        world.deliver_pending()
        assert len(world.server.statuses) == 1
        assert world.row().status_id == "1"

    def test_a_look_that_fails_leaves_it_open(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.failures = [OutcomeUnknownError("no answer.")]
        world.server.during("read_back", raising(TransientError("the server cannot be reached.")))
        world.deliver_pending()
        world.server.during("read_back", raising(AccountBlockedError("bad token.")))
        world.later(timedelta(hours=1))
        assert world.row().state is DeliveryState.SENDING
        assert world.server.statuses == []
        world.later(MINUTE)
        assert world.server.statuses == [], "what kept the server from answering may be holding the request as well"
        world.later(2 * MINUTE)
        assert len(world.server.statuses) == 1

    def test_somebody_elses_toot_with_the_link_counts_as_announced(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.failures = [OutcomeUnknownError("no answer.")]
        world.deliver_pending()
        hand = status("1", replace(world.row().announcement, text="look at this"))
        world.server.statuses.append(hand)
        world.deliver_pending()
        assert world.row().state is DeliveryState.SENDING, "ours may still arrive"
        world.later(TIMING.settle)
        assert (world.row().state, world.row().foreign, world.row().status_id) == (DeliveryState.SENT, True, "1")
        assert world.history[-1] == ("found, tooted by hand", "tickets")

    def test_of_a_late_toot_of_ours_and_somebody_elses_ours_is_taken(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        """Simulation, seed 2563: the other was taken at once, and ours was never edited."""
        world.owes(make_delivery(due=NOW))
        world.server.failures = [OutcomeUnknownError("no answer.")]
        world.deliver_pending()
        world.server.statuses.append(status("1", replace(world.row().announcement, text="look at this")))
        world.deliver_pending()
        world.server.statuses.append(status("2", world.row().announcement))
        world.later(TIMING.settle)
        assert (world.row().state, world.row().foreign, world.row().status_id) == (DeliveryState.SENT, False, "2")

    def test_the_look_starts_after_what_was_there_before(self, world: World, make_delivery: MakeDelivery) -> None:
        delivery = make_delivery(due=NOW)
        # Older than the pre-flight look goes back.
        world.server.statuses.append(replace(status("1", delivery.announcement), created_at=NOW - timedelta(days=9)))
        world.owes(delivery)
        world.server.failures = [OutcomeUnknownError("no answer.")]
        world.deliver_pending()
        assert (world.row().state, world.row().after_id) == (DeliveryState.SENDING, "1")

    def test_two_toots_with_the_same_words_are_told_apart(self, world: World, make_delivery: MakeDelivery) -> None:
        same = saying("Good morning!")
        world.owes(make_delivery("a", due=NOW, announcement=same), make_delivery("b", due=NOW, announcement=same))
        world.server.failures = [OutcomeUnknownError("1"), OutcomeUnknownError("2")]
        world.server.posts_first = True
        world.deliver_pending()
        assert [world.row(slug).status_id for slug in "ab"] == ["1", "2"]
        assert len(world.server.statuses) == 2

    def test_an_intent_that_grew_old_is_never_sent(self, world: World, make_delivery: MakeDelivery) -> None:
        class SlowDisk(ScratchLedger):
            """A ledger whose commit takes long enough for the world to have changed."""

            stalls = 1

            def write_intent(self, lease: Lease, delivery: Delivery, *, after_id: str, now: datetime) -> bool:
                written = super().write_intent(lease, delivery, after_id=after_id, now=now)
                if self.stalls:
                    self.stalls -= 1
                    world.clock.advance(TIMING.send_within + SECOND)
                return written

        world.ledger = SlowDisk(world.clock, world.ledger.snapshot())
        world.owes(make_delivery(due=NOW))
        result = world.deliver_pending()
        assert world.row().state is DeliveryState.SENDING
        assert "publish" not in world.server.asked
        assert result.wait_until == NOW + TIMING.settle
        world.later(TIMING.settle)
        assert len(world.server.statuses) == 1

    def test_nor_one_that_grew_old_while_the_ledger_was_read(self, world: World, make_delivery: MakeDelivery) -> None:
        class SlowToRead(ScratchLedger):
            """A ledger that answers late, once, between the intent and the send."""

            stalls = 1

            def account_view(self, account: str) -> AccountView:
                view = super().account_view(account)
                if self.stalls and any(d.state is DeliveryState.SENDING for d in view.open):
                    self.stalls -= 1
                    world.clock.advance(TIMING.send_within + SECOND)
                return view

        world.ledger = SlowToRead(world.clock, world.ledger.snapshot())
        world.owes(make_delivery(due=NOW))
        world.deliver_pending()
        assert world.row().state is DeliveryState.SENDING
        assert "publish" not in world.server.asked


class TestChangesMeanwhile:
    def test_words_that_change_before_the_intent_are_the_words_sent(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        world.owes(make_delivery(due=NOW))
        new = saying("new words")
        world.server.during("verify_account", lambda: world.owes(make_delivery(due=NOW, announcement=new)))
        world.deliver_pending()
        assert world.server.texts == ["new words"]

    def test_words_that_change_during_the_upload_go_with_their_own_pictures(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        old, new = pictured("old"), replace(pictured("new", "new-too"), text="new words")
        world.owes(make_delivery(due=NOW, announcement=old))
        world.server.during("upload", lambda: world.owes(make_delivery(due=NOW, announcement=new)))
        world.deliver_pending()
        assert world.server.texts == ["new words"]
        assert [picture.alt for picture in world.server.uploads] == ["old", "new", "new-too"]
        assert world.server.media_of == {"1": ("media-2", "media-3")}

    def test_what_is_retracted_during_the_upload_is_not_sent(self, world: World, make_delivery: MakeDelivery) -> None:
        delivery = make_delivery(due=NOW, announcement=pictured("a"))
        world.owes(delivery)
        world.server.during("upload", lambda: world.retract(delivery))
        assert world.deliver_pending().wait_until is None
        assert world.server.statuses == []

    def test_a_change_of_words_does_not_touch_what_is_under_way(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        world.owes(make_delivery(due=NOW))
        new = saying("new words")
        world.server.during("publish", lambda: world.owes(make_delivery(due=NOW, announcement=new)))
        world.deliver_pending()
        assert world.row().state is DeliveryState.SENT
        assert world.server.texts == [make_delivery().announcement.text]


class TestLeases:
    def test_while_another_serves_the_account_nothing_is_sent(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.ledger.acquire_lease(ACCOUNT, owner="another", duration=MINUTE)
        world.clock.advance(20 * SECOND)
        result = world.deliver_pending()
        assert result.wait_until == world.clock.now() + 40 * SECOND
        assert "another process" in reason_words(result.why)
        assert world.server.asked == []
        world.later(40 * SECOND)
        assert len(world.server.statuses) == 1

    def test_a_lease_lost_before_the_intent_sends_nothing(self, world: World, make_delivery: MakeDelivery) -> None:
        def stall() -> None:
            world.clock.advance(TIMING.lease)
            world.ledger.acquire_lease(ACCOUNT, owner="another", duration=MINUTE)

        world.owes(make_delivery(due=NOW))
        world.server.during("verify_account", stall)
        result = world.deliver_pending()
        assert world.server.statuses == []
        assert world.row().state is DeliveryState.DUE
        assert result.wait_until == world.clock.now() + TIMING.lease
        assert not free(world), "the other's lease is left alone"

    def test_a_toot_that_returns_after_its_lease_is_found_by_the_next(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        others: list[DeliveryResult] = []

        def stall() -> None:
            world.clock.advance(TIMING.lease + SECOND)
            others.append(world.deliver_pending("another"))

        world.owes(make_delivery(due=NOW))
        world.server.during("publish", stall)
        world.deliver_pending()
        assert others[0].wait_until is not None
        assert world.row().state is DeliveryState.SENDING
        assert len(world.server.statuses) == 1
        world.later(TIMING.lease)
        assert (world.row().state, world.row().status_id) == (DeliveryState.SENT, "1")
        assert len(world.server.statuses) == 1

    def test_long_work_keeps_its_lease(self, world: World, make_delivery: MakeDelivery) -> None:
        def slow() -> None:
            world.clock.advance(TIMING.lease - SECOND)
            assert not free(world)

        world.owes(make_delivery(due=NOW, announcement=pictured("a")))
        for method in ("verify_account", "newest_status_id", "upload", "publish"):
            world.server.during(method, slow)
        world.deliver_pending()
        assert world.row().state is DeliveryState.SENT

    def test_the_lease_is_given_back_when_the_ledger_fails(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.during("verify_account", raising(LedgerError("the disk is full.")))
        with pytest.raises(LedgerError, match="the disk is full"):
            world.deliver_pending()
        assert free(world)


class TestStopping:
    def test_nothing_new_begins(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery("a", due=NOW), make_delivery("b", due=NOW))
        world.stopping = True
        assert world.deliver_pending() == DeliveryResult(account=ACCOUNT)
        assert world.server.asked == []

    def test_what_is_in_hand_is_finished(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery("a", due=NOW), make_delivery("b", due=NOW))
        world.server.during("publish", lambda: setattr(world, "stopping", True))
        world.deliver_pending()
        assert [world.row(slug).state for slug in "ab"] == [DeliveryState.SENT, DeliveryState.DUE]

    def test_an_unknown_outcome_is_still_looked_for(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.failures, world.server.posts_first = [OutcomeUnknownError("no answer.")], True
        world.server.during("publish", lambda: setattr(world, "stopping", True))
        world.deliver_pending()
        assert world.row().state is DeliveryState.SENT
