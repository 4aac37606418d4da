"""Before anything is sent the account is read back: a volunteer may have been faster, or the ledger been lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.delivery.handshake import PREFLIGHT_LASTS
from bot.domain import DeliveryState, Entry, WriteBatch
from bot.domain.errors import AccountBlockedError, OutcomeUnknownError, PublishError, TransientError
from bot.domain.wording import reason_words
from tests.support.delivery_stage import (
    ACCOUNT,
    MINUTE,
    NOW,
    SECOND,
    MakeDelivery,
    World,
    new_world,
    pictured,
    raising,
    saying,
    status,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return new_world()


class TestWhatIsThereAlready:
    def test_our_own_words_count_as_sent(self, world: World, make_delivery: MakeDelivery) -> None:
        delivery = make_delivery(due=NOW)
        toot = world.server.hand(delivery.announcement)
        world.owes(delivery)
        result = world.deliver_pending()
        row = world.row()
        assert (row.state, row.status_id, row.status_url) == (DeliveryState.SENT, toot.status_id, toot.url)
        assert (row.foreign, row.attempts) == (False, 0)
        assert world.history == [("found", "tickets")]
        assert len(world.server.statuses) == 1
        assert (result.attention, result.wait_until) == (False, None)

    def test_the_link_with_other_words_was_tooted_by_hand(self, world: World, make_delivery: MakeDelivery) -> None:
        delivery = make_delivery(due=NOW)
        toot = world.server.hand(replace(delivery.announcement, text="Look at this!"))
        world.owes(delivery)
        world.deliver_pending()
        assert (world.row().state, world.row().status_id) == (DeliveryState.SENT, toot.status_id)
        assert world.row().foreign
        assert world.history == [("found, tooted by hand", "tickets")]
        assert world.server.texts == ["Look at this!"]

    def test_other_toots_are_nothing_to_us(self, world: World, make_delivery: MakeDelivery) -> None:
        world.server.hand(saying("Lunch is served."))
        world.server.hand(saying("Elsewhere", link="https://conf.example/news/other/"))
        world.owes(make_delivery(due=NOW))
        world.deliver_pending()
        assert (world.row().status_id, world.row().after_id) == ("3", "2")

    def test_only_candidates_are_asked_for_their_text_and_each_once(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        link = make_delivery().announcement.link
        for text in ("Lunch is served.", "Dinner is served."):
            world.server.hand(saying(text))
        world.server.hand(saying("Look at this!", link=link))
        world.owes(make_delivery(due=NOW))
        world.deliver_pending()
        assert world.server.asked.count("fetch_text") == 1

    def test_several_without_links_ask_for_each_text_once(self, world: World, make_delivery: MakeDelivery) -> None:
        for number in range(3):
            world.server.hand(saying(f"Number {number}"))
        world.owes(*(make_delivery(slug, due=NOW, announcement=saying(slug)) for slug in "abc"))
        world.deliver_pending()
        assert world.server.asked.count("list_recent") == 1
        assert world.server.asked.count("fetch_text") == 3
        assert len(world.server.statuses) == 6

    def test_without_a_link_only_the_same_words_count(self, world: World, make_delivery: MakeDelivery) -> None:
        world.server.hand(saying("Good evening!"))
        world.server.hand(saying("Good morning!"))
        world.owes(make_delivery(due=NOW, announcement=saying("Good morning!")))
        world.deliver_pending()
        assert world.row().status_id == "2"
        assert len(world.server.statuses) == 2

    def test_what_a_delivery_lives_at_is_no_other_ones(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery("a", due=NOW, announcement=saying("Good morning!")))
        world.deliver_pending()
        world.owes(make_delivery("b", due=NOW, announcement=saying("Good morning!")))
        world.deliver_pending()
        assert [world.row(slug).status_id for slug in "ab"] == ["1", "2"]

    def test_it_was_settled_when_it_was_tooted(self, world: World, make_delivery: MakeDelivery) -> None:
        # So that an old one neither counts for the brake nor for the spacing of new ones.
        delivery = make_delivery(due=NOW)
        world.server.hand(delivery.announcement)
        world.clock.advance(3 * HOUR)
        world.owes(delivery, make_delivery("late", due=NOW + HOUR))
        result = world.deliver_pending()
        assert (world.row().settled_at, world.account.last_sent_at) == (NOW, NOW + 3 * HOUR)
        assert (world.row("late").state, result.wait_until) == (DeliveryState.SENT, None)

    def test_a_server_whose_clock_is_ahead_settles_nothing_in_the_future(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        delivery = make_delivery(due=NOW)
        world.server.statuses.append(replace(status("1", delivery.announcement), created_at=NOW + HOUR))
        world.owes(delivery)
        world.deliver_pending()
        assert world.row().settled_at == NOW


class TestHowFarBack:
    def test_a_day_before_the_earliest_that_waits(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery("a", due=NOW - 2 * DAY), make_delivery("b", due=NOW - 3 * DAY))
        world.deliver_pending()
        assert world.server.since[0] == NOW - 4 * DAY

    def test_a_day_before_now_for_what_goes_out_early(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW + DAY))
        world.deliver_pending()
        assert world.server.since == [NOW - DAY]

    def test_older_toots_with_the_link_are_another_story(self, world: World, make_delivery: MakeDelivery) -> None:
        delivery = make_delivery(due=NOW)
        early = replace(status("1", delivery.announcement), created_at=NOW - DAY - SECOND)
        world.server.statuses.append(early)
        world.server.posted = 1
        world.owes(delivery)
        world.deliver_pending()
        assert len(world.server.statuses) == 2


class TestHowLongItIsBelieved:
    def test_one_look_serves_all_that_go_out_together(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(*(make_delivery(slug, due=NOW) for slug in "abc"))
        world.deliver_pending()
        assert world.server.asked.count("list_recent") == 1
        assert len(world.server.statuses) == 3

    def test_after_a_minute_there_is_another(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery("a", due=NOW, announcement=pictured("a")), make_delivery("b", due=NOW))

        def slow() -> None:
            world.clock.advance(PREFLIGHT_LASTS + SECOND)
            world.server.hand(replace(make_delivery("b").announcement, text="Look at this!"))

        world.server.during("upload", slow)
        world.deliver_pending()
        assert world.server.asked.count("list_recent") == 2
        assert (world.row("a").foreign, world.row("b").foreign) == (False, True)
        assert len(world.server.statuses) == 2

    def test_one_that_takes_long_is_believed_all_the_same(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.hand(saying("x", link=make_delivery().announcement.link))
        world.server.during("fetch_text", lambda: world.clock.advance(2 * PREFLIGHT_LASTS))
        world.deliver_pending()
        assert world.server.asked.count("list_recent") == 1

    def test_new_words_want_a_new_look(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW, announcement=pictured("a")))
        new = replace(pictured("a"), text="new words")
        world.server.hand(new)
        world.server.during("upload", lambda: world.owes(replace(world.row(), announcement=new)))
        world.deliver_pending()
        assert (world.row().state, world.row().status_id) == (DeliveryState.SENT, "1")
        assert len(world.server.statuses) == 1

    def test_words_that_become_those_of_a_toot_by_hand_make_it_ours(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        delivery = make_delivery(due=NOW)
        by_hand = replace(delivery.announcement, text="Look at this!")
        world.server.hand(by_hand)
        world.owes(delivery)
        # Between the look and the adoption there is no time; a plan runs during the look.
        world.server.during("fetch_text", lambda: world.owes(replace(world.row(), announcement=by_hand)))
        world.deliver_pending()
        assert (world.row().foreign, world.row().status_id) == (False, "1")

    def test_before_a_further_try_too(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.failures = [TransientError("the server cannot be reached.")]
        world.deliver_pending()
        world.server.hand(replace(make_delivery().announcement, text="Look at this!"))
        world.later(5 * MINUTE)
        assert world.row().foreign
        assert len(world.server.statuses) == 1

    @pytest.mark.parametrize("lost", [False, True])
    def test_a_toot_by_hand_with_the_address_that_the_post_has_got_meanwhile(
        self, world: World, make_delivery: MakeDelivery, make_entry: Callable[..., Entry], lost: bool
    ) -> None:
        """While the outcome is open its words stay; the post was renamed, and a person toots its new address."""
        world.owes(make_delivery(due=NOW))
        world.server.failures = [OutcomeUnknownError("no answer.") if lost else TransientError("nobody there.")]
        world.deliver_pending()
        renamed = replace(make_entry(), slug="seats", url="https://conf.example/news/seats/")
        world.ledger.record(WriteBatch(entries=(renamed,)), now=NOW)
        world.server.hand(saying("Look at this!", link=renamed.url))
        world.later(5 * MINUTE)
        world.later(5 * MINUTE)
        assert (world.row().state, world.row().foreign) == (DeliveryState.SENT, True)
        assert world.server.texts == ["Look at this!"]

    def test_what_arrives_after_its_absence_was_proven_is_still_recognised(
        self, world: World, make_delivery: MakeDelivery
    ) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.failures = [OutcomeUnknownError("no answer.")]
        world.deliver_pending()
        world.clock.advance(5 * MINUTE)
        world.server.during("read_back", lambda: world.server.statuses.append(status("7", world.row().announcement)))
        world.deliver_pending()
        assert (world.row().status_id, world.row().generation) == ("7", 1)
        assert len(world.server.statuses) == 1

    def test_after_a_proven_absence_within_the_minute_too(self, world: World, make_delivery: MakeDelivery) -> None:
        world.timing = replace(world.timing, settle=30 * SECOND)
        world.owes(make_delivery(due=NOW))

        def somebody_is_faster() -> None:
            world.clock.advance(30 * SECOND)
            raise OutcomeUnknownError("no answer.")

        world.server.during("publish", somebody_is_faster)
        world.server.during("read_back", lambda: None)
        world.deliver_pending()
        assert world.server.asked.count("list_recent") == 2
        assert len(world.server.statuses) == 1

    def test_a_later_look_need_not_go_further_back(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery("a", due=NOW))
        world.deliver_pending()
        world.server.hand(saying("Lunch is served."))
        world.owes(make_delivery("b", due=NOW))
        world.deliver_pending()
        assert (world.row("a").after_id, world.row("b").after_id) == ("0", "2")


class TestUnreadable:
    @pytest.mark.parametrize("method", ["list_recent", "fetch_text"])
    @pytest.mark.parametrize("error", [TransientError("no."), AccountBlockedError("no.")])
    def test_an_account_that_cannot_be_read_sends_nothing(
        self, world: World, make_delivery: MakeDelivery, method: str, error: PublishError
    ) -> None:
        world.server.hand(saying("x", link=make_delivery().announcement.link))
        world.owes(make_delivery(due=NOW))
        world.server.during(method, raising(error))
        result = world.deliver_pending()
        assert (world.row().state, world.row().attempts) == (DeliveryState.DUE, 0)
        assert len(world.server.statuses) == 1
        assert result.wait_until is not None
        assert reason_words(result.why) == "no."
        world.later(5 * MINUTE)
        assert world.row().state is DeliveryState.SENT

    def test_it_waits_as_long_as_the_server_says(self, world: World, make_delivery: MakeDelivery) -> None:
        world.owes(make_delivery(due=NOW))
        world.server.during("list_recent", raising(TransientError("rate limit.", retry_after=HOUR)))
        assert world.deliver_pending().wait_until == NOW + HOUR
        assert world.account.not_before == NOW + HOUR


class TestALostLedger:
    def test_nothing_is_repeated_and_what_is_new_goes_out(self, world: World, make_delivery: MakeDelivery) -> None:
        old = [make_delivery(slug, due=NOW - number * HOUR) for number, slug in enumerate("cba")]
        for delivery in reversed(old):
            world.server.hand(delivery.announcement)
        world.clock.advance(10 * MINUTE)
        new = make_delivery("new", due=NOW + 5 * MINUTE)
        world.loses_its_ledger(*old, new)
        result = world.deliver_pending()
        assert [world.row(slug).status_id for slug in ("a", "b", "c", "new")] == ["1", "2", "3", "4"]
        assert len(world.server.statuses) == 4
        assert result.wait_until is None, "a job that lives for one drain gets the new one out"

    def test_a_job_without_a_disk_never_repeats_itself(self, world: World, make_delivery: MakeDelivery) -> None:
        owed = [make_delivery(slug, due=NOW + number * HOUR) for number, slug in enumerate("abcde")]
        for number in range(1, len(owed) + 1):
            world.clock.step_to(owed[number - 1].due + 10 * MINUTE)
            world.loses_its_ledger(*owed[:number])
            world.deliver_pending()
            assert len(world.server.statuses) == number
            assert {world.row(one.slug).state for one in owed[:number]} == {DeliveryState.SENT}

    def test_the_same_words_twice_are_two_toots(self, world: World, make_delivery: MakeDelivery) -> None:
        owed = [make_delivery(slug, due=NOW, announcement=saying("Good morning!")) for slug in "ab"]
        world.owes(*owed)
        world.deliver_pending()
        world.loses_its_ledger(*owed)
        world.deliver_pending()
        assert sorted(str(world.row(slug).status_id) for slug in "ab") == ["1", "2"]
        assert len(world.server.statuses) == 2

    def test_what_was_in_flight_is_recognised(self, world: World, make_delivery: MakeDelivery) -> None:
        delivery = make_delivery(due=NOW)
        world.owes(delivery)
        world.server.failures, world.server.posts_first = [OutcomeUnknownError("no answer.")], True
        world.server.during("read_back", raising(TransientError("no.")))
        world.deliver_pending()
        world.loses_its_ledger(delivery)
        world.later(MINUTE)
        assert (world.row().state, len(world.server.statuses)) == (DeliveryState.SENT, 1)

    def test_words_that_have_changed_since_count_by_their_link(self, world: World, make_delivery: MakeDelivery) -> None:
        delivery = make_delivery(due=NOW)
        world.owes(delivery)
        world.deliver_pending()
        world.loses_its_ledger(replace(delivery, announcement=replace(delivery.announcement, text="Better words")))
        world.deliver_pending()
        assert world.row().foreign, "it cannot be told from a toot by hand, so it is left alone"
        assert len(world.server.statuses) == 1

    def test_an_unreadable_account_sends_nothing(self, world: World, make_delivery: MakeDelivery) -> None:
        delivery = make_delivery(due=NOW)
        world.owes(delivery)
        world.deliver_pending()
        world.loses_its_ledger(delivery)
        world.server.during("list_recent", *[raising(TransientError("no."))] * 3)
        for _ in range(3):
            world.deliver_pending()
        assert (world.row().state, len(world.server.statuses)) == (DeliveryState.DUE, 1)
        assert world.account.address == ACCOUNT
