"""Keeping all sources fresh: once for a tick, or again and again beside the work."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Event as Signal
from threading import Thread
from typing import Final

from bot.config import Config, Source
from bot.config.secrets import secret_of
from bot.domain import Event, EventKind
from bot.domain.clock import Clock
from bot.posts.git.checkout import checkout_dir_of
from bot.posts.git.push import PushHook
from bot.posts.git.status import SourceTrouble, read_status
from bot.posts.git.sync import SyncResult, sync_checkout

#: Between two pulls of one source, however many pushes come.
GAP: Final = timedelta(seconds=1)
#: A source that could not be fetched is asked again after this time, however rarely it is asked otherwise.
AGAIN: Final = timedelta(minutes=1)
#: A forge may tell of a push before all of its machines show it: then it is asked once more after this time.
SETTLED: Final = timedelta(seconds=5)
#: At its start the bot waits so long for sources of which it has nothing yet.
FIRST: Final = timedelta(seconds=10)
_PATIENCE: Final = 2.0  #: seconds for a thread to end
_LOOK: Final = 0.05  #: seconds between two looks whether to stop


def pause_after(pulled: SyncResult, *, was_pushed: bool) -> timedelta | None:
    """How long to wait for the next pull of a source; None: until it is pushed to."""
    every = pulled.source.every or None
    if pulled.fault:
        return min(every or AGAIN, AGAIN)
    if was_pushed and not pulled.changed:
        return min(every or SETTLED, SETTLED)
    return every


class GitSyncer:
    """Fetches the sources of a bot. `end` stops what runs, within a moment; safe across threads."""

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
        self._say = emit
        self._stopping = stopping
        self._ended = Signal()
        self._threads: list[Thread] = []
        self._wakes = {source: Signal() for source in config.sources}
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

    def wait_for_first(self, *, at_most: timedelta = FIRST) -> None:
        """Give those a moment of which there is nothing yet, while `keep` fetches them.

        A first pass without their posts would be one too many; a host that hangs must not keep the others waiting.
        """
        end = time.monotonic() + at_most.total_seconds()
        for source in self.sources:
            missing = not checkout_dir_of(self._config, source).commit()
            while missing and not self._is_to_end() and time.monotonic() < end:
                if self._tried[source].wait(_LOOK):
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

    def start(self, *, on_change: Callable[[], None], watched: Callable[[Callable[[], object]], None]) -> None:
        """Keep each source fresh in a thread of its own: a host that hangs delays no other. `watched` runs the work."""
        for source in self.sources:
            work = partial(self.keep, source, on_change=on_change)
            thread = Thread(target=watched, args=(work,), name=f"source {source.name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def keep(self, source: Source, *, on_change: Callable[[], None]) -> None:
        """Pull now, at each push, and as often as the settings say, until the end."""
        wake = self._wakes[source]
        while not self._is_to_end():
            was_pushed = wake.is_set()
            wake.clear()
            pulled = self.sync_checkout(source)
            self._tried[source].set()
            if pulled.changed:
                on_change()
            pause = pause_after(pulled, was_pushed=was_pushed)
            if self._ended.wait(GAP.total_seconds()):
                return
            wake.wait(None if pause is None else max(0.0, (pause - GAP).total_seconds()))

    def pushed(self, source: Source) -> None:
        """Its repository has changed: pull at once. One that is being pulled is pulled again after that."""
        self._wakes[source].set()

    def push_hook(self) -> PushHook | None:
        """What hears of pushes; None if no source has a secret for it."""
        secrets = {source: secret_of(source.push_secret, self._environ) for source in self.sources}
        if not any(secrets.values()):
            return None
        return PushHook(secrets, now=self._clock.now, pushed=self.pushed)

    def troubles(self) -> tuple[SourceTrouble, ...]:
        """What somebody should know of, as of now."""
        now = self._clock.now()
        found = []
        for source in self.sources:
            place = checkout_dir_of(self._config, source)
            what = read_status(place.status).trouble(now)
            if what:
                found.append(SourceTrouble(source=source, what=what, never=not place.commit()))
        return tuple(found)

    def end(self) -> None:
        """Begin nothing new and stop what runs; what does not end by then is cut off with the process."""
        self._ended.set()
        for wake in self._wakes.values():
            wake.set()
        for thread in self._threads:
            thread.join(timeout=_PATIENCE)

    def _is_to_end(self) -> bool:
        return self._ended.is_set() or self._stopping()

    def _tell(self, kind: EventKind, detail: str) -> None:
        self._say(Event(at=self._clock.now(), kind=kind, detail=detail))
