"""The history of one seed, from the start until the bot is at rest."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, TypeVar

import mastodon.internals

from bot.delivery import DeliveryResult
from bot.domain import Hold, ReasonCode
from bot.domain.errors import LedgerError
from bot.planner.builder import PlanItem
from bot.planner.ruling import Verdict
from bot.publishers.mastodon import errors as outcomes
from bot.runtime.app import Bot
from bot.runtime.context import CycleResult
from tests.simulation import oracle
from tests.simulation.crashes import watched_files
from tests.simulation.faults import Mix
from tests.simulation.installations import Installations
from tests.simulation.mishaps import Mishaps
from tests.simulation.people import ONLY_IN_THE_LEDGER, People
from tests.simulation.process import Crash, Process
from tests.simulation.profiles import PROFILES, Profile
from tests.simulation.server import Server
from tests.simulation.shortcuts import shortcuts
from tests.simulation.site import LOOK, Site
from tests.simulation.world import HOUR, World

#: Where the files of a seed lie: in memory, if the machine has such a place.
MEMORY = Path("/dev/shm")
Fixed = TypeVar("Fixed")
#: After the faults everything is sent within this time.
REST = 6 * HOUR


@dataclass
class SeedResult:
    """The results of one seed."""

    seed: int
    violations: list[str] = field(default_factory=list)
    injected: Counter[str] = field(default_factory=Counter)
    deliveries: int = 0  #: posts × accounts that were due
    held: int = 0  #: of these, held at the end of the faults
    cycles: int = 0
    refreshes: int = 0  #: incremental ones ahead of a cycle that had something to show
    trace: list[str] = field(default_factory=list)


class History:
    """One or two bots, people, a server and faults; then the faults end and the bots come to rest."""

    def __init__(self, seed: int, root: Path, profile: Profile) -> None:
        self.result = SeedResult(seed=seed)
        self.profile = profile
        self.world = World(seed, root)
        random = self.world.random
        self.length = random.uniform(10, 30) * HOUR
        self.rivals = fixed(profile.rivals, random.random() < 0.1)  #: two, with a ledger each
        self.two = fixed(profile.two, random.random() < 0.3) or self.rivals
        self.lossy = fixed(profile.lossy, not self.two and random.random() < 0.15)
        self.brake = 99 if self.rivals else fixed(profile.brake, random.choice((3, 4, 20, 20)))
        self.spacing = fixed(profile.spacing, random.choice((0, 5, 120)))
        self.accounts = ["main", "other"][: random.choice((1, 1, 2))]
        self.world.faults.mix = Mix.draw(random, two=self.two, profile=profile)
        #: As `announce run` does it; drawn for itself, so that all other draws of a seed stay as they are.
        self.refreshes_first = fixed(profile.refreshes_first, Random(f"quick {seed}").random() < 0.5)
        self.server = Server(self.world, keys=profile.keys)
        apart = self.rivals and not profile.at_once
        if self.rivals:
            self.world.faults.mix.stall = 0.0  # it would move the one into the other's turn
        self.site = Site(self.world) if profile.pages else None
        self.installations = Installations.make(
            root,
            accounts=self.accounts,
            spacing=self.spacing,
            brake=self.brake,
            rivals=self.rivals,
            apart=apart,
            site=self.site,
        )
        self.people: People = People(
            self.world,
            self.server,
            accounts=self.accounts,
            length=self.length,
            notify=self._ring,
            profile=profile,
            config=self.installations.first,
        )
        self.processes: dict[str, Process] = {}
        self.last_cycles: dict[str, CycleResult] = {}
        self.quiet: dict[str, float] = {}  #: process → when it last had nothing to wait for
        self.ended = False  #: the history is over
        self.mishaps: Mishaps = Mishaps(self)
        #: Passes that left nothing to wait for: when they decided, when they were through, which posts they saw.
        self.served: list[tuple[float, float, frozenset[str]]] = []
        self.held: list[PlanItem] = []  #: an hour after the faults ended, at `held_at`
        self.held_at: float = 0.0
        self._changed_at = 0.0
        self.over = False  #: a bot has ended by itself: there is nothing more to be seen

    # -- the course of it

    def run(self) -> SeedResult:
        """Run the history, let it come to rest, and judge the result."""
        world = self.world
        self.people.plan(without=self._impossible())
        self.mishaps.plan()
        if self.site is not None:
            self.site.articles = self.people.articles
        for name in ("one", "two")[: 1 + self.two]:
            world.at(world.random.uniform(0, 60), lambda name=name: self._start(name))  # type: ignore[misc]
        world.faults.on = True
        with watched_files(world), pretended_time(world):
            world.run_until(self.length, enough=lambda: self.over)
            if not self.over:
                self._rest()
            for process in list(self.processes.values()):
                process.kill()
        result = self.result
        result.injected, result.trace = world.injected, world.trace
        if not self.over:
            result.violations += oracle.judge(self)
        return result

    def _impossible(self) -> frozenset[str]:
        """Return the habits whose outcome the oracle cannot predict in this history."""
        if self.lossy:
            return ONLY_IN_THE_LEDGER
        if not self.rivals:
            return frozenset()
        # A mark or a word that comes and goes, or new words, between the two.
        # A part whose words were changed by the one is not known to the other.
        ledgers = ONLY_IN_THE_LEDGER | {"resume", "if missed", "expires", "withdraw", "thread"}
        return ledgers if self.installations.apart else ledgers | {"edit", "hide", "retime"}

    def _rest(self) -> None:
        world = self.world
        world.faults.on = False
        world.note("- the faults end")
        self.mishaps.set_clock_right()
        self.ended = True
        for name in ("one", "two")[: 1 + self.two]:
            if name not in self.processes:
                self._start(name)
        self._ring(0.1)
        world.run_until(world.now + HOUR)
        items = self.last_cycles["one"].plan.items if "one" in self.last_cycles else ()
        self.held = [item for item in items if item.verdict is Verdict.HELD]
        self.result.held, self.held_at = len(self.held), world.now
        if self.site is not None:
            self.site.build_everything()
        self.people.words.let_go()
        self._settle_down()
        if self._needs_another_release():
            self.people.words.let_go()
            self._settle_down()

    def _settle_down(self) -> None:
        self._changed_at = self.world.now
        self.world.run_until(self.world.now + REST, enough=self._is_quiet)
        if not self._is_quiet():
            self.result.violations.append(f"still at work {REST / HOUR:.0f} hours after the last fault: {self._waits}")

    def _needs_another_release(self) -> bool:
        """What was let go at once may have been more than the brake lets through, or too late for its `if_missed:`."""
        items = self.last_cycles["one"].plan.items if "one" in self.last_cycles else ()
        too_late = (ReasonCode.LATE_AND_HELD, ReasonCode.LATE_AND_SKIPPED)
        codes = {item.reason.code for item in items if item.reason is not None}
        return not codes.isdisjoint(too_late) or any(item.hold is Hold.BURST_LIMIT for item in items)

    def _is_quiet(self) -> bool:
        names = ("one", "two")[: 1 + self.two]
        return all(self.quiet.get(name, -1.0) > self._changed_at for name in names)

    # -- the processes

    def _ring(self, within: float) -> None:
        self._changed_at = self.world.now
        for process in self.processes.values():
            if not self.installations.apart:
                process.wake(within)

    def _start(self, name: str) -> None:
        if name in self.processes:
            return
        self.world.note(f"- {name} starts")
        process = Process(self.world, name, self._life)
        self.processes[name] = process
        process.resume()

    def _life(self, process: Process) -> None:
        bot: Bot | None = None
        try:
            if self.installations.apart:
                process.sleep(self.installations.until_its_turn(process.name, self.world.now))
            bot = self.installations.bot(process, self.server)
            while True:
                if self.refreshes_first and bot.incremental_cycle():
                    self.result.refreshes += 1
                result, delivered = bot.tick()
                process.sleep(self._after(process, bot, result, delivered), in_bed=True)
        except Crash:
            pass
        except LedgerError as error:
            # It ends, and the machine starts it again.
            if not process.dead and not self.world.injected["disk full"]:
                self.result.violations.append(f"{process.name} ended: {error}")
        except Exception:  # noqa: BLE001 — any exception that ends a bot is a violation
            if not process.dead:
                self.result.violations.append(f"{process.name} ended: {traceback.format_exc()}")
                self.over = True
        finally:
            if bot is not None:
                process.world.current = None
                bot.close()
        if self.processes.get(process.name) is process:
            del self.processes[process.name]
        down = 5.0 if self.ended else self.world.random.uniform(2, self.world.faults.mix.down_after_crash)
        self.world.after(down, lambda: self._start(process.name))

    def _after(self, process: Process, bot: Bot, result: CycleResult, delivered: tuple[DeliveryResult, ...]) -> float:
        """How long it sleeps now; as `announce run` does it, but for the idle cycles."""
        self.result.cycles += 1
        now, random = self.world.clock.now(), self.world.random
        self.last_cycles[process.name] = result
        waits = [one.wait_until for one in delivered if one.wait_until is not None]
        waiting = {item.slug for item in result.plan.of(Verdict.WAITING)}
        waits += [now + timedelta(seconds=LOOK)] if waiting else []
        end = self.world.moment(self.length)
        if result.plan.next_release is not None and result.plan.next_release <= end:
            waits.append(result.plan.next_release)
        if not waits and not result.plan.doubt:
            self.quiet[process.name] = self.world.now
        if not result.plan.doubt and not any(one.wait_until for one in delivered):
            slugs = frozenset(post.slug for post in result.scan.posts if post.slug not in waiting)
            self.served.append((self.world.seconds(result.plan.now), self.world.now, slugs))
        if self.site is not None and result.changed_files:
            feed = json.loads((self.world.root / "public/news/feed.json").read_bytes())
            self.site.look_at_feed({item["url"]: item for item in feed["items"]})
        self._accept(result)
        self.result.deliveries = max(self.result.deliveries, len(result.plan.items))
        idle = random.uniform(600, 12000)
        if result.plan.doubt or self.ended:
            idle = min(idle, 600.0)
        self._waits = f"{result.plan.doubt} {[one.why for one in delivered]}"
        if self.installations.apart:
            return self.installations.until_its_turn(process.name, self.world.now)
        return max(0.05, min([idle, *((wait - now).total_seconds() for wait in waits)]))

    _waits = ""

    def _accept(self, result: CycleResult) -> None:
        """A withdrawal is accepted once a cycle has seen and recorded it."""
        if result.plan.doubt:
            return
        withdrawn = {str(post.path) for post in result.scan.posts if post.withdrawn is not None}
        for article in self.people.articles:
            seen = f"posts/{article.slug}.md" in withdrawn
            is_out = article.due <= result.plan.now or article.early_at is not None
            if seen and article.taken_back_at is None and is_out:
                article.taken_back_at = self.world.now


@contextmanager
def pretended_time(world: World) -> Iterator[None]:
    """The client of Mastodon counts the wait that a server asks for from the machine's time, which no seed repeats."""
    pretended = SimpleNamespace(time=lambda: world.clock.now().timestamp())
    modules: tuple[Any, ...] = (mastodon.internals, outcomes)
    for module in modules:
        module.time = pretended
    try:
        yield
    finally:
        for module in modules:
            module.time = time


def fixed(wanted: Fixed | None, drawn: Fixed) -> Fixed:
    """What the profile says, else what was drawn."""
    return drawn if wanted is None else wanted


def run_seed(seed: int, profile: str = "") -> SeedResult:
    """One history in a folder of its own."""
    base = MEMORY if MEMORY.is_dir() else None
    root = Path(tempfile.mkdtemp(prefix="announce-", dir=base))
    try:
        with shortcuts():
            return History(seed, root, PROFILES[profile]).run()
    finally:
        shutil.rmtree(root, ignore_errors=True)
