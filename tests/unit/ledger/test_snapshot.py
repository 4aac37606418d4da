"""A snapshot reads only what was written since the last one, and is right whoever wrote it, and in whichever thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import CompareAndSet, Delivery, Entry, Upcoming, WriteBatch
from bot.domain.clock import ManualClock
from bot.ledger import codec
from bot.ledger.snapshot import EntryCache, RowCache
from bot.ledger.sqlite import SqliteLedger

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[SqliteLedger]:
    made = SqliteLedger(path, ManualClock(NOW))
    yield made
    made.close()


def record(ledger: SqliteLedger, *entries: Entry) -> None:
    ledger.record(WriteBatch(entries=entries), now=NOW)


def test_entries_that_were_not_written_are_the_same_objects(
    ledger: SqliteLedger, make_entry: Callable[..., Entry]
) -> None:
    one, other = make_entry("one"), make_entry("other")
    record(ledger, one, other)
    before = ledger.snapshot().entries
    record(ledger, replace(other, title="New"))
    after = ledger.snapshot().entries
    assert list(after) == list(before) == [one.post_id, other.post_id]
    assert after[one.post_id] is before[one.post_id]
    assert after[other.post_id].title == "New"
    assert before[other.post_id] == other


def test_what_another_process_writes_is_seen(
    path: Path, ledger: SqliteLedger, make_entry: Callable[..., Entry]
) -> None:
    record(ledger, make_entry("one"))
    ledger.snapshot()
    with closing(SqliteLedger(path, ManualClock(NOW))) as other:
        record(other, make_entry("one", title="New"), make_entry("two"))
    assert {entry.slug: entry.title for entry in ledger.snapshot().entries.values()} == {
        "one": "New",
        "two": "About two",
    }


@pytest.mark.parametrize("written", ["INSERT", "UPDATE", "DELETE"])
def test_what_is_written_past_this_program_is_seen(
    path: Path, ledger: SqliteLedger, make_entry: Callable[..., Entry], written: str
) -> None:
    record(ledger, make_entry("one"), make_entry("two"))
    ledger.snapshot()
    three = codec.entry_to_json(make_entry("three"))
    with closing(sqlite3.connect(path)) as db, db:
        if written == "INSERT":
            db.execute(
                "INSERT INTO entry (post_id, slug, published, released_at, document) VALUES ('3', '3', '', '', ?)",
                (three,),
            )
        elif written == "UPDATE":
            db.execute("UPDATE entry SET document = ? WHERE slug = 'two'", (three,))
        else:
            db.execute("DELETE FROM entry WHERE slug = 'one'")
    slugs = {"INSERT": ["one", "two", "three"], "UPDATE": ["one", "three"], "DELETE": ["two"]}
    assert [entry.slug for entry in ledger.snapshot().entries.values()] == slugs[written]


@pytest.mark.parametrize("before", [["one"], ["one", "two"]])
def test_the_number_of_an_entry_that_was_taken_out_by_hand_is_not_given_again(
    path: Path, ledger: SqliteLedger, make_entry: Callable[..., Entry], before: list[str]
) -> None:
    record(ledger, *map(make_entry, before))
    ledger.snapshot()
    with closing(SqliteLedger(path, ManualClock(NOW))) as other, closing(sqlite3.connect(path)) as db:
        with db:
            db.execute("DELETE FROM entry WHERE slug = ?", (before[-1],))
        record(other, make_entry("new"))
    assert [entry.slug for entry in ledger.snapshot().entries.values()] == [*before[:-1], "new"]


def test_a_snapshot_is_of_its_own_transaction_whatever_another_thread_has_read(
    path: Path, ledger: SqliteLedger, make_entry: Callable[..., Entry]
) -> None:
    record(ledger, make_entry("one"))
    known = EntryCache()
    with closing(sqlite3.connect(path, isolation_level=None)) as early, closing(sqlite3.connect(path)) as late:
        early.row_factory = late.row_factory = sqlite3.Row
        early.execute("BEGIN")
        assert [entry.slug for entry in known.all(early).values()] == ["one"]
        record(ledger, make_entry("one", title="New"), make_entry("two"))
        assert [entry.title for entry in known.all(late).values()] == ["New", "About two"]
        assert [entry.title for entry in known.all(early).values()] == ["About one"]
        assert [entry.title for entry in known.all(late).values()] == ["New", "About two"]


writes = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4), st.integers(0, 9), st.booleans()), max_size=12)


@settings(max_examples=25)
@given(writes)
def test_two_processes_see_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    make_entry: Callable[..., Entry],
    course: list[tuple[int, int, int, bool]],
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    with closing(SqliteLedger(path, ManualClock(NOW))) as one, closing(SqliteLedger(path, ManualClock(NOW))) as other:
        expected: dict[str, Entry] = {}
        for who, number, words, look in course:
            entry = make_entry(f"n{number}", title=f"words {words}")
            expected[entry.post_id] = entry
            record((one, other)[who], entry)
            if look:
                assert (one, other)[who].snapshot().entries == expected
        assert list(one.snapshot().entries.items()) == list(expected.items())
        assert one.snapshot() == other.snapshot()


def test_threads_may_look_at_once(ledger: SqliteLedger, make_entry: Callable[..., Entry]) -> None:
    def write_and_look(number: int) -> bool:
        entry = make_entry(f"n{number}")
        record(ledger, entry)
        return ledger.snapshot().entries[entry.post_id] == entry

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(write_and_look, range(40)))
    assert len(ledger.snapshot().entries) == 40


def test_deliveries_and_upcoming_posts_are_understood_once(
    ledger: SqliteLedger, make_delivery: Callable[..., Delivery]
) -> None:
    due = make_delivery()
    upcoming = {name: Upcoming(post_id=name, slug=name, due=NOW) for name in ("a", "b")}
    ledger.record(WriteBatch(changes=(CompareAndSet(known=None, wanted=due),), upcoming=upcoming), now=NOW)
    before = ledger.snapshot()
    upcoming["b"] = replace(upcoming["b"], due=NOW + timedelta(days=1))
    ledger.record(WriteBatch(upcoming=upcoming), now=NOW)
    after = ledger.snapshot()
    assert after.upcoming == upcoming
    assert after.upcoming["a"] is before.upcoming["a"]
    assert after.deliveries[due.key] is before.deliveries[due.key]


def test_a_row_is_understood_once_until_it_is_gone() -> None:
    understood: list[int] = []

    def understand(row: sqlite3.Row) -> str:
        understood.append(row[0])
        return str(row[0])

    rows = RowCache(understand)
    with closing(sqlite3.connect(":memory:")) as db:
        db.row_factory = sqlite3.Row
        found = [rows.all(db.execute("SELECT ?", (number,))) for number in (1, 1, 2, 1)]
    assert found == [["1"], ["1"], ["2"], ["1"]]
    assert understood == [1, 2, 1]
