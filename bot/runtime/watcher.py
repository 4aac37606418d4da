"""Waiting for a reason to do another cycle: a wake, a change of the files, the sweep, the stop."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event as Signal
from typing import Final, Protocol

from bot.config import Config
from bot.domain.clock import Clock, monotonic_seconds
from bot.posts.git.folders import PostSource
from bot.posts.listing import FileState, FolderSnapshot, are_equal, may_have_changed, merge_stable, state_of

#: Scanning the folders may take this share of one core.
LOOK_CPU_SHARE: Final = 0.0003
#: On a slow network folder, scanning may take this share of the time.
LOOK_WALL_SHARE: Final = 0.05
MIN_LOOK_INTERVAL: Final = timedelta(milliseconds=800)
MAX_LOOK_INTERVAL: Final = timedelta(minutes=2)
#: A full cycle happens at least this often, whatever wakes are missed; less often where cycles take long.
MIN_SWEEP_INTERVAL: Final = timedelta(seconds=15)
MAX_SWEEP_INTERVAL: Final = timedelta(minutes=10)
#: Cycles without a reason may take this share of one core.
SWEEP_CPU_SHARE: Final = 0.0003


def sweep_after(processor: float) -> timedelta:
    """The time until a cycle is done without a reason; `processor` is the CPU time of the latest one, in seconds."""
    return min(max(timedelta(seconds=processor / SWEEP_CPU_SHARE), MIN_SWEEP_INTERVAL), MAX_SWEEP_INTERVAL)


def pause_after(costs: Sequence[tuple[float, float]]) -> timedelta:
    """The pause until the next scan; `costs` are what the latest ones took, in seconds of CPU and of wall-clock time.

    The cheapest counts: the first scan after a start, and one beside other work, take several times as long.
    """
    if len(costs) < 2:
        return MIN_LOOK_INTERVAL
    processor, wall = (min(cost) for cost in zip(*costs, strict=True))
    wanted = timedelta(seconds=max(processor / LOOK_CPU_SHARE, wall / LOOK_WALL_SHARE))
    return min(max(wanted, MIN_LOOK_INTERVAL), MAX_LOOK_INTERVAL)


#: A clock that differs by so much from the time that has passed was set.
CLOCK_STEP: Final = timedelta(seconds=2)
#: How often the watcher checks that the folders are still the same ones.
FOLDER_CHECK_INTERVAL: Final = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stillness:
    """How long files must hold still before they are acted on, for they come in pieces."""

    written: timedelta = timedelta(milliseconds=100)  #: two looks that agree lie so far apart
    closed: timedelta = timedelta(milliseconds=15)  #: the same where the system has told that the writer closed them
    longest: timedelta = timedelta(seconds=5)  #: then what holds still is acted on, whatever else goes on changing


class SourceOfHints(Protocol):
    """Tells which paths may have changed, and wakes the watcher for each."""

    def arm(self, trees: Collection[Path], folders: Collection[str] = ()) -> None:
        """Watch these folders: `trees` with all that is in them."""

    def is_blind(self) -> bool:
        """Whether a folder was replaced by another one, whose changes are not reported."""

    def are_closed(self, taken: Collection[str]) -> bool:
        """Whether these files, and those reported since, were all closed, or renamed into place, by their writer."""

    def take(self) -> frozenset[str]:
        """The paths reported since the last call; those of folders end in a slash."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _View:
    """Everything that is watched, at one moment."""

    posts: FolderSnapshot
    others: Mapping[str, FileState | None]  #: settings, people, templates

    def is_like(self, other: _View) -> bool:
        return are_equal(self.posts, other.posts) and self.others == other.others


