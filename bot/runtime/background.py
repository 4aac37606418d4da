"""Requests to other servers, in threads of their own, so that no hub, page or mail server delays a release."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Event as Signal
from typing import Final

from bot.domain.errors import LedgerError
from bot.runtime.app import Bot
from bot.runtime.context import CycleResult
from bot.runtime.workers import Supervise, Worker

#: How long `end` waits for each worker. A server may take longer to answer; every request here can be repeated.
_END_TIMEOUT: Final = timedelta(seconds=1)


class BackgroundTasks:
    """The caller calls `begin`, then `follow_up` after each cycle, then `end`."""

    def __init__(self, bot: Bot, supervise: Supervise) -> None:
        self._bot = bot
        self._supervise = supervise
        self._ending = False
        self._latest: CycleResult | None = None
        self._workers = (
            self._worker("hubs", self._ping),
            self._worker("remote pictures", self._ask_for_covers),
            self._worker("deploy hook", bot.site.call),
            self._worker("pages", bot.site.check_pages, wake=bot.site.answered),
        )
        # Alerts are sent one after the other, and none is dropped; a slow mail server must not delay the next release.
        self._alerts = ThreadPoolExecutor(max_workers=1, thread_name_prefix="alerts")

    def begin(self) -> None:
        """Start the workers, and request what the first release depends on; may take some seconds."""
        for worker in self._workers:
            worker.start()
        self._bot.sources.start(on_change=self._bot.wake_event.set, supervise=self._supervise)
        self._bot.sources.wait_for_first()
        # Before the first release. Later each answer carries the server's time, and a worker requests what is missing.
        self._bot.context.server_times.ask()

    def follow_up(self, result: CycleResult) -> None:
        """Send the alerts of a cycle, and wake the workers to act on its plan."""
        self._alerts.submit(self._supervise, partial(self._bot.send_alerts, result))
        self._alerts.submit(self._supervise, self._bot.context.server_times.ask)
        self._bot.site.follow_plan(result.plan)
        self._latest = result
        for worker in self._workers:
            worker.wake()

    def end(self) -> None:
        """Stop the workers; waits for alerts that are being sent."""
        self._alerts.shutdown()
        self._ending = True
        for worker in self._workers:
            worker.end()
        for worker in self._workers:
            worker.join(_END_TIMEOUT)
        self._bot.sources.end()

    def _worker(self, name: str, work: Callable[[], timedelta | None], *, wake: Signal | None = None) -> Worker:
        def work_with_open_ledger() -> timedelta | None:
            try:
                return work()
            except LedgerError:
                if self._ending:  # the ledger was closed while a server was answering
                    return None
                raise

        return Worker(name, work_with_open_ledger, supervise=self._supervise, wake=wake)

    def _ping(self) -> timedelta | None:
        return None if self._latest is None else self._bot.ping(self._latest.topics)

    def _ask_for_covers(self) -> None:
        if self._latest is not None and self._bot.ask_for_covers(self._latest.covers_to_ask):
            self._bot.wake_event.set()  # another cycle writes the feeds with what is known now
