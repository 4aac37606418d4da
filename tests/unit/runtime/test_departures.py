"""Whether the first request of a release has left."""

from __future__ import annotations

import time
from threading import Event, Timer

import pytest

from bot.runtime.workers import Departures

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
    departures = Departures()
    departures.expect(expected)
    for account in leave:
        departures.leaves(account)
    assert departures.wait(0.05, stop=Event()) is left


def test_it_is_waited_for() -> None:
    departures = Departures()
    departures.expect(["a", "b"])
    departures.leaves("a")
    timer = Timer(0.05, departures.leaves, ["b"])
    timer.start()
    assert departures.wait(LONG, stop=Event())
    timer.join()


def test_what_left_before_it_was_expected_counts_no_more() -> None:
    departures = Departures()
    departures.expect(["a"])
    departures.leaves("a")
    departures.expect(["a"])
    assert not departures.wait(0.05, stop=Event())


def test_a_stop_ends_it() -> None:
    departures, stop = Departures(), Event()
    departures.expect(["a"])
    timer = Timer(0.05, stop.set)
    timer.start()
    begun = time.monotonic()
    assert not departures.wait(LONG, stop=stop)
    assert time.monotonic() - begun < LONG / 2
    timer.join()