class Watch:
    """Knows the files that the cycles go by, and waits until something differs.

    Files live in real time, so all pauses are real; the `clock` only tells when a release is due.
    """

    def __init__(
        self,
        config: Config,
        *,
        posts: PostSource,
        clock: Clock,
        hints: SourceOfHints,
        wake_event: Signal,
        stop: Signal,
        turn: Callable[[], None] = lambda: None,
        stillness: Stillness = Stillness(),
    ) -> None:
        """`turn` is called every second while `wait` waits: a sign of life."""
        self._stillness = stillness
        self._config = config
        self._posts = posts
        self._clock = clock
        self._hints = hints
        self._wake = wake_event
        self._stop = stop
        self._turn = turn
        self._told: frozenset[str] = frozenset()  #: hints that nothing was done about yet
        self._moving = False  #: whether something was left out because it changed all the time
        self._next_look = 0.0
        self._costs: deque[tuple[float, float]] = deque(maxlen=4)
        self._agreed = self._look()
        self._agree(self._agreed)
        if may_have_changed(self._agreed.posts, seconds=1):
            self._settle(self._agreed)

    def wait(self, *, due: datetime | None = None, sweep: timedelta = MIN_SWEEP_INTERVAL) -> None:
        """Return at a wake, when files have changed and hold still, when the clock was set, and after `sweep`.

        At `due` (UTC) the cycle goes by what was agreed on before: a file that is being saved delays no release.
        """
        ahead = self._ahead()
        self._agreed = _View(posts=self._posts.snapshot or self._agreed.posts, others=self._agreed.others)
        sweep_at = monotonic_seconds() + sweep.total_seconds()
        while not self._stop.is_set():
            self._turn()
            self._told |= self._hints.take()
            pause = min(sweep_at, self._next_look) - monotonic_seconds()
            pause = max(0.0, min(pause, FOLDER_CHECK_INTERVAL.total_seconds()))
            rang = bool(self._told) or self._moving or self._wake.wait(pause)
            self._told |= self._hints.take()
            if self._stop.is_set() or self._is_due(due) or abs(self._ahead() - ahead) > CLOCK_STEP.total_seconds():
                return
            everything = self._moving or monotonic_seconds() >= self._next_look or self._hints.is_blind()
            if self._told or everything:
                view = self._look() if everything else self._look_at(self._told)
                if not view.is_like(self._agreed):
                    self._settle(view, due=due)
                    return
                self._told, self._moving = frozenset(), False
            if rang or monotonic_seconds() >= sweep_at:
                return

    def _settle(self, view: _View, *, due: datetime | None = None) -> None:
        """Scan until two scans agree, and let the cycles go by that."""
        end = monotonic_seconds() + self._stillness.longest.total_seconds()
        while self._rest(self._stillness.closed if self._are_closed() else self._stillness.written, due=due):
            more = self._hints.take()
            self._told |= more
            again = self._look_at(self._told) if self._told else self._look()
            if not more and again.is_like(view):
                self._agree(again)
                return
            if monotonic_seconds() >= end:
                part = merge_stable(self._agreed.posts, view.posts, again.posts, reported=more)
                self._agree(_View(posts=part, others=again.others))
                self._moving = True
                return
            view = again

    def _rest(self, pause: timedelta, *, due: datetime | None) -> bool:
        """Wait for so long; False at once if a release is due, or the end."""
        end = monotonic_seconds() + pause.total_seconds()
        while (left := end - monotonic_seconds()) > 0:
            if self._stop.is_set() or self._is_due(due):
                self._moving = True  # to be looked at after the release
                return False
            if due is not None:
                left = min(left, max(0.0, (due - self._clock.now()).total_seconds()))
            rang = self._wake.wait(left)
            self._wake.clear()  # a cycle follows in any case
            if rang and pause > self._stillness.closed and self._are_closed():
                # Closed just now: from here on it need not hold still for as long as one that may be written on.
                self._told |= self._hints.take()
                pause = self._stillness.closed
                end = min(end, monotonic_seconds() + pause.total_seconds())
        return True

    def _are_closed(self) -> bool:
        return bool(self._told) and self._hints.are_closed(self._told)

    def _ahead(self) -> float:
        """The time of day less the time that passes, in seconds: it changes when the clock is set."""
        return self._clock.now().timestamp() - self._clock.monotonic()

    def _is_due(self, due: datetime | None) -> bool:
        return due is not None and self._clock.now() >= due

    def _agree(self, view: _View) -> None:
        self._agreed, self._told, self._moving = view, frozenset(), False
        self._posts.use_snapshot(view.posts)

    def _look(self) -> _View:
        wall, processor = time.perf_counter(), time.thread_time()
        self._hints.arm(
            [self._config.posts_folder, self._config.path.parent],
            sorted({str(Path(picture).parent) for picture in self._posts.pictures}),
        )
        view = _View(posts=self._posts.take_snapshot(), others=self._others())
        self._costs.append((time.thread_time() - processor, time.perf_counter() - wall))
        pause = pause_after(self._costs)
        self._next_look = monotonic_seconds() + pause.total_seconds()
        return view

    def _look_at(self, told: Collection[str]) -> _View:
        return _View(posts=self._posts.update_snapshot(self._agreed.posts, told), others=self._others())

    def _others(self) -> Mapping[str, FileState | None]:
        config = self._config
        templates = [path for folder in _folders(config.templates_folder) for path in _files(folder)]
        return {str(path): state_of(path) for path in (config.path, config.people_file, *templates)}


def _folders(folder: Path) -> list[Path]:
    return [folder, *(path for path in _files(folder) if path.is_dir())]


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
