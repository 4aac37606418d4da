"""The clocks: time of day, monotonic time, and marks that outlive clock steps."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.domain.clock import Clock, ManualClock, ShiftedClock, SystemClock, boot_id, monotonic_seconds

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def test_a_set_clock_stands_still() -> None:
    clock = ManualClock(NOON)
    assert (clock.now(), clock.monotonic()) == (clock.now(), clock.monotonic()) == (NOON, 0.0)


def test_a_set_clock_tells_utc_whatever_zone_it_was_set_in() -> None:
    clock = ManualClock(datetime(2026, 3, 10, 14, 0, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now() == NOON
    assert clock.now().tzinfo is UTC
    clock.step_to(datetime(2026, 3, 10, 15, 0, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now() == NOON + timedelta(hours=1)
    assert clock.now().tzinfo is UTC


def test_time_that_passes_moves_both_times() -> None:
    clock = ManualClock(NOON)
    mark = clock.mark()
    clock.advance(timedelta(minutes=2))
    assert clock.now() == NOON + timedelta(minutes=2)
    assert clock.monotonic() == 120.0
    assert clock.since(mark) == timedelta(minutes=2)


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(days=30)])
def test_a_step_of_the_time_of_day_moves_no_mark(step: timedelta) -> None:
    clock = ManualClock(NOON)
    mark = clock.mark()
    clock.advance(timedelta(seconds=5))
    clock.step_to(NOON + step)
    assert clock.now() == NOON + step
    assert clock.since(mark) == timedelta(seconds=5)


@pytest.mark.parametrize("clock", [ManualClock(NOON), SystemClock(), ShiftedClock(NOON)])
def test_a_mark_from_another_start_of_the_machine_tells_nothing(clock: Clock) -> None:
    assert clock.since("some-other-boot 12.5") is None
    assert clock.since("") is None


@pytest.mark.parametrize("clock", [ManualClock(NOON), SystemClock(), ShiftedClock(NOON)])
def test_a_mark_that_counts_more_than_now_is_from_another_start(clock: Clock) -> None:
    boot = clock.mark().rpartition(" ")[0]
    assert clock.since(f"{boot} {clock.monotonic() + 1000:.6f}") is None


@pytest.mark.parametrize("clock", [SystemClock(), ShiftedClock(NOON)])
def test_a_running_clock_runs_forward(clock: Clock) -> None:
    mark, begun = clock.mark(), clock.monotonic()
    age = clock.since(mark)
    assert clock.monotonic() >= begun
    assert age is not None
    assert timedelta() <= age < timedelta(minutes=1)


def test_the_system_clock_tells_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


def test_a_shifted_clock_tells_the_time_it_was_set_to_and_goes_on() -> None:
    clock = ShiftedClock(NOON)
    first = clock.now()
    assert NOON <= first < NOON + timedelta(minutes=1)
    assert clock.now() >= first
    clock.step_to(NOON - timedelta(days=1))
    assert NOON - timedelta(days=1) <= clock.now() < NOON


def test_a_shifted_clock_keeps_the_machines_marks() -> None:
    mark = ShiftedClock(NOON).mark()
    age = SystemClock().since(mark)
    assert age is not None
    assert age < timedelta(minutes=1)


def test_another_process_understands_a_mark() -> None:
    code = (
        "import sys; from bot.domain.clock import SystemClock; print(SystemClock().since(sys.argv[1]).total_seconds())"
    )
    mark = SystemClock().mark()
    answer = subprocess.run([sys.executable, "-c", code, mark], capture_output=True, text=True, check=True, timeout=60)
    assert 0 <= float(answer.stdout) < 60


def test_the_boot_id_is_one_word_that_stays() -> None:
    assert boot_id() == boot_id()
    assert boot_id()
    assert " " not in boot_id()


def test_monotonic_seconds_only_grow() -> None:
    assert monotonic_seconds() <= monotonic_seconds()


def test_a_mark_that_is_rounded_up_is_none_of_an_earlier_start() -> None:
    clock = ManualClock(datetime(2026, 3, 10, tzinfo=UTC))
    clock.advance(timedelta(microseconds=1))
    clock._monotonic = 0.1234567  # between two microseconds; the mark says 0.123457
    assert clock.since(clock.mark()) == timedelta()
