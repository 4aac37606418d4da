"""An engine within this process: a worker for each account, so a slow server delays nobody else's."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

from bot.engine import DrainAccount

#: How often an idle worker looks whether it is to stop.
_LOOK = 0.2


class EmbeddedEngine:
    """Keeps the contract of `bot.engine.Engine`; rings that come before `run` are kept."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._bells: dict[str, Event] = {}
        self._new: SimpleQueue[str] = SimpleQueue()
        self._failure: BaseException | None = None

    def ring(self, account: str) -> None:
        with self._lock:
            if account not in self._bells:
                self._bells[account] = Event()
                self._new.put(account)
            self._bells[account].set()

    def run(self, drain: DrainAccount, *, stop: Event) -> None:
        workers: list[Thread] = []
        while not stop.is_set():
            try:
                account = self._new.get(timeout=_LOOK)
            except Empty:
                continue
            worker = Thread(target=self._serve, args=(account, drain, stop), name=f"drain {account}", daemon=True)
            worker.start()
            workers.append(worker)
        for bell in list(self._bells.values()):
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
