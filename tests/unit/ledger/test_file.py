"""The file of the SQLite ledger: how it is made, what is refused, and what a killed process leaves."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain import AccountState, CompareAndSet, Delivery, DeliveryState, Entry, WriteBatch
from bot.domain.clock import ManualClock, SystemClock
from bot.domain.errors import DamagedLedgerError, LedgerError
from bot.ledger.schema import VERSION
from bot.ledger.sqlite import SqliteLedger

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)


def opened(path: Path) -> SqliteLedger:
    return SqliteLedger(path, ManualClock(NOW))


def pragma(path: Path, name: str) -> object:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_the_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "var" / "deep" / "ledger.db"
    opened(path).close()
    assert path.is_file()


def test_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = opened(path)
    ledger.record(WriteBatch(new_accounts=(AccountState(address="a@b.example", joined_at=None),)), now=NOW)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    ledger.close()
    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}


def test_a_commit_is_on_the_disk(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "ledger.db")
    connection = ledger._file.connection()
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
    ledger.close()


@pytest.mark.parametrize(("durable", "meanwhile"), [(True, 2), (False, 1)])
@pytest.mark.parametrize("fails", [False, True])
def test_what_need_not_be_flushed_is_not_and_all_else_is(
    tmp_path: Path, durable: bool, meanwhile: int, fails: bool
) -> None:
    ledger = opened(tmp_path / "ledger.db")
    connection = ledger._file.connection()
    seen = []
    with suppress(ZeroDivisionError), ledger._file.writing(durable=durable) as db:
        assert db is connection
        seen.append(db.execute("PRAGMA synchronous").fetchone()[0])
        1 / int(not fails)
    with ledger._file.writing() as db:
        seen.append(db.execute("PRAGMA synchronous").fetchone()[0])
    ledger.close()
    assert seen == [meanwhile, 2]


def commit_without_waiting(ledger: SqliteLedger, entry: Entry) -> None:
    with ledger.prepare(WriteBatch(entries=(entry,)), now=NOW) as pending:
        pending.commit(durable=False)


@pytest.mark.parametrize("durable", [True, False])
def test_a_commit_waits_for_the_disk_if_it_is_to_be_durable(
    tmp_path: Path, make_entry: Callable[..., Entry], monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    ledger, flushed = opened(tmp_path / "ledger.db"), list[int]()
    monkeypatch.setattr(os, "fsync", flushed.append)
    with ledger.prepare(WriteBatch(entries=(make_entry(),)), now=NOW) as pending:
        assert not flushed
        pending.commit(durable=durable)
    assert len(flushed) == durable
    ledger.close()


def test_what_is_urgent_leaves_it_to_others_to_tidy_up(tmp_path: Path, make_entry: Callable[..., Entry]) -> None:
    """Moving the log into the main file takes some ten milliseconds: not at the instant, nor before a request."""
    path = tmp_path / "ledger.db"
    ledger = opened(path)
    ledger.record(WriteBatch(new_accounts=(AccountState(address="a@b.example", joined_at=None),)), now=NOW)
    log, before = path.with_name("ledger.db-wal"), path.stat().st_size
    with ledger.prepare(WriteBatch(entries=(make_entry(html="x" * 5_000_000),)), now=NOW) as pending:
        pending.commit(durable=False)
    ledger.acquire_lease("a@b.example", owner="me", duration=timedelta(minutes=1))
    assert log.stat().st_size > 5_000_000
    assert path.stat().st_size == before
    ledger.record(WriteBatch(), now=NOW + timedelta(seconds=1))
    assert path.stat().st_size > 5_000_000
    ledger.close()


def test_what_is_not_flushed_is_there_for_others_at_once_and_after_a_kill(
    tmp_path: Path, make_entry: Callable[..., Entry]
) -> None:
    path = tmp_path / "ledger.db"
    killed, other = opened(path), opened(path)
    commit_without_waiting(killed, make_entry())
    assert len(other.snapshot().entries) == 1
    copy = tmp_path / "as it lies there"  # nothing was closed: what a killed process leaves
    copy.mkdir()
    for name in ("ledger.db", "ledger.db-wal"):
        (copy / name).write_bytes((tmp_path / name).read_bytes())
    again = opened(copy / "ledger.db")
    assert len(again.snapshot().entries) == 1
    for ledger in (killed, other, again):
        ledger.close()


def test_what_was_written_by_another_is_flushed_too_and_where_there_is_nothing_it_does_no_harm(
    tmp_path: Path, make_entry: Callable[..., Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.db"
    flushed: list[int] = []
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        flushed.append(os.fstat(descriptor).st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    one, other = opened(path), opened(path)
    commit_without_waiting(one, make_entry())
    other.flush()
    assert flushed == [path.with_name("ledger.db-wal").stat().st_size]
    one.close()
    other.close()  # the last one takes the file away
    one.flush()
    assert len(flushed) == 1


def test_the_schema_carries_its_number(tmp_path: Path) -> None:
    opened(tmp_path / "ledger.db").close()
    assert pragma(tmp_path / "ledger.db", "user_version") == VERSION


def test_what_was_recorded_is_there_after_opening_again(tmp_path: Path, make_entry: Callable[..., Entry]) -> None:
    path = tmp_path / "ledger.db"
    first = opened(path)
    first.record(WriteBatch(entries=(make_entry(),)), now=NOW)
    before = first.snapshot()
    first.close()
    again = opened(path)
    assert again.snapshot() == before
    again.close()


def test_a_ledger_of_a_newer_version_is_refused_and_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    opened(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(LedgerError) as caught:
        opened(path)
    assert "newer version" in caught.value.message
    assert f"schema {VERSION + 1}" in caught.value.message
    assert "Install that version again" in caught.value.remedy
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database, but a longer text " * 200, b"SQLite format 3\x00" + b"\xff" * 8000]
)
def test_a_file_that_is_no_ledger_is_named_and_unchanged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(LedgerError) as caught:
        opened(path)
    assert str(path) in caught.value.message
    assert caught.value.remedy
    assert path.read_bytes() == content


def test_a_damaged_page_is_an_error_and_no_guess(tmp_path: Path, make_entry: Callable[..., Entry]) -> None:
    path = tmp_path / "ledger.db"
    ledger = opened(path)
    ledger.record(WriteBatch(entries=tuple(make_entry(f"post-{n}", html="x" * 3000) for n in range(50))), now=NOW)
    ledger.close()
    data = bytearray(path.read_bytes())
    data[4096 * 2 :] = b"\xff" * (len(data) - 4096 * 2)
    path.write_bytes(data)
    with pytest.raises(DamagedLedgerError, match="is damaged"):
        opened(path)
    assert path.read_bytes() == data, "it is kept as it was found"


def test_a_record_that_cannot_be_read_is_an_error_that_does_not_repeat_it(
    tmp_path: Path, make_entry: Callable[..., Entry]
) -> None:
    path = tmp_path / "ledger.db"
    ledger = opened(path)
    ledger.record(WriteBatch(entries=(make_entry(),)), now=NOW)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("""UPDATE entry SET document = '{"title": "EMBARGOED"}'""")
    with pytest.raises(LedgerError, match="cannot read") as caught:
        ledger.snapshot()
    ledger.close()
    assert "EMBARGOED" not in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("where", ["a-file/ledger.db", "a-file/deeper/ledger.db", "a-folder"])
def test_an_unusable_place_is_named(tmp_path: Path, where: str) -> None:
    (tmp_path / "a-file").write_text("x")
    (tmp_path / "a-folder").mkdir()
    with pytest.raises(LedgerError) as caught:
        opened(tmp_path / where)
    assert str(tmp_path / where) in caught.value.message
    assert caught.value.remedy


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(LedgerError, match="cannot be made"):
        opened(closed / "ledger.db")


def test_a_full_disk_is_an_error_and_keeps_what_was_there(tmp_path: Path, make_entry: Callable[..., Entry]) -> None:
    ledger = opened(tmp_path / "ledger.db")
    ledger.record(WriteBatch(entries=(make_entry(),)), now=NOW)
    before = ledger.snapshot()
    pages = ledger._file.connection().execute("PRAGMA page_count").fetchone()[0]
    ledger._file.connection().execute(f"PRAGMA max_page_count = {pages}")
    many = tuple(make_entry(f"post-{number}", html="x" * 9000) for number in range(50))
    with pytest.raises(LedgerError, match="full"):
        ledger.record(WriteBatch(entries=many), now=NOW)
    assert ledger.snapshot() == before
    ledger.close()


def test_a_recording_that_fails_halfway_leaves_nothing(
    tmp_path: Path, make_entry: Callable[..., Entry], make_delivery: Callable[..., Delivery]
) -> None:
    ledger = opened(tmp_path / "ledger.db")
    before = ledger.snapshot()
    impossible = make_delivery(state=DeliveryState.SENDING)  # without the time of an intent
    changes = tuple(CompareAndSet(known=None, wanted=delivery) for delivery in (make_delivery("a"), impossible))
    with pytest.raises(sqlite3.IntegrityError):
        ledger.record(WriteBatch(entries=(make_entry(),), changes=changes, paused="amy"), now=NOW)
    assert ledger.snapshot() == before
    ledger.record(WriteBatch(entries=(make_entry(),)), now=NOW)
    assert len(ledger.snapshot().entries) == 1
    ledger.close()


def test_a_lock_that_is_never_let_go_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = opened(path)
    ledger._file.connection().execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="locked"):
            ledger.record(WriteBatch(), now=NOW)
        assert ledger.snapshot().newest is None  # looking needs no turn
    ledger.record(WriteBatch(), now=NOW)
    ledger.close()


DIE = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from bot.domain.clock import SystemClock
from bot.ledger import sqlite
from bot.domain import AccountState, WriteBatch
path, fatal = Path(sys.argv[1]), int(sys.argv[2])
ledger = sqlite.SqliteLedger(path, SystemClock())
seen = 0
def die_at(statement):
    global seen
    seen += 1
    if seen == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
ledger._file.connection().set_trace_callback(die_at)
now = datetime.fromisoformat("2026-03-10T14:00:00+00:00")
ledger.record(
    WriteBatch(new_accounts=tuple(AccountState(address=f"a{n}@b.example", joined_at=None) for n in range(3))), now=now
)
print("done", flush=True)
"""


