"""Reminders on their way: the same link as the post's toot, perhaps the same words, and never taken for each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from bot.delivery import DeliveryContext, deliver_pending
from bot.delivery.matching import CLOCKS_DIFFER, find_status
from bot.domain import Action, Announcement, Delivery, DeliveryState, Occasion, SeenStatus
from bot.domain.clock import ManualClock
from bot.domain.errors import OutcomeUnknownError, PublishError, TransientError
from bot.domain.wording import reason_words
from bot.publishers.mastodon.answers import normalise
from tests.support.delivery_stage import MINUTE, NOW, SECOND, MakeDelivery, World, following, new_world, raising, status

HOUR = timedelta(hours=1)
CALL = Occasion.reminder("call")
WORDS = "Three days left"


def reminder(toot: Delivery, *, due: Any = NOW + HOUR, reminder_id: str = "call", text: str = WORDS) -> Delivery:
    key = replace(toot.key, occasion=Occasion.reminder(reminder_id))
    words = replace(toot.announcement, text=f"{text} {toot.announcement.link}")
    return replace(toot, key=key, due=due, announcement=words)


@pytest.fixture
def world() -> World:
    return new_world()


@pytest.fixture
def toot(make_delivery: MakeDelivery) -> Delivery:
    plain = make_delivery(due=NOW)
    knows = replace(plain.announcement, reminders=(f"{WORDS} {plain.announcement.link}",))
    return replace(plain, announcement=knows)


def sent(world: World, toot: Delivery, *reminders: Delivery) -> None:
    """The toot is out, and the reminders after it."""
    world.owes(toot)
    world.deliver_pending()
    for one in reminders:
        world.clock.step_to(one.due)
        world.owes(one)
        world.deliver_pending()


class TestSending:
    def test_it_is_a_toot_of_its_own(self, world: World, toot: Delivery) -> None:
        sent(world, toot, reminder(toot))
        assert world.server.texts == [toot.announcement.text, reminder(toot).announcement.text]
        assert world.server.replies == {}
        assert (world.row(occasion=CALL).status_id, world.row(occasion=CALL).foreign) == ("2", False)

    def test_or_an_answer_to_the_toot(self, world: World, toot: Delivery) -> None:
        one = reminder(toot)
        sent(world, toot, replace(one, announcement=replace(one.announcement, answers=True)))
        assert world.server.replies == {"2": "1"}

    def test_an_answer_to_nothing_is_a_toot_of_its_own(self, world: World, toot: Delivery) -> None:
        one = reminder(toot, due=NOW)
        world.owes(replace(one, announcement=replace(one.announcement, answers=True)))
        world.deliver_pending()
        assert (len(world.server.statuses), world.server.replies) == (1, {})

    def test_it_lets_the_toot_go_first(self, world: World, toot: Delivery) -> None:
        world.owes(reminder(toot, due=NOW - HOUR), toot)
        world.server.during("publish", raising(TransientError("not now.")))
        world.deliver_pending()
        assert world.server.texts == []
        world.later(HOUR)
        world.later(HOUR)
        assert world.server.texts == [toot.announcement.text, reminder(toot).announcement.text]

    def test_it_is_not_sent_once_it_has_expired(self, world: World, toot: Delivery) -> None:
        one = reminder(toot)
        sent(world, toot)
        world.owes(replace(one, announcement=replace(one.announcement, expires=NOW + HOUR)))
        world.later(HOUR)
        assert world.row(occasion=CALL).state is DeliveryState.SKIPPED
        assert "`deadline:`" in reason_words(world.row(occasion=CALL).reason)

    def test_an_edit_of_it_changes_it_alone(self, world: World, toot: Delivery) -> None:
        sent(world, toot, reminder(toot))
        key = replace(toot.key, occasion=Occasion.edit(1).of_reminder("call"))
        better = reminder(toot, text="Two days left").announcement
        world.owes(replace(toot, key=key, action=Action.EDIT, announcement=better))
        world.deliver_pending()
        assert world.server.texts == [toot.announcement.text, better.text]

    def test_its_deletion_takes_it_alone_and_that_of_the_toot_calls_off_what_waits(
        self, world: World, toot: Delivery
    ) -> None:
        sent(world, toot, reminder(toot))
        key = replace(toot.key, occasion=Occasion.WITHDRAW.of_reminder("call"))
        other = reminder(toot, reminder_id="other", text="Hurry")
        world.owes(replace(toot, key=key, action=Action.DELETE), other)
        world.deliver_pending()
        assert world.server.texts == [toot.announcement.text, other.announcement.text]
        world.owes(reminder(toot, reminder_id="later", due=NOW), following(toot, Action.DELETE))
        world.deliver_pending()
        assert world.server.texts == [other.announcement.text], "what is out is taken back by a delivery of its own"
        assert world.row(occasion=Occasion.reminder("later")).state is DeliveryState.SKIPPED


class TestRecognition:
    """A ledger is lost; everything that was sent is still there."""

    @pytest.mark.parametrize("text", [WORDS, ""], ids=["other words", "the same words"])
    def test_each_finds_its_own(self, world: World, toot: Delivery, text: str) -> None:
        one = reminder(toot, text=text)
        if not text:
            one = replace(one, announcement=toot.announcement)
        sent(world, toot, one)
        world.loses_its_ledger(toot)
        world.deliver_pending()
        world.owes(one)
        world.deliver_pending()
        assert (world.row().status_id, world.row().foreign) == ("1", False)
        assert (world.row(occasion=CALL).status_id, world.row(occasion=CALL).foreign) == ("2", False)
        assert len(world.server.statuses) == 2

    def test_the_toot_is_not_taken_for_a_reminder_that_is_not_there(self, world: World, toot: Delivery) -> None:
        sent(world, toot)
        world.loses_its_ledger()  # too late for a toot: nobody claims the one that is there
        world.clock.step_to(NOW + HOUR)
        world.owes(replace(reminder(toot), announcement=toot.announcement))
        world.deliver_pending()
        assert world.row(occasion=CALL).attempts == 1
        assert len(world.server.statuses) == 2

    def test_a_reminder_is_not_taken_for_the_toot_that_is_not_there(self, world: World, toot: Delivery) -> None:
        sent(world, toot, reminder(toot))
        world.server.statuses.pop(0)
        world.loses_its_ledger(toot)
        world.deliver_pending()
        world.owes(reminder(toot))
        world.deliver_pending()
        assert (world.row().attempts, world.row(occasion=CALL).status_id) == (1, "2")
        assert world.server.texts == [reminder(toot).announcement.text, toot.announcement.text]

    def test_of_two_with_the_same_words_each_finds_its_own(self, world: World, toot: Delivery) -> None:
        first, second = reminder(toot), reminder(toot, reminder_id="second", due=NOW + 3 * HOUR)
        sent(world, toot, first, second)
        world.loses_its_ledger()
        world.owes(second)
        world.deliver_pending()
        assert world.row(occasion=second.key.occasion).status_id == "3"

    def test_the_first_of_two_is_not_taken_for_the_second(self, world: World, toot: Delivery) -> None:
        first, second = reminder(toot), reminder(toot, reminder_id="second", due=NOW + 3 * HOUR)
        sent(world, toot, first)
        world.loses_its_ledger()
        world.clock.step_to(second.due)
        world.owes(second)
        world.deliver_pending()
        assert len(world.server.statuses) == 3

    def test_a_person_who_reminded_by_hand_was_faster(self, world: World, toot: Delivery) -> None:
        sent(world, toot)
        world.clock.step_to(NOW + HOUR)
        world.server.hand(replace(toot.announcement, text="Hurry!"))
        world.owes(reminder(toot))
        world.deliver_pending()
        assert (world.row(occasion=CALL).status_id, world.row(occasion=CALL).foreign) == ("2", True)

    @pytest.mark.parametrize("behind", [timedelta(), 2 * HOUR], ids=["clocks agree", "the server's is behind"])
    def test_after_a_lost_answer_it_is_found(self, world: World, toot: Delivery, behind: timedelta) -> None:
        sent(world, toot)
        world.clock.step_to(NOW + HOUR)
        world.server.clock = ManualClock(NOW + HOUR - behind)
        world.owes(reminder(toot))
        world.server.posts_first = True
        world.server.failures = [OutcomeUnknownError("no answer.")]
        world.deliver_pending()
        assert (world.row(occasion=CALL).status_id, len(world.server.statuses)) == ("2", 2)


@pytest.mark.parametrize(
    ("made", "found"),
    [(timedelta(), True), (-CLOCKS_DIFFER, True), (-CLOCKS_DIFFER - SECOND, False), (HOUR, True)],
)
@pytest.mark.parametrize("text", ["the words", "others"])
def test_a_reminder_was_made_at_its_moment_or_later(made: timedelta, found: bool, text: str) -> None:
    words = Announcement(text="the words", link="https://conf.example/", length=9, limit=500)
    one: SeenStatus = replace(status("1", replace(words, text=text)), created_at=NOW + made)
    status_found, _ = find_status(words, [one], claimed=frozenset(), normalise=normalise, since=NOW)
    assert (status_found is not None) is found


class Crash(BaseException):
    """The process is gone."""


class Mortal:
    """Whatever is called through it may be the last thing that the process does."""

    def __init__(self, inner: object, left: list[int]) -> None:
        self._inner, self._left = inner, left

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._inner, name)
        if not callable(attribute):
            return attribute

        def call(*args: Any, **named: Any) -> Any:
            self._burn()
            result = attribute(*args, **named)
            self._burn()
            return result

        return call

    def _burn(self) -> None:
        self._left[0] -= 1
        if self._left[0] < 0:
            raise Crash


@pytest.mark.parametrize("fault", [None, OutcomeUnknownError("no answer.")])
@pytest.mark.parametrize("posts_first", [True, False])
def test_a_crash_at_any_step_sends_it_once(
    make_delivery: MakeDelivery, fault: PublishError | None, posts_first: bool
) -> None:
    for point in count():
        world, toot = new_world(), make_delivery(due=NOW)
        sent(world, toot)
        world.clock.step_to(NOW + HOUR)
        # The same words as the toot: only time tells them apart.
        world.owes(replace(reminder(toot), announcement=replace(toot.announcement, answers=True)))
        world.server.posts_first, world.server.failures = posts_first, [fault] if fault else []
        died = _dies(world, left=point)
        world.server.failures = []
        for _ in range(4):
            world.later(5 * MINUTE)
        assert len(world.server.statuses) == 2
        assert world.row(occasion=CALL).status_id == world.server.statuses[-1].status_id
        if not died:
            break
    assert point > 10


def _dies(world: World, *, left: int) -> bool:
    fuse = [left]
    mortal: Callable[[Any], Any] = lambda inner: Mortal(inner, fuse)  # noqa: E731
    clock: ManualClock = world.clock
    try:
        deliver_pending(
            DeliveryContext(
                ledger=mortal(world.ledger),
                publisher=mortal(world.server),
                clock=clock,
                timing=world.timing,
                owner="mortal",
                stopping=lambda: False,
                jitter=lambda: 0.0,
                emit=lambda _: None,
            )
        )
    except Crash:
        return True
    return False
