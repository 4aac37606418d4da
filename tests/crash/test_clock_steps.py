"""The real bot, while somebody or something sets the machine's clock: nothing early, nothing twice, nothing lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.sandbox.faults import Fault
from tests.crash.conftest import CrashSite, is_up, wait_for, went_out
from tests.support.faked_clock import FakedClock
from tests.support.project import Running

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
#: Longer than the sweep, which notices a step that no alarm can.
SWEEP = 18
SEND = "POST /api/v1/statuses"

pytestmark = [pytest.mark.crash, pytest.mark.usefixtures("faketime")]


@pytest.fixture
def clock(tmp_path: Path) -> FakedClock:
    return FakedClock(tmp_path)


@pytest.fixture
def start(site: CrashSite, clock: FakedClock) -> Callable[[], Running]:
    return lambda: site.start(environ=clock.environ)


def touch(site: CrashSite, clock: FakedClock) -> None:
    """A change in the folder wakes the bot, so that no test waits for the sweep."""
    site.write_post("next-year", clock.now() + timedelta(days=365))


def test_a_clock_that_is_set_back_is_doubted_until_it_is_right_again(
    site: CrashSite, clock: FakedClock, start: Callable[[], Running]
) -> None:
    slugs = site.write_posts(2)
    process = start()
    went_out(site, slugs)
    clock.step(-2 * HOUR)
    # Due by either clock; and nothing may be said of it while the clock is doubted.
    site.write_post("due", clock.now() - MINUTE)
    wait_for(lambda: "the clock is behind" in site.log, site)
    time.sleep(1)
    assert sorted(site.slugs()) == slugs
    feed = (site.project.root / "public/news/rss.xml").read_text(encoding="utf-8")
    assert "/news/due/" not in feed
    assert is_up(process)
    clock.step(2 * HOUR)
    touch(site, clock)
    went_out(site, [*slugs, "due"])
    assert "solved  the clock is behind" in site.log
    site.stop(process)


def test_a_clock_that_runs_ahead_for_a_moment_brings_no_flood_and_is_doubted_afterwards(
    site: CrashSite, clock: FakedClock, start: Callable[[], Running]
) -> None:
    site.set(brake="3")
    for number in range(8):
        site.write_post(f"planned-{number}", clock.now() + HOUR + number * MINUTE)
    process = start()
    wait_for(lambda: "next:" in site.log, site)
    clock.step(90 * MINUTE)
    touch(site, clock)
    wait_for(lambda: len(site.slugs()) == 3, site)
    wait_for(lambda: site.log.count("held") >= 5, site)
    clock.step(-90 * MINUTE)
    touch(site, clock)
    wait_for(lambda: "the clock is behind" in site.log, site)
    assert len(site.slugs()) == len(set(site.slugs())) == 3, "the brake holds the rest"
    site.stop(process)


def test_a_step_forward_leaves_out_what_is_too_old_by_then(
    site: CrashSite, clock: FakedClock, start: Callable[[], Running]
) -> None:
    site.set(catch_up='"3h"')
    site.write_post("too-old", clock.now() + HOUR)
    site.write_post("late", clock.now() + 4 * HOUR)
    process = start()
    wait_for(lambda: "next:" in site.log, site)
    assert site.slugs() == []
    clock.step(5 * HOUR)
    touch(site, clock)
    went_out(site, ["late"])
    feed = (site.project.root / "public/news/rss.xml").read_text(encoding="utf-8")
    assert "/news/too-old/" in feed, "it is news all the same"
    site.stop(process)


def test_a_step_into_the_night_lets_late_toots_wait_for_the_morning(
    site: CrashSite, clock: FakedClock, start: Callable[[], Running]
) -> None:
    night = clock.now() + 6 * HOUR
    morning = night + 2 * HOUR
    site.set(daytime=f'"{morning:%H:%M}-{morning + 8 * HOUR:%H:%M}"')
    site.write_post("late", night - 2 * HOUR)
    site.write_post("on-time", night - MINUTE)
    process = start()
    wait_for(lambda: "next:" in site.log, site)
    clock.step(6 * HOUR)
    touch(site, clock)
    wait_for(lambda: site.slugs() == ["on-time"], site)
    time.sleep(1)
    assert site.slugs() == ["on-time"]
    clock.step(2 * HOUR + MINUTE)
    touch(site, clock)
    went_out(site, ["on-time", "late"])
    site.stop(process)


def test_steps_while_requests_are_in_flight_send_nothing_twice(
    site: CrashSite, clock: FakedClock, start: Callable[[], Running]
) -> None:
    """Waits are counted on the monotonic clock, so no step makes an attempt look older than it is."""
    slugs = site.write_posts(6)
    site.server.let_go_wrong([Fault(on=SEND, do="post-then-hang:3", skip=skip) for skip in (1, 3)])
    process = start()
    for by in (HOUR, -2 * HOUR, 3 * HOUR, -2 * HOUR):
        wait_for(lambda: len(site.slugs()) >= 1, site)
        time.sleep(0.7)
        clock.step(by)
        touch(site, clock)
    # Back at the right time, but the ledger has seen a later one.
    wait_for(lambda: "the clock is behind" in site.log, site)
    assert site.project.announce("resume", "--yes").returncode == 0
    went_out(site, slugs)
    site.stop(process)


@pytest.mark.slow
def test_a_step_is_noticed_without_any_other_cause(
    site: CrashSite, clock: FakedClock, start: Callable[[], Running]
) -> None:
    site.write_post("planned", clock.now() + HOUR)
    process = start()
    wait_for(lambda: "next:" in site.log, site)
    clock.step(HOUR + SECOND)
    wait_for(lambda: site.slugs() == ["planned"], site, seconds=SWEEP)
    site.stop(process)
