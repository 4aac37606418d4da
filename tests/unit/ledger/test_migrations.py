"""Every older ledger opens: one of each schema version is kept as text, and none of its rows is lost or changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain import Entry, Event, EventKind, Snapshot, WriteBatch
from bot.domain.clock import ManualClock
from bot.domain.errors import LedgerError
from bot.ledger.schema import MIGRATIONS, Migration
from bot.ledger.sqlite import SqliteLedger
from bot.ledger.sqlite_file import migrate
from tests.support.old_ledger import (
    ACCOUNTS,
    DELIVERIES,
    DEPLOYED,
    ENTRIES,
    EVENTS,
    NOW,
    OLD_FEED,
    PAUSED,
    PICTURES,
    PINGED,
    UPCOMING,
    WAITING,
    WORDS,
)

FIXTURES = Path(__file__).parent / "fixtures"
WITH_OLD_FEEDS = 4  #: the first version that knows of old feeds and of pings
WITH_PICTURES = 5  #: the first version that knows of pictures on other hosts
WITH_PAGES = 6  #: the first one that knows of pages that are waited for, and of the deploy hook
LATER = {"pinged", "deploy hook called"}  #: events of those
VERSIONS = range(1, len(MIGRATIONS) + 1)


def fixture(version: int) -> Path:
    return FIXTURES / f"ledger_v{version}.sql"


def restored(version: int, path: Path) -> Path:
    """The kept ledger of a version, as a file."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(fixture(version).read_text(encoding="utf-8"))
    return path


def dumped(path: Path) -> tuple[int, list[str]]:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0]), list(db.iterdump())


