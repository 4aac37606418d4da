"""Real processes, really killed. Counted on the server's side: none twice, none lost.

`announce run` and the sandbox are processes; posts are edited and withdrawn meanwhile, and requests go wrong.
`KILLS=1000 pytest tests/crash` kills that often; `make kills` does so.
"""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox.faults import Fault
from tests.crash.conftest import KINDS, CrashSite, wait_for
from tests.support.sandbox_process import FAULT_KINDS

KILLS = int(os.environ.get("KILLS", "9"))


class Season:
    """Posts that change while the bot is killed, and what must be there in the end: slug → title, None for nothing."""

    def __init__(self, site: CrashSite, number: int, rng: random.Random) -> None:
        self._site, self._rng = site, rng
        self._late = datetime.now(UTC) - timedelta(minutes=number)
        self._edits = 0
        self.wanted: dict[str, str | None] = {}
        for index in range(number):
            self._write(f"post-{index:03}", "News of the day")

    def change_something(self) -> None:
        """Edit or withdraw a post now and then."""
        slug = self._rng.choice([slug for slug, title in self.wanted.items() if title is not None])
        chance = self._rng.random()
        if chance < 0.3:
            self._edits += 1
            self._write(slug, f"Edition {self._edits:03}")
        elif chance < 0.35:
            self._write(slug, None)

    def _write(self, slug: str, title: str | None) -> None:
        self.wanted[slug] = title
        extra = {} if title is not None else {"withdrawn": "true"}
        due = self._late + timedelta(seconds=int(slug.rpartition("-")[2]))
        self._site.write_post(slug, due, title=title or "Withdrawn", **extra)

    def judge(self) -> str:
        """What is not as it must be; empty if all is."""
        shown = {slug: [s.words for s in self._site.shown() if s.slug == slug] for slug in self.wanted}
        return "; ".join(
            f"{slug}: {statuses} instead of {title}"
            for slug, title in self.wanted.items()
            if (statuses := shown[slug]) != []
            if title is None or len(statuses) != 1 or title not in statuses[0]
        ) + "".join(f"{slug} is lost; " for slug, title in self.wanted.items() if title and not shown[slug])


def switch_a_fault(site: CrashSite, rng: random.Random) -> None:
    """Let one of the next sends go wrong, every other time."""
    sends = ("POST /api/v1/statuses", "POST /api/v1/statuses", "PUT /api/v1/statuses/*", "DELETE /api/v1/statuses/*")
    fault = Fault(on=rng.choice(sends), do=rng.choice(FAULT_KINDS), skip=rng.randrange(3))
    site.server.let_go_wrong([fault] if rng.random() < 0.5 else [])


@pytest.mark.crash
@pytest.mark.timeout(KILLS * 10 + 300)
@pytest.mark.parametrize("kind", KINDS, indirect=True)
def test_killed_at_random_instants_nothing_is_there_twice_and_nothing_is_lost(
    site: CrashSite, request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.params["kind"]
    rng = random.Random(f"{KILLS} {kind}")
    kills = KILLS // 3
    season = Season(site, max(10, min(kills, 200)), rng)
    for _ in range(kills):
        switch_a_fault(site, rng)
        process = site.start()
        if rng.random() < 0.5:
            time.sleep(rng.uniform(0.0, 0.5))
            season.change_something()
        time.sleep(rng.uniform(0.0, 1.5))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    site.server.let_go_wrong([])
    process = site.start()
    wait_for(lambda: not season.judge() and site.at_rest(), site, seconds=180)
    # Another beginning finds nothing to do.
    site.stop(process)
    site.stop(site.start())
    assert season.judge() == ""
    print(f"{kind}: {kills} kills, {len(season.wanted)} posts, each as it must be")
