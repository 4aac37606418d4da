"""`python -m tests.simulation.run --seeds 100`: run seeds, count the injected faults and the oracle's violations."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from tests.simulation.history import SeedResult, run_seed
from tests.simulation.mutations import MUTATIONS, mutated
from tests.simulation.profiles import PROFILES

PROGRESS_EVERY = 500
"""After so many seeds a line says how far a long run is: it takes the better part of an hour."""


@dataclass
class Sum:
    """Many seeds together."""

    seeds: int = 0
    injected: Counter[str] = field(default_factory=Counter)
    cycles: int = 0
    refreshes: int = 0
    deliveries: int = 0
    held: int = 0
    failing: list[SeedResult] = field(default_factory=list)

    def add(self, result: SeedResult) -> None:
        self.seeds += 1
        self.injected += result.injected
        self.cycles += result.cycles
        self.refreshes += result.refreshes
        self.deliveries += result.deliveries
        self.held += result.held
        if result.violations:
            self.failing.append(result)


def run_one(seed: int, mutation: str, profile: str) -> SeedResult:
    """One seed, perhaps with one step of the protocol broken on purpose."""
    with mutated(mutation):
        return run_seed(seed, profile)


def run_all(seeds: Iterable[int], *, mutation: str, profile: str, processes: int) -> Iterator[SeedResult]:
    """The seeds, in their order, on several cores."""
    if processes == 1:
        yield from (run_one(seed, mutation, profile) for seed in seeds)
        return
    with ProcessPoolExecutor(processes) as pool:
        try:
            yield from pool.map(partial(run_one, mutation=mutation, profile=profile), seeds, chunksize=2)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run histories of many hours, each from its seed, and judge them.")
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="this one alone, and tell its story")
    parser.add_argument("--mutation", default="", choices=["", *MUTATIONS], help="break a step of the protocol")
    parser.add_argument("--profile", default="", choices=PROFILES, help="seeds with a bent")
    parser.add_argument("--until-found", action="store_true", help="stop at the first violation")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    alone = asked.seed is not None
    seeds = [asked.seed] if alone else range(asked.first, asked.first + asked.seeds)
    begun, total = time.monotonic(), Sum()
    processes = 1 if alone else asked.cores
    try:
        for result in run_all(seeds, mutation=asked.mutation, profile=asked.profile, processes=processes):
            total.add(result)
            _print_result(result, whole=alone)
            if total.seeds % PROGRESS_EVERY == 0:
                print(f"... {total.seeds} seeds, {len(total.failing)} with violations", flush=True)
            if result.violations and asked.until_found:
                break
    except KeyboardInterrupt:
        print("stopped by hand: the figures are of the seeds until here")
    _print(total, time.monotonic() - begun, mutation=asked.mutation, profile=asked.profile)
    return 1 if total.failing else 0


def _print_result(result: SeedResult, *, whole: bool) -> None:
    if whole:
        print("\n".join(result.trace))
    for violation in result.violations:
        print(f"seed {result.seed}: {violation}", flush=True)


def _print(total: Sum, seconds: float, *, mutation: str, profile: str) -> None:
    print(
        f"{total.seeds} seeds in {seconds:.0f} s ({total.seeds / seconds:.1f} a second), {total.cycles} cycles, "
        f"{total.refreshes} with an incremental refresh ahead"
    )
    print("what went wrong: " + ", ".join(f"{kind} {times}" for kind, times in sorted(total.injected.items())))
    share = total.held / total.deliveries if total.deliveries else 0
    print(f"held when the faults ended: {total.held} of {total.deliveries} ({share:.2%})")
    print(f"seeds with violations: {len(total.failing)}")
    option = f" --mutation '{mutation}'" if mutation else ""
    option += f" --profile '{profile}'" if profile else ""
    for result in total.failing[:20]:
        print(f"    python -m tests.simulation.run --seed {result.seed}{option}")


if __name__ == "__main__":
    sys.exit(main())
