"""An engine within this process: a worker for each account, so a slow server delays nobody else's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Event, Lock, Thread
from threading import Event as Signal
from typing import Final, Protocol

#: Serves one account; the engine does not look at what it returns.
DeliverAccount = Callable[[str], None]


class WorkerPool(Protocol):
    """Calls drain(account) at least once, soon after ring(account).

    Every keeper (`engines/`) passes the same suite, `tests/contract/test_workers.py`.
    """

    def notify(self, account: str) -> None:
        """Something may be due for this account. Returns at once; may be called from any thread."""

    def run(self, deliver_pending: DeliverAccount, *, stop: Event) -> None:
        """Serve the rings until `stop` is set and what is in hand is finished.

        An account is served by one call at a time. An unexpected error in `drain` sets `stop` and is raised here.
        """


class InlineWorkers:
    """Keeps the contract of `WorkerPool`; `run` serves the accounts that were notified and returns when none is left.

    Several accounts are served at the same time, so a slow server delays nobody else's toot; with `parallel=False`
    one after the other, in the order of the rings.
    """

    def __init__(self, *, parallel: bool = True) -> None:
        self._parallel = parallel
        self._lock = Lock()
        self._rung: dict[str, None] = {}

    def notify(self, account: str) -> None:
        with self._lock:
            self._rung[account] = None

    def run(self, deliver_pending: DeliverAccount, *, stop: Event) -> None:
        while self._rung and not stop.is_set():
            with self._lock:
                accounts, self._rung = list(self._rung), {}
            if self._parallel and len(accounts) > 1:
                self._together(accounts, deliver_pending, stop)
                continue
            for account in accounts:
                if not stop.is_set():
                    self._serve(account, deliver_pending, stop)

    def _together(self, accounts: list[str], deliver_pending: DeliverAccount, stop: Event) -> None:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(max_workers=len(accounts)) as pool:
            for future in [pool.submit(self._serve, account, deliver_pending, stop) for account in accounts]:
                future.result()

    @staticmethod
    def _serve(account: str, deliver_pending: DeliverAccount, stop: Event) -> None:
        try:
            deliver_pending(account)
        except BaseException:
            stop.set()
            raise


class ThreadedWorkers:
    """Keeps the contract of `bot.runtime.workers.WorkerPool`; rings that come before `run` are kept.

    Nobody looks at intervals: `run` sleeps until the stop, each worker until its account is rung.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._bells: dict[str, Event] = {}
        self._hire: Callable[[str], None] | None = None  #: starts a worker, while `run` goes on
        self._failure: BaseException | None = None

    def notify(self, account: str) -> None:
        with self._lock:
            wake_event = self._bells.get(account)
            if wake_event is None:
                wake_event = self._bells[account] = Event()
                if self._hire is not None:
                    self._hire(account)
        wake_event.set()

    def run(self, deliver_pending: DeliverAccount, *, stop: Event) -> None:
        workers: list[Thread] = []

        def hire(account: str) -> None:
            worker = Thread(
                target=self._serve, args=(account, deliver_pending, stop), name=f"drain {account}", daemon=True
            )
            worker.start()
            workers.append(worker)

        with self._lock:
            self._hire = hire
            for account in self._bells:
                hire(account)
        stop.wait()
        with self._lock:  # from now on nobody is hired
            self._hire = None
            bells = list(self._bells.values())
        for wake_event in bells:
            wake_event.set()
        for worker in workers:
            worker.join()
        if self._failure is not None:
            raise self._failure

    def _serve(self, account: str, deliver_pending: DeliverAccount, stop: Event) -> None:
        wake_event = self._bells[account]
        while True:
            wake_event.wait()
            wake_event.clear()
            if stop.is_set():
                return
            try:
                deliver_pending(account)
            except BaseException as error:  # noqa: BLE001 — raised again by `run`: no worker lives on half dead
                self._failure = error
                stop.set()
                return


#: How often, in seconds, it is looked for a stop.
_LOOK: Final = 0.02


class RequestLatch:
    """Who sends says that a request `leaves`; who expects them waits until they have. Safe across threads."""

    def __init__(self) -> None:
        self._expected: dict[str, Signal] = {}

    def expect(self, accounts: Iterable[str]) -> None:
        """From now on, what leaves for these accounts is noted; what was expected before is forgotten."""
        self._expected = {account: Signal() for account in accounts}

    def request_started(self, account: str) -> None:
        """The account's request is about to leave, or nothing more will."""
        signal = self._expected.get(account)
        if signal is not None:
            signal.set()

    def wait(self, longest: float, *, stop: Signal) -> bool:
        """Until all that is expected has left, or so many seconds have passed, or a stop; whether it has left."""
        end, waiting = time.monotonic() + longest, list(self._expected.values())
        while waiting and time.monotonic() < end and not stop.is_set():
            waiting[0].wait(_LOOK)
            waiting = [signal for signal in waiting if not signal.is_set()]
        return all(signal.is_set() for signal in waiting)
