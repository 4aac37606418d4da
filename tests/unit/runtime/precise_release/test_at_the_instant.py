"""Waiting for the instant of a release that is prepared: what is let go first, and what ends it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event

import pytest

from bot.config import Config
from bot.domain import Event as HistoryEvent
from bot.domain.clock import ShiftedClock
from bot.runtime.app import make_bot
from bot.runtime.precise_release import PREPARE_AHEAD, carry_out, prepare_release
from bot.runtime.service import run_service
from bot.runtime.workers import ThreadedWorkers
from tests.support.before_release import ACCOUNT, ACCOUNTS, NOON, SECOND, WaitingStage
from tests.support.changed_bot import with_parts
from tests.support.recording_publisher import RecordingPublisher
from tests.support.scratch_ledger import ScratchLedger


def test_it_waits_for_the_instant_and_never_comes_before_it(waiting: WaitingStage) -> None:
    assert waiting.release_on_time()
    (entry,) = waiting.ledger.snapshot().entries.values()
    assert entry.released_at == NOON <= waiting.running.now()
    assert list(waiting.expected) == [ACCOUNT]


def test_a_change_in_the_folder_gives_way_to_a_pass(waiting: WaitingStage) -> None:
    waiting.running.step_to(NOON - 10 * SECOND)
    waiting.meanwhile = waiting.reason.set
    assert not waiting.release_on_time()
    assert waiting.running.now() < NOON
    assert not waiting.ledger.snapshot().entries


def test_where_a_pass_would_come_too_late_the_release_goes_first(waiting: WaitingStage) -> None:
    waiting.meanwhile = lambda: waiting.write("another", NOON - timedelta(days=30))
    assert waiting.release_on_time(cycle_takes=3 * SECOND)
    assert [entry.slug for entry in waiting.ledger.snapshot().entries.values()] == ["keynote"]


def test_no_pass_begins_within_the_last_second_before_a_release(waiting: WaitingStage) -> None:
    waiting.meanwhile = waiting.reason.set
    assert waiting.release_on_time()
    assert len(waiting.ledger.snapshot().entries) == 1


def test_all_is_written_before_the_instant_and_kept_at_it(waiting: WaitingStage) -> None:
    seen: list[tuple[bool, int]] = []
    prepared = prepare_release(waiting.bot.context, NOON)
    assert prepared is not None

    def instant() -> bool:
        with ThreadPoolExecutor(1) as another:
            entries = another.submit(waiting.ledger.snapshot).result().entries
        seen.append((waiting.running.now() < NOON, len(entries)))
        waiting.running.step_to(NOON)
        return True

    assert carry_out(waiting.bot.context, prepared, instant=instant, tolerance=waiting.tolerance)
    assert seen == [(True, 0)]
    assert len(waiting.ledger.snapshot().entries) == 1


def test_a_clock_that_is_set_back_in_the_last_milliseconds_calls_it_off(waiting: WaitingStage) -> None:
    class SetBack(ShiftedClock):
        def now(self) -> datetime:
            now = super().now()
            if NOON - PREPARE_AHEAD <= now < NOON:
                self.step_to(NOON - timedelta(hours=1))
            return now

    waiting.bot = with_parts(waiting.bot, clock=SetBack(NOON - SECOND))
    assert not waiting.release_on_time()
    assert not waiting.ledger.snapshot().entries
    assert not waiting.said


@pytest.mark.parametrize("prepared_late", [False, True])
def test_a_stop_ends_it(waiting: WaitingStage, prepared_late: bool) -> None:
    def meanwhile() -> None:
        waiting.bot.ask_to_stop()
        while prepared_late and waiting.running.now() < NOON:
            Event().wait(0.01)

    waiting.meanwhile = meanwhile
    assert not waiting.release_on_time()
    assert not waiting.ledger.snapshot().entries


def test_a_stop_right_after_the_release_leaves_no_half_of_it(site_config: Callable[..., Config]) -> None:
    """The toot leaves first and the feeds follow, whatever comes between the two."""
    config = site_config(accounts=ACCOUNTS)
    config.posts_folder.mkdir(exist_ok=True)
    (config.posts_folder / "keynote.md").write_text(
        "---\ntitle: The keynote\npublished_datetime: 2026-03-10 12:00:00+00:00\n---\n\nWho will give it, and when.\n"
    )
    clock = ShiftedClock(NOON - 2 * SECOND)
    publisher = RecordingPublisher(address=ACCOUNT, clock=clock)
    feed = config.public_folder / "news/rss.xml"
    at_the_stop: list[str] = []

    def emit(event: HistoryEvent) -> None:
        if event.kind.value == "released":
            at_the_stop.append(feed.read_text(encoding="utf-8"))
            bot.ask_to_stop()

    bot = make_bot(
        config,
        environ={},
        clock=clock,
        ledger=ScratchLedger(clock),
        publishers={ACCOUNT: publisher},
        workers=ThreadedWorkers(),
        emit=emit,
    )
    run_service(bot, follow_settings=False)
    assert "/news/keynote/" not in at_the_stop[0], "it was stopped between the two"
    assert "/news/keynote/" in feed.read_text(encoding="utf-8")
