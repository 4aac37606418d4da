"""Worker threads, and the pools that deliver: one worker for each account."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event as Signal
from threading import Lock, Thread
from typing import Final, Protocol, TypeAlias

#: Delivers what one account is owed; a pool ignores what it returns.
DeliverAccount: TypeAlias = Callable[[str], object]
#: Runs a task and reports its errors.
Supervise: TypeAlias = Callable[[Callable[[], object]], None]


class Worker:
    """A thread that works when it is woken, and again when its work asks for that.

    The work is called once at a time; a wake during a call is followed by another call.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], timedelta | None],
        *,
        supervise: Supervise,
        rest: timedelta = timedelta(),
        wake: Signal | None = None,
    ) -> None:
        """`work` returns the pause until it is to be called again, None: not before the worker is woken.

        `rest` is the shortest pause between two calls, however often the worker is woken. It is woken by `wake` too,
        which the worker clears.
        """
        self._work = work
        self._rest = rest
        self._wake = wake or Signal()
        self._ended = Signal()
        # A daemon: it may hang on a server that does not answer, and all its work can be repeated after a restart.
        self._thread = Thread(target=supervise, args=(self._run,), name=name, daemon=True)

    def start(self) -> None:
        """Start the thread. Work begins with the first wake, which may have come before."""
        self._thread.start()

    def wake(self) -> None:
        """Let it work now. Safe from any thread."""
        self._wake.set()

    def end(self) -> None:
        """Begin no more work. Safe to repeat."""
        self._ended.set()
        self._wake.set()

    def join(self, timeout: timedelta | None = None) -> None:
        """Wait for the work in hand; None: however long it takes."""
        if self._thread.ident is not None:
            self._thread.join(None if timeout is None else timeout.total_seconds())

    def _run(self) -> None:
        pause: timedelta | None = None
        while True:
            self._wake.wait(None if pause is None else pause.total_seconds())
            self._wake.clear()
            if self._ended.is_set():
                return
            pause = self._work()
            if self._rest:
                if self._ended.wait(self._rest.total_seconds()):
                    return
                pause = None if pause is None else max(timedelta(), pause - self._rest)


class WorkerPool(Protocol):
    """Delivers for an account at least once, soon after `notify(account)`.

    All implementations pass one suite, `tests/contract/test_workers.py`.
    """

    def notify(self, account: str) -> None:
        """Something may be due for this account. Returns at once; may be called from any thread."""

    def run(self, deliver_pending: DeliverAccount, *, stop: Signal) -> None:
        """Deliver for the notified accounts until `stop` is set and what is in hand is finished.

        An account is served by one call at a time. An unexpected error of a delivery sets `stop` and is raised here.
        """


class InlineWorkers:
    """A `WorkerPool` whose `run` serves the accounts that were notified, and returns when none is left.

    Several accounts are served at the same time, so a slow server delays no other account's toot; with
    `parallel=False` one after the other, in the order in which they were notified.
    """

    def __init__(self, *, parallel: bool = True) -> None:
        self._parallel = parallel
        self._lock = Lock()
        self._notified: dict[str, None] = {}

    def notify(self, account: str) -> None:
        with self._lock:
            self._notified[account] = None

    def run(self, deliver_pending: DeliverAccount, *, stop: Signal) -> None:
        while self._notified and not stop.is_set():
            with self._lock:
                accounts, self._notified = list(self._notified), {}
            if self._parallel and len(accounts) > 1:
                self._serve_together(accounts, deliver_pending, stop)
                continue
            for account in accounts:
                if not stop.is_set():
                    self._serve(account, deliver_pending, stop)

    def _serve_together(self, accounts: list[str], deliver_pending: DeliverAccount, stop: Signal) -> None:
        with ThreadPoolExecutor(max_workers=len(accounts)) as pool:
            for future in [pool.submit(self._serve, account, deliver_pending, stop) for account in accounts]:
                future.result()

    @staticmethod
    def _serve(account: str, deliver_pending: DeliverAccount, stop: Signal) -> None:
        try:
            deliver_pending(account)
        except BaseException:
            stop.set()
            raise


class ThreadedWorkers:
    """A `WorkerPool` with a thread for each account, started when the account is first notified.

    Nothing polls: `run` sleeps until the stop, each worker until its account is notified. A notification that comes
    before `run` is kept.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[str, None] = {}  #: notified before `run`
        self._workers: dict[str, Worker] = {}
        self._start: Callable[[str], Worker] | None = None  #: while `run` goes on

    def notify(self, account: str) -> None:
        with self._lock:
            if self._start is None:
                self._waiting[account] = None
                return
            if account not in self._workers:
                self._workers[account] = self._start(account)
            self._workers[account].wake()

    def run(self, deliver_pending: DeliverAccount, *, stop: Signal) -> None:
        failures: list[BaseException] = []

        def supervise(work: Callable[[], object]) -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 — raised again by `run`: the pool never goes on half dead
                failures.append(error)
                stop.set()

        def start(account: str) -> Worker:
            def work() -> None:
                if not stop.is_set():
                    deliver_pending(account)

            worker = Worker(f"deliver {account}", work, supervise=supervise)
            worker.start()
            return worker

        with self._lock:
            self._start = start
            waiting, self._waiting = self._waiting, {}
        for account in waiting:
            self.notify(account)
        stop.wait()
        with self._lock:  # no worker is started from here on
            self._start = None
            workers, self._workers = self._workers, {}
        for worker in workers.values():
            worker.end()
        for worker in workers.values():
            worker.join()
        if failures:
            raise failures[0]


#: How often a stop is looked for while requests are awaited, in seconds.
_STOP_CHECK_INTERVAL: Final = 0.02


class RequestLatch:
    """Lets a thread wait until the requests of other threads have been sent. Safe across threads."""

    def __init__(self) -> None:
        self._expected: dict[str, Signal] = {}

    def expect(self, accounts: Iterable[str]) -> None:
        """Note the requests of these accounts from now on; what was expected before is forgotten."""
        self._expected = {account: Signal() for account in accounts}

    def request_started(self, account: str) -> None:
        """The account's request is about to be sent, or there will be none."""
        signal = self._expected.get(account)
        if signal is not None:
            signal.set()

    def wait(self, longest: float, *, stop: Signal) -> bool:
        """Wait until all expected requests were sent, at most so many seconds or until a stop; whether they were."""
        end, waiting = time.monotonic() + longest, list(self._expected.values())
        while waiting and time.monotonic() < end and not stop.is_set():
            waiting[0].wait(_STOP_CHECK_INTERVAL)
            waiting = [signal for signal in waiting if not signal.is_set()]
        return all(signal.is_set() for signal in waiting)
