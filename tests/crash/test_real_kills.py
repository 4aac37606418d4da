"""Real processes, really killed. Counted on the server's side: none twice, none lost.

`KILLS=1000 pytest tests/crash` kills that often; `make kills` does so.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.crash.conftest import CrashSite
from tests.support.dying_bot import POINTS

KILLS = int(os.environ.get("KILLS", "54"))
#: Between the intent, the request and its record: where a crash hurts most.
TELLING_POINTS = (
    "after ledger.record",
    "after ledger.write_intent",
    "before publisher.publish",
    "after publisher.publish",
    "before ledger.settle",
    "after ledger.settle",
)
KINDS = ("honoured", "ignored", "answered with 500")
DYING = Path(__file__).parents[1] / "support" / "dying_bot.py"


def finish(site: CrashSite, expected: int) -> None:
    """Let a bot that nobody disturbs do what is left."""
    site.server.faults.switch(repeat=site.server.faults.repeat)
    process = site.start()
    end = time.monotonic() + 60
    try:
        while len(set(site.toots())) < expected and time.monotonic() < end:
            time.sleep(0.2)
        time.sleep(2.5)  # time for a second one to show, if there were one
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.crash
@pytest.mark.timeout(KILLS * 10 + 120)
def test_killed_at_random_instants_nothing_is_there_twice_and_nothing_is_lost(site: CrashSite) -> None:
    rng = random.Random(KILLS)
    kills = KILLS // 3
    posts = max(10, min(kills, 200))
    site.write_posts(posts)
    for _ in range(kills):
        site.switch_a_fault(rng)
        process = site.start()
        time.sleep(rng.uniform(0.0, 2.5))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    finish(site, posts)
    assert sorted(site.toots()) == [f"post-{index:03}" for index in range(posts)], site.project.run_log[-5000:]


@pytest.mark.crash
@pytest.mark.parametrize("point", POINTS if KILLS >= 1000 else TELLING_POINTS)
@pytest.mark.parametrize(
    "site", ["honoured", "ignored", "answered with 500"] if KILLS >= 1000 else ["ignored"], indirect=True
)
def test_killed_at_a_named_point_at_each_hit(site: CrashSite, point: str) -> None:
    posts = 3
    site.write_posts(posts)
    for hit in range(1, 4):
        process = subprocess.Popen(
            [sys.executable, str(DYING), point, str(hit)],
            cwd=site.project.root,
            env={**site.project.environ, "TZ": "UTC", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(timeout=6)
        except subprocess.TimeoutExpired:
            # The point is not passed so often any more: nothing is left to be killed at.
            process.kill()
            process.wait()
            break
        assert process.returncode == -signal.SIGKILL
    finish(site, posts)
    assert sorted(site.toots()) == [f"post-{index:03}" for index in range(posts)], site.project.run_log[-5000:]
