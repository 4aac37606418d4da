"""What follows a toot: edits, deletions, replies; each may lose its answer, or come too late."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain import Action, Delivery, DeliveryState, Event, Hold, Occasion, Reason, ReasonCode
from bot.domain.errors import AccountBlockedError, OutcomeUnknownError, PublishError, RejectedError, TransientError
from bot.domain.wording import reason_words
from tests.support.delivery_stage import (
    MINUTE,
    NOW,
    SECOND,
    TIMING,
    MakeDelivery,
    World,
    following,
    new_world,
    pictured,
    racing_world,
    raising,
    saying,
    status,
)

NEW = saying("new words")
LOST = OutcomeUnknownError("no answer.")


@pytest.fixture
def publish(make_delivery: MakeDelivery) -> Delivery:
    return make_delivery(due=NOW)


@pytest.fixture
def world(publish: Delivery) -> World:
    """The toot is out."""
    world = new_world()
    world.owes(publish)
    world.deliver_pending()
    world.server.asked.clear()
    world.said.clear()
    return world


@pytest.fixture
def early(publish: Delivery) -> World:
    """The toot is owed."""
    world = new_world()
    world.owes(publish)
    return world


class TestEdits:
    def test_the_toot_says_the_new_words(self, world: World, publish: Delivery) -> None:
        world.owes(following(publish, Action.EDIT, announcement=NEW))
        result = world.deliver_pending()
        assert world.server.texts == ["new words"]
        row = world.row(occasion=Occasion.edit(1))
        assert (row.state, row.status_id, row.settled_at) == (DeliveryState.SENT, "1", NOW)
        assert [(event.kind.value, event.occasion, event.detail) for event in result.events] == [
            ("edited", Occasion.edit(1), world.server.statuses[0].url)
        ]
        assert world.server.asked == ["verify_account", "edit"], "an edit needs no look before it"

    def test_the_server_is_told_what_it_shows(self, world: World, publish: Delivery) -> None:
        for number, text in enumerate(["second words", "third words"], start=1):
            edit = following(publish, Action.EDIT, announcement=saying(text))
            world.owes(replace(edit, key=replace(edit.key, occasion=Occasion.edit(number))))
            world.deliver_pending()
        assert world.server.shown == [publish.announcement, saying("second words")]

    @pytest.mark.parametrize("arrived", [True, False])
    def test_a_lost_answer_is_repeated_without_harm(self, world: World, publish: Delivery, arrived: bool) -> None:
        world.owes(following(publish, Action.EDIT, announcement=NEW))
        world.server.failures, world.server.posts_first = [LOST], arrived
        result = world.deliver_pending()
        row = world.row(occasion=Occasion.edit(1))
        # Not sooner: an edit that arrives late must not undo a later one.
        assert (row.state, row.not_before) == (DeliveryState.DUE, NOW + TIMING.settle)
        assert (result.wait_until, result.attention) == (row.not_before, False)
        world.later(TIMING.settle)
        assert world.row(occasion=Occasion.edit(1)).state is DeliveryState.SENT
        assert world.server.texts == ["new words"]
        assert "read_back" not in world.server.asked

    def test_after_a_lost_answer_nobody_knows_what_it_shows(self, world: World, publish: Delivery) -> None:
        world.owes(following(publish, Action.EDIT, announcement=pictured("a")))
        world.server.failures, world.server.posts_first = [LOST], True
        world.deliver_pending()
        # Meanwhile the post is back to its first picture, of which the toot must not keep another one's file.
        world.owes(replace(world.row(occasion=Occasion.edit(1)), announcement=NEW))
        world.later(TIMING.settle)
        assert world.server.shown == [publish.announcement, None]

    def test_a_crash_in_the_middle_is_repeated_without_harm(self, world: World, publish: Delivery) -> None:
        world.owes(following(publish, Action.EDIT, announcement=NEW))
        lease = world.ledger.acquire_lease(publish.key.account, owner="dead", duration=SECOND)
        edit = world.row(occasion=Occasion.edit(1))
        assert world.ledger.write_intent(lease, edit, after_id="1", now=NOW)
        again = world.later(MINUTE)
        assert again.wait_until == world.clock.now() + TIMING.settle
        world.later(TIMING.settle)
        assert world.row(occasion=Occasion.edit(1)).state is DeliveryState.SENT
        assert world.row(occasion=Occasion.edit(1)).attempts == 2
        assert world.server.texts == ["new words"]

    def test_a_clock_set_forward_after_a_crash_does_not_shorten_the_wait(self, world: World, publish: Delivery) -> None:
        world.owes(following(publish, Action.EDIT, announcement=NEW))
        lease = world.ledger.acquire_lease(publish.key.account, owner="dead", duration=SECOND)
        edit = world.row(occasion=Occasion.edit(1))
        assert world.ledger.write_intent(lease, edit, after_id="1", now=NOW)
        world.later(2 * SECOND)
        world.clock.step_to(world.clock.now() + 60 * MINUTE)
        result = world.deliver_pending()
        # The edit of the process that died may still arrive, and must not undo this one.
        assert (world.row(occasion=Occasion.edit(1)).state, world.server.shown) == (DeliveryState.DUE, [])
        assert result.wait_until == world.clock.now() + TIMING.settle - 2 * SECOND
        world.later(TIMING.settle)
        assert world.row(occasion=Occasion.edit(1)).state is DeliveryState.SENT

    def test_a_toot_that_is_gone_cannot_be_edited(self, world: World, publish: Delivery) -> None:
        world.server.statuses.clear()
        world.owes(following(publish, Action.EDIT, announcement=NEW))
        result = world.deliver_pending()
        assert world.row(occasion=Occasion.edit(1)).state is DeliveryState.REJECTED
        assert result.attention

    def test_a_toot_by_hand_is_never_edited(self, early: World, publish: Delivery) -> None:
        early.server.hand(replace(publish.announcement, text="Look at this!"))
        early.owes(following(publish, Action.EDIT, announcement=NEW))
        early.deliver_pending()
        assert early.row().foreign
        row = early.row(occasion=Occasion.edit(1))
        assert (row.state, reason_words(row.reason)) == (DeliveryState.SKIPPED, "the toot was made by hand")
        assert early.server.texts == ["Look at this!"]

    def test_one_that_fails_holds_nobody_else_up(
        self, world: World, publish: Delivery, make_delivery: MakeDelivery
    ) -> None:
        world.owes(following(publish, Action.EDIT, announcement=NEW), make_delivery("other", due=NOW + SECOND))
        world.server.during("edit", *[raising(LOST)] * 9)
        world.deliver_pending()
        world.later(SECOND)
        assert world.row("other").state is DeliveryState.SENT
        assert world.row(occasion=Occasion.edit(1)).state is DeliveryState.DUE

    def test_a_publish_of_unknown_outcome_is_found_first(self, early: World, publish: Delivery) -> None:
        early.server.failures, early.server.posts_first = [LOST], True
        early.server.during("read_back", raising(TransientError("no.")))
        early.deliver_pending()
        early.owes(following(publish, Action.EDIT, announcement=NEW))
        early.later(MINUTE)
        assert [event.kind.value for event in early.said][-2:] == ["found", "edited"]
        assert early.server.texts == ["new words"]


class TestDeletions:
    def test_the_toot_is_gone(self, world: World, publish: Delivery) -> None:
        world.owes(following(publish, Action.DELETE))
        result = world.deliver_pending()
        assert world.server.statuses == []
        assert world.row(occasion=Occasion.WITHDRAW).state is DeliveryState.SENT
        assert [event.kind.value for event in result.events] == ["deleted"]
        assert world.row().status_id == "1", "where it lived is remembered"

    @pytest.mark.parametrize("arrived", [True, False])
    def test_a_lost_answer_is_repeated_without_harm(self, world: World, publish: Delivery, arrived: bool) -> None:
        world.owes(following(publish, Action.DELETE))
        world.server.failures, world.server.posts_first = [LOST], arrived
        assert world.deliver_pending().wait_until == NOW + timedelta(seconds=30)
        assert (world.row(occasion=Occasion.WITHDRAW).state, world.server.asked.count("delete")) == (
            DeliveryState.DUE,
            1,
        )
        world.later(timedelta(seconds=30))
        assert world.row(occasion=Occasion.WITHDRAW).state is DeliveryState.SENT
        assert world.server.statuses == []

    def test_one_that_is_gone_already_is_as_good_as_deleted(self, world: World, publish: Delivery) -> None:
        world.server.statuses.clear()
        world.owes(following(publish, Action.DELETE))
        assert not world.deliver_pending().attention
        assert world.row(occasion=Occasion.WITHDRAW).state is DeliveryState.SENT

    def test_a_toot_by_hand_is_never_deleted(self, early: World, publish: Delivery) -> None:
        early.server.hand(replace(publish.announcement, text="Look at this!"))
        early.deliver_pending()
        early.owes(following(publish, Action.DELETE))
        early.deliver_pending()
        assert early.row(occasion=Occasion.WITHDRAW).state is DeliveryState.SKIPPED
        assert len(early.server.statuses) == 1

    def test_it_goes_before_everything_else_and_waits_for_no_spacing(
        self, world: World, publish: Delivery, make_delivery: MakeDelivery
    ) -> None:
        world.clock.advance(timedelta(hours=1))
        world.owes(make_delivery("a", due=NOW), make_delivery("b", due=NOW))
        world.deliver_pending()
        world.owes(following(publish, Action.DELETE, due=world.clock.now()))
        result = world.deliver_pending()
        assert world.row(occasion=Occasion.WITHDRAW).state is DeliveryState.SENT
        assert [world.row(slug).state for slug in "ab"] == [DeliveryState.SENT, DeliveryState.DUE]
        assert result.why == Reason(code=ReasonCode.SPACING)

    def test_a_refusal_is_told(self, world: World, publish: Delivery) -> None:
        world.owes(following(publish, Action.DELETE))
        world.server.during("delete", raising(RejectedError("no.")))
        assert world.deliver_pending().attention
        assert world.row(occasion=Occasion.WITHDRAW).state is DeliveryState.REJECTED

    def test_a_blocked_account_deletes_later(self, world: World, publish: Delivery) -> None:
        world.owes(following(publish, Action.DELETE))
        world.server.during("delete", raising(AccountBlockedError("bad token.")))
        world.deliver_pending()
        assert (world.row(occasion=Occasion.WITHDRAW).state, reason_words(world.account.blocked)) == (
            DeliveryState.DUE,
            "bad token.",
        )
        world.later(MINUTE)
        assert (world.server.statuses, world.account.blocked) == ([], None)


class TestWithdrawnWhileSending:
    @pytest.fixture
    def sending(self, early: World, publish: Delivery) -> World:
        """The toot's outcome is unknown, and then its post is withdrawn."""
        early.server.failures = [LOST]
        early.deliver_pending()
        assert early.row().state is DeliveryState.SENDING
        early.owes(following(publish, Action.DELETE))
        return early

    def test_found_it_is_deleted(self, sending: World, publish: Delivery) -> None:
        sending.server.statuses.append(status("1", publish.announcement))
        sending.later(SECOND)
        assert [event.kind.value for event in sending.said] == ["no answer", "found", "deleted"]
        assert sending.server.statuses == []

    def test_not_found_it_is_never_sent(self, sending: World) -> None:
        result = sending.later(TIMING.settle)
        assert sending.server.statuses == []
        assert sending.server.asked.count("publish") == 1
        assert [sending.row(occasion=one).state for one in (Occasion.PUBLISH, Occasion.WITHDRAW)] == [
            DeliveryState.SKIPPED
        ] * 2
        assert reason_words(sending.row().reason) == "withdrawn (`withdrawn:`)"
        assert (result.wait_until, result.attention) == (None, False)
        sending.later(timedelta(days=2))
        assert sending.server.statuses == []

    def test_nothing_is_decided_before_it_is_known(self, sending: World) -> None:
        assert sending.later(SECOND).wait_until == NOW + TIMING.settle
        assert sending.row(occasion=Occasion.WITHDRAW).state is DeliveryState.DUE

    def test_an_edit_that_was_open_is_called_off(self, world: World, publish: Delivery) -> None:
        world.owes(following(publish, Action.EDIT, announcement=NEW))
        world.server.failures = [LOST]
        world.deliver_pending()
        world.owes(following(publish, Action.DELETE))
        world.later(MINUTE)
        assert world.row(occasion=Occasion.edit(1)).state is DeliveryState.SKIPPED
        assert world.server.statuses == []


