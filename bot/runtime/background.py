"""What is done with other people's servers beside the loop, so that no hub, page or mail server delays it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Event as Signal
from threading import Thread
from typing import TypeAlias

from bot.domain.errors import LedgerError
from bot.runtime.app import Bot
from bot.runtime.cycle import CycleResult

#: Runs something and sees to its errors.
Supervised: TypeAlias = Callable[[Callable[[], object]], None]


class BackgroundTasks:
    """All of it. `begin`, then `passed` after each pass, then `end`."""

    def __init__(self, bot: Bot, watched: Supervised) -> None:
        self._bot = bot
        self._watched = watched
        self._latest: CycleResult | None = None
        looker = Worker("looker", bot.site.look)
        self._helpers = (
            Worker("pinger", lambda: bot.ping(bot.pings.topics)),
            Worker("covers", self._ask_for_covers),
            Worker("caller", bot.site.call),
            looker,
        )
        bot.site.notify(looker.wake)
        # One after the other: a slow mail server must not keep the next release waiting.
        self._teller = ThreadPoolExecutor(max_workers=1, thread_name_prefix="teller")

    def begin(self) -> None:
        """Start the threads. What the first release depends on is asked for here: it may take a while."""
        for helper in self._helpers:
            helper.start(self._watched)
        self._bot.sources.start(on_change=self._bot.wake_event.set, watched=self._watched)
        self._bot.sources.wait_for_first()
        # Before the first release; from then on each answer tells, and what is missing is asked for beside the work.
        self._bot.parts.server_times.ask()

    def passed(self, result: CycleResult) -> None:
        """There was a pass: tell what is new, and let the helpers look."""
        self._teller.submit(self._watched, partial(self._bot.send_alerts, result))
        self._teller.submit(self._watched, self._bot.parts.server_times.ask)
        self._bot.pings.topics = result.topics
        self._bot.site.plan_is(result.plan)
        self._latest = result
        for helper in self._helpers:
            helper.wake()

    def end(self) -> None:
        """Begin nothing new, and wait for what must not be cut short."""
        self._teller.shutdown()
        for helper in self._helpers:
            helper.end()
        for helper in self._helpers:
            helper.join()
        self._bot.sources.end()

    def _ask_for_covers(self) -> None:
        if self._latest is not None and self._bot.ask_for_covers(self._latest.covers_to_ask):
            self._bot.wake_event.set()  # another pass writes the feeds with what is known now


class Worker:
    """Does something with other people's servers beside the loop: when it is woken, and again when it asks for that."""

    def __init__(self, name: str, work: Callable[[], timedelta | None]) -> None:
        """`work` returns when it is to be done again by itself, None: not before it is woken."""
        self._work = work
        self._wake = Signal()
        self._ended = Signal()
        self._name = name
        self._thread: Thread | None = None

    def start(self, watched: Supervised) -> None:
        """Begin to wait."""
        # A daemon: it may hang on somebody's server, and what it does may be done again.
        self._thread = Thread(target=watched, args=(self._run,), name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Let it work now. Safe from any thread."""
        self._wake.set()

    def _run(self) -> None:
        pause: float | None = None
        while not self._ended.is_set():
            self._wake.wait(pause)
            self._wake.clear()
            try:
                again = None if self._ended.is_set() else self._work()
            except LedgerError:
                if self._ended.is_set():  # the ledger was closed while a server took its time
                    return
                raise
            pause = again.total_seconds() if again is not None else None

    def end(self) -> None:
        """Begin nothing new."""
        self._ended.set()
        self._wake.set()

    def join(self) -> None:
        """Wait a moment for its end."""
        if self._thread is not None:
            self._thread.join(timeout=1)
