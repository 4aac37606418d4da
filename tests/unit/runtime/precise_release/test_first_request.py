"""From the instant to the first request: who waits for it, and what it waits for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from PIL import Image

from bot.delivery import SessionState
from bot.domain import AccountFacts
from bot.domain.errors import TransientError
from bot.ledger.file import SqliteFile
from bot.ledger.sqlite import SqliteLedger
from bot.runtime.app import Bot
from bot.runtime.deliverer import Accounts
from bot.runtime.precise_release import REQUEST_GRACE, carry_out, prepare_release
from bot.runtime.service import Alarm
from tests.support.before_release import ACCOUNT, NOON, SECOND, Stage, WaitingStage
from tests.support.changed_bot import with_parts


@dataclass
class Slow:
    """Somebody who sends: its request leaves so many seconds after the release."""

    bot: Bot
    seconds: float
    left: list[float] = field(default_factory=list)  #: monotonic

    def begin(self) -> Thread:
        self.bot.deliverer.warm[ACCOUNT] = SessionState()
        thread = Thread(target=self._send, daemon=True)
        thread.start()
        return thread

    def _send(self) -> None:
        while not self.bot.context.ledger.snapshot().entries:
            time.sleep(0.005)
        time.sleep(self.seconds)
        self.left.append(time.monotonic())
        self.bot.deliverer.latch.request_started(ACCOUNT)


@pytest.mark.parametrize("seconds", [0.0, 0.4])
def test_the_pass_that_follows_lets_the_toots_leave_first(waiting: WaitingStage, seconds: float) -> None:
    waiting.tolerance = replace(waiting.tolerance, wait_for_requests=60 * SECOND)
    slow = Slow(waiting.bot, seconds)
    sender = slow.begin()
    assert waiting.release_on_time()
    returned = time.monotonic()
    sender.join()
    assert returned >= slow.left[0] + REQUEST_GRACE.total_seconds() * 0.9


def test_what_does_not_leave_keeps_the_feeds_waiting_for_a_moment_only(waiting: WaitingStage) -> None:
    waiting.bot.deliverer.warm[ACCOUNT] = SessionState()
    assert waiting.release_on_time()
    assert waiting.running.now() - NOON >= waiting.tolerance.wait_for_requests


def test_an_account_whose_server_has_not_answered_yet_keeps_the_feeds_waiting_not_at_all(
    waiting: WaitingStage,
) -> None:
    waiting.tolerance = replace(waiting.tolerance, wait_for_requests=60 * SECOND)
    assert waiting.release_on_time()
    assert waiting.running.now() - NOON < 60 * SECOND


@pytest.mark.parametrize("rests", [False, True])
def test_who_sends_nothing_is_not_waited_for(stage: Stage, monkeypatch: pytest.MonkeyPatch, rests: bool) -> None:
    """Nothing is open, since another process was faster; or the account rests after trouble."""

    def unreachable() -> AccountFacts:
        raise TransientError("nobody answers.")

    bot = stage.bot
    accounts = Accounts(
        bot.deliverer, workers=bot.workers, call_at=Alarm(stage.clock).call_at, wake_loop=bot.wake_event.set
    )
    if rests:
        stage.clock.step_to(NOON)
        stage.bot.cycle_once()
        monkeypatch.setattr(stage.publisher, "verify_account", unreachable)
        accounts.serve(ACCOUNT)
        monkeypatch.undo()
    stage.bot.deliverer.latch.expect([ACCOUNT])
    assert not stage.bot.deliverer.latch.wait(0.05, stop=Event())
    accounts.serve(ACCOUNT)
    assert stage.bot.deliverer.latch.wait(0.05, stop=Event())
    assert not stage.publisher.statuses


@pytest.mark.parametrize(("more", "flushes"), [("", 1), ("cover: {url: /cover.png, alt: A plain picture}\n", 0)])
def test_between_the_instant_and_the_first_request_the_disk_is_waited_for_as_little_as_can_be(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, flushes: int
) -> None:
    """Once for the intent of a toot, which must not be lost; what is uploaded first needs none yet."""
    Image.new("RGB", (64, 36), "navy").save(stage.config.root / "cover.png")
    stage.write("keynote", NOON, more=more)
    ledger = SqliteLedger(tmp_path / "ledger.db", stage.clock)
    bot = with_parts(stage.bot, ledger=ledger)
    bot.tick()
    flushed: list[bool] = []
    until_first: list[list[bool]] = []
    begin, flush = SqliteFile.begin, SqliteFile.flush

    def noting(self: SqliteFile, *, durable: bool = True, urgent: bool = False) -> Any:
        flushed.append(durable)
        return begin(self, durable=durable, urgent=urgent)

    def flushing(self: SqliteFile) -> None:
        flushed.append(True)
        flush(self)

    monkeypatch.setattr(SqliteFile, "begin", noting)
    monkeypatch.setattr(SqliteFile, "flush", flushing)
    bot.deliverer.latch.expect([ACCOUNT])
    monkeypatch.setattr(bot.deliverer.latch, "request_started", lambda _: until_first.append(list(flushed)))
    prepared = prepare_release(bot.context, NOON)
    assert prepared is not None
    bot.deliverer.warm_up(ACCOUNT, prepared.expected()[ACCOUNT])
    stage.clock.step_to(NOON)
    flushed.clear()
    assert carry_out(bot.context, prepared)
    bot.deliverer.deliver_pending(ACCOUNT)
    ledger.close()
    assert until_first[0].count(True) == flushes
    assert stage.publisher.statuses
