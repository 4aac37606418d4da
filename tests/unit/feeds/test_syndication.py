"""`syndication.json`: the toots of released posts, and of no others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.domain import Action, Delivery, DeliveryKey, DeliveryState, Entry, Hold, Occasion, Snapshot
from bot.feeds.syndication import render_syndication

MakeEntry = Callable[..., Entry]
MakeDelivery = Callable[..., Delivery]

TICKETS = "https://conf.example/news/tickets/"


def snapshot(*deliveries: Delivery) -> Snapshot:
    return Snapshot(deliveries={delivery.key: delivery for delivery in deliveries})


def sent(make: MakeDelivery, slug: str = "tickets", account: str = "conf@example.social", **changes: Any) -> Delivery:
    url = f"https://example.social/@conf/{slug}"
    return make(slug, account, **{"state": DeliveryState.SENT, "status_id": "1", "status_url": url, **changes})


def open_posts(entries: list[Entry], known: Snapshot) -> dict[str, dict[str, str]]:
    document = json.loads(render_syndication(entries, known))
    assert document["version"] == 1
    posts: dict[str, dict[str, str]] = document["posts"]
    return posts


def test_a_released_posts_toot_is_found_by_permalink_and_account(
    make_entry: MakeEntry, make_delivery: MakeDelivery
) -> None:
    known = snapshot(sent(make_delivery), sent(make_delivery, account="kids@example.social", status_url="https://k/1"))
    assert open_posts([make_entry()], known) == {
        TICKETS: {"conf@example.social": "https://example.social/@conf/tickets", "kids@example.social": "https://k/1"}
    }


def test_without_toots_it_is_an_empty_document(make_entry: MakeEntry) -> None:
    assert open_posts([make_entry()], Snapshot()) == {}


@pytest.mark.parametrize("state", [state for state in DeliveryState if state is not DeliveryState.SENT])
def test_only_a_toot_that_is_out_is_named(
    make_entry: MakeEntry, make_delivery: MakeDelivery, state: DeliveryState
) -> None:
    hold = Hold.BURST_LIMIT if state is DeliveryState.HELD else None
    known = snapshot(sent(make_delivery, state=state, hold=hold))
    assert open_posts([make_entry()], known) == {}


def test_a_post_that_the_feeds_do_not_show_is_not_named(make_entry: MakeEntry, make_delivery: MakeDelivery) -> None:
    known = snapshot(sent(make_delivery))
    assert open_posts([make_entry(hidden=True)], known) == {}
    assert open_posts([make_entry("another")], known) == {}


@pytest.mark.parametrize("action", [Action.DELETE, Action.REPLY])
@pytest.mark.parametrize("state", [DeliveryState.DUE, DeliveryState.SENT])
def test_a_toot_that_is_taken_back_is_not_named(
    make_entry: MakeEntry, make_delivery: MakeDelivery, action: Action, state: DeliveryState
) -> None:
    toot = sent(make_delivery)
    back = replace(toot, key=replace(toot.key, occasion=Occasion.WITHDRAW), action=action, state=state)
    elsewhere = sent(make_delivery, account="kids@example.social", status_url="https://k/1")
    assert open_posts([make_entry()], snapshot(toot, elsewhere, back)) == {
        TICKETS: {"kids@example.social": "https://k/1"}
    }


@pytest.mark.parametrize(
    "occasion",
    [Occasion.WITHDRAW.of_part(3), Occasion.WITHDRAW.of_reminder("one")],
    ids=["a part of its thread", "a reminder"],
)
def test_a_toot_stays_named_when_something_else_of_the_post_is_deleted(
    make_entry: MakeEntry, make_delivery: MakeDelivery, occasion: Occasion
) -> None:
    toot = sent(make_delivery)
    deletion = replace(toot, key=replace(toot.key, occasion=occasion), action=Action.DELETE)
    assert list(open_posts([make_entry()], snapshot(toot, deletion))) == [TICKETS]


def test_an_edit_changes_nothing(make_entry: MakeEntry, make_delivery: MakeDelivery) -> None:
    toot = sent(make_delivery)
    edit = replace(
        toot,
        key=replace(toot.key, occasion=Occasion.edit(1)),
        action=Action.EDIT,
        status_url="https://elsewhere.example/2",
    )
    assert render_syndication([make_entry()], snapshot(toot, edit)) == render_syndication(
        [make_entry()], snapshot(toot)
    )


def test_a_renamed_post_is_found_at_its_present_address(make_entry: MakeEntry, make_delivery: MakeDelivery) -> None:
    entry = make_entry(url="https://conf.example/news/passes/")
    assert list(open_posts([entry], snapshot(sent(make_delivery)))) == ["https://conf.example/news/passes/"]


def test_the_same_toots_give_the_same_bytes_in_any_order(make_entry: MakeEntry, make_delivery: MakeDelivery) -> None:
    toots = [
        sent(make_delivery, slug, account, status_url=f"https://{account}/é/{slug}")
        for slug in ("a", "b")
        for account in ("x@one.example", "y@two.example")
    ]
    entries = [make_entry("a"), make_entry("b")]
    one = render_syndication(entries, snapshot(*toots))
    assert render_syndication(entries[::-1], snapshot(*toots[::-1])) == one
    assert one.endswith(b"}\n")
    assert "é".encode() in one


def test_a_key_of_another_occasion_is_no_toot(make_entry: MakeEntry, make_delivery: MakeDelivery) -> None:
    reminder = sent(make_delivery)
    key = DeliveryKey(reminder.key.post_id, reminder.key.account, Occasion.reminder("one"))
    assert open_posts([make_entry()], snapshot(replace(reminder, key=key))) == {}
