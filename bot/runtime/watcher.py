"""Waits for a reason to do another cycle: a wake, a change of the files, the sweep, the stop."""

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
SCAN_CPU_SHARE: Final = 0.0003
#: On a slow network folder, scanning may take this share of the time.
SCAN_WALL_SHARE: Final = 0.05
MIN_SCAN_INTERVAL: Final = timedelta(milliseconds=800)
MAX_SCAN_INTERVAL: Final = timedelta(minutes=2)
#: A full cycle happens at least this often, even if wakes are missed; less often where cycles take long.
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
        return MIN_SCAN_INTERVAL
    processor, wall = (min(cost) for cost in zip(*costs, strict=True))
    wanted = timedelta(seconds=max(processor / SCAN_CPU_SHARE, wall / SCAN_WALL_SHARE))
    return min(max(wanted, MIN_SCAN_INTERVAL), MAX_SCAN_INTERVAL)


#: A clock that differs by so much from the time that has passed was set.
CLOCK_STEP: Final = timedelta(seconds=2)
#: How often the watcher checks that the folders are still the same ones.
FOLDER_CHECK_INTERVAL: Final = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stillness:
    """How long files must hold still before a cycle uses them, because they are written in pieces."""

    written: timedelta = timedelta(milliseconds=100)  #: the time between two scans that agree
    closed: timedelta = timedelta(milliseconds=15)  #: the same if the system has reported that the writer closed them
    longest: timedelta = timedelta(seconds=5)  #: after that the still files are used, even if others change


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
    """Holds the state of the files that cycles use, and waits until it differs.

    Files live in real time, so all pauses are real; the `clock` only says when a release is due.
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
        on_wait: Callable[[], None] = lambda: None,
        stillness: Stillness = Stillness(),
    ) -> None:
        """`on_wait` is called every second while `wait` waits."""
        self._stillness = stillness
        self._config = config
        self._posts = posts
        self._clock = clock
        self._hints = hints
        self._wake = wake_event
        self._stop = stop
        self._on_wait = on_wait
        self._changed: frozenset[str] = frozenset()  #: the paths of hints that no scan has followed yet
        self._moving = False  #: whether a file was left out because it kept changing
        self._next_scan = 0.0
        self._costs: deque[tuple[float, float]] = deque(maxlen=4)
        self._agreed = self._scan()
        self._agree(self._agreed)
        if may_have_changed(self._agreed.posts, seconds=1):
            self._settle(self._agreed)

    def wait(self, *, due: datetime | None = None, sweep: timedelta = MIN_SWEEP_INTERVAL) -> None:
        """Return at a wake, when files have changed and hold still, when the clock was set, and after `sweep`.

        At `due` (UTC) the cycle uses the files as of the last agreement: a file that is being saved delays no release.
        """
        ahead = self._ahead()
        self._agreed = _View(posts=self._posts.snapshot or self._agreed.posts, others=self._agreed.others)
        sweep_at = monotonic_seconds() + sweep.total_seconds()
        while not self._stop.is_set():
            self._on_wait()
            self._changed |= self._hints.take()
            pause = min(sweep_at, self._next_scan) - monotonic_seconds()
            pause = max(0.0, min(pause, FOLDER_CHECK_INTERVAL.total_seconds()))
            woken = bool(self._changed) or self._moving or self._wake.wait(pause)
            self._changed |= self._hints.take()
            if self._stop.is_set() or self._is_due(due) or abs(self._ahead() - ahead) > CLOCK_STEP.total_seconds():
                return
            everything = self._moving or monotonic_seconds() >= self._next_scan or self._hints.is_blind()
            if self._changed or everything:
                view = self._scan() if everything else self._rescan(self._changed)
                if not view.is_like(self._agreed):
                    self._settle(view, due=due)
                    return
                self._changed, self._moving = frozenset(), False
            if woken or monotonic_seconds() >= sweep_at:
                return

    def _settle(self, view: _View, *, due: datetime | None = None) -> None:
        """Scan until two scans agree, and let the cycles use their result."""
        end = monotonic_seconds() + self._stillness.longest.total_seconds()
        while self._rest(self._stillness.closed if self._are_closed() else self._stillness.written, due=due):
            more = self._hints.take()
            self._changed |= more
            again = self._rescan(self._changed) if self._changed else self._scan()
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
        """Wait for this pause; returns False at once if a release is due or the bot stops."""
        end = monotonic_seconds() + pause.total_seconds()
        while (left := end - monotonic_seconds()) > 0:
            if self._stop.is_set() or self._is_due(due):
                self._moving = True  # scanned after the release
                return False
            if due is not None:
                left = min(left, max(0.0, (due - self._clock.now()).total_seconds()))
            woken = self._wake.wait(left)
            self._wake.clear()  # a cycle follows in any case
            if woken and pause > self._stillness.closed and self._are_closed():
                # It was closed just now, so the shorter pause applies.
                self._changed |= self._hints.take()
                pause = self._stillness.closed
                end = min(end, monotonic_seconds() + pause.total_seconds())
        return True

    def _are_closed(self) -> bool:
        return bool(self._changed) and self._hints.are_closed(self._changed)

    def _ahead(self) -> float:
        """The time of day less the time that passes, in seconds: it changes when the clock is set."""
        return self._clock.now().timestamp() - self._clock.monotonic()

    def _is_due(self, due: datetime | None) -> bool:
        return due is not None and self._clock.now() >= due

    def _agree(self, view: _View) -> None:
        self._agreed, self._changed, self._moving = view, frozenset(), False
        self._posts.use_snapshot(view.posts)

    def _scan(self) -> _View:
        wall, processor = time.perf_counter(), time.thread_time()
        self._hints.arm(
            [self._config.posts_folder, self._config.path.parent],
            sorted({str(Path(picture).parent) for picture in self._posts.pictures}),
        )
        view = _View(posts=self._posts.take_snapshot(), others=self._others())
        self._costs.append((time.thread_time() - processor, time.perf_counter() - wall))
        pause = pause_after(self._costs)
        self._next_scan = monotonic_seconds() + pause.total_seconds()
        return view

    def _rescan(self, changed: Collection[str]) -> _View:
        return _View(posts=self._posts.update_snapshot(self._agreed.posts, changed), others=self._others())

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
