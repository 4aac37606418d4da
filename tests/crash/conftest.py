"""A project whose toots go out at once, against a sandbox of a chosen kind, and what it shows in the end."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.personality import Repeat
from bot.sandbox.server import SandboxServer
from tests.support.project import Project

SETTINGS = """
[site]
title = "Crashing"
url = "https://crash.example.org"
timezone = "UTC"
[feeds]
folder = "public"
[accounts.main]
server = "{server}"
[release]
catch_up = "72h"
spacing = "off"
brake = 1000
[delivery]
timeout = "1s"
send_within = "0.5s"
lease = "1.6s"
settle = "1.6s"
"""

#: After the request was carried out, or before; once in a while.
MISHAPS = ("post-then-drop", "post-then-504", "drop", "503", "post-then-hang:3")


class CrashSite:
    """A project, its server, and counting on the server's side."""

    def __init__(self, root: Path, server: SandboxServer) -> None:
        self.server = server
        self.project = Project(root=root, server=server.url)
        self.project.write("config/bot.toml", SETTINGS.format(server=server.url))
        (root / "posts").mkdir()

    def write_posts(self, number: int) -> None:
        late = datetime.now(UTC) - timedelta(minutes=number)
        for index in range(number):
            moment = late + timedelta(seconds=index)
            self.project.write_post(f"post-{index:03}", f"{moment:%Y-%m-%d %H:%M:%S}")

    def start(self) -> subprocess.Popen[str]:
        """Start `announce run`; returns when it is at work."""
        log = self.project.root / "run.log"
        before = log.read_text(encoding="utf-8").count("watching") if log.exists() else 0
        process = self.project.start("run")
        end = time.monotonic() + 20
        while self.project.run_log.count("watching") == before and time.monotonic() < end:
            time.sleep(0.02)
        return process

    def switch_a_fault(self, rng: random.Random) -> None:
        """Let one of the next sends go wrong, every other time."""
        faults = []
        if rng.random() < 0.5:
            faults.append(Fault(on="POST /api/v1/statuses", do=rng.choice(MISHAPS), skip=rng.randrange(3)))
        self.server.faults.switch(faults, repeat=self.server.faults.repeat)

    def toots(self) -> list[str]:
        """The slugs on the timeline, oldest first, with repetitions."""
        found: list[str] = []
        params: dict[str, str] = {"limit": "40"}
        while True:
            page = httpx.get(f"{self.server.url}/api/v1/timelines/public", params=params, timeout=10).json()
            if not page:
                return found[::-1]
            found += [status["content"].partition("/news/")[2].partition("/")[0] for status in page]
            params["max_id"] = page[-1]["id"]


@pytest.fixture(params=["honoured", "ignored", "answered with 500"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CrashSite]:
    kinds = {"honoured": Repeat.SAME, "ignored": Repeat.IGNORED, "answered with 500": Repeat.ERROR}
    with SandboxServer(limited=False) as server:
        server.faults.switch(repeat=kinds[request.param])
        yield CrashSite(tmp_path, server)
