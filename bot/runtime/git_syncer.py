"""Keeping the sources of posts up to date: once for a tick, or by a worker for each while the service runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Event as Signal
from typing import Final

from bot.config import Config, Source
from bot.config.secrets import secret_of
from bot.domain import Event, EventKind
from bot.domain.clock import Clock
from bot.posts.git.checkout import checkout_dir_of
from bot.posts.git.push import PushHook
from bot.posts.git.status import SourceTrouble, read_fetch_status
from bot.posts.git.sync import SyncResult, sync_checkout
from bot.runtime.workers import Supervise, Worker

#: The shortest pause between two fetches of one source, however many pushes are announced.
MIN_FETCH_INTERVAL: Final = timedelta(seconds=1)
#: The longest pause after a failed fetch, however rarely the source is fetched otherwise.
RETRY_AFTER: Final = timedelta(minutes=1)
#: A forge may announce a push before all its machines show it: a push that showed nothing is fetched again after this.
SECOND_LOOK_AFTER_PUSH: Final = timedelta(seconds=5)
#: How long a start waits for sources of which nothing was fetched yet.
FIRST_FETCH_TIMEOUT: Final = timedelta(seconds=10)
#: How long `end` waits for each worker.
_END_TIMEOUT: Final = timedelta(seconds=2)
_STOP_CHECK_INTERVAL: Final = 0.05  #: seconds


def pause_after(pulled: SyncResult, *, was_pushed: bool) -> timedelta | None:
    """The pause until the next fetch of a source; None: until a push is announced."""
    every = pulled.source.every or None
    if pulled.fault:
        return min(every or RETRY_AFTER, RETRY_AFTER)
    if was_pushed and not pulled.changed:
        return min(every or SECOND_LOOK_AFTER_PUSH, SECOND_LOOK_AFTER_PUSH)
    return every


class GitSyncer:
    """Fetches the sources of a bot. `end` stops running fetches within a moment. Safe across threads."""

    def __init__(
        self,
        config: Config,
        *,
        environ: Mapping[str, str],
        clock: Clock,
        emit: Callable[[Event], None],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._config = config
        self._environ = environ
        self._clock = clock
        self._emit = emit
        self._stopping = stopping
        self._ended = Signal()
        self._workers: dict[Source, Worker] = {}
        self._pushed: set[Source] = set()  #: announced, and not fetched since
        self._tried = {source: Signal() for source in config.sources}

    @property
    def sources(self) -> tuple[Source, ...]:
        """All of them, in the order of the settings."""
        return self._config.sources

    def sync_all(self) -> tuple[SyncResult, ...]:
        """Bring all up to date, at the same time; takes as long as the slowest, which its `timeout` bounds."""
        if not self.sources:
            return ()
        with ThreadPoolExecutor(max_workers=len(self.sources), thread_name_prefix="source") as pool:
            return tuple(pool.map(self.sync_checkout, self.sources))

    def wait_for_first(self, *, at_most: timedelta = FIRST_FETCH_TIMEOUT) -> None:
        """Wait a moment for sources of which nothing was fetched yet, while their workers fetch them.

        It spares a cycle without their posts; a host that hangs must not delay the other sources.
        """
        end = time.monotonic() + at_most.total_seconds()
        for source in self.sources:
            missing = not checkout_dir_of(self._config, source).commit()
            while missing and not self._is_to_end() and time.monotonic() < end:
                if self._tried[source].wait(_STOP_CHECK_INTERVAL):
                    break

    def sync_checkout(self, source: Source) -> SyncResult:
        """Bring one up to date, and say what has changed."""
        pulled = sync_checkout(
            self._config, source, environ=self._environ, now=self._clock.now, stopping=self._is_to_end
        )
        if pulled.changed or pulled.recovered:
            self._tell(EventKind.FETCHED, f"{source.shown} at {pulled.commit[:10]}")
        elif pulled.first_fault:
            self._tell(EventKind.PROBLEM, f"{source.shown} cannot be fetched: {pulled.fault}")
        return pulled

    def start(self, *, on_change: Callable[[], None], supervise: Supervise) -> None:
        """Keep each source up to date with a worker of its own, so that a host that hangs delays no other."""
        for source in self.sources:
            work = partial(self._fetch, source, on_change=on_change)
            worker = Worker(f"source {source.name}", work, supervise=supervise, rest=MIN_FETCH_INTERVAL)
            self._workers[source] = worker
            worker.start()
            worker.wake()

    def _fetch(self, source: Source, *, on_change: Callable[[], None]) -> timedelta | None:
        if self._is_to_end():
            return None
        was_pushed = source in self._pushed
        self._pushed.discard(source)
        pulled = self.sync_checkout(source)
        self._tried[source].set()
        if pulled.changed:
            on_change()
        return pause_after(pulled, was_pushed=was_pushed)

    def pushed(self, source: Source) -> None:
        """Fetch a source at once, as its repository has changed; one that is being fetched is fetched again."""
        self._pushed.add(source)
        if source in self._workers:
            self._workers[source].wake()

    def push_hook(self) -> PushHook | None:
        """The handler of announced pushes; None if no source has a secret for it."""
        secrets = {source: secret_of(source.push_secret, self._environ) for source in self.sources}
        if not any(secrets.values()):
            return None
        return PushHook(secrets, now=self._clock.now, pushed=self.pushed)

    def troubles(self) -> tuple[SourceTrouble, ...]:
        """The sources that an operator should know of, as of now."""
        now = self._clock.now()
        found = []
        for source in self.sources:
            place = checkout_dir_of(self._config, source)
            what = read_fetch_status(place.status).trouble(now)
            if what:
                found.append(SourceTrouble(source=source, what=what, never=not place.commit()))
        return tuple(found)

    def end(self) -> None:
        """Begin nothing new and stop what runs; what does not end by then is cut off with the process."""
        self._ended.set()
        for worker in self._workers.values():
            worker.end()
        for worker in self._workers.values():
            worker.join(_END_TIMEOUT)

    def _is_to_end(self) -> bool:
        return self._ended.is_set() or self._stopping()

    def _tell(self, kind: EventKind, detail: str) -> None:
        self._emit(Event(at=self._clock.now(), kind=kind, detail=detail))