@pytest.mark.crash
def test_a_process_killed_at_any_statement_leaves_nothing_half(tmp_path: Path) -> None:
    outcomes = []
    for fatal in range(1, 20):
        path = tmp_path / f"{fatal}.db"
        command = [sys.executable, "-c", DIE, str(path), str(fatal)]
        died = subprocess.run(command, capture_output=True, timeout=60, check=False)
        ledger = opened(path)
        snapshot = ledger.snapshot()
        ledger.close()
        outcomes.append(len(snapshot.accounts))
        assert (len(snapshot.accounts), snapshot.newest) in ((0, None), (3, NOW)), f"killed at statement {fatal}"
        if died.returncode == 0:
            break
    assert fatal > 5, "the process was killed at its statements one by one"
    assert died.stdout == b"done\n"
    assert outcomes[0] == 0
    assert outcomes[-1] == 3


OPEN = """
import sys, time
from pathlib import Path
from bot.domain.clock import SystemClock
from bot.ledger.sqlite import SqliteLedger
while time.time() < float(sys.argv[2]):
    pass
SqliteLedger(Path(sys.argv[1]), SystemClock()).snapshot()
"""


def test_several_processes_may_make_the_file_at_once(tmp_path: Path) -> None:
    begin = time.time() + 2
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(tmp_path / f"{number // 3}.db"), str(begin)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(6)
    ]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert errors == [""] * 6


def test_a_ledger_sees_what_another_has_written(tmp_path: Path, make_entry: Callable[..., Entry]) -> None:
    one, other = opened(tmp_path / "ledger.db"), SqliteLedger(tmp_path / "ledger.db", SystemClock())
    one.record(WriteBatch(entries=(make_entry(),)), now=NOW)
    other.record(WriteBatch(entries=(replace(make_entry(), title="Changed"),)), now=NOW)
    assert [entry.title for entry in one.snapshot().entries.values()] == ["Changed"]
    one.close()
    other.close()


def test_each_thread_may_use_it_and_any_may_close_it(tmp_path: Path, make_entry: Callable[..., Entry]) -> None:
    ledger = opened(tmp_path / "ledger.db")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: ledger.record(WriteBatch(entries=(make_entry(f"post-{n}"),)), now=NOW), range(40)))
    assert len(ledger.snapshot().entries) == 40
    ledger.close()
    assert not (tmp_path / "ledger.db-wal").exists()
