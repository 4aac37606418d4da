"""Killed at each named point, at its first hit, its second, ... Counted on the server's side: none twice, none lost.

One undisturbed life tells which points there are and how often each is passed. Then each one is the death of a bot
in a project of its own; another bot takes up what it left. `POINTS=all pytest tests/crash` takes all of them, with
each kind of server; without it a choice is made.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.crash.conftest import KINDS, CrashSite
from tests.crash.scenarios import SCENARIOS, Scenario
from tests.support.dying_bot import DyingBots
from tests.support.sandbox_process import SandboxProcess

ALL = os.environ.get("POINTS") == "all"
#: In parts, so that several workers can share them.
PARTS = range(4) if ALL else range(1)
#: Where a crash hurts most: between the intent, the request and its record.
TELLING = ("after ledger.write_intent", "before ledger.settle", "after publisher.edit", "after publisher.delete")

#: (step, point, hit)
Death = tuple[int, str, int]


def play(site: CrashSite, scenario: Scenario, bots: DyingBots, *, death: Death | None, trace: Path | None) -> bool:
    """Play a scenario; returns whether the death was met. In the end each status must be there once."""
    died = False
    for step in range(len(scenario.steps)):
        for name, text in scenario.files(step).items():
            site.project.write(f"posts/{name}", text)
        if death is not None and step == death[0]:
            code = bots.live(site.project.root, point=death[1], hit=death[2])
            assert code in (0, -signal.SIGKILL), last_words(site)
            died = code != 0
        of_this_step = trace.with_name(f"{trace.name}-{step}") if trace is not None else None
        assert bots.live(site.project.root, trace=of_this_step) == 0, last_words(site)
    # Another pass finds nothing to do.
    assert bots.live(site.project.root) == 0, last_words(site)
    statuses = [shown.words for shown in site.shown()]
    found = {words: sum(words in status for status in statuses) for words in scenario.shown}
    assert (found, len(statuses)) == (dict.fromkeys(scenario.shown, 1), len(scenario.shown)), last_words(site)
    return died


def last_words(site: CrashSite) -> str:
    return (site.project.root / "dying.log").read_text(encoding="utf-8")[-3000:]


def deaths_of(scenario: Scenario, folder: Path, server: SandboxProcess, bots: DyingBots) -> list[Death]:
    trace = folder / "trace"
    site = CrashSite(made(folder / "undisturbed"), server, account="undisturbed")
    play(site, scenario, bots, death=None, trace=trace)
    return [
        (step, point, hit)
        for step in range(len(scenario.steps))
        for point, hits in Counter(Path(f"{trace}-{step}").read_text(encoding="ascii").splitlines()).items()
        for hit in range(1, hits + 1)
    ]


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def choice(deaths: list[Death], part: int) -> list[Death]:
    if ALL:
        return deaths[part :: len(PARTS)]
    last = max(step for step, _, _ in deaths)
    telling = [death for death in deaths if death[0] == last and death[1] in TELLING and death[2] == 1]
    return [*telling, *[death for death in deaths if death[0] == last][:: len(deaths) // 4]]


@pytest.mark.crash
@pytest.mark.timeout(1800 if ALL else 120)
@pytest.mark.parametrize("kind", KINDS if ALL else ["ignored"], indirect=True)
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_each_hit_of_each_point(
    name: str, part: int, server: SandboxProcess, tmp_path: Path, bots: DyingBots
) -> None:
    scenario = SCENARIOS[name]
    every = deaths_of(scenario, tmp_path, server, bots)
    chosen, met = choice(every, part), 0
    for number, death in enumerate(chosen):
        # Each with an account of its own.
        site = CrashSite(made(tmp_path / f"{number}"), server, account=f"conf_{number}")
        met += play(site, scenario, bots, death=death, trace=None)
    print(f"{name}: {met} of {len(chosen)} deaths met, of {len(every)} that there are")
    # Threads may take turns in another way, so that the last hit of a point is not passed again.
    assert met >= len(chosen) * 0.8
