"""An engine that serves in the caller's own time: for one pass (`announce tick`) and for pretended clocks."""

from __future__ import annotations

from threading import Event, Lock

from bot.engine import DrainAccount


class InlineEngine:
    """Keeps the contract of `bot.engine.Engine`; `run` serves what was rung and returns when nothing rings.

    Several accounts are served at the same time, so a slow server delays nobody else's toot; with `parallel=False`
    one after the other, in the order of the rings.
    """

    def __init__(self, *, parallel: bool = True) -> None:
        self._parallel = parallel
        self._lock = Lock()
        self._rung: dict[str, None] = {}

    def ring(self, account: str) -> None:
        with self._lock:
            self._rung[account] = None

    def run(self, drain: DrainAccount, *, stop: Event) -> None:
        while self._rung and not stop.is_set():
            with self._lock:
                accounts, self._rung = list(self._rung), {}
            if self._parallel and len(accounts) > 1:
                self._together(accounts, drain, stop)
                continue
            for account in accounts:
                if not stop.is_set():
                    self._serve(account, drain, stop)

    def _together(self, accounts: list[str], drain: DrainAccount, stop: Event) -> None:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(max_workers=len(accounts)) as pool:
            for future in [pool.submit(self._serve, account, drain, stop) for account in accounts]:
                future.result()

    @staticmethod
    def _serve(account: str, drain: DrainAccount, stop: Event) -> None:
        try:
            drain(account)
        except BaseException:
            stop.set()
            raise
