"""An unexpected error in any thread of `announce run` ends the process with a code; it never lives on half dead."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import Config
from bot.domain import AccountFacts, NoteKind
from bot.domain.clock import ManualClock
from bot.domain.errors import LedgerError
from bot.runtime.app import Bot, make_bot
from bot.runtime.service import run_service
from bot.runtime.workers import ThreadedWorkers
from tests.support.project import SETTINGS, Project
from tests.support.recording_publisher import RecordingPublisher
from tests.support.scratch_ledger import ScratchLedger

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
ACCOUNT = "main@127.0.0.1:9"
ACCOUNTS = '[accounts.main]\nserver = "http://127.0.0.1:9"'
POST = "---\ntitle: Tickets\npublished_datetime: 2026-03-10 14:00:00+00:00\n---\n\nTickets can be had from today on.\n"


class Exploding(RecordingPublisher):
    """A publisher with a fault that nobody thought of."""

    def verify_account(self) -> AccountFacts:
        raise ZeroDivisionError("nobody thought of this")


class Forgetful(ScratchLedger):
    """A ledger whose disk is full when it is to remember who was told."""

    def notes(self, kind: NoteKind) -> dict[str, str]:
        if kind is NoteKind.ALERT:
            raise LedgerError("the ledger cannot be used.")
        return super().notes(kind)


def made(config: Config, *, exploding: bool, forgetful: bool = False) -> Bot:
    config.posts_folder.mkdir(exist_ok=True)
    (config.posts_folder / "tickets.md").write_text(POST)
    clock = ManualClock(NOW)
    publisher = (Exploding if exploding else RecordingPublisher)(address=ACCOUNT, clock=clock)
    return make_bot(
        config,
        environ={},
        clock=clock,
        ledger=(Forgetful if forgetful else ScratchLedger)(clock),
        publishers={ACCOUNT: publisher},
        workers=ThreadedWorkers(),
    )


@pytest.mark.timeout(30)
def test_an_error_in_a_worker_ends_it_and_no_thread_is_left(site_config: Callable[..., Config]) -> None:
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError, match="nobody thought of this"):
        run_service(made(site_config(accounts=ACCOUNTS), exploding=True))
    assert set(threading.enumerate()) <= before


@pytest.mark.timeout(30)
def test_an_error_while_people_are_told_ends_it_too(site_config: Callable[..., Config]) -> None:
    with pytest.raises(LedgerError, match="cannot be used"):
        run_service(made(site_config(accounts=ACCOUNTS), exploding=False, forgetful=True))


@pytest.mark.timeout(30)
def test_an_error_while_the_servers_are_asked_ends_it_too(site_config: Callable[..., Config]) -> None:
    bot = made(site_config(accounts=ACCOUNTS), exploding=False)
    times, main = bot.context.server_times, threading.current_thread()

    def ask() -> None:
        if threading.current_thread() is not main:
            raise ZeroDivisionError("in the teller's thread")

    times.ask = ask  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError, match="in the teller's thread"):
        run_service(bot)


RUN = """
import sys
from bot.runtime import app
from bot.cli import main
from bot.domain.clock import SystemClock
from tests.support.recording_publisher import RecordingPublisher

class Exploding(RecordingPublisher):
    def verify_account(self):
        raise ZeroDivisionError("nobody thought of this")

def make_publishers(config, *, environ, clock, **_):
    return {address: Exploding(address=address, clock=clock) for address in config.account_addresses().values()}

app.make_publishers = make_publishers
sys.argv = ["announce", "run"]
main()
"""


def test_the_process_ends_with_a_code_and_one_line(tmp_path: Path) -> None:
    project = Project(root=tmp_path, server="http://127.0.0.1:9")
    project.write("config/bot.toml", SETTINGS.format(server=project.server))
    project.write_post("tickets", f"{datetime.now(UTC) - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}+00:00")
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=project.root,
        env={**project.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "announce: an unexpected error: ZeroDivisionError: nobody thought of this" in done.stderr
    assert "Traceback" not in done.stderr
