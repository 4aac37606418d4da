"""A simulated process: the bot's loop in a greenlet, which can be slowed, stopped and killed at each effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from greenlet import greenlet

if TYPE_CHECKING:
    from tests.simulation.world import World


class Crash(BaseException):
    """The process is killed. The bot's code may not catch it, and no effect takes place after it."""


class Process:
    """Runs `life` in the world's time. Every effect passes through `point`, so the world can come between any two."""

    def __init__(self, world: World, name: str, life: Callable[[Process], None]) -> None:
        self.world = world
        self.name = name
        self.dead = False
        self.in_bed = False  #: asleep between two cycles, so a bell may wake it
        self._token = 0
        self._greenlet = greenlet(lambda: life(self))
        self._greenlet.gr_frame  # noqa: B018 — made now, so that its parent is the world's greenlet

    def resume(self, token: int = 0) -> None:
        """Continue the process, unless another event has already woken it."""
        if token != self._token or self._greenlet.dead:
            return
        self._token += 1
        before, self.world.current = self.world.current, self
        try:
            self._greenlet.switch()
        finally:
            self.world.current = before

    def sleep(self, seconds: float, *, in_bed: bool = False) -> None:
        """Let the world go on for so long. Raises Crash if the process was killed meanwhile."""
        token = self._token
        self.world.after(seconds, lambda: self.resume(token))
        self.in_bed = in_bed
        self.world.hub.switch()
        self.in_bed = False
        self.alive()

    def wake(self, within: float) -> None:
        """Wake the process: if it waits between two cycles, it starts the next one."""
        if self.in_bed:
            token = self._token
            self.world.after(within, lambda: self.resume(token))

    def kill(self) -> None:
        """Kill the process at its present point."""
        self.dead = True
        if self.world.current is not self:
            self.resume(self._token)

    def alive(self) -> None:
        """Raises Crash in a process that was killed: its clean-up has no effect."""
        if self.dead:
            raise Crash(self.name)

    def point(self, name: str) -> None:
        """A point between two effects, at which the world may kill or suspend the process."""
        self.alive()
        self.world.faults.at_point(self, name)
        self.alive()
