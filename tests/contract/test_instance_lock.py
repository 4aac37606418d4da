"""The instance lock: it names the process that works on a ledger, and ends with that process in every case."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain import Instance
from bot.domain.clock import SystemClock
from bot.domain.wording import instance_words
from bot.ledger.contract import Ledger
from bot.ledger.instance_lock import InstanceLock, read_instance
from bot.ledger.sqlite import SqliteLedger

SINCE = datetime(2027, 2, 28, 23, 59, 7, 12, tzinfo=UTC)
ONE, TWO, THREE = (Instance(pid=pid, host="one.example", since=SINCE) for pid in (1, 2, 3))


def test_the_first_one_is_alone_however_often_it_asks(ledger: Ledger) -> None:
    assert [ledger.acquire_instance_lock(ONE) for _ in range(3)] == [None, None, None]


def test_whoever_comes_later_hears_of_the_first(ledger: Ledger) -> None:
    ledger.acquire_instance_lock(ONE)
    assert [ledger.acquire_instance_lock(other) for other in (TWO, THREE, ONE)] == [ONE, ONE, None]


def test_a_ledger_that_was_closed_leaves_no_trace(ledger: Ledger) -> None:
    ledger.acquire_instance_lock(ONE)
    ledger.close()
    assert ledger.acquire_instance_lock(TWO) is None


def opened(path: Path) -> SqliteLedger:
    return SqliteLedger(path / "ledger.db", SystemClock())


def test_another_opening_of_the_file_hears_of_it_and_takes_its_place_once_it_ends(tmp_path: Path) -> None:
    one, two, three = opened(tmp_path), opened(tmp_path), opened(tmp_path)
    assert (one.acquire_instance_lock(ONE), two.acquire_instance_lock(TWO)) == (None, ONE)
    one.close()
    assert (two.acquire_instance_lock(TWO), three.acquire_instance_lock(THREE)) == (None, TWO)
    two.close()
    three.close()


def test_nobody_else_may_read_who_it_is(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    ledger.acquire_instance_lock(ONE)
    (file,) = (path for path in tmp_path.iterdir() if path.name.endswith("-running"))
    assert file.stat().st_mode & 0o077 == 0
    ledger.close()


ATTEND = """
import sys, time
from pathlib import Path
from datetime import UTC, datetime
from bot.domain import Instance
from bot.domain.clock import SystemClock
from bot.ledger.sqlite import SqliteLedger
ledger = SqliteLedger(Path(sys.argv[1]), SystemClock())
other = Instance(pid=4, host="there", since=datetime(2027, 2, 28, 23, 59, 7, tzinfo=UTC))
print(ledger.acquire_instance_lock(other), flush=True)
time.sleep(60)
"""


def test_a_killed_process_leaves_no_trace(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", ATTEND, str(tmp_path / "ledger.db")], stdout=subprocess.PIPE, text=True
    )
    ledger = opened(tmp_path)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "None\n"
        assert ledger.acquire_instance_lock(ONE) == Instance(pid=4, host="there", since=SINCE.replace(microsecond=0))
    finally:
        other.kill()
        other.communicate(timeout=30)
    assert ledger.acquire_instance_lock(ONE) is None
    ledger.close()


def test_the_file_tells_of_a_process_that_lives_and_not_of_one_that_has_ended(tmp_path: Path) -> None:
    file = tmp_path / "running"
    here = Instance(pid=os.getpid(), host=socket.gethostname(), since=SINCE)
    lock = InstanceLock(file)
    assert lock.claim(here) is None
    assert read_instance(file) == here
    lock.give_up()
    assert read_instance(file) is None
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(timeout=30)
    dead = InstanceLock(file)
    dead.claim(Instance(pid=ended.pid, host=socket.gethostname(), since=SINCE))
    assert read_instance(file) is None
    dead.give_up()
    # A pid on another host: this host cannot tell whether that process is alive.
    elsewhere = Instance(pid=ended.pid, host="elsewhere.example", since=SINCE)
    far = InstanceLock(file)
    far.claim(elsewhere)
    assert read_instance(file) == elsewhere
    far.give_up()


def test_the_file_of_a_process_of_an_earlier_version_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "running"
    file.write_text(f"process {os.getpid()} on {socket.gethostname()}, since 2027-02-28 23:59 UTC\n")
    since = SINCE.replace(second=0, microsecond=0)
    assert read_instance(file) == Instance(pid=os.getpid(), host=socket.gethostname(), since=since)


@pytest.mark.parametrize("said", ["", "{", "[1]", "null", '{"pid": "x", "host": "h", "since": "2027-02-28"}', "\xff"])
def test_a_file_that_says_nothing_names_nobody_but_its_lock_counts(tmp_path: Path, said: str) -> None:
    file = tmp_path / "running"
    holder = InstanceLock(file)
    holder.claim(ONE)
    file.write_bytes(said.encode("latin-1"))
    assert read_instance(file) is None
    other = InstanceLock(file).claim(TWO)
    assert other == Instance()
    assert instance_words(other, with_host=True) == "a process that has only just started"
    holder.give_up()


def test_the_host_is_named_only_where_it_may_be() -> None:
    assert instance_words(ONE, with_host=True) == "process 1 on one.example, since 2027-02-28 23:59 UTC"
    assert instance_words(ONE, with_host=False) == "process 1, since 2027-02-28 23:59 UTC"
