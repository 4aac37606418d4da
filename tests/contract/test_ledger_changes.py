"""The ledger's contract: changes by a plan or the operator, and the refusal of those based on an outdated state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from bot.domain import (
    AccountState,
    Announcement,
    CompareAndSet,
    Delivery,
    DeliveryState,
    Event,
    EventKind,
    Hold,
    NoteKind,
    NotesChange,
    OldEntry,
    OldFeed,
    Override,
    OverrideKind,
    PageWaitRecord,
    Upcoming,
    WriteBatch,
)
from bot.domain.reasons import text_reason
from bot.ledger.contract import Ledger

ACCOUNT = "conf@example.social"
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)

MakeDelivery = Callable[..., Delivery]


def put(ledger: Ledger, *deliveries: Delivery) -> list[Delivery]:
    """Add deliveries; return them as the ledger holds them."""
    ledger.record(WriteBatch(changes=tuple(CompareAndSet(known=None, wanted=d) for d in deliveries)), now=NOW)
    known = ledger.snapshot().deliveries
    return [known[delivery.key] for delivery in deliveries]


def change(ledger: Ledger, known: Delivery | None, wanted: Delivery | None) -> bool:
    """Record a change; return whether the ledger accepted it."""
    asked = CompareAndSet(known=known, wanted=wanted)
    refused = ledger.record(WriteBatch(changes=(asked,)), now=NOW).refused
    assert refused in ((), (asked,))
    return not refused


class TestChanges:
    @pytest.mark.parametrize(
        ("standing", "taken"),
        [
            pytest.param({}, True, id="due"),
            *(pytest.param({"state": DeliveryState.HELD, "hold": hold}, True, id=hold.value) for hold in Hold),
            pytest.param({"state": DeliveryState.SENT}, True, id="sent"),
            pytest.param({"state": DeliveryState.REJECTED}, True, id="rejected"),
            pytest.param({"state": DeliveryState.SKIPPED}, True, id="skipped"),
            pytest.param({"state": DeliveryState.SENDING, "intended_at": NOW}, False, id="sending"),
        ],
    )
    @pytest.mark.parametrize("removed", [False, True])
    def test_one_that_is_as_it_was_read_is_changed_unless_it_is_sending(
        self,
        ledger: Ledger,
        make_delivery: MakeDelivery,
        make_announcement: Callable[..., Announcement],
        standing: dict[str, Any],
        taken: bool,
        removed: bool,
    ) -> None:
        (known,) = put(ledger, make_delivery(**standing))
        wanted = None if removed else replace(known, announcement=make_announcement(text="new"))
        assert change(ledger, known, wanted) is taken
        now = ledger.snapshot().deliveries.get(known.key)
        assert now == (wanted if taken else known)

    @pytest.mark.parametrize(
        "moved",
        [
            {"reason": text_reason("the server was away")},
            {"attempts": 1},
            {"first_tried_at": NOW},
            {"not_before": NOW},
            {"ordered_by": "amy"},
            {"state": DeliveryState.SENT, "status_id": "1"},
            {"slug": "renamed"},
            {"generation": 1},
        ],
    )
    @pytest.mark.parametrize("removed", [False, True])
    def test_one_that_has_moved_on_in_any_way_is_left_alone(
        self, ledger: Ledger, make_delivery: MakeDelivery, moved: dict[str, Any], removed: bool
    ) -> None:
        (known,) = put(ledger, make_delivery())
        assert change(ledger, known, replace(known, **moved))
        assert not change(ledger, known, None if removed else replace(known, reason=text_reason("an older plan")))
        assert ledger.snapshot().deliveries.get(known.key) == replace(known, **moved)

    def test_one_that_is_thought_new_replaces_none(self, ledger: Ledger, make_delivery: MakeDelivery) -> None:
        (known,) = put(ledger, make_delivery())
        assert not change(ledger, None, make_delivery(reason=text_reason("again")))
        assert ledger.snapshot().deliveries.get(known.key) == known

    @pytest.mark.parametrize("removed", [False, True])
    def test_one_that_is_gone_does_not_come_back(
        self, ledger: Ledger, make_delivery: MakeDelivery, removed: bool
    ) -> None:
        (known,) = put(ledger, make_delivery())
        assert change(ledger, known, None)
        assert not change(ledger, known, None if removed else replace(known, reason=text_reason("r")))
        assert ledger.snapshot().deliveries.get(known.key) is None

    def test_one_that_was_removed_may_come_again_after_the_others(
        self, ledger: Ledger, make_delivery: MakeDelivery
    ) -> None:
        first, second = put(ledger, make_delivery(), make_delivery("cfp"))
        assert change(ledger, first, None)
        assert change(ledger, None, make_delivery())
        assert [delivery.key for delivery in ledger.account_view(ACCOUNT).open] == [second.key, first.key]

    def test_a_change_keeps_its_place_in_the_queue(self, ledger: Ledger, make_delivery: MakeDelivery) -> None:
        first, second = put(ledger, make_delivery(), make_delivery("cfp"))
        assert change(ledger, first, replace(first, reason=text_reason("r"), sequence=99))
        assert [delivery.sequence for delivery in ledger.account_view(ACCOUNT).open] == [
            first.sequence,
            second.sequence,
        ]

    def test_the_rest_of_a_recording_is_kept_and_only_the_refused_are_named(
        self, ledger: Ledger, make_delivery: MakeDelivery
    ) -> None:
        (known,) = put(ledger, make_delivery())
        good = CompareAndSet(known=None, wanted=make_delivery("cfp"))
        bad = CompareAndSet(known=replace(known, reason=text_reason("otherwise")), wanted=None)
        event = Event(at=NOW, kind=EventKind.PROBLEM)
        assert ledger.record(WriteBatch(changes=(bad, good), events=(event,)), now=NOW).refused == (bad,)
        assert {delivery.slug for delivery in ledger.snapshot().deliveries.values()} == {"tickets", "cfp"}
        assert ledger.events(limit=9) == (event,)

    def test_of_several_that_want_the_same_at_once_one_has_its_way(
        self, ledger: Ledger, make_delivery: MakeDelivery
    ) -> None:
        (known,) = put(ledger, make_delivery())
        start, taken = Barrier(4, timeout=30), []

        def want(who: str) -> None:
            start.wait()
            if change(ledger, known, replace(known, ordered_by=who)):
                taken.append(who)

        threads = [Thread(target=want, args=(str(number),)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        (winner,) = taken
        assert ledger.snapshot().deliveries.get(known.key) == replace(known, ordered_by=winner)

    def test_a_delivery_that_nobody_recorded_is_none(self, ledger: Ledger, make_delivery: MakeDelivery) -> None:
        assert make_delivery().key not in ledger.snapshot().deliveries


class TestWords:
    @pytest.mark.parametrize("said", OverrideKind)
    def test_a_word_comes_back_as_it_was(self, ledger: Ledger, said: OverrideKind) -> None:
        word = Override(post_id="id/ü", kind=said, early=True, who="Ämy", at=NOW - SECOND)
        ledger.record(WriteBatch(overrides=(word,)), now=NOW)
        assert ledger.snapshot().overrides == {"id/ü": word}

    def test_the_latest_word_on_a_post_counts(self, ledger: Ledger) -> None:
        words = [Override(post_id=post, kind=said, who="amy", at=NOW) for post, said in WORDS]
        for word in words:
            ledger.record(WriteBatch(overrides=(word,)), now=NOW)
        assert ledger.snapshot().overrides == {"a": words[2], "b": words[1]}

    def test_a_recording_without_words_leaves_them(self, ledger: Ledger) -> None:
        word = Override(post_id="a", kind=OverrideKind.HOLD, who="amy", at=NOW)
        ledger.record(WriteBatch(overrides=(word,), paused="amy", upcoming={"a": UPCOMING}), now=NOW)
        before = ledger.snapshot()
        ledger.record(WriteBatch(new_accounts=(AccountState(address=ACCOUNT, joined_at=None),)), now=NOW)
        after = ledger.snapshot()
        assert (after.overrides, after.paused, after.upcoming) == (before.overrides, before.paused, before.upcoming)


WORDS = [("a", OverrideKind.HOLD), ("b", OverrideKind.SKIP), ("a", OverrideKind.RELEASE)]
UPCOMING = Upcoming(post_id="a", slug="ü", due=NOW + SECOND)


class TestPause:
    def test_nothing_is_paused_at_first(self, ledger: Ledger) -> None:
        assert (ledger.snapshot().paused, ledger.snapshot().paused) == ("", "")

    def test_a_pause_lasts_until_it_is_lifted(self, ledger: Ledger) -> None:
        ledger.record(WriteBatch(paused="Ämy"), now=NOW)
        ledger.record(WriteBatch(), now=NOW)
        assert (ledger.snapshot().paused, ledger.snapshot().paused) == ("Ämy", "Ämy")
        ledger.record(WriteBatch(paused=""), now=NOW)
        assert (ledger.snapshot().paused, ledger.snapshot().paused) == ("", "")


class TestUpcoming:
    def test_all_of_them_are_replaced_at_once(self, ledger: Ledger) -> None:
        second = Upcoming(post_id="b", slug="b", due=NOW)
        ledger.record(WriteBatch(upcoming={"a": UPCOMING, "b": second}), now=NOW)
        assert ledger.snapshot().upcoming == {"a": UPCOMING, "b": second}
        moved = replace(UPCOMING, due=NOW + 2 * SECOND)
        ledger.record(WriteBatch(upcoming={"a": moved}), now=NOW)
        assert ledger.snapshot().upcoming == {"a": moved}
        ledger.record(WriteBatch(upcoming={}), now=NOW)
        assert ledger.snapshot().upcoming == {}


def test_only_a_person_takes_the_newest_time_back(ledger: Ledger) -> None:
    ledger.record(WriteBatch(), now=NOW)
    ledger.record(WriteBatch(events=(Event(at=NOW, kind=EventKind.PROBLEM),)), now=NOW - SECOND)
    assert ledger.snapshot().newest == NOW
    ledger.record(WriteBatch(accept_clock=True), now=NOW - SECOND)
    assert ledger.snapshot().newest == NOW - SECOND


@pytest.mark.parametrize(
    "batch",
    [
        WriteBatch(paused=""),
        WriteBatch(upcoming={}),
        WriteBatch(accept_clock=True),
        WriteBatch(notes=NotesChange(kind=NoteKind.PINGED, changes={"k": "v"})),
        WriteBatch(overrides=(Override(post_id="a", kind=OverrideKind.SKIP, who="amy", at=NOW),)),
        WriteBatch(changes=(CompareAndSet(known=None, wanted=None),)),
        WriteBatch(events=(Event(at=NOW, kind=EventKind.PROBLEM),)),
    ],
)
def test_a_recording_that_says_anything_is_worth_writing(batch: WriteBatch) -> None:
    assert batch
    assert not WriteBatch()


def test_an_old_feed_is_kept_and_what_was_known_first_counts(ledger: Ledger) -> None:
    assert (ledger.snapshot().old_entries, ledger.snapshot().old_feeds) == ({}, frozenset())
    first = OldEntry(feed_id="1", link="https://a.example/x", title="X", published=NOW, updated=NOW)
    ledger.record(WriteBatch(old_feed=OldFeed(source="a.xml", entries=(first,))), now=NOW)
    other = OldFeed(source="b.xml", entries=(OldEntry(feed_id="1", title="another"), OldEntry(feed_id="2")))
    ledger.record(WriteBatch(old_feed=other), now=NOW)
    assert ledger.snapshot().old_entries == {"1": first, "2": OldEntry(feed_id="2")}
    assert ledger.snapshot().old_feeds == {"a.xml", "b.xml"}


def test_posts_that_wait_for_their_pages_are_kept_as_a_whole_and_told_of_once(ledger: Ledger) -> None:
    tickets = PageWaitRecord(post_id="1", slug="tickets", since=NOW)
    asked = replace(tickets, why="it answered 404.")
    missing = replace(asked, why="it answered 500.", missing=True)
    venue = replace(asked, post_id="2", slug="venue")
    told: list[tuple[str, str]] = []
    for waiting in ([tickets], [asked], [asked, venue], None, [missing], [missing], []):
        wanted = None if waiting is None else {one.post_id: one for one in waiting}
        recorded = ledger.record(WriteBatch(waiting=wanted), now=NOW)
        told += [(event.kind.value, event.slug) for event in recorded.events]
        if wanted is not None:
            assert ledger.snapshot().waiting == wanted
    assert told == [("waits for its page", "tickets"), ("waits for its page", "venue"), ("held", "tickets")]
    assert [(event.kind.value, event.slug) for event in ledger.events(limit=9)] == told
