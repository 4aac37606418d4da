"""Who stays at work on a ledger: told to those who come later, forgotten when a process ends, however it does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bot.domain.clock import SystemClock
from bot.ledger.contract import Ledger
from bot.ledger.sqlite import SqliteLedger


def test_the_first_one_is_alone_however_often_it_asks(ledger: Ledger) -> None:
    assert [ledger.acquire_instance_lock("one") for _ in range(3)] == ["", "", ""]


def test_whoever_comes_later_hears_of_the_first(ledger: Ledger) -> None:
    ledger.acquire_instance_lock("one")
    assert [ledger.acquire_instance_lock(who) for who in ("two", "three", "one")] == ["one", "one", ""]


def test_a_ledger_that_was_closed_leaves_no_trace(ledger: Ledger) -> None:
    ledger.acquire_instance_lock("one")
    ledger.close()
    assert ledger.acquire_instance_lock("two") == ""


def opened(path: Path) -> SqliteLedger:
    return SqliteLedger(path / "ledger.db", SystemClock())


def test_another_opening_of_the_file_hears_of_it_and_takes_its_place_once_it_ends(tmp_path: Path) -> None:
    one, two, three = opened(tmp_path), opened(tmp_path), opened(tmp_path)
    assert (one.acquire_instance_lock("one"), two.acquire_instance_lock("two")) == ("", "one")
    one.close()
    assert (two.acquire_instance_lock("two"), three.acquire_instance_lock("three")) == ("", "two")
    two.close()
    three.close()


def test_nobody_else_may_read_who_it_is(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    ledger.acquire_instance_lock("one")
    (file,) = (path for path in tmp_path.iterdir() if path.name.endswith("-running"))
    assert file.stat().st_mode & 0o077 == 0
    ledger.close()


ATTEND = """
import sys, time
from pathlib import Path
from bot.domain.clock import SystemClock
from bot.ledger.sqlite import SqliteLedger
ledger = SqliteLedger(Path(sys.argv[1]), SystemClock())
print(repr(ledger.acquire_instance_lock("the other process")), flush=True)
time.sleep(60)
"""


def test_a_killed_process_leaves_no_trace(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", ATTEND, str(tmp_path / "ledger.db")], stdout=subprocess.PIPE, text=True
    )
    ledger = opened(tmp_path)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "''\n"
        assert ledger.acquire_instance_lock("one") == "the other process"
    finally:
        other.kill()
        other.communicate(timeout=30)
    assert ledger.acquire_instance_lock("one") == ""
    ledger.close()
