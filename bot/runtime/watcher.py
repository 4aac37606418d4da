"""Waiting for a reason to do another pass: the bell, a change of the files, the sweep, the stop."""

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
from bot.posts.listing import FileState, FolderSnapshot, changed_since, same, state_of, still_part

#: Looks may take this share of one core.
SHARE: Final = 0.0003
#: Of a slow network folder, looks may take this share of the time.
WAITING_SHARE: Final = 0.05
SHORTEST: Final = timedelta(milliseconds=800)
LONGEST: Final = timedelta(minutes=2)
#: A full pass happens at least this often, whatever bells fail to ring; less often where passes take long.
SHORTEST_SWEEP: Final = timedelta(seconds=15)
LONGEST_SWEEP: Final = timedelta(minutes=10)
#: Passes without a reason may take this share of one core.
SWEEP_SHARE: Final = 0.0003


def sweep_after(processor: float) -> timedelta:
    """The time until a pass is made without a reason; `processor` are the seconds of it that the latest pass took."""
    return min(max(timedelta(seconds=processor / SWEEP_SHARE), SHORTEST_SWEEP), LONGEST_SWEEP)


def pause_after(costs: Sequence[tuple[float, float]]) -> timedelta:
    """The pause until the next look; `costs` are what the latest ones took, in seconds of the processor, of the clock.

    The cheapest counts: the first look after a start, and one beside other work, take several times as long.
    """
    if len(costs) < 2:
        return SHORTEST
    processor, wall = (min(cost) for cost in zip(*costs, strict=True))
    wanted = timedelta(seconds=max(processor / SHARE, wall / WAITING_SHARE))
    return min(max(wanted, SHORTEST), LONGEST)


#: A clock that goes on by so much more or less than the time that passes was set.
STEP: Final = timedelta(seconds=2)
#: So often it is looked whether the folders are still the same ones.
SAME_FOLDERS: Final = timedelta(seconds=1)
#: Files are acted on once two looks agree that are so far apart, for they come in pieces.
STILL: Final = timedelta(milliseconds=100)
#: The same where the system has told that whoever wrote has closed the file.
STILL_IF_CLOSED: Final = timedelta(milliseconds=15)
#: After this time what holds still is acted on, whatever else goes on changing.
STILL_AT_MOST: Final = timedelta(seconds=5)


class SourceOfHints(Protocol):
    """Tells which paths may have changed, and rings the bell for each."""

    def arm(self, trees: Collection[Path], folders: Collection[str] = ()) -> None:
        """Watch these folders: `trees` with all that is in them."""

    def is_blind(self) -> bool:
        """Whether one of the folders was replaced by another one, of which nothing will be told."""

    def are_closed(self, taken: Collection[str]) -> bool:
        """Whether these files, and those told since, were all closed, or put in their place, by who wrote them."""

    def take(self) -> frozenset[str]:
        """The paths since the last time; those of folders end in a slash."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _View:
    """Everything that is watched, at one moment."""

    posts: FolderSnapshot
    others: Mapping[str, FileState | None]  #: settings, people, templates

    def is_like(self, other: _View) -> bool:
        return same(self.posts, other.posts) and self.others == other.others


class Watch:
    """Knows what the passes go by, and waits until something differs.

    Files live in real time, so all pauses are real; only when a release is due is told by the `clock`.
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
    ) -> None:
        """`turn` is called every second while `wait` waits: a sign of life."""
        self._config = config
        self._posts = posts
        self._clock = clock
        self._hints = hints
        self._bell = wake_event
        self._stop = stop
        self._turn = turn
        self._told: frozenset[str] = frozenset()  #: hints that nothing was done about yet
        self._moving = False  #: whether something was left out because it changed all the time
        self._next_look = 0.0
        self._costs: deque[tuple[float, float]] = deque(maxlen=4)
        self._agreed = self._look()
        self._agree(self._agreed)
        if changed_since(self._agreed.posts, seconds=1):
            self._settle(self._agreed)

    def wait(self, *, due: datetime | None = None, sweep: timedelta = SHORTEST_SWEEP) -> None:
        """Return when the bell rings, files have changed and hold still, the clock was set, and after `sweep`.

        At `due` (UTC) the pass goes by what was agreed on before: nobody's saving delays a release.
        """
        ahead = self._ahead()
        self._agreed = _View(posts=self._posts.agreed or self._agreed.posts, others=self._agreed.others)
        sweep_at = monotonic_seconds() + sweep.total_seconds()
        while not self._stop.is_set():
            self._turn()
            self._told |= self._hints.take()
            pause = min(sweep_at, self._next_look) - monotonic_seconds()
            pause = max(0.0, min(pause, SAME_FOLDERS.total_seconds()))
            rang = bool(self._told) or self._moving or self._bell.wait(pause)
            self._told |= self._hints.take()
            if self._stop.is_set() or self._is_due(due) or abs(self._ahead() - ahead) > STEP.total_seconds():
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
        """Look again until two looks agree, and let the passes go by that."""
        end = monotonic_seconds() + STILL_AT_MOST.total_seconds()
        while self._rest(STILL_IF_CLOSED if self._are_closed() else STILL, due=due):
            more = self._hints.take()
            self._told |= more
            again = self._look_at(self._told) if self._told else self._look()
            if not more and again.is_like(view):
                self._agree(again)
                return
            if monotonic_seconds() >= end:
                part = still_part(self._agreed.posts, view.posts, again.posts, told=more)
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
            rang = self._bell.wait(left)
            self._bell.clear()  # a pass follows in any case
            if rang and pause > STILL_IF_CLOSED and self._are_closed():
                # Closed just now: from here on it need not hold still for as long as one that may be written on.
                self._told |= self._hints.take()
                pause = STILL_IF_CLOSED
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
        self._posts.go_by(view.posts)

    def _look(self) -> _View:
        wall, processor = time.perf_counter(), time.thread_time()
        self._hints.arm(
            [self._config.posts_folder, self._config.path.parent],
            sorted({str(Path(picture).parent) for picture in self._posts.pictures}),
        )
        view = _View(posts=self._posts.look(), others=self._others())
        self._costs.append((time.thread_time() - processor, time.perf_counter() - wall))
        pause = pause_after(self._costs)
        self._next_look = monotonic_seconds() + pause.total_seconds()
        return view

    def _look_at(self, told: Collection[str]) -> _View:
        return _View(posts=self._posts.look_again(self._agreed.posts, told), others=self._others())

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
