"""How often the folders are looked at."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.runtime.watcher import (
    MAX_SCAN_INTERVAL,
    MAX_SWEEP_INTERVAL,
    MIN_SCAN_INTERVAL,
    MIN_SWEEP_INTERVAL,
    SCAN_CPU_SHARE,
    SWEEP_CPU_SHARE,
    pause_after,
    sweep_after,
)


@pytest.mark.parametrize(
    ("costs", "seconds"),
    [
        ([], MIN_SCAN_INTERVAL.total_seconds()),
        ([(9.0, 9.0)], MIN_SCAN_INTERVAL.total_seconds()),  # the first look is no measure
        ([(9.0, 9.0), (0.0001, 0.0002)], MIN_SCAN_INTERVAL.total_seconds()),
        ([(0.003, 0.01), (0.002, 0.02)], 0.002 / SCAN_CPU_SHARE),
        ([(0.05, 0.1), (0.05, 0.1)], MAX_SCAN_INTERVAL.total_seconds()),
        ([(0.0001, 0.5), (0.0001, 0.6)], 10),  # a slow network folder
    ],
)
def test_looks_take_a_small_share_of_one_core(costs: list[tuple[float, float]], seconds: float) -> None:
    assert pause_after(costs).total_seconds() == pytest.approx(seconds)


def test_looks_and_passes_leave_room_below_a_thousandth_of_a_core() -> None:
    assert SCAN_CPU_SHARE + SWEEP_CPU_SHARE <= 0.0007


def test_a_small_folder_is_seen_within_a_second() -> None:
    assert MIN_SCAN_INTERVAL.total_seconds() + 0.1 < 1


@pytest.mark.parametrize(
    ("processor", "pause"),
    [(0.0, MIN_SWEEP_INTERVAL), (0.004, MIN_SWEEP_INTERVAL), (0.018, timedelta(minutes=1)), (1.2, MAX_SWEEP_INTERVAL)],
)
def test_passes_without_a_reason_take_a_small_share_of_one_core_where_that_is_often_enough(
    processor: float, pause: timedelta
) -> None:
    assert sweep_after(processor) == pause
