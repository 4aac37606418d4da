"""A bot whose clock is unlike its server's releases nothing and says so; loopback is taken for real by an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import httpx
import pytest

from bot.config import Config
from bot.domain import Event
from bot.domain.clock import ShiftedClock
from bot.runtime.app import Bot, make_bot
from bot.runtime.service import run_service
from bot.runtime.wiring import servers_with_a_clock
from bot.runtime.workers import ThreadedWorkers
from tests.fakes.mastodon_server import FakeMastodon

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Stage:
    """A site with one post that is due by the bot's clock, and its server."""

    def __init__(self, config: Config, server: FakeMastodon) -> None:
        self.config = config
        self.server = server
        self.said: list[Event] = []
        config.posts_folder.mkdir(exist_ok=True)
        matter = "---\ntitle: Tickets\npublished_datetime: 2026-03-10 14:00:00+00:00\n---\n"
        (config.posts_folder / "tickets.md").write_text(f"{matter}\nTickets can be had from today on, here.\n")

    def bot(self, clock: ShiftedClock, *, real: bool = True, stays: bool = False) -> Bot:
        return make_bot(
            self.config,
            environ={"ANNOUNCE_TOKEN_MAIN": "loopback-main"},
            clock=clock,
            workers=ThreadedWorkers() if stays else None,
            emit=self.said.append,
            loopback_has_a_clock=real,
        )

    def toots(self) -> int:
        return len(httpx.get(f"{self.server.url}/api/v1/timelines/public", timeout=10).json())

    def feed(self) -> str:
        path = self.config.public_folder / "news/rss.xml"
        return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.fixture
def stage(site_config: Callable[..., Config]) -> Iterator[Stage]:
    with FakeMastodon(clock=ShiftedClock(NOW)).start() as server:
        yield Stage(site_config(accounts=f'[accounts.main]\nserver = "{server.url}"'), server)


def tick(stage: Stage, clock: ShiftedClock, *, real: bool = True) -> bool:
    bot = stage.bot(clock, real=real)
    try:
        result, drained = bot.tick()
        return result.attention or any(one.attention for one in drained)
    finally:
        bot.close()


@pytest.mark.parametrize("off", [timedelta(), timedelta(minutes=4)])
def test_clocks_that_agree_release(stage: Stage, off: timedelta) -> None:
    tick(stage, ShiftedClock(NOW + off))
    assert stage.toots() == 1
    assert "Tickets" in stage.feed()


def test_a_clock_ahead_of_the_server_releases_nothing_and_says_why(stage: Stage) -> None:
    assert tick(stage, ShiftedClock(NOW + HOUR)), "announce tick exits with 1"
    assert (stage.toots(), "Tickets" in stage.feed()) == (0, False)
    (event,) = stage.said
    assert event.kind.value == "problem"
    assert event.detail.startswith("the clock is more than 5 minutes ahead of that of ")
    assert "Set this machine's clock" in event.detail


def test_it_is_told_once_and_mended_by_itself(stage: Stage) -> None:
    tick(stage, ShiftedClock(NOW + 2 * timedelta(minutes=3)))
    assert not tick(stage, ShiftedClock(NOW + 2 * timedelta(minutes=3))), "told already"
    stage.server.store.clock.step_to(NOW + timedelta(minutes=6))  # type: ignore[attr-defined]
    tick(stage, ShiftedClock(NOW + timedelta(minutes=6)))
    assert stage.toots() == 1
    assert [event.kind.value for event in stage.said] == ["problem", "released", "solved", "sent"]


def test_a_server_on_loopback_is_not_asked(stage: Stage) -> None:
    tick(stage, ShiftedClock(NOW + HOUR), real=False)
    assert stage.toots() == 1


def test_a_tick_that_releases_nothing_asks_nobody(stage: Stage) -> None:
    tick(stage, ShiftedClock(NOW - HOUR))
    assert httpx.get(f"{stage.server.url}/sandbox/requests", timeout=10).json() == []


def test_a_server_that_is_down_is_no_doubt(stage: Stage) -> None:
    stage.server.stop()
    tick(stage, ShiftedClock(NOW + HOUR))
    assert "Tickets" in stage.feed()


def test_a_clock_that_is_doubted_only_by_a_later_answer_sends_nothing(stage: Stage) -> None:
    bot = stage.bot(ShiftedClock(NOW + HOUR))
    bot.context.server_times._asked_at = 0.0  # asked, and no answer came
    bot.tick()
    bot.close()
    assert (stage.toots(), "Tickets" in stage.feed()) == (0, True)


def test_staying_up_asks_before_the_first_release_and_notices_a_clock_that_was_mended(stage: Stage) -> None:
    clock = ShiftedClock(NOW + HOUR)
    bot = stage.bot(clock, stays=True)
    passes = 0

    def after_cycle(_result: object) -> None:
        nonlocal passes
        passes += 1
        if passes == 1:
            assert (stage.toots(), "Tickets" in stage.feed()) == (0, False)
            clock.step_to(NOW)
            Thread(target=bot.wake_event.set).start()
        if stage.toots():
            bot.ask_to_stop()

    run_service(bot, after_cycle=after_cycle)
    bot.close()
    assert stage.toots() == 1


def test_only_servers_elsewhere_have_a_clock(site_config: Callable[..., Config], tmp_path: Path) -> None:
    accounts = (
        '[accounts.main]\nserver = "https://example.social"\nacct = "@conf@example.social"\n'
        '[accounts.near]\nserver = "http://127.0.0.1:3000"'
    )
    config = site_config(accounts=accounts)
    assert servers_with_a_clock(config) == {"conf@example.social": "https://example.social/api/v2/instance"}
    assert set(servers_with_a_clock(config, loopback_too=True)) == {"conf@example.social", "near@127.0.0.1:3000"}
