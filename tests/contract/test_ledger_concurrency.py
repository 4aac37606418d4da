"""Two processes record the same release: it counts once, and the history records it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import CompareAndSet, Delivery, DeliveryState, Entry, Event, EventKind, Hold, WriteBatch
from bot.ledger.contract import Ledger
from tests.support.digests import both

MakeEntry = Callable[..., Entry]
MakeDelivery = Callable[..., Delivery]

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
LATER = NOW + timedelta(milliseconds=20)


def release(*entries: Entry, at: datetime, events: tuple[Event, ...] = ()) -> WriteBatch:
    told = tuple(Event(at=at, kind=EventKind.RELEASED, slug=entry.slug) for entry in entries)
    return WriteBatch(entries=tuple(replace(entry, released_at=at) for entry in entries), events=(*told, *events))


def history(ledger: Ledger) -> list[tuple[str, str]]:
    return [(event.kind.value, event.slug) for event in ledger.events(limit=50)]


@pytest.mark.parametrize("second", [NOW, LATER])
def test_a_release_that_another_recorded_first_is_told_once(
    ledger: Ledger, make_entry: MakeEntry, second: datetime
) -> None:
    ledger.record(release(make_entry("a"), make_entry("b"), at=NOW), now=NOW)
    pictureless = Event(at=second, kind=EventKind.PICTURE_LEFT_OUT, slug="a")
    ledger.record(release(make_entry("a"), make_entry("c"), at=second, events=(pictureless,)), now=second)
    assert history(ledger) == [("released", "a"), ("released", "b"), ("released", "c")]


def test_the_first_release_is_the_one_that_counts(ledger: Ledger, make_entry: MakeEntry) -> None:
    first, second = make_entry(digests=both("first words")), make_entry(digests=both("second words"))
    ledger.record(release(first, at=NOW), now=NOW)
    ledger.record(release(second, at=LATER), now=LATER)
    (kept,) = ledger.snapshot().entries.values()
    assert kept == replace(first, released_at=NOW), "the next pass sees that its words have changed"


def test_a_refreshed_entry_is_replaced(ledger: Ledger, make_entry: MakeEntry) -> None:
    ledger.record(release(make_entry(), at=NOW), now=NOW)
    refreshed = make_entry(released_at=NOW, digests=both("new words"), revision=1)
    ledger.record(WriteBatch(entries=(refreshed,)), now=LATER)
    assert list(ledger.snapshot().entries.values()) == [refreshed]


def test_the_line_about_older_posts_is_told_once(ledger: Ledger, make_entry: MakeEntry) -> None:
    def archive(at: datetime, *slugs: str) -> WriteBatch:
        line = Event(at=at, kind=EventKind.RELEASED, detail=f"{len(slugs)} older posts into the feeds, without toots")
        return WriteBatch(entries=tuple(make_entry(slug, released_at=at) for slug in slugs), events=(line,))

    ledger.record(archive(NOW, "a", "b"), now=NOW)
    ledger.record(archive(LATER, "a", "b"), now=LATER)
    assert history(ledger) == [("released", "")]
    ledger.record(archive(LATER, "a", "b", "c"), now=LATER)
    assert history(ledger) == [("released", ""), ("released", "")], "one of them was new"


def test_what_was_refused_is_not_told(ledger: Ledger, make_delivery: MakeDelivery) -> None:
    due = make_delivery()
    held = replace(due, state=DeliveryState.HELD, hold=Hold.BURST_LIMIT)
    ledger.record(WriteBatch(changes=(CompareAndSet(known=None, wanted=due),)), now=NOW)
    (known,) = ledger.snapshot().deliveries.values()

    def holding(known: Delivery | None) -> WriteBatch:
        event = Event(at=NOW, kind=EventKind.HELD, slug=due.slug, account=due.key.account, occasion=due.key.occasion)
        other = replace(event, account="kids@example.social")
        said = Event(at=NOW, kind=EventKind.HELD, slug=due.slug, who="ada")
        return WriteBatch(changes=(CompareAndSet(known=known, wanted=held),), events=(event, other, said))

    assert ledger.record(holding(None), now=NOW).refused != ()
    told = [(event.account, event.who) for event in ledger.events(limit=9)]
    assert told == [("kids@example.social", ""), ("", "ada")]
    assert ledger.record(holding(known), now=NOW).refused == ()
    assert [event.account for event in ledger.events(limit=9)][2:] == [due.key.account, "kids@example.social", ""]
