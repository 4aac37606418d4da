"""An engine within this process: a worker for each account, so a slow server delays nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread

from bot.engine import DrainAccount


class EmbeddedEngine:
    """Keeps the contract of `bot.engine.Engine`; rings that come before `run` are kept.

    Nobody looks at intervals: `run` sleeps until the stop, each worker until its account is rung.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._bells: dict[str, Event] = {}
        self._hire: Callable[[str], None] | None = None  #: starts a worker, while `run` goes on
        self._failure: BaseException | None = None

    def ring(self, account: str) -> None:
        with self._lock:
            bell = self._bells.get(account)
            if bell is None:
                bell = self._bells[account] = Event()
                if self._hire is not None:
                    self._hire(account)
        bell.set()

    def run(self, drain: DrainAccount, *, stop: Event) -> None:
        workers: list[Thread] = []

        def hire(account: str) -> None:
            worker = Thread(target=self._serve, args=(account, drain, stop), name=f"drain {account}", daemon=True)
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
        for bell in bells:
            bell.set()
        for worker in workers:
            worker.join()
        if self._failure is not None:
            raise self._failure

    def _serve(self, account: str, drain: DrainAccount, stop: Event) -> None:
        bell = self._bells[account]
        while True:
            bell.wait()
            bell.clear()
            if stop.is_set():
                return
            try:
                drain(account)
            except BaseException as error:  # noqa: BLE001 — raised again by `run`: no worker lives on half dead
                self._failure = error
                stop.set()
                return
