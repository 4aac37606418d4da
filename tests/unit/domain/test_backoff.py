"""The waits between tries double up to a limit, and chance lengthens them by no more than the spread."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.backoff import Backoff, Outage

SECOND = timedelta(seconds=1)
BACKOFF = Backoff(first=2 * SECOND, longest=60 * SECOND, spread=0.25)


@pytest.mark.parametrize(
    ("failures", "jitter", "seconds"),
    [(0, 0.0, 2), (1, 0.0, 4), (4, 0.0, 32), (5, 0.0, 60), (10**6, 0.0, 60), (0, 1.0, 2.5), (5, 0.5, 67.5)],
)
def test_waits(failures: int, jitter: float, seconds: float) -> None:
    assert BACKOFF.wait(failures, jitter=jitter) == timedelta(seconds=seconds)


def test_an_outage_waits_longer_after_each_failure() -> None:
    outage = Outage(backoff=BACKOFF, since=100.0)
    assert outage.may_retry(100.0)
    outage.failed(100.0)
    assert [outage.may_retry(101.9), outage.may_retry(102.0)] == [False, True]
    outage.failed(102.0)
    assert [outage.may_retry(105.9), outage.may_retry(106.0)] == [False, True]
    assert [outage.has_lasted(109.9, 10 * SECOND), outage.has_lasted(110.0, 10 * SECOND)] == [False, True]
