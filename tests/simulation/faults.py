"""The faults of a seed: each seed draws its own mix of kinds and frequencies."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.profiles import Profile

if TYPE_CHECKING:
    from tests.simulation.process import Process
    from tests.simulation.world import World

#: The possible fates of one request.
KINDS = (
    "lost",  # it never arrives
    "answer lost",  # carried out, the connection breaks before the answer
    "answer too late",  # carried out, but we had given up waiting
    "carried out late",  # only after we gave up
    "502 after",
    "504 after",
    "504, carried out late",  # the gateway gave up, the server behind it did not
    "500 before",
    "503 before",
    "429 with reset",
    "429 without reset",
    "refused",
    "slow before",
    "slow after",
)
#: Requests by which something could be sent twice; here faults come more often.
TIMEOUT = 25.0
LONGEST_LATE = 50.0
#: A stall between the look at the clock and the POST may not outlast the settle time: from there no client is safe.
LONGEST_BEFORE_POST = 30.0
LONGEST_STALL = 400.0


@dataclass
class Mix:
    """How often each kind of fault occurs in this seed."""

    requests: dict[str, float] = field(default_factory=dict)  #: share of the requests
    crash: float = 0.0  #: share of the points
    crash_at: frozenset[str] | None = None  #: the only points where it is killed
    stall: float = 0.0
    stall_at: frozenset[str] | None = None  #: the only points where it stands still
    turn: float = 0.0  #: how often the other process gets its turn between two effects
    down_after_crash: float = 300.0  #: longest time until the restart, seconds

    @staticmethod
    def draw(random: Random, *, two: bool, profile: Profile) -> Mix:
        """Some kinds, rare or often; now and then nearly everything, or nothing but one."""
        share = random.choice((0.2, 0.4, 0.7))
        often = random.choice((0.01, 0.03, 0.1))
        chosen = [kind for kind in KINDS if random.random() < share]
        drawn = Mix(
            requests={kind: often * random.choice((0.3, 1, 2)) for kind in chosen},
            crash=random.choice((0, 0, 0.001, 0.004, 0.015)),
            stall=random.choice((0, 0, 0.001, 0.005)),
            turn=random.choice((0.05, 0.2, 0.5)) if two else 0.0,
            down_after_crash=random.choice((5.0, 60.0, 900.0, 4 * 3600.0)),
        )
        fixed = {field.name: getattr(profile, field.name) for field in fields(Mix)}
        return replace(drawn, **{name: value for name, value in fixed.items() if value is not None})


class Faults:
    """Decides at each effect whether it fails. Once switched off, nothing fails any more."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = world.random
        self.on = False
        self.mix = Mix()
        self.server_down_until = 0.0
        self.down_kind = "refused"
        self.disk_full_until = 0.0

    def at_point(self, process: Process, name: str) -> None:
        """Kill or delay the process at this point, if the draw says so."""
        if not self.on:
            return
        luck = self._random.random()
        crash = self._share(self.mix.crash, name, only=self.mix.crash_at)
        stall = self._share(self.mix.stall, name, only=self.mix.stall_at)
        if luck < crash:
            self._world.wrong("crash", name)
            process.kill()
            return
        luck -= crash
        if luck < stall:
            self._world.wrong("stall", name)
            process.sleep(self._random.uniform(1, self._longest_stall(name)))
            return
        luck -= stall
        if luck < self.mix.turn:
            self._world.injected["turn of the other"] += 1
            process.sleep(self._random.choice((0.0, 0.0, 0.2, self._random.uniform(0, 4.0))))

    @staticmethod
    def _share(share: float, name: str, *, only: frozenset[str] | None) -> float:
        if only is not None and name not in only:
            return 0.0
        return share * (4.0 if name in _HEAVY or name.startswith(("POST", "PUT", "DELETE")) else 1.0)

    @staticmethod
    def _longest_stall(name: str) -> float:
        return LONGEST_BEFORE_POST if name in _BEFORE_POST else LONGEST_STALL

    @property
    def disk_is_full(self) -> bool:
        """Whether nothing can be written to the disk at present."""
        return self.on and self._world.now < self.disk_full_until

    def of_request(self, method: str) -> str:
        """Draw the fate of a request; empty if it succeeds."""
        if not self.on:
            return ""
        if self._world.now < self.server_down_until:
            return self.down_kind
        luck = self._random.random()
        if method == "GET":
            luck *= 2
        for kind, share in self.mix.requests.items():
            if luck < share:
                return kind
            luck -= share
        return ""


_HEAVY = frozenset({"write_intent", "after write_intent", "settle", "after settle", "after record"})
#: Between the last look at the clock and the request.
_BEFORE_POST = frozenset(
    {"after write_intent", "delivery", "after delivery", "POST /api/v1/statuses", "snapshot", "after snapshot"}
)
