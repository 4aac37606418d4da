"""The engine's contract: each wake-up leads to a drain, with every implementation of the workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

import pytest

from bot.runtime.workers import DeliverAccount, InlineWorkers, ThreadedWorkers, WorkerPool

#: Far beyond what any of these tests takes: only a fault makes them wait so long.
LONG = 30.0


@pytest.fixture(params=["embedded", "inline", "inline, one by one"])
def engine(request: pytest.FixtureRequest) -> WorkerPool:
    if request.param == "embedded":
        return ThreadedWorkers()
    return InlineWorkers(parallel=request.param == "inline")


@contextmanager
def running(engine: WorkerPool, deliver_pending: DeliverAccount) -> Iterator[Event]:
    """Run the engine in a thread of its own; its exception, if any, is raised at the end of the block."""
    stop = Event()
    failure: list[BaseException] = []

    def run() -> None:
        try:
            engine.run(deliver_pending, stop=stop)
        except BaseException as error:  # noqa: BLE001 — raised again at the end
            failure.append(error)

    thread = Thread(target=run, name="engine under test")
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(LONG)
        assert not thread.is_alive()
    if failure:
        raise failure[0]


def waits(event: Event) -> None:
    assert event.wait(LONG), "what was to happen did not happen"


def test_a_ring_before_the_run_is_served(engine: WorkerPool) -> None:
    served = Event()
    engine.notify("a")
    with running(engine, lambda account: served.set() if account == "a" else None):
        waits(served)


def test_every_account_that_was_rung_is_served(engine: WorkerPool) -> None:
    served = {account: Event() for account in "abc"}
    for account in served:
        engine.notify(account)
    with running(engine, lambda account: served[account].set()):
        for event in served.values():
            waits(event)


def test_what_was_not_rung_is_not_served(engine: WorkerPool) -> None:
    served: list[str] = []
    done = Event()

    def deliver_pending(account: str) -> None:
        served.append(account)
        done.set()

    engine.notify("a")
    with running(engine, deliver_pending):
        waits(done)
    assert served == ["a"]


def test_a_ring_while_draining_leads_to_another_drain(engine: WorkerPool) -> None:
    drains: list[str] = []
    again = Event()

    def deliver_pending(account: str) -> None:
        drains.append(account)
        if len(drains) == 1:
            engine.notify(account)
        else:
            again.set()

    engine.notify("a")
    with running(engine, deliver_pending):
        waits(again)


def test_a_ring_for_another_account_while_draining_is_served(engine: WorkerPool) -> None:
    served = Event()

    def deliver_pending(account: str) -> None:
        if account == "a":
            engine.notify("b")
        else:
            served.set()

    engine.notify("a")
    with running(engine, deliver_pending):
        waits(served)


def test_one_account_is_never_served_twice_at_once(engine: WorkerPool) -> None:
    guard, inside, overlaps = Lock(), Counter[str](), list[str]()
    drains, enough = Counter[str](), Event()

    def deliver_pending(account: str) -> None:
        with guard:
            inside[account] += 1
            if inside[account] > 1:
                overlaps.append(account)
            drains[account] += 1
            if min(drains["a"], drains["b"]) >= 50:
                enough.set()
        if not enough.is_set():
            engine.notify("a")
            engine.notify("b")
        with guard:
            inside[account] -= 1

    engine.notify("a")
    engine.notify("b")
    with running(engine, deliver_pending):
        waits(enough)
    assert overlaps == []


@pytest.mark.parametrize("make", [ThreadedWorkers, InlineWorkers])
def test_a_slow_account_delays_no_other(make: Callable[[], WorkerPool]) -> None:
    engine = make()
    inside_slow, served_other = Event(), Event()

    def deliver_pending(account: str) -> None:
        if account == "slow":
            inside_slow.set()
            waits(served_other)  # the slow server answers only once the other was served
        else:
            waits(inside_slow)
            served_other.set()

    engine.notify("slow")
    engine.notify("other")
    with running(engine, deliver_pending):
        waits(served_other)


def test_an_unexpected_error_stops_the_engine_and_is_raised(engine: WorkerPool) -> None:
    def deliver_pending(account: str) -> None:
        raise ZeroDivisionError(account)

    stop = Event()
    engine.notify("a")
    with pytest.raises(ZeroDivisionError, match="a"):
        engine.run(deliver_pending, stop=stop)
    assert stop.is_set()


def test_an_error_in_one_account_lets_another_finish(engine: WorkerPool) -> None:
    inside_good, finished = Event(), Event()

    def deliver_pending(account: str) -> None:
        if account == "bad":
            waits(inside_good)
            raise ZeroDivisionError
        inside_good.set()
        finished.set()

    engine.notify("good")
    engine.notify("bad")
    with pytest.raises(ZeroDivisionError):
        engine.run(deliver_pending, stop=Event())
    assert finished.is_set()


def test_the_stop_waits_for_what_is_in_hand(engine: WorkerPool) -> None:
    inside, go_on, finished = Event(), Event(), Event()

    def deliver_pending(account: str) -> None:
        inside.set()
        waits(go_on)
        finished.set()

    engine.notify("a")
    stop = Event()
    thread = Thread(target=engine.run, args=(deliver_pending,), kwargs={"stop": stop})
    thread.start()
    waits(inside)
    stop.set()
    thread.join(0.5)
    assert thread.is_alive(), "it went away while an account was being served"
    go_on.set()
    thread.join(LONG)
    assert not thread.is_alive()
    assert finished.is_set()


def test_after_the_stop_nothing_new_begins(engine: WorkerPool) -> None:
    drains: list[str] = []
    stop = Event()

    def deliver_pending(account: str) -> None:
        drains.append(account)
        stop.set()
        engine.notify(account)
        engine.notify("another")

    engine.notify("a")
    engine.run(deliver_pending, stop=stop)
    assert drains == ["a"]


def test_a_run_that_is_stopped_from_the_start_serves_nothing(engine: WorkerPool) -> None:
    stop = Event()
    stop.set()
    engine.notify("a")
    drains: list[str] = []
    engine.run(drains.append, stop=stop)
    assert drains == []


def test_the_inline_engine_returns_once_nothing_rings() -> None:
    drains: list[str] = []
    engine = InlineWorkers()
    engine.run(drains.append, stop=Event())
    engine.notify("a")
    engine.notify("a")
    engine.run(drains.append, stop=Event())
    assert drains == ["a"]


def test_the_inline_engine_serves_in_the_order_of_the_rings_if_told_so() -> None:
    drains: list[str] = []
    engine = InlineWorkers(parallel=False)
    for account in ("c", "a", "b", "a"):
        engine.notify(account)
    engine.run(drains.append, stop=Event())
    assert drains == ["c", "a", "b"]


def test_the_embedded_engine_stays_until_the_stop() -> None:
    engine, served = ThreadedWorkers(), Event()
    with running(engine, lambda account: served.set()):
        for _ in range(3):
            engine.notify("a")
            waits(served)
            served.clear()
