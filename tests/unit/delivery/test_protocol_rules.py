"""The small rules around the delivery protocol: its keys, what a look finds, how long to wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.matching import find_status as find_status_by
from bot.delivery.protocol import backoff, idempotency_key, refused, restored
from bot.domain import (
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
from bot.publishers.mastodon.answers import normalise
from bot.publishers.mastodon.servers import capabilities_of

ACCOUNT = "conf@example.social"
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PICTURE = Picture(url="https://conf.example/a.png")

MakeDelivery = Callable[..., Delivery]

find_status = partial(find_status_by, normalise=normalise)


@pytest.fixture
def due(make_delivery: MakeDelivery) -> Delivery:
    return make_delivery("due", due=NOW)


class TestIdempotencyKey:
    @pytest.mark.parametrize(
        "change",
        [
            {"generation": 1},
            {"announcement": Announcement(text="other", link=None, length=5, limit=500)},
            {"key": DeliveryKey("other", ACCOUNT, Occasion.PUBLISH)},
            {"key": DeliveryKey("https://conf.example/news/due/", "other@example.social", Occasion.PUBLISH)},
            {"key": DeliveryKey("https://conf.example/news/due/", ACCOUNT, Occasion.edit(1))},
        ],
    )
    def test_it_changes_with_identity_text_and_generation(self, due: Delivery, change: dict[str, Any]) -> None:
        assert idempotency_key(replace(due, **change)) != idempotency_key(due)

    def test_it_changes_with_nothing_else(self, due: Delivery) -> None:
        tried = replace(
            due,
            state=DeliveryState.SENDING,
            reason=text_reason("r"),
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
        one = replace(due, key=DeliveryKey("ab", "c", Occasion.PUBLISH))
        other = replace(due, key=DeliveryKey("a", "bc", Occasion.PUBLISH))
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


def test_a_restored_delivery_begins_its_next_generation(due: Delivery) -> None:
    old = replace(due, state=DeliveryState.SENDING, generation=2, after_id="5", first_tried_at=NOW, intended_mark="m")
    assert restored(old) == replace(
        old,
        state=DeliveryState.DUE,
        generation=3,
        reason=Reason(code=ReasonCode.EARLIER_ATTEMPT_LOST),
        intended_at=None,
        intended_mark="",
    )


@pytest.mark.parametrize(
    ("software", "generation"),
    [
        ("mastodon 4.6.5", 3),
        ("gotosocial 0.20.1", 3),
        ("", 3),
        ("Pleroma 2.7.0", 4),
        ("akkoma 3.15", 4),
        ("pixelfed 0", 4),
    ],
)
def test_after_a_clear_no_the_key_is_another_where_the_server_would_give_the_same_no_again(
    make_delivery: Callable[..., Delivery], software: str, generation: int
) -> None:
    sending = make_delivery(state=DeliveryState.SENDING, generation=3)
    is_spent = capabilities_of(software).refusal_spends_key
    again = refused(sending, key_is_spent=is_spent)
    assert (again.state, again.generation) == (DeliveryState.DUE, generation)
    edit = make_delivery(state=DeliveryState.SENDING, action=Action.EDIT)
    assert refused(edit, key_is_spent=is_spent).generation == 0, "an edit has no key"
