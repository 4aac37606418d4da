"""The tables: made whole or not at all, and a ledger that commit 37b060a wrote comes to them with all that it holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bot.domain import Delivery, DeliveryState, Entry, Event, EventKind, NoteKind, Snapshot, WriteBatch
from bot.domain.clock import ManualClock
from bot.domain.errors import LedgerError
from bot.integrations.alerts.batch import note_alerts
from bot.ledger import schema
from bot.ledger.schema import OLDEST_VERSION, VERSION, bring_up_to_date
from bot.ledger.sqlite import SqliteLedger
from tests.support.old_ledger import (
    ACCOUNTS,
    DELIVERIES,
    DEPLOYED,
    ENTRIES,
    EVENTS,
    KIDS,
    MAIN,
    NOW,
    OLD_FEED,
    PAUSED,
    PICTURES,
    PINGED,
    PROBLEM,
    UPCOMING,
    WAITING,
    WORDS,
)

Kind = TypeVar("Kind", bound=sqlite3.Connection)

FIXTURE = Path(__file__).parent / "fixtures" / "ledger_of_37b060a.sql"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The kept ledger, as a file."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(FIXTURE.read_text(encoding="utf-8"))
    return path


def opened(path: Path) -> SqliteLedger:
    return SqliteLedger(path, ManualClock(NOW))


def connected(path: Path) -> sqlite3.Connection:
    return connected_by(sqlite3.Connection, path)


def connected_by(factory: type[Kind], path: Path) -> Kind:
    connection = sqlite3.connect(path, isolation_level=None, factory=factory)
    connection.row_factory = sqlite3.Row
    return connection


def dumped(path: Path) -> tuple[int, list[str]]:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0]), list(db.iterdump())


def shape(path: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name").fetchall()


def test_the_kept_ledger_is_of_the_oldest_version_and_has_rows_in_every_table(old: Path) -> None:
    assert dumped(old)[0] == OLDEST_VERSION
    with closing(sqlite3.connect(old)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        assert len(tables) > 16
        assert [name for name in tables if not db.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone()] == []


def test_it_opens_with_everything_in_it(old: Path) -> None:
    ledger = opened(old)
    assert ledger.snapshot() == Snapshot(
        entries={entry.post_id: entry for entry in ENTRIES},
        accounts={account.address: account for account in ACCOUNTS},
        deliveries={delivery.key: delivery for delivery in DELIVERIES},
        newest=NOW,
        overrides={word.post_id: word for word in WORDS},
        upcoming={post.post_id: post for post in UPCOMING},
        paused=PAUSED,
        old_entries={entry.feed_id: entry for entry in OLD_FEED.entries},
        old_feeds=frozenset([OLD_FEED.source]),
        pictures={picture.url: picture for picture in PICTURES},
        waiting={waiting.post_id: waiting for waiting in WAITING},
    )
    assert list(ledger.snapshot().entries) == [entry.post_id for entry in ENTRIES]
    assert ledger.notes(NoteKind.DEPLOYED) == DEPLOYED
    assert ledger.notes(NoteKind.PINGED) == PINGED
    assert ledger.notes(NoteKind.PROBLEM).keys() == {PROBLEM}
    assert ledger.events(limit=99) == EVENTS
    ledger.close()
    assert dumped(old)[0] == VERSION


def test_what_people_were_told_is_not_told_again(old: Path) -> None:
    ledger = opened(old)
    causes = {"file posts/broken.md": PROBLEM}
    assert note_alerts(ledger, causes, quiet=timedelta(hours=1), now=NOW) == (frozenset(), ())
    assert note_alerts(ledger, {}, quiet=timedelta(hours=1), now=NOW) == (frozenset(), (PROBLEM,))
    ledger.close()


def test_an_alert_whose_key_was_another_is_not_told_again(old: Path) -> None:
    ledger = opened(old)
    quiet = timedelta(hours=1)
    for _ in range(2):
        assert note_alerts(ledger, {"file posts/a.md": PROBLEM}, quiet=quiet, now=NOW) == (frozenset(), ())
    other = {"file posts/b.md": PROBLEM}
    assert note_alerts(ledger, other, quiet=quiet, now=NOW) == (frozenset(other), (PROBLEM,))
    ledger.close()


def test_alerts_with_equal_texts_are_not_told_again(old: Path) -> None:
    quiet = timedelta(hours=1)
    with closing(connected(old)) as db:
        db.execute("INSERT INTO told SELECT cause || ' 2', what, at, there FROM told WHERE what = ?", (PROBLEM,))
    ledger = opened(old)
    causes = dict.fromkeys(("file 1", "file 2"), PROBLEM)
    for _ in range(2):
        assert note_alerts(ledger, causes, quiet=quiet, now=NOW) == (frozenset(), ())
    ledger.close()


def test_leases_and_fences_stay_as_they_were(old: Path) -> None:
    with closing(connected(old)) as db:
        before = [tuple(row) for row in db.execute("SELECT * FROM account ORDER BY address")]
    opened(old).close()
    with closing(connected(old)) as db:
        assert [tuple(row) for row in db.execute("SELECT * FROM account ORDER BY address")] == before
        assert {row["address"]: row["fence"] for row in db.execute("SELECT * FROM account")} == {MAIN: 1, KIDS: 1}


def test_it_comes_to_the_same_tables_as_a_new_one(old: Path, tmp_path: Path) -> None:
    opened(tmp_path / "new.db").close()
    opened(old).close()
    assert shape(old) == shape(tmp_path / "new.db")


def test_numbers_that_were_given_are_not_given_again(old: Path, make_delivery: Callable[..., Delivery]) -> None:
    """Also those of deliveries that were taken out since."""
    with closing(connected(old)) as db:
        db.execute("UPDATE sqlite_sequence SET seq = 40 WHERE name = 'delivery'")
        db.execute("UPDATE sqlite_sequence SET seq = 70 WHERE name = 'event'")
    ledger = opened(old)
    with ledger._file.writing() as db:
        db.execute(
            "INSERT INTO delivery SELECT NULL, 'new', account, occasion, slug, due, action, state, hold, reason, "
            "announcement, attempts, generation, after_id, intended_at, intended_mark, first_tried_at, not_before, "
            "status_id, status_url, settled_at, ordered_by, is_foreign FROM delivery LIMIT 1"
        )
        assert db.execute("SELECT max(sequence) FROM delivery").fetchone()[0] == 41
    ledger.record(WriteBatch(events=(Event(at=NOW, kind=EventKind.PAUSED),)), now=NOW)
    with ledger._file.reading() as db:
        assert db.execute("SELECT max(sequence) FROM event").fetchone()[0] == 71
    ledger.close()


def test_work_goes_on_in_it(old: Path, make_entry: Callable[..., Entry]) -> None:
    clock = ManualClock(NOW)
    ledger = SqliteLedger(old, clock)
    entry, word = make_entry("new"), replace(WORDS[0], who="cleo")
    changed = replace(ENTRIES[0], title="Tickets are gone", revision=2)
    event = Event(at=NOW, kind=EventKind.FETCHED)
    ledger.record(WriteBatch(entries=(entry, changed), overrides=(word,), paused="", events=(event,)), now=NOW)
    after = ledger.snapshot()
    assert (after.entries[entry.post_id], after.entries[changed.post_id]) == (entry, changed)
    assert ledger.events(limit=1) == (event,)
    clock.advance(timedelta(hours=1))
    lease = ledger.acquire_lease(MAIN, owner="next", duration=timedelta(minutes=1))
    due = next(delivery for delivery in ledger.account_view(MAIN).open if delivery.state is DeliveryState.DUE)
    assert ledger.write_intent(lease, due, after_id="12", now=NOW)
    ledger.close()


@pytest.mark.parametrize("version", range(1, OLDEST_VERSION))
def test_one_of_a_version_before_is_refused_with_a_remedy_and_unchanged(old: Path, version: int) -> None:
    with closing(connected(old)) as db:
        db.execute(f"PRAGMA user_version = {version}")
    before = dumped(old)
    with pytest.raises(LedgerError, match=f"schema {version}") as caught:
        opened(old)
    assert "announce adopt" in caught.value.remedy
    assert dumped(old) == before


@pytest.mark.parametrize("broken", ["this is no SQL;", "INSERT INTO nowhere VALUES (1);", "CREATE TABLE event (a);"])
@pytest.mark.parametrize("is_old", [True, False])
def test_what_fails_half_way_leaves_the_file_as_it_was(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, is_old: bool
) -> None:
    path = old if is_old else tmp_path / "new.db"
    before = dumped(path)
    monkeypatch.setattr(schema, "SCHEMA", f"{schema.SCHEMA}\n{broken}\n")
    with closing(connected(path)) as db:
        with pytest.raises(sqlite3.Error):
            bring_up_to_date(db)
        assert not db.in_transaction
    assert dumped(path) == before


@pytest.mark.parametrize("is_old", [True, False])
def test_what_another_process_did_meanwhile_is_not_done_twice(old: Path, tmp_path: Path, is_old: bool) -> None:
    path = old if is_old else tmp_path / "new.db"

    class Slow(sqlite3.Connection):
        """Another process is done just before this one begins its transaction."""

        overtaken = False

        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
            if sql.startswith("BEGIN") and not self.overtaken:
                self.overtaken = True
                with closing(connected(path)) as other:
                    bring_up_to_date(other)
            return super().execute(sql, *args)

    with closing(connected_by(Slow, path)) as db:
        bring_up_to_date(db)
        assert db.overtaken
        assert db.execute("SELECT count(*) FROM meta").fetchone()[0] == 1
    assert dumped(path)[0] == VERSION