class TestReplies:
    REASON = saying("It was the wrong hall. Sorry!")

    def test_the_toot_is_answered_and_stays(self, world: World, publish: Delivery) -> None:
        world.owes(following(publish, Action.REPLY, announcement=self.REASON))
        result = world.deliver_pending()
        assert world.server.texts == [publish.announcement.text, self.REASON.text]
        assert world.server.replies == {"2": "1"}
        assert (world.row(occasion=Occasion.WITHDRAW).status_id, world.row().status_id) == ("2", "1")
        assert [event.kind.value for event in result.events] == ["answered"]

    def test_a_lost_answer_is_looked_for_and_not_repeated(self, world: World, publish: Delivery) -> None:
        world.owes(following(publish, Action.REPLY, announcement=self.REASON))
        world.server.failures, world.server.posts_first = [LOST], True
        world.deliver_pending()
        assert world.server.asked[-1] == "read_back"
        assert (world.row(occasion=Occasion.WITHDRAW).state, len(world.server.statuses)) == (DeliveryState.SENT, 2)
        assert world.row(occasion=Occasion.WITHDRAW).status_id == "2"

    def test_one_that_did_not_arrive_is_sent_again_as_a_reply(self, world: World, publish: Delivery) -> None:
        world.owes(following(publish, Action.REPLY, announcement=self.REASON))
        world.server.failures = [LOST]
        assert world.deliver_pending().wait_until == NOW + TIMING.settle
        world.later(TIMING.settle)
        assert world.server.replies == {"2": "1"}
        assert len({key for key, _ in world.server.keys}) == 3, "each with a key of its own"

    def test_a_toot_by_hand_is_not_answered(self, early: World, publish: Delivery) -> None:
        early.server.hand(replace(publish.announcement, text="Look at this!"))
        early.deliver_pending()
        early.owes(following(publish, Action.REPLY, announcement=self.REASON))
        early.deliver_pending()
        assert len(early.server.statuses) == 1


