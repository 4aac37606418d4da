"""Whether the first request of a release has left."""

from __future__ import annotations

import time
from threading import Event, Timer

import pytest

from bot.runtime.workers import RequestLatch

LONG = 30.0


@pytest.mark.parametrize(
    ("expected", "leave", "left"),
    [
        ((), (), True),
        ((), ("a",), True),
        (("a",), (), False),
        (("a",), ("b",), False),
        (("a",), ("a",), True),
        (("a", "b"), ("a",), False),
        (("a", "b"), ("b", "a", "a"), True),
    ],
)
def test_all_that_is_expected_has_left(expected: tuple[str, ...], leave: tuple[str, ...], left: bool) -> None:
    request_latch = RequestLatch()
    request_latch.expect(expected)
    for account in leave:
        request_latch.request_started(account)
    assert request_latch.wait(0.05, stop=Event()) is left


def test_it_is_waited_for() -> None:
    request_latch = RequestLatch()
    request_latch.expect(["a", "b"])
    request_latch.request_started("a")
    timer = Timer(0.05, request_latch.request_started, ["b"])
    timer.start()
    assert request_latch.wait(LONG, stop=Event())
    timer.join()


def test_what_left_before_it_was_expected_counts_no_more() -> None:
    request_latch = RequestLatch()
    request_latch.expect(["a"])
    request_latch.request_started("a")
    request_latch.expect(["a"])
    assert not request_latch.wait(0.05, stop=Event())


def test_a_stop_ends_it() -> None:
    request_latch, stop = RequestLatch(), Event()
    request_latch.expect(["a"])
    timer = Timer(0.05, stop.set)
    timer.start()
    begun = time.monotonic()
    assert not request_latch.wait(LONG, stop=stop)
    assert time.monotonic() - begun < LONG / 2
    timer.join()
