"""The ledger's contract: recording. Changes: test_ledger_changes.py; leases: test_ledger_leases.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
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
    AccountView,
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
    NoteKind,
    NotesChange,
    Occasion,
    Override,
    OverrideKind,
    OverridesSeen,
    Picture,
    PictureFault,
    Poll,
    QuotePolicy,
    Reason,
    ReasonCode,
    Visibility,
    WriteBatch,
    WriteResult,
)
from bot.domain.clock import ManualClock
from bot.domain.deliveries import newer_id
from bot.domain.errors import LedgerError
from bot.domain.reasons import text_reason
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
    fault=PictureFault.UNUSABLE,
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
            hold = Hold.OPERATOR if value is DeliveryState.HELD else None
            delivery = make_delivery(state=value, hold=hold, intended_at=TIME)
    ledger.record(WriteBatch(changes=added(delivery)), now=NOW)
    assert ledger.snapshot().deliveries.get(delivery.key) == replace(delivery, sequence=1)


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
    batch = WriteBatch(
        entries=(make_entry(),), changes=added(make_delivery(), make_delivery("cfp")), new_accounts=(state(),)
    )
    assert ledger.record(batch, now=NOW).refused == ()
    once = ledger.snapshot()
    assert ledger.record(batch, now=NOW).refused == batch.changes
    assert ledger.snapshot() == once
    assert [delivery.sequence for delivery in once.deliveries.values()] == [1, 2]


def test_an_entry_that_is_there_is_replaced(ledger: Ledger, make_entry: Callable[..., Entry]) -> None:
    ledger.record(WriteBatch(entries=(make_entry(), make_entry("cfp"))), now=NOW)
    changed = replace(make_entry(), title="Other", slug="renamed", revision=1)
    ledger.record(WriteBatch(entries=(changed,)), now=NOW)
    assert ledger.snapshot().entries[changed.post_id] == changed
    assert len(ledger.snapshot().entries) == 2


def test_one_recording_may_hold_everything(
    ledger: Ledger, make_entry: Callable[..., Entry], make_delivery: Callable[..., Delivery]
) -> None:
    ledger.record(WriteBatch(changes=added(make_delivery("old"))), now=NOW)
    (old,) = ledger.account_view(ACCOUNT).open
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
    lease = ledger.acquire_lease(ACCOUNT, owner="me", duration=SECOND)
    can = Capabilities(edits=False, visibilities=(Visibility.PUBLIC,), dialect=Dialect(graphemes=False))
    facts = AccountFacts(address=ACCOUNT, account_id="1", limits=Limits(characters=11, pictures=2), capabilities=can)
    ledger.note_account(lease, facts=facts, last_status_id="5", now=NOW)
    ledger.record(WriteBatch(new_accounts=(state(joined_at=None),)), now=NOW)
    assert ledger.account_view(ACCOUNT).account == state(joined_at=TIME, facts=facts, last_status_id="5")


def test_an_account_that_was_never_recorded_is_owed_nothing_and_has_no_lease(ledger: Ledger) -> None:
    assert ledger.account_view(ACCOUNT) == AccountView(account=state())
    with pytest.raises(LedgerError, match=ACCOUNT):
        ledger.acquire_lease(ACCOUNT, owner="me", duration=SECOND)


def test_open_deliveries_are_the_accounts_own_in_the_order_of_due_and_sequence(
    ledger: Ledger, make_delivery: Callable[..., Delivery]
) -> None:
    rows = (
        make_delivery("later", due=TIME + 2 * SECOND),
        make_delivery("twin-a", due=TIME + SECOND),
        make_delivery("twin-b", due=TIME + SECOND),
        make_delivery("first", due=TIME, state=DeliveryState.SENDING, intended_at=NOW),
        make_delivery("held", due=TIME, state=DeliveryState.HELD, hold=Hold.BURST_LIMIT),
        make_delivery("sent", due=TIME, state=DeliveryState.SENT),
        make_delivery("elsewhere", account="other@example.social", due=TIME),
    )
    ledger.record(WriteBatch(changes=added(*rows)), now=NOW)
    assert [d.slug for d in ledger.account_view(ACCOUNT).open] == ["first", "twin-a", "twin-b", "later"]
    assert ledger.account_view("nobody@example.social").open == ()


def test_known_status_ids_are_the_accounts_own(ledger: Ledger, make_delivery: Callable[..., Delivery]) -> None:
    rows = (
        make_delivery("a", state=DeliveryState.SENT, status_id="1"),
        make_delivery("b", state=DeliveryState.SENT, status_id="2"),
        make_delivery("c"),
        make_delivery("d", account="other@example.social", state=DeliveryState.SENT, status_id="3"),
    )
    ledger.record(WriteBatch(changes=added(*rows)), now=NOW)
    assert ledger.snapshot().status_ids(ACCOUNT) == {"1", "2"}


def test_notes_of_a_kind_are_changed_and_taken_out_by_their_keys(ledger: Ledger) -> None:
    for changes in ({"a": "1", "b": "1"}, {"b": "2 ü"}, {"a": None, "gone": None, "c": ""}):
        ledger.record(WriteBatch(notes=NotesChange(kind=NoteKind.DEPLOYED, changes=changes)), now=NOW)
    ledger.record(WriteBatch(notes=NotesChange(kind=NoteKind.PINGED, changes={"b": "other"})), now=NOW)
    assert ledger.notes(NoteKind.DEPLOYED) == {"b": "2 ü", "c": ""}
    assert ledger.notes(NoteKind.PINGED) == {"b": "other"}
    assert ledger.notes(NoteKind.ALERT) == {}


@pytest.mark.parametrize("kind", NoteKind)
def test_notes_of_every_kind_come_with_their_line_of_history(ledger: Ledger, kind: NoteKind) -> None:
    event = Event(at=NOW, kind=EventKind.PINGED, detail="d")
    ledger.record(WriteBatch(notes=NotesChange(kind=kind, changes={"k": "v"}), events=(event,)), now=NOW)
    assert (ledger.notes(kind), ledger.events(limit=9)) == ({"k": "v"}, (event,))


@pytest.mark.parametrize("meanwhile", [{"a": "2"}, {"a": None}, {"b": "1"}])
def test_notes_that_another_has_changed_meanwhile_are_left_alone(
    ledger: Ledger, meanwhile: dict[str, str | None]
) -> None:
    def change(known: Mapping[str, str] | None, changes: dict[str, str | None]) -> WriteResult:
        notes = NotesChange(kind=NoteKind.PROBLEM, changes=changes, known=known)
        event = Event(at=NOW, kind=EventKind.PROBLEM, detail="a")
        return ledger.record(WriteBatch(notes=notes, events=(event,), paused="amy"), now=NOW)

    assert not change({}, {"a": "1"}).outdated
    known, history = ledger.notes(NoteKind.PROBLEM), ledger.events(limit=9)
    ledger.record(WriteBatch(notes=NotesChange(kind=NoteKind.PROBLEM, changes=meanwhile), paused=""), now=NOW)
    before = ledger.notes(NoteKind.PROBLEM)
    assert change(known, {"a": None, "c": "1"}) == WriteResult(outdated=True)
    assert (ledger.notes(NoteKind.PROBLEM), ledger.events(limit=9)) == (before, history)
    assert ledger.snapshot().paused == ""
    assert not change(before, {"a": None, "c": "1"}).outdated


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
    lease = ledger.acquire_lease(ACCOUNT, owner="me", duration=SECOND)
    (due,) = ledger.account_view(ACCOUNT).open
    ledger.note_account(lease, last_status_id="1", now=NOW + 1 * SECOND)
    assert newest() == NOW + 1 * SECOND
    ledger.note_account(lease, blocked=Reason(code=ReasonCode.ACCOUNT_BLOCKED, text="x"), now=NOW + 2 * SECOND)
    assert newest() == NOW + 2 * SECOND
    ledger.write_intent(lease, due, after_id="1", now=NOW + 3 * SECOND)
    assert newest() == NOW + 3 * SECOND
    ledger.settle(lease, replace(due, state=DeliveryState.SENT), event=None, now=NOW + 4 * SECOND)
    assert newest() == NOW + 4 * SECOND
    ledger.record(WriteBatch(notes=NotesChange(kind=NoteKind.PROBLEM, changes={"p": ""})), now=NOW + 5 * SECOND)
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


WORD = Override(post_id="id/ü", kind=OverrideKind.HOLD, who="amy", at=TIME)


@pytest.mark.parametrize("meanwhile", [WriteBatch(overrides=(WORD,)), WriteBatch(paused="amy")], ids=["word", "pause"])
def test_a_plan_that_has_not_heard_a_persons_latest_word_is_not_written(ledger: Ledger, meanwhile: WriteBatch) -> None:
    event = Event(at=NOW, kind=EventKind.RELEASED, slug="ü")
    plan = WriteBatch(entries=(ENTRY,), changes=added(DELIVERY), events=(event,), overrides_seen=OverridesSeen())
    ledger.record(meanwhile, now=NOW)
    before, history = ledger.snapshot(), ledger.events(limit=9)
    recorded = ledger.record(plan, now=NOW)
    assert (recorded.outdated, recorded.refused, recorded.events) == (True, (), ())
    assert (ledger.snapshot(), ledger.events(limit=9)) == (before, history)
    seen = OverridesSeen(overrides=before.overrides, paused=before.paused)
    assert not ledger.record(replace(plan, overrides_seen=seen), now=NOW).outdated
    assert ledger.snapshot().entries == {ENTRY.post_id: ENTRY}


def released() -> WriteBatch:
    event = Event(at=NOW, kind=EventKind.RELEASED, slug="ü")
    return WriteBatch(
        entries=(ENTRY,),
        changes=added(DELIVERY),
        new_accounts=(state(),),
        events=(event,),
        overrides_seen=OverridesSeen(),
    )


def test_what_was_prepared_is_seen_once_it_is_committed(ledger: Ledger) -> None:
    before, history = ledger.snapshot(), ledger.events(limit=9)
    with ledger.prepare(released(), now=NOW) as pending:
        assert pending.result == WriteResult(events=released().events)
        with ThreadPoolExecutor(1) as another:
            assert another.submit(ledger.snapshot).result() == before
            assert another.submit(ledger.events, limit=9).result() == history
        pending.commit()
    after = ledger.snapshot()
    assert (after.entries, set(after.deliveries), set(after.accounts)) == (
        {ENTRY.post_id: ENTRY},
        {DELIVERY.key},
        {ACCOUNT},
    )
    assert ledger.events(limit=9) == released().events


@pytest.mark.parametrize("durable", [True, False])
def test_a_commit_counts_from_its_return_on_whether_it_waits_for_the_disk_or_not(ledger: Ledger, durable: bool) -> None:
    with ledger.prepare(released(), now=NOW) as pending:
        pending.commit(durable=durable)
        assert ledger.snapshot().entries == {ENTRY.post_id: ENTRY}
        ledger.record(WriteBatch(overrides=(WORD,)), now=NOW)
    assert set(ledger.snapshot().overrides) == {WORD.post_id}
    ledger.flush()
    assert ledger.snapshot().entries == {ENTRY.post_id: ENTRY}


@pytest.mark.parametrize("error", [None, KeyboardInterrupt(), ValueError("of the caller")])
def test_what_was_prepared_and_not_committed_was_never_there(ledger: Ledger, error: BaseException | None) -> None:
    before, history = ledger.snapshot(), ledger.events(limit=9)
    with nullcontext() if error is None else pytest.raises(type(error)), ledger.prepare(released(), now=NOW):
        if error is not None:
            raise error
    assert (ledger.snapshot(), ledger.events(limit=9)) == (before, history)
    assert not ledger.record(released(), now=NOW).outdated
    assert ledger.snapshot().entries == {ENTRY.post_id: ENTRY}


def test_what_is_outdated_is_not_committed(ledger: Ledger) -> None:
    ledger.record(WriteBatch(overrides=(WORD,)), now=NOW)
    before, history = ledger.snapshot(), ledger.events(limit=9)
    with ledger.prepare(released(), now=NOW) as pending:
        assert pending.result == WriteResult(outdated=True)
        pending.commit()
    assert (ledger.snapshot(), ledger.events(limit=9)) == (before, history)


def test_nobody_else_writes_between_preparing_and_committing(ledger: Ledger) -> None:
    spoke = Signal()

    def propose_override() -> None:
        ledger.record(WriteBatch(overrides=(WORD,)), now=NOW)
        spoke.set()

    other = Thread(target=propose_override)
    with ledger.prepare(released(), now=NOW) as pending:
        other.start()
        assert not spoke.wait(0.2)
        assert not pending.result.outdated
        pending.commit()
    other.join()
    assert set(ledger.snapshot().overrides) == {WORD.post_id}


def test_an_account_view_holds_what_its_open_deliveries_are_about(
    ledger: Ledger, make_delivery: Callable[..., Delivery]
) -> None:
    """The toot that an edit changes, the earlier parts of a thread; not the deliveries of completed posts."""
    sent: dict[str, Any] = {"state": DeliveryState.SENT, "status_id": "1"}
    toot = make_delivery("edited")
    edit = replace(toot, key=replace(toot.key, occasion=Occasion.edit(1)), action=Action.EDIT)
    rows = (
        make_delivery("edited", **sent),
        edit,
        make_delivery("done", **sent),
        make_delivery("edited", account="other@example.social"),
    )
    ledger.record(WriteBatch(changes=added(*rows), paused="amy"), now=NOW)
    view = ledger.account_view(ACCOUNT)
    known = ledger.snapshot().deliveries
    assert view.deliveries == {row.key: known[row.key] for row in rows[:2]}
    assert view.open == (known[rows[1].key],)
    assert (view.account, view.paused) == (AccountState(address=ACCOUNT, joined_at=None), "amy")
