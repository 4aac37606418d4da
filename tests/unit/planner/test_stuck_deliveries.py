"""A toot of unknown outcome on a server that cannot be asked for a day is told of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain import Delivery, DeliveryState, Post, Snapshot
from bot.domain.wording import reason_words
from bot.planner.plan import stuck
from tests.support.planning import ACCOUNT, DAY, MINUTE, NOW, OTHER, POLICY, SECOND, Season


@pytest.mark.parametrize(
    ("state", "account", "tried", "told"),
    [
        (DeliveryState.SENDING, ACCOUNT, DAY + SECOND, True),
        (DeliveryState.SENDING, ACCOUNT, DAY, False),
        (DeliveryState.SENDING, OTHER, 9 * DAY, False),
        (DeliveryState.DUE, ACCOUNT, 9 * DAY, False),
        (DeliveryState.SENT, ACCOUNT, 9 * DAY, False),
    ],
)
def test_only_what_is_open_for_longer_than_give_up_after(
    make_delivery: Callable[..., Delivery], state: DeliveryState, account: str, tried: timedelta, told: bool
) -> None:
    delivery = make_delivery(account=account, state=state, first_tried_at=NOW - tried)
    found = list(stuck(Snapshot(deliveries={delivery.key: delivery}), [ACCOUNT], now=NOW, policy=POLICY))
    assert bool(found) is told
    patient = replace(POLICY, give_up_after=99 * DAY)
    assert list(stuck(Snapshot(deliveries={delivery.key: delivery}), [ACCOUNT], now=NOW, policy=patient)) == []


def test_a_pass_tells_it_in_the_same_words_each_time_until_it_is_found(make_post: Callable[..., Post]) -> None:
    season = Season()
    season.run(make_post())
    season.settle("tickets", DeliveryState.SENDING)
    first = season.run(make_post(), after=DAY + MINUTE).troubles
    (trouble,) = first
    assert reason_words(trouble).startswith(f"tickets → {ACCOUNT}: nobody knows whether it is there")
    assert season.run(make_post(), after=DAY).troubles == first
    season.send("tickets")
    assert season.run(make_post(), after=MINUTE).troubles == ()
