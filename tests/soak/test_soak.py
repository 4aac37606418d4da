"""A whole season compressed into minutes, with faults on: nothing twice, nothing lost, and nothing grows.

`make soak` plays 200 posts on 5 accounts; the suite plays 20. What the process holds is read from /proc.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.profiles import RepeatPolicy
from tests.support.project import Project
from tests.support.sandbox_process import FAULT_KINDS, SandboxProcess

POSTS = int(os.environ.get("SOAK_POSTS", "20"))
SECONDS = float(os.environ.get("SOAK_SECONDS", "15"))
ACCOUNTS = ("main", "news", "speakers", "sprints", "archive")
#: Megabytes. A season's deliveries are kept in memory while a pass plans, so this is not nothing.
GROWTH = 16.0
#: Megabytes, once the season is known: what grows from then on would grow for ever.
LEAK = 3.0
#: Main, stopper, engine, teller, the alarm clock and its two helpers (the second begins when it is first needed, which
#: may be late in the season), four beside the loop (hubs, covers, hook, pages), those that hear of changed files (one,
#: and two for each folder), and one for each account.
MOST_THREADS = 7 + 4 + 5 + len(ACCOUNTS)

SETTINGS = """
[site]
title = "Soaking"
url = "https://soak.example.org"
timezone = "UTC"
[feeds]
folder = "public"
[release]
catch_up = "72h"
spacing = "off"
brake = 100000
[delivery]
timeout = "1s"
send_within = "0.5s"
lease = "1.6s"
settle = "1.6s"
"""
REQUESTS = (
    "POST /api/v1/statuses",
    "POST /api/v1/statuses",
    "GET /api/v1/accounts/*/statuses",
    "GET /api/v1/accounts/verify_credentials",
)


@dataclass(frozen=True)
class Sample:
    """What the process holds at one moment."""

    megabytes: float
    descriptors: int
    threads: int

    @classmethod
    def of(cls, process: psutil.Process) -> Sample:
        with process.oneshot():
            return cls(process.memory_info().rss / 2**20, process.num_fds(), process.num_threads())

    def __str__(self) -> str:
        return f"{self.megabytes:6.1f} MB  {self.descriptors:3} descriptors  {self.threads:2} threads"


def typical(samples: list[Sample]) -> Sample:
    return Sample(
        statistics.median(one.megabytes for one in samples),
        round(statistics.median(one.descriptors for one in samples)),
        round(statistics.median(one.threads for one in samples)),
    )


@pytest.fixture
def server() -> Iterator[SandboxProcess]:
    with SandboxProcess(repeat=RepeatPolicy.IGNORED) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, server: SandboxProcess) -> Project:
    made = Project(root=tmp_path, server=server.url)
    accounts = "".join(f'[accounts.{name}]\nserver = "{server.url}"\n' for name in ACCOUNTS)
    made.write("config/bot.toml", SETTINGS + accounts)
    begin = datetime.now(UTC) + timedelta(seconds=5)
    for number in range(POSTS):
        due = begin + timedelta(seconds=number * SECONDS / POSTS)
        made.write_post(f"post-{number:03}", f"{due:%Y-%m-%d %H:%M:%S}", title=f"News number {number}")
    return made


def let_something_go_wrong(server: SandboxProcess, rng: random.Random) -> None:
    chosen = [Fault(on=rng.choice(REQUESTS), do=rng.choice(FAULT_KINDS), skip=rng.randrange(8)) for _ in range(2)]
    server.let_go_wrong(chosen)


def edit_for_a_while(project: Project, watched: psutil.Process) -> list[Sample]:
    """The season is over, and its posts are edited again and again."""
    samples: list[Sample] = []
    end, number = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        path = project.root / f"posts/post-{number % min(POSTS, 10):03}.md"
        words, _, _ = path.read_text(encoding="utf-8").partition("\nCorrected")
        path.write_text(f"{words}\nCorrected for the {number}. time.\n", encoding="utf-8")
        time.sleep(0.5)
        samples.append(Sample.of(watched))
        number += 1
    return samples


def counts(server: SandboxProcess) -> Counter[tuple[str, str]]:
    return Counter((shown.account, shown.slug) for shown in server.shown())


@pytest.mark.slow
@pytest.mark.timeout(SECONDS * 3 + 300)
def test_a_season_with_faults_leaves_nothing_twice_nothing_lost_and_nothing_grown(
    project: Project, server: SandboxProcess
) -> None:
    rng = random.Random(POSTS)
    process = project.start("run", instead=project.command("run"))  # not forked: its memory is its own
    samples: list[Sample] = []
    try:
        watched = psutil.Process(process.pid)
        faults_until = time.monotonic() + 5 + SECONDS
        while time.monotonic() < faults_until:
            let_something_go_wrong(server, rng)
            time.sleep(1)
            samples.append(Sample.of(watched))
        server.let_go_wrong([])
        wanted = {(account, f"post-{number:03}") for account in ACCOUNTS for number in range(POSTS)}
        # After a long trouble an account is asked again at intervals of a quarter of it.
        rested = time.monotonic()
        end = rested + 120 + SECONDS
        while counts(server).keys() < wanted and time.monotonic() < end:
            time.sleep(1)
        rested = time.monotonic() - rested
        time.sleep(4)
        samples += [Sample.of(watched) for _ in range(3)]
        full = edit_for_a_while(project, watched)
        process.terminate()
        assert process.wait(timeout=30) == 0, project.run_log[-3000:]
    finally:
        process.kill()
        process.wait()
    found = counts(server)
    assert found == Counter(wanted), (found - Counter(wanted), Counter(wanted) - found, project.run_log[-3000:])
    # Warm once every account has been served and a third of the season is over.
    third = len(samples) // 3
    warm, last = typical(samples[third : third + max(3, third // 2)]), typical(samples[-3:])
    print(f"\n{POSTS} posts, {len(ACCOUNTS)} accounts: {sum(found.values())} toots, each once")
    print(f"the last of them {rested:.0f} s after the faults")
    for name, sample in (("begin", samples[0]), ("warm", warm), ("end", last)):
        print(f"{name:>6}: {sample}")
    print(f"edited: {full[0]}\n     …  {full[-1]}")
    assert last.megabytes <= warm.megabytes + GROWTH
    third = len(full) // 3
    assert typical(full[-third:]).megabytes <= typical(full[third : 2 * third]).megabytes + LEAK
    assert last.descriptors <= warm.descriptors
    assert last.threads <= MOST_THREADS