class TestChangesMeanwhile:
    """Whatever is not in flight may be changed by a plan or a person at any moment; that is never overwritten."""

    @pytest.mark.parametrize("error", [TransientError("no."), LOST])
    def test_a_hold_during_a_failing_drain_stays(
        self, world: World, make_delivery: MakeDelivery, error: PublishError
    ) -> None:
        other = make_delivery("other", due=NOW)
        world.owes(make_delivery("first", due=NOW), other)
        held = replace(other, state=DeliveryState.HELD, hold=Hold.OPERATOR)
        world.server.during("publish", lambda: world.owes(replace(held, sequence=world.row("other").sequence)))
        world.server.failures = [error]
        world.deliver_pending()
        assert (world.row("other").state, world.row("other").hold) == (DeliveryState.HELD, Hold.OPERATOR)

    def test_a_call_off_of_what_has_gone_meanwhile_writes_nothing(self, publish: Delivery) -> None:
        world, ledger = racing_world()
        edit = following(publish, Action.EDIT, announcement=NEW)
        world.owes(edit)
        ledger.meanwhile[3] = lambda: world.retract(edit)  # after introducing and learning
        result = world.deliver_pending()
        assert world.ledger.snapshot().deliveries == {}
        assert (result.events, world.history) == ((), [])

    def test_a_person_who_holds_what_is_being_given_up_is_not_overruled(self, publish: Delivery) -> None:
        world, ledger = racing_world()
        world.owes(replace(publish, first_tried_at=NOW - timedelta(days=2)))
        ledger.meanwhile[2] = lambda: world.owes(replace(world.row(), state=DeliveryState.HELD, hold=Hold.OPERATOR))
        world.server.during("verify_account", raising(TransientError("no.")))
        world.deliver_pending()
        assert (world.row().hold, "held" in dict(world.history)) == (Hold.OPERATOR, False)

    def test_nor_is_one_who_holds_what_begins_to_be_tried(self, publish: Delivery) -> None:
        world, _ = racing_world()
        world.owes(publish)

        class Answering(list[Event]):
            """Somebody who acts as soon as the failure is told."""

            def append(self, event: Event) -> None:
                world.owes(replace(world.row(), state=DeliveryState.HELD, hold=Hold.OPERATOR))

        world.said = Answering()
        world.server.during("verify_account", raising(TransientError("no.")))
        world.deliver_pending()
        assert world.row().hold is Hold.OPERATOR
