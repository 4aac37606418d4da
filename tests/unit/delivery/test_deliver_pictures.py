"""A picture that cannot be uploaded, where the settings want the toot held (`if_no_picture = "hold"`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import Announcement, Delivery, DeliveryState, Hold, Picture
from bot.domain.errors import OutcomeUnknownError, PublishError, RejectedError, TransientError
from bot.domain.wording import event_detail, reason_words
from tests.support.delivery_stage import NOW, World, new_world, raising

MakeDelivery = Callable[..., Delivery]
PICTURES = tuple(Picture(url=f"https://conf.example/{name}.png", path=Path(f"{name}.png"), alt=name) for name in "ab")


@pytest.fixture
def world() -> World:
    made = new_world()
    made.hold_without_picture = True
    return made


@pytest.fixture
def owed(make_delivery: MakeDelivery, make_announcement: Callable[..., Announcement]) -> Delivery:
    return make_delivery(due=NOW, announcement=make_announcement(pictures=PICTURES))


def test_a_refused_picture_holds_the_toot_and_tells_what_to_do(world: World, owed: Delivery) -> None:
    world.owes(owed)
    world.server.during("upload", raising(RejectedError("too large.")))
    assert world.deliver_pending().attention
    row = world.row()
    assert (row.state, row.hold) == (DeliveryState.HELD, Hold.UNCLEAR)
    assert reason_words(row.reason) == "a picture could not be uploaded: too large."
    (told,) = [event for event in world.said if event.kind.value == "held"]
    assert "too large." in event_detail(told)
    assert "`announce release tickets` sends it without" in event_detail(told)
    assert world.server.statuses == []


def test_the_toots_behind_it_go_on(world: World, owed: Delivery, make_delivery: MakeDelivery) -> None:
    world.owes(owed, make_delivery("other", due=NOW))
    world.server.during("upload", raising(RejectedError("too large.")))
    world.deliver_pending()
    assert world.row("other").state is DeliveryState.SENT


def test_a_toot_that_a_person_lets_go_goes_without_the_picture(world: World, owed: Delivery) -> None:
    world.owes(replace(owed, ordered_by="amy"))
    world.server.during("upload", raising(RejectedError("too large.")))
    assert world.deliver_pending().attention
    row = world.row()
    assert row.state is DeliveryState.SENT
    assert row.status_id is not None
    assert len(world.server.media_of[row.status_id]) == 1


@pytest.mark.parametrize("error", [TransientError("busy."), OutcomeUnknownError("no answer.")])
def test_a_server_that_fails_is_tried_for_as_long_as_with_any_toot(
    world: World, owed: Delivery, error: PublishError
) -> None:
    world.owes(replace(owed, first_tried_at=NOW - timedelta(hours=23)))
    world.server.during("upload", raising(error))
    drained = world.deliver_pending()
    assert (world.row().state, drained.wait_until is not None) == (DeliveryState.DUE, True)
    assert world.server.statuses == []


def test_where_the_settings_do_not_say_so_the_news_goes_out(world: World, owed: Delivery) -> None:
    world.hold_without_picture = False
    world.owes(owed)
    world.server.during("upload", raising(RejectedError("too large.")))
    world.deliver_pending()
    assert world.row().state is DeliveryState.SENT
