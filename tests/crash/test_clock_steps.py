"""The real bot, while somebody or something sets the machine's clock: nothing early, nothing twice, nothing lost."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
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

pytestmark = [pytest.mark.crash, pytest.mark.needs("faketime")]


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


def test_a_machine_that_sleeps_over_a_release_makes_it_as_soon_as_it_wakes(
    site: CrashSite, start: Callable[[], Running]
) -> None:
    due = (datetime.now(UTC) + 4 * SECOND).replace(microsecond=0)
    site.write_post("planned", due)
    process = start()
    wait_for(lambda: "next:" in site.log, site)
    process.send_signal(signal.SIGSTOP)
    time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()) + 2)
    assert site.slugs() == []
    process.send_signal(signal.SIGCONT)
    wait_for(site.slugs, site, seconds=SWEEP)
    went_out(site, ["planned"])
    site.stop(process)


def test_started_with_a_clock_years_behind_its_ledger_it_waits_for_the_right_time(
    site: CrashSite, clock: FakedClock, start: Callable[[], Running]
) -> None:
    off = timedelta(days=-3 * 365)
    slugs = site.write_posts(1)
    first = start()
    went_out(site, slugs)
    site.stop(first)
    clock.step(off)
    site.write_post("due-by-any-clock", clock.now() - MINUTE)
    second = start()
    wait_for(lambda: "the clock is behind" in site.log, site)
    time.sleep(1)
    assert site.slugs() == slugs
    clock.step(-off)
    site.write_post("due-now", clock.now() - SECOND)
    wait_for(lambda: "due-now" in site.slugs() and site.at_rest(), site)
    assert len(site.slugs()) == len(set(site.slugs()))
    site.stop(second)


#: In New York: the second after the hour that is skipped, and both times that clocks show half past one.
CHANGES = {
    "spring": ("2027-03-14 03:00:00", datetime(2027, 3, 14, 7, 0, tzinfo=UTC)),
    "first in autumn": ("2027-11-07 01:30:00-04:00", datetime(2027, 11, 7, 5, 30, tzinfo=UTC)),
    "second in autumn": ("2027-11-07 01:30:00-05:00", datetime(2027, 11, 7, 6, 30, tzinfo=UTC)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_release_in_the_hour_when_the_clocks_change_comes_at_its_instant(
    site: CrashSite, clock: FakedClock, start: Callable[[], Running], change: str
) -> None:
    written, due = CHANGES[change]
    config = site.project.root / "config/bot.toml"
    config.write_text(config.read_text(encoding="utf-8").replace('"UTC"', '"America/New_York"'), encoding="utf-8")
    site.project.write_post("planned", written)
    clock.step(due - 6 * SECOND - clock.now())
    process = start()
    wait_for(lambda: "next:" in site.log, site)
    while clock.now() < due - SECOND:
        assert site.slugs() == []
        time.sleep(0.1)
    went_out(site, ["planned"])
    assert due <= clock.now()
    assert f"{due:%Y-%m-%d}" in site.log
    site.stop(process)
