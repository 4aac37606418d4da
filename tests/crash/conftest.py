"""A project whose toots go out at once, and the sandbox as a process that it publishes to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from PIL import Image

from bot.sandbox.profiles import RepeatPolicy
from tests.support.dying_bot import DyingBots
from tests.support.project import Project, Running
from tests.support.sandbox_process import SandboxProcess, Shown

SETTINGS = """
[site]
title = "Crashing"
url = "https://crash.example.org"
timezone = "UTC"
[feeds]
folder = "public"
[accounts.{account}]
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
KINDS = {"honoured": RepeatPolicy.SAME, "ignored": RepeatPolicy.IGNORED, "answered with 500": RepeatPolicy.ERROR}


class CrashSite:
    """A project, its server, and counting on the server's side."""

    def __init__(self, root: Path, server: SandboxProcess, *, account: str = "main", reached_at: str = "") -> None:
        self.server = server
        self.account = account
        self.project = Project(root=root, server=reached_at or server.url)
        self.project.write("config/bot.toml", SETTINGS.format(server=self.project.server, account=account))
        (root / "posts").mkdir()
        Image.new("RGB", (8, 8), "navy").save(root / "picture.png")
        self._running: list[Running] = []

    def set(self, **settings: str) -> None:
        """Change lines of the settings: `site.set(catch_up='"2h"')`; one that is not there comes under `[release]`."""
        path = self.project.root / "config/bot.toml"
        lines = path.read_text(encoding="utf-8").splitlines()
        for name, value in settings.items():
            lines = [line for line in lines if line.partition(" = ")[0] != name]
            lines.insert(lines.index("[release]") + 1, f"{name} = {value}")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def write_posts(self, number: int, *, prefix: str = "post", ago: timedelta | None = None) -> list[str]:
        """Posts that are due since a while, or since `ago`; returns their slugs."""
        late = datetime.now(UTC) - (timedelta(minutes=number) if ago is None else ago)
        slugs = [f"{prefix}-{index:03}" for index in range(number)]
        for index, slug in enumerate(slugs):
            self.write_post(slug, late + timedelta(seconds=index))
        return slugs

    def write_post(self, slug: str, due: datetime, *, title: str = "News of the day", **extra: str) -> None:
        self.project.write_post(slug, f"{due:%Y-%m-%d %H:%M:%S}", title=title, **extra)

    def start(self, *command: str, environ: Mapping[str, str] | None = None) -> Running:
        """Start `announce run`, or the command line; returns when it is at work."""
        log = self.project.root / "run.log"
        before = log.read_text(encoding="utf-8").count("watching") if log.exists() else 0
        process = self.project.start("run", instead=command, environ=environ or {})
        self._running.append(process)
        wait_for(lambda: self.log.count("watching") > before or process.poll() is not None, self)
        return process

    def shown(self) -> list[Shown]:
        """What followers of the account see."""
        return [shown for shown in self.server.shown() if shown.account == self.account]

    def slugs(self) -> list[str]:
        """The posts that they see, with repetitions."""
        return [shown.slug for shown in self.shown()]

    @property
    def log(self) -> str:
        return self.project.run_log

    def stop(self, process: Running) -> None:
        """Ask it to stop, and wait until it has."""
        process.terminate()
        assert process.wait(timeout=30) == 0, self.log[-5000:]

    def kill_what_runs(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()

    def at_rest(self) -> bool:
        """Whether the ledger owes nothing. Says only when to look at the server, and judges nothing."""
        import sqlite3

        if not (self.project.root / "var/ledger.db").exists():
            return False
        db = sqlite3.connect(f"file:{self.project.root}/var/ledger.db?mode=ro", uri=True)
        try:
            (left,) = db.execute("SELECT count(*) FROM delivery WHERE state IN ('due', 'sending')").fetchone()
            return int(left) == 0
        finally:
            db.close()


def wait_for(condition: Callable[[], object], site: CrashSite, *, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"it did not happen in time:\n{site.log[-5000:]}"
        time.sleep(0.05)


def went_out(site: CrashSite, slugs: list[str]) -> None:
    """Wait until each of the posts is there; then nothing is left, and each is there once."""
    wait_for(lambda: set(site.slugs()) >= set(slugs) and site.at_rest(), site)
    assert sorted(site.slugs()) == sorted(slugs), site.log[-5000:]


def is_up(process: Running) -> bool:
    return process.poll() is None and psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> RepeatPolicy:
    """What the server makes of a repeated Idempotency-Key; the least helpful one unless a test names another."""
    return KINDS[getattr(request, "param", "ignored")]


@pytest.fixture
def server(kind: RepeatPolicy) -> Iterator[SandboxProcess]:
    with SandboxProcess(repeat=kind) as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, server: SandboxProcess) -> Iterator[CrashSite]:
    made = CrashSite(tmp_path, server)
    yield made
    made.kill_what_runs()


@pytest.fixture(scope="module")
def bots() -> Iterator[DyingBots]:
    with DyingBots() as running:
        yield running
