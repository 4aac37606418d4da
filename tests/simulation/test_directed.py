"""Broken steps that random histories do not show, each with the small situation that does.

Another step of the protocol hides them: the intent is written only for what is due, so without leases nothing goes out
twice; the pre-flight look finds what a wrong start of a look would miss; and so on. All the same each is a promise.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.delivery.matching import find_status
from bot.delivery.protocol import backoff, next_step
from bot.domain import Delivery, DeliveryState, Lease, Occasion
from bot.domain.clock import ManualClock
from bot.domain.errors import LeaseHeldError, OutcomeUnknownError, TransientError
from bot.ledger.rows import account_row, leased_row
from bot.ledger.rules import intended
from bot.ledger.sqlite import SqliteLedger
from tests.simulation.mutations import attribute, everywhere
from tests.support.delivery_stage import ACCOUNT, MINUTE, NOW, SECOND, TIMING, new_world, raising

MakeDelivery = Callable[..., Delivery]
Situation = Callable[[MakeDelivery], bool]


def nobody_is_asked_while_another_serves(make_delivery: MakeDelivery) -> bool:
    world = new_world()
    world.owes(make_delivery(due=NOW))
    world.ledger.acquire_lease(ACCOUNT, owner="another", duration=MINUTE)
    world.deliver_pending()
    return world.server.asked == []


def an_answer_that_comes_after_the_lease_writes_nothing(make_delivery: MakeDelivery) -> bool:
    world = new_world()
    world.owes(make_delivery(due=NOW))

    def stall() -> None:
        for _ in range(2):
            world.clock.advance(TIMING.settle)
            world.deliver_pending("another")
        raise TransientError("nothing was posted.")

    world.server.during("publish", stall)
    world.deliver_pending()
    return world.row().state is DeliveryState.SENT


def a_slow_look_does_not_age_the_intent(make_delivery: MakeDelivery) -> bool:
    world = new_world()
    world.owes(make_delivery(due=NOW))
    world.server.during("list_recent", lambda: world.clock.advance(TIMING.lease - SECOND))
    world.deliver_pending()
    return len(world.server.statuses) == 1


def a_second_attempt_is_looked_for_from_where_the_first_began(make_delivery: MakeDelivery) -> bool:
    world = new_world()
    world.owes(make_delivery(due=NOW))
    world.server.failures = [OutcomeUnknownError("no answer.")]
    world.deliver_pending()
    world.server.hand(make_delivery("another").announcement)
    world.later(TIMING.settle)
    return world.row().attempts == 2 and world.row().after_id == "0"


def a_limit_is_waited_for(make_delivery: MakeDelivery) -> bool:
    world = new_world()
    world.owes(make_delivery(due=NOW))
    world.server.during("publish", raising(TransientError("limited.", retry_after=10 * MINUTE)))
    world.deliver_pending()
    world.server.asked.clear()
    world.later(2 * MINUTE)
    return world.server.asked == []


def what_is_unknown_is_found_out_before_anything_is_sent(make_delivery: MakeDelivery) -> bool:
    world = new_world()
    world.owes(make_delivery("a", due=NOW), make_delivery("b", due=NOW))
    world.server.failures = [OutcomeUnknownError("no answer.")]
    world.deliver_pending()
    return not any(row.state is DeliveryState.SENT for row in world.ledger.snapshot().deliveries.values())


def a_lost_ledger_tells_a_reminder_from_its_toot(make_delivery: MakeDelivery) -> bool:
    world, toot = new_world(), make_delivery(due=NOW)
    world.owes(toot)
    world.deliver_pending()
    world.loses_its_ledger()
    world.clock.advance(MINUTE * 60)
    world.owes(replace(toot, key=replace(toot.key, occasion=Occasion.reminder("call")), due=world.clock.now()))
    world.deliver_pending()
    return len(world.server.statuses) == 2


# -- how each is broken

_lease = SqliteLedger.acquire_lease


def _anyone_serves(self: SqliteLedger, account: str, *, owner: str, duration: timedelta) -> Lease:
    try:
        return _lease(self, account, owner=owner, duration=duration)
    except LeaseHeldError as held:
        assert isinstance(self._clock, ManualClock)
        self._clock.advance(held.remaining)
        return _lease(self, account, owner=owner, duration=duration)


def _no_lease() -> AbstractContextManager[Any]:
    return attribute(SqliteLedger, "acquire_lease", _anyone_serves)


def _no_fence() -> AbstractContextManager[Any]:
    return everywhere(leased_row, lambda db, lease: account_row(db, lease.account))


def _stale_intent() -> AbstractContextManager[Any]:
    marks: list[tuple[datetime, str]] = []

    def lease(self: SqliteLedger, account: str, *, owner: str, duration: timedelta) -> Lease:
        marks.append((self._clock.now(), self._clock.mark()))
        return _lease(self, account, owner=owner, duration=duration)

    def stale(delivery: Delivery, *, after_id: str, now: datetime, mark: str) -> Delivery:
        then, old = marks[-1]
        return intended(delivery, after_id=after_id, now=then, mark=old)

    stack = ExitStack()
    stack.enter_context(attribute(SqliteLedger, "acquire_lease", lease))
    stack.enter_context(everywhere(intended, stale))
    return stack


def _after_id_anew() -> AbstractContextManager[Any]:
    def anew(delivery: Delivery, *, after_id: str, now: datetime, mark: str) -> Delivery:
        return replace(intended(delivery, after_id=after_id, now=now, mark=mark), after_id=after_id)

    return everywhere(intended, anew)


def _reset_ignored() -> AbstractContextManager[Any]:
    def impatient(attempts: int, *, jitter: float, retry_after: timedelta | None) -> timedelta:
        return backoff(attempts, jitter=jitter, retry_after=None)

    return everywhere(backoff, impatient)


def _unsent_first() -> AbstractContextManager[Any]:
    def unsent_first(known: Any, timing: Any) -> Any:
        fresh = known.fresh_intent
        mine = tuple(d for d in known.deliveries if d.key == fresh or (not fresh and d.state is DeliveryState.DUE))
        return next_step(replace(known, deliveries=mine or known.deliveries), timing)

    return everywhere(next_step, unsent_first)


def _by_link_alone() -> AbstractContextManager[Any]:
    def timeless(announcement: Any, seen: Any, *, since: Any = None, **options: Any) -> Any:
        return find_status(announcement, seen, **options)

    return everywhere(find_status, timeless)


SITUATIONS: dict[str, tuple[Situation, Callable[[], AbstractContextManager[Any]]]] = {
    "the lease alone": (nobody_is_asked_while_another_serves, _no_lease),
    "the fence alone": (an_answer_that_comes_after_the_lease_writes_nothing, _no_fence),
    "a stale clock in the intent": (a_slow_look_does_not_age_the_intent, _stale_intent),
    "after_id taken anew": (a_second_attempt_is_looked_for_from_where_the_first_began, _after_id_anew),
    "the reset of a limit ignored": (a_limit_is_waited_for, _reset_ignored),
    "a reminder known by its link alone": (a_lost_ledger_tells_a_reminder_from_its_toot, _by_link_alone),
    "the unsent before the unknown": (what_is_unknown_is_found_out_before_anything_is_sent, _unsent_first),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_promise_is_kept(name: str, make_delivery: MakeDelivery) -> None:
    situation, _ = SITUATIONS[name]
    assert situation(make_delivery)


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_situation_shows_it_when_it_is_broken(name: str, make_delivery: MakeDelivery) -> None:
    situation, broken = SITUATIONS[name]
    with broken():
        assert not situation(make_delivery)
