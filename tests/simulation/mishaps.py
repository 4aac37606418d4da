"""Faults of the whole machine: outages, wrong clocks, power cuts, restarts, full disks, lost ledgers."""

from __future__ import annotations

import shutil
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.world import HOUR

if TYPE_CHECKING:
    from tests.simulation.history import History


class Mishaps:
    """Draws all mishaps in advance; each happens at its time."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.world = history.world
        self.stepped: bool = False
        self.lost_at: list[float] = []

    def plan(self) -> None:
        """Draw all mishaps of the machine."""
        history, random = self.history, self.world.random
        if history.profile.outage:
            self._plan_outage(history.people.first_due - random.uniform(1, 300), random, at_least=HOUR)
        if history.profile.quiet:
            return
        if random.random() < 0.3:
            for _ in range(random.choice((1, 1, 2))):
                self._plan_outage(self._some_time(), random)
        if random.random() < 0.25:
            for _ in range(random.choice((1, 2))):
                self._plan_clock_step(self._some_time(), random)
        if history.lossy:
            self.world.at(random.uniform(0.2, 0.9) * history.length, self._lose_ledger)
        for _ in range(random.choice((0, 0, 1, 3))):
            self.world.at(self._some_time(), self._power_cut)
        for _ in range(random.choice((0, 0, 0, 1, 3))):
            self.world.at(self._near_a_release(), self._restart)
        for _ in range(random.choice((0, 0, 0, 1, 2))):
            self._plan_full_disk(self._near_a_release(), random)

    def set_clock_right(self) -> None:
        self.world.step_clock(self.world.true_clock.now() - self.world.clock.now())

    def _some_time(self) -> float:
        return self.world.random.uniform(0.05, 0.95) * self.history.length

    def _near_a_release(self) -> float:
        random = self.world.random
        due = random.choice([self.world.seconds(article.due) for article in self.history.people.articles])
        return min(random.choice((self._some_time(), due + random.uniform(-5, 90))), 0.95 * self.history.length)

    def _plan_outage(self, at: float, random: Random, *, at_least: float = 0) -> None:
        lasts = random.choice((random.uniform(60, 900), random.uniform(60, 900), random.uniform(900, 3 * HOUR)))
        lasts = max(lasts, at_least)
        kind = random.choice(("refused", "503 before", "lost"))
        faults = self.world.faults

        def begin() -> None:
            self.world.wrong("outage", f"{lasts:.0f} s, {kind}")
            faults.server_down_until, faults.down_kind = self.world.now + lasts, kind

        self.world.at(at, begin)

    def _plan_clock_step(self, at: float, random: Random) -> None:
        by = timedelta(seconds=random.choice((-5, -HOUR, -300, 60, HOUR)))

        def step() -> None:
            self.stepped = True
            self.world.wrong("clock step", str(by))
            self.world.step_clock(by)

        self.world.at(at, step)
        if random.random() < 0.6:
            self.world.at(at + random.uniform(5, 3 * HOUR), self.set_clock_right)

    def _plan_full_disk(self, at: float, random: Random) -> None:
        lasts = random.choice((random.uniform(5, 120), random.uniform(600, 2 * HOUR)))

        def fill() -> None:
            self.world.wrong("disk full", f"{lasts:.0f} s")
            self.world.faults.disk_full_until = self.world.now + lasts

        self.world.at(at, fill)

    def _power_cut(self) -> None:
        if not self.history.ended and "one" in self.history.processes:
            self.world.wrong("crash", "anywhere")
            self.history.processes["one"].kill()

    def _restart(self) -> None:
        """Restart the machine: all marks of its earlier monotonic clock become invalid."""
        if self.history.ended:
            return
        self.world.wrong("machine restart")
        self.world.clock.restart()
        for process in list(self.history.processes.values()):
            process.kill()

    def _lose_ledger(self) -> None:
        self.world.wrong("ledger lost")
        self.lost_at.append(self.world.now)
        if "one" in self.history.processes:
            self.history.processes["one"].kill()
        shutil.rmtree(self.world.root / "var", ignore_errors=True)
        for article in self.history.people.articles:
            if article.withdrawn is None:
                article.taken_back_at = None  # nothing is left that could tell
