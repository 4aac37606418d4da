"""The ledger's contract: what is recorded. Changes: test_ledger_changes.py; leases: test_ledger_leases.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest

from bot.domain import (
    AccountFacts,
    AccountState,
    Action,
    Announcement,
    Capabilities,
    CompareAndSet,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Dialect,
    Entry,
    Event,
    EventKind,
    Hold,
    Limits,
    Occasion,
    Override,
    OverrideKind,
    OverridesSeen,
    Picture,
    Poll,
    QuotePolicy,
    Reason,
    ReasonCode,
    Visibility,
    WriteBatch,
)
from bot.domain.clock import ManualClock
from bot.domain.errors import LedgerError
from bot.domain.reasons import text_reason
from bot.domain.status_ids import newer_id
from bot.ledger.contract import Ledger
from tests.support.digests import both

ACCOUNT = "conf@example.social"
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
TIME = datetime(2026, 3, 9, 8, 7, 6, 543210, tzinfo=UTC)
SECOND = timedelta(seconds=1)

PICTURE = Picture(
    url="https://conf.example/ü.png",
    path=Path("assets/ü ñ.png"),
    alt="Ein Bild 🎉",
    media_type="image/png",
    size=12,
    width=3,
    height=4,
    focus=(0.25, -1.0),
    remote=True,
    problem="none, but told all the same",
)
ANNOUNCEMENT = Announcement(
    text="Grüße 👩‍👩‍👧\r\n\ttab \x00 “quotes” \u2028",
    link="https://conf.example/news/ü/",
    visibility=Visibility.UNLISTED,
    language="de",
    content_warning="Übung",
    sensitive=True,
    poll=Poll(options=("ja", "nein 🎉"), expires_in=timedelta(days=2, seconds=3), multiple=True, hide_totals=True),
    quote_policy=QuotePolicy.FOLLOWERS,
    pictures=(PICTURE, replace(PICTURE, path=None, alt="", media_type=None, size=None)),
    length=33,
    limit=444,
    expires=TIME,
    thread=(Announcement(text="2/2 Übung", link=None, length=9, limit=444),),
    answers=True,
    source="ö",
    reminders=("Nur noch ein Tag 🎉",),
)
DELIVERY = Delivery(
    key=DeliveryKey("id/ü", ACCOUNT, Occasion.reminder("ß")),
    slug="ü",
    due=TIME,
    action=Action.REPLY,
    announcement=ANNOUNCEMENT,
    state=DeliveryState.HELD,
    hold=Hold.FAILED,
    reason=text_reason("wegen Übung"),
    sequence=1,
    attempts=2,
    generation=3,
    after_id="10",
    intended_at=TIME + SECOND,
    intended_mark="boot 12.5",
    first_tried_at=TIME + 2 * SECOND,
    not_before=TIME + 3 * SECOND,
    status_id="11",
    status_url="https://example.social/@conf/11",
    settled_at=TIME + 4 * SECOND,
    ordered_by="Ämy",
    foreign=True,
)
ENTRY = Entry(
    post_id="id/ü",
    slug="ü",
    url="https://conf.example/news/ü/",
    title="Grüße 🎉",
    authors=("Ämy", "Bob"),
    category="news",
    tags=("a", "ß"),
    published=TIME,
    updated=TIME + SECOND,
    released_at=TIME + 2 * SECOND,
    language="de",
    summary="kurz",
    html="<p>lang &amp; breit</p>",
    cover=PICTURE,
    hidden=True,
    missing_since=TIME + 3 * SECOND,
    digests=both("d"),
    revision=5,
    dated=TIME + 4 * SECOND,
    edit_owed=True,
    feed_id="tag:conf.example,2026:id/%C3%BC",
    waited=timedelta(minutes=17, seconds=0.5),
    without_page="https://conf.example/news/ü/ answered 404.",
)


def test_the_full_examples_leave_no_field_at_its_default() -> None:
    for record in (PICTURE, ANNOUNCEMENT.poll, ANNOUNCEMENT, DELIVERY, ENTRY):
        assert record is not None
        for field in fields(record):
            default: Any = field.default_factory() if field.default_factory is not MISSING else field.default
            assert getattr(record, field.name) != default, f"{type(record).__name__}.{field.name}"


def test_everything_recorded_comes_back_as_it_was(ledger: Ledger) -> None:
    ledger.record(WriteBatch(entries=(ENTRY,), changes=added(DELIVERY)), now=NOW)
    snapshot = ledger.snapshot()
    assert snapshot.entries == {"id/ü": ENTRY}
    assert snapshot.deliveries == {DELIVERY.key: DELIVERY}
    kept = snapshot.deliveries[DELIVERY.key]
    assert isinstance(kept.announcement.pictures[0].path, Path)
    assert kept.due.tzinfo is not None


@pytest.mark.parametrize("value", [*Action, *DeliveryState, *Hold], ids=str)
def test_every_word_of_the_model_can_be_kept(
    ledger: Ledger, make_delivery: Callable[..., Delivery], value: Action | DeliveryState | Hold
) -> None:
    match value:
        case Action():
            delivery = make_delivery(action=value)
        case Hold():
            delivery = make_delivery(state=DeliveryState.HELD, hold=value)
        case _:
            hold = Hold.PERSON if value is DeliveryState.HELD else None
            delivery = make_delivery(state=value, hold=hold, intended_at=TIME)
    ledger.record(WriteBatch(changes=added(delivery)), now=NOW)
    assert ledger.delivery(delivery.key) == replace(delivery, sequence=1)


def test_plain_records_come_back_as_they_were(
    ledger: Ledger, make_entry: Callable[..., Entry], make_delivery: Callable[..., Delivery]
) -> None:
    entry, delivery = make_entry(), make_delivery()
    ledger.record(WriteBatch(entries=(entry,), changes=added(delivery)), now=NOW)
    assert ledger.snapshot().entries == {entry.post_id: entry}
    assert ledger.snapshot().deliveries == {delivery.key: replace(delivery, sequence=1)}


def test_a_new_ledger_is_empty(ledger: Ledger) -> None:
    snapshot = ledger.snapshot()
    assert (snapshot.entries, snapshot.accounts, snapshot.deliveries, snapshot.newest) == ({}, {}, {}, None)
    assert ledger.events(limit=10) == ()


def test_a_snapshot_does_not_change_afterwards(ledger: Ledger, make_entry: Callable[..., Entry]) -> None:
    before = ledger.snapshot()
    ledger.record(WriteBatch(entries=(make_entry(),), new_accounts=(state(),)), now=NOW)
    assert (before.entries, before.accounts) == ({}, {})


def test_recording_twice_is_recording_once(
    ledger: Ledger, make_entry: Callable[..., Entry], make_delivery: Callable[..., Delivery]
) -> None:
    recording = WriteBatch(
        entries=(make_entry(),), changes=added(make_delivery(), make_delivery("cfp")), new_accounts=(state(),)
    )
    assert ledger.record(recording, now=NOW).refused == ()
    once = ledger.snapshot()
    assert ledger.record(recording, now=NOW).refused == recording.changes
    assert ledger.snapshot() == once
    assert [delivery.sequence for delivery in once.deliveries.values()] == [1, 2]


def test_an_entry_that_is_there_is_replaced(ledger: Ledger, make_entry: Callable[..., Entry]) -> None:
    ledger.record(WriteBatch(entries=(make_entry(), make_entry("cfp"))), now=NOW)
    changed = replace(make_entry(), title="Other", slug="renamed", revision=1)
    ledger.record(WriteBatch(entries=(changed,)), now=NOW)
    assert ledger.snapshot().entries[changed.post_id] == changed
    assert len(ledger.snapshot().entries) == 2


def test_a_post_is_where_its_latest_entry_says(ledger: Ledger, make_entry: Callable[..., Entry]) -> None:
    entry = make_entry()
    assert ledger.address_of(entry.post_id) is None
    ledger.record(WriteBatch(entries=(entry, make_entry("cfp"))), now=NOW)
    assert ledger.address_of(entry.post_id) == entry.url
    ledger.record(WriteBatch(entries=(replace(entry, url="https://conf.example/news/renamed/"),)), now=NOW)
    assert ledger.address_of(entry.post_id) == "https://conf.example/news/renamed/"


def test_one_recording_may_hold_everything(
    ledger: Ledger, make_entry: Callable[..., Entry], make_delivery: Callable[..., Delivery]
) -> None:
    ledger.record(WriteBatch(changes=added(make_delivery("old"))), now=NOW)
    (old,) = ledger.open_deliveries(ACCOUNT)
    event = Event(
        at=NOW, kind=EventKind.RELEASED, slug="tickets", account=ACCOUNT, occasion=Occasion.PUBLISH, detail="d", who="w"
    )
    ledger.record(
        WriteBatch(
            entries=(make_entry(),),
            changes=(*added(make_delivery()), CompareAndSet(known=old, wanted=None)),
            new_accounts=(state(joined_at=NOW),),
            events=(event,),
        ),
        now=NOW,
    )
    snapshot = ledger.snapshot()
    assert set(snapshot.entries) == {make_entry().post_id}
    assert set(snapshot.deliveries) == {make_delivery().key}
    assert snapshot.accounts == {ACCOUNT: state(joined_at=NOW)}
    assert ledger.events(limit=9) == (event,)


def test_an_account_that_is_there_stays_as_it_is(ledger: Ledger) -> None:
    ledger.record(WriteBatch(new_accounts=(state(joined_at=TIME),)), now=NOW)
    lease = ledger.lease(ACCOUNT, owner="me", duration=SECOND)
    can = Capabilities(edits=False, visibilities=(Visibility.PUBLIC,), dialect=Dialect(graphemes=False))
    facts = AccountFacts(address=ACCOUNT, account_id="1", limits=Limits(characters=11, pictures=2), capabilities=can)
    ledger.note_account(lease, facts=facts, last_status_id="5", now=NOW)
    ledger.record(WriteBatch(new_accounts=(state(joined_at=None),)), now=NOW)
    assert ledger.account(ACCOUNT) == state(joined_at=TIME, facts=facts, last_status_id="5")


def test_an_account_that_was_never_recorded_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match=ACCOUNT):
        ledger.account(ACCOUNT)
    with pytest.raises(LedgerError, match=ACCOUNT):
        ledger.lease(ACCOUNT, owner="me", duration=SECOND)


def test_open_deliveries_are_the_accounts_own_in_the_order_of_due_and_sequence(
    ledger: Ledger, make_delivery: Callable[..., Delivery]
) -> None:
    rows = (
        make_delivery("later", due=TIME + 2 * SECOND),
        make_delivery("twin-a", due=TIME + SECOND),
        make_delivery("twin-b", due=TIME + SECOND),
        make_delivery("first", due=TIME, state=DeliveryState.SENDING, intended_at=NOW),
        make_delivery("held", due=TIME, state=DeliveryState.HELD, hold=Hold.BRAKE),
        make_delivery("sent", due=TIME, state=DeliveryState.SENT),
        make_delivery("elsewhere", account="other@example.social", due=TIME),
    )
    ledger.record(WriteBatch(changes=added(*rows)), now=NOW)
    assert [d.slug for d in ledger.open_deliveries(ACCOUNT)] == ["first", "twin-a", "twin-b", "later"]
    assert ledger.open_deliveries("nobody@example.social") == ()


def test_known_status_ids_are_the_accounts_own(ledger: Ledger, make_delivery: Callable[..., Delivery]) -> None:
    rows = (
        make_delivery("a", state=DeliveryState.SENT, status_id="1"),
        make_delivery("b", state=DeliveryState.SENT, status_id="2"),
        make_delivery("c"),
        make_delivery("d", account="other@example.social", state=DeliveryState.SENT, status_id="3"),
    )
    ledger.record(WriteBatch(changes=added(*rows)), now=NOW)
    assert ledger.known_status_ids(ACCOUNT) == {"1", "2"}


def test_problems_are_told_once_and_again_when_they_are_solved(ledger: Ledger) -> None:
    none: frozenset[str] = frozenset()
    assert ledger.note_problems(frozenset({"a", "b"}), now=NOW) == (frozenset({"a", "b"}), none)
    assert ledger.note_problems(frozenset({"a", "b"}), now=NOW) == (none, none)
    assert ledger.note_problems(frozenset({"b", "c"}), now=NOW) == (frozenset({"c"}), frozenset({"a"}))
    assert ledger.note_problems(none, now=NOW) == (none, frozenset({"b", "c"}))
    assert ledger.note_problems(frozenset({"a"}), now=NOW) == (frozenset({"a"}), none)
    history = [(event.kind.value, event.detail) for event in ledger.events(limit=99)]
    assert history == [
        ("problem", "a"),
        ("problem", "b"),
        ("problem", "c"),
        ("solved", "a"),
        ("solved", "b"),
        ("solved", "c"),
        ("problem", "a"),
    ]


def test_events_are_the_latest_ones_oldest_first(ledger: Ledger) -> None:
    events = tuple(Event(at=NOW - number * SECOND, kind=EventKind.PROBLEM, detail=f"e{number}") for number in range(5))
    ledger.record(WriteBatch(events=events[:3]), now=NOW)
    ledger.record(WriteBatch(events=events[3:]), now=NOW)
    assert ledger.events(limit=2) == events[3:]
    assert ledger.events(limit=99) == events
    assert ledger.events(limit=0) == ()


def test_the_newest_time_only_grows(ledger: Ledger) -> None:
    for now, newest in ((NOW, NOW), (NOW - SECOND, NOW), (NOW + SECOND, NOW + SECOND), (TIME, NOW + SECOND)):
        ledger.record(WriteBatch(), now=now)
        assert ledger.snapshot().newest == newest


def test_the_newest_time_counts_every_change(
    ledger: Ledger, clock: ManualClock, make_delivery: Callable[..., Delivery]
) -> None:
    def newest() -> datetime | None:
        return ledger.snapshot().newest

    ledger.record(WriteBatch(new_accounts=(state(),), changes=added(make_delivery())), now=NOW)
    lease = ledger.lease(ACCOUNT, owner="me", duration=SECOND)
    (due,) = ledger.open_deliveries(ACCOUNT)
    ledger.note_account(lease, last_status_id="1", now=NOW + 1 * SECOND)
    assert newest() == NOW + 1 * SECOND
    ledger.block_account(
        lease, why=Reason(code=ReasonCode.ACCOUNT_BLOCKED, text="x"), not_before=None, now=NOW + 2 * SECOND
    )
    assert newest() == NOW + 2 * SECOND
    ledger.write_intent(lease, due, after_id="1", now=NOW + 3 * SECOND)
    assert newest() == NOW + 3 * SECOND
    ledger.settle(lease, replace(due, state=DeliveryState.SENT), event=None, now=NOW + 4 * SECOND)
    assert newest() == NOW + 4 * SECOND
    ledger.note_problems(frozenset({"p"}), now=NOW + 5 * SECOND)
    assert newest() == NOW + 5 * SECOND
    ledger.record(WriteBatch(paused="amy"), now=NOW + 6 * SECOND)
    assert newest() == NOW + 6 * SECOND


def test_closing_may_be_repeated(ledger: Ledger) -> None:
    ledger.close()
    ledger.close()


@pytest.mark.parametrize(
    ("known", "seen", "expected"),
    [
        (None, "5", "5"),
        (None, "0", "0"),
        ("0", "5", "5"),
        ("5", "0", "5"),
        ("9", "10", "10"),
        ("10", "9", "10"),
        ("0", "01HZX", "01HZX"),
        ("01HZX", "01HZY", "01HZY"),
        ("01HZY", "01HZX", "01HZY"),
    ],
)
def test_the_newer_of_two_status_ids(known: str | None, seen: str, expected: str) -> None:
    assert newer_id(known, seen) == expected


def added(*deliveries: Delivery) -> tuple[CompareAndSet, ...]:
    return tuple(CompareAndSet(known=None, wanted=delivery) for delivery in deliveries)


def state(
    *, joined_at: datetime | None = None, facts: AccountFacts | None = None, last_status_id: str | None = None
) -> AccountState:
    return AccountState(address=ACCOUNT, joined_at=joined_at, facts=facts, last_status_id=last_status_id)


WORD = Override(post_id="id/ü", said=OverrideKind.HOLD, who="amy", at=TIME)


@pytest.mark.parametrize("meanwhile", [WriteBatch(words=(WORD,)), WriteBatch(paused="amy")], ids=["word", "pause"])
def test_a_plan_that_has_not_heard_a_persons_latest_word_is_not_written(ledger: Ledger, meanwhile: WriteBatch) -> None:
    event = Event(at=NOW, kind=EventKind.RELEASED, slug="ü")
    plan = WriteBatch(entries=(ENTRY,), changes=added(DELIVERY), events=(event,), heard=OverridesSeen())
    ledger.record(meanwhile, now=NOW)
    before, history = ledger.snapshot(), ledger.events(limit=9)
    recorded = ledger.record(plan, now=NOW)
    assert (recorded.outdated, recorded.refused, recorded.events) == (True, (), ())
    assert (ledger.snapshot(), ledger.events(limit=9)) == (before, history)
    heard = OverridesSeen(words=before.words, paused=before.paused)
    assert not ledger.record(replace(plan, heard=heard), now=NOW).outdated
    assert ledger.snapshot().entries == {ENTRY.post_id: ENTRY}


def test_what_the_caller_is_not_sure_of_at_the_end_is_not_written(ledger: Ledger) -> None:
    event = Event(at=NOW, kind=EventKind.RELEASED, slug="ü")
    plan = WriteBatch(
        entries=(ENTRY,), changes=added(DELIVERY), new_accounts=(state(),), events=(event,), heard=OverridesSeen()
    )
    before, history = ledger.snapshot(), ledger.events(limit=9)
    recorded = ledger.record(plan, now=NOW, sure=lambda: False)
    assert (recorded.outdated, recorded.refused, recorded.events) == (True, (), ())
    assert (ledger.snapshot(), ledger.events(limit=9)) == (before, history)
    assert not ledger.record(plan, now=NOW, sure=lambda: True).outdated
    assert ledger.snapshot().entries == {ENTRY.post_id: ENTRY}


def test_while_it_is_asked_nobody_else_writes(ledger: Ledger) -> None:
    ledger.record(WriteBatch(new_accounts=(state(),)), now=NOW)

    def sure() -> bool:
        other.start()
        assert not spoke.wait(0.2)
        return True

    def propose_override() -> None:
        ledger.record(WriteBatch(words=(WORD,)), now=NOW)
        spoke.set()

    spoke, other = Signal(), Thread(target=propose_override)
    assert not ledger.record(WriteBatch(entries=(ENTRY,), heard=OverridesSeen()), now=NOW, sure=sure).outdated
    other.join()
    assert set(ledger.snapshot().words) == {WORD.post_id}


def test_being_made_ready_changes_nothing(ledger: Ledger) -> None:
    ledger.record(WriteBatch(entries=(ENTRY,), new_accounts=(state(),), changes=added(DELIVERY)), now=NOW)
    before = ledger.snapshot()
    ledger.make_ready()
    assert ledger.snapshot() == before