def shape(path: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name").fetchall()


def test_each_version_has_its_fixture() -> None:
    """Whoever adds a migration keeps a ledger of the new version, with a few rows of everything."""
    assert sorted(path.name for path in FIXTURES.glob("*.sql")) == sorted(fixture(n).name for n in VERSIONS)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_fixture_is_of_its_version_and_has_rows_of_everything(tmp_path: Path, version: int) -> None:
    path = restored(version, tmp_path / "ledger.db")
    assert dumped(path)[0] == version
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        assert [name for name in tables if not db.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone()] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_ledger_of_an_older_version_opens_with_everything_in_it(tmp_path: Path, version: int) -> None:
    path = restored(version, tmp_path / "ledger.db")
    ledger = SqliteLedger(path, ManualClock(NOW))
    assert ledger.snapshot() == Snapshot(
        entries={entry.post_id: entry for entry in ENTRIES},
        accounts={account.address: account for account in ACCOUNTS},
        deliveries={delivery.key: delivery for delivery in DELIVERIES},
        newest=NOW,
        words={word.post_id: word for word in WORDS},
        upcoming={post.post_id: post for post in UPCOMING},
        paused=PAUSED,
        old_entries={old.feed_id: old for old in OLD_FEED.entries} if version >= WITH_OLD_FEEDS else {},
        old_feeds=frozenset([OLD_FEED.source]) if version >= WITH_OLD_FEEDS else frozenset(),
        pictures={picture.url: picture for picture in PICTURES} if version >= WITH_PICTURES else {},
        waiting={waiting.post_id: waiting for waiting in WAITING} if version >= WITH_PAGES else {},
    )
    assert ledger.deployed() == (DEPLOYED if version >= WITH_PAGES else {})
    assert ledger.pinged() == (PINGED if version >= WITH_OLD_FEEDS else {})
    assert tuple(event for event in ledger.events(limit=99) if event.kind.value not in LATER) == EVENTS
    ledger.close()
    assert dumped(path)[0] == len(MIGRATIONS)


@pytest.mark.parametrize("version", VERSIONS)
def test_problems_and_what_was_told_are_known_still(tmp_path: Path, version: int) -> None:
    ledger = SqliteLedger(restored(version, tmp_path / "ledger.db"), ManualClock(NOW))
    broken = "posts/broken.md:3: title: is missing."
    assert ledger.note_problems(frozenset([broken]), now=NOW) == (frozenset(), frozenset())
    told = ledger.record_alerts({"file posts/broken.md": broken}, quiet=timedelta(hours=1), now=NOW)
    assert told == (frozenset(), ())
    ledger.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_ledger_comes_to_the_same_tables_as_a_new_one(tmp_path: Path, version: int) -> None:
    SqliteLedger(tmp_path / "new.db", ManualClock(NOW)).close()
    old = restored(version, tmp_path / "old.db")
    SqliteLedger(old, ManualClock(NOW)).close()
    assert shape(old) == shape(tmp_path / "new.db")


@pytest.mark.parametrize("version", VERSIONS)
def test_work_goes_on_in_an_older_ledger(tmp_path: Path, version: int, make_entry: Callable[..., Entry]) -> None:
    ledger = SqliteLedger(restored(version, tmp_path / "ledger.db"), ManualClock(NOW))
    entry, word = make_entry("new"), replace(WORDS[0], who="cleo")
    changed = replace(ENTRIES[0], title="Tickets are gone", revision=2)
    ledger.record(
        WriteBatch(entries=(entry, changed), words=(word,), events=(Event(at=NOW, kind=EventKind.PROBLEM),)), now=NOW
    )
    after = ledger.snapshot()
    assert (after.entries[entry.post_id], after.entries[changed.post_id]) == (entry, changed)
    assert ledger.events(limit=1) == (Event(at=NOW, kind=EventKind.PROBLEM),)
    ledger.close()


def _fails(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE half (one TEXT)")
    db.execute("DELETE FROM entry")
    raise ValueError("a row that it cannot read")


FAILING: Sequence[Migration] = (
    _fails,
    "CREATE TABLE half (one TEXT);\nDELETE FROM entry;\nINSERT INTO nowhere VALUES (1);\n",
    "CREATE TABLE half (one TEXT);\nDROP TABLE entry;\nthis is no SQL;\n",
)


@pytest.mark.parametrize("failing", FAILING)
def test_a_migration_that_fails_half_way_leaves_the_file_as_it_was(tmp_path: Path, failing: Migration) -> None:
    path = restored(1, tmp_path / "ledger.db")
    before = dumped(path)
    with closing(connected(path)) as db:
        with pytest.raises((sqlite3.Error, ValueError)):
            migrate(db, (MIGRATIONS[0], failing))
        assert not db.in_transaction
    assert dumped(path) == before


def test_the_steps_before_the_one_that_fails_are_kept(tmp_path: Path) -> None:
    path = restored(1, tmp_path / "ledger.db")
    with closing(connected(path)) as db, pytest.raises(sqlite3.Error):
        migrate(db, (MIGRATIONS[0], "CREATE TABLE more (one TEXT);", FAILING[1]))
    version, text = dumped(path)
    assert version == 2
    assert any("more" in line for line in text)
    assert not any("half" in line for line in text)


def test_a_step_that_another_process_took_meanwhile_is_not_taken_twice(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    add: Migration = "CREATE TABLE IF NOT EXISTS tally (one TEXT);\nINSERT INTO tally VALUES ('once');\n"

    def first(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE IF NOT EXISTS memory (one TEXT)")

    class Slow(sqlite3.Connection):
        """Another process finishes the migration just before this one begins its transaction."""

        overtaken = False

        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
            if sql.startswith("BEGIN") and not self.overtaken:
                self.overtaken = True
                with closing(connected(path)) as other:
                    migrate(other, (first, add))
            return super().execute(sql, *args)

    with closing(sqlite3.connect(path, isolation_level=None, factory=Slow)) as db:
        migrate(db, (first, add))
        assert db.execute("SELECT count(*) FROM tally").fetchone() == (1,)
        assert db.execute("PRAGMA user_version").fetchone() == (2,)


def test_a_ledger_of_a_newer_version_is_refused_with_a_remedy(tmp_path: Path) -> None:
    path = restored(1, tmp_path / "ledger.db")
    with closing(connected(path)) as db, pytest.raises(LedgerError, match="newer version") as caught:
        migrate(db, ())
    assert caught.value.remedy


def connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection
