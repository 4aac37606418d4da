"""How late toots leave, and what a bot costs that waits: `make bench`.

The real `announce run` on a folder of thousands of posts, with a tenth as many to come; the sandbox behind a relay that
notes when the first byte of a toot's first request arrives (its picture's upload, where it has one). Lateness is that
moment minus the publish datetime. Beside it stands the floor of the same run: a bare timer and a bare request over
loopback, and a bare flush to the disk, for which a toot's intent has to wait as well. Plain measurements on this
machine, no limits and no verdict.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import shutil
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import psutil
from PIL import Image

from tests.support.project import Project, Running
from tests.support.sandbox_process import SandboxProcess
from tests.support.tcp_relay import Wire

SETTINGS = """
[site]
title = "Timing"
url = "https://timing.example.org"
timezone = "UTC"
[feeds]
folder = "public"
[accounts.main]
server = "{server}"
[release]
brake = 100000
spacing = "off"
"""
DAY = timedelta(days=1)
#: After a start it looks more often for a moment, and writes its cache.
SETTLING = timedelta(seconds=20)
#: So far from a release the floor is measured, which must not be in its way.
CLEAR = timedelta(milliseconds=600)


def write_posts(project: Project, number: int) -> None:
    """So many that are out for long, and a tenth as many for the weeks to come."""
    now = datetime.now(UTC)
    for index in range(number):
        project.write_post(f"past-{index:05}", f"{now - 10 * DAY - timedelta(minutes=index):%Y-%m-%d %H:%M:%S}")
    for index in range(number // 10):
        project.write_post(f"later-{index:05}", f"{now + 10 * DAY + timedelta(minutes=index):%Y-%m-%d %H:%M:%S}")


def scattered(begin: datetime, number: int, rng: random.Random, *, apart: float) -> list[datetime]:
    """Instants that are so many seconds apart on average, at whole seconds, as front matter has them."""
    instants, moment = [], begin
    for _ in range(number):
        instants.append(moment.replace(microsecond=0))
        moment += timedelta(seconds=rng.uniform(0.5 * apart, 1.5 * apart))
    return instants


@contextmanager
def running(project: Project) -> Iterator[tuple[Running, float]]:
    """The bot, and how many seconds it took from its start until it waited."""
    log = project.root / "run.log"
    before = log.read_text(encoding="utf-8").count("next:") if log.exists() else 0
    begun = time.monotonic()
    process = project.start("run", instead=project.command("run"))
    try:
        while project.run_log.count("next:") <= before:
            if process.poll() is not None:
                raise SystemExit(project.run_log[-2000:])
            time.sleep(0.01)
        yield process, time.monotonic() - begun
    finally:
        process.terminate()
        process.wait(timeout=60)


def idle(process: Running, seconds: float) -> float:
    """The share of one core that it takes while nothing happens."""
    watched = psutil.Process(process.pid)
    before = watched.cpu_times()
    time.sleep(seconds)
    after = watched.cpu_times()
    return (after.user + after.system - before.user - before.system) / seconds


class Floor:
    """`with Floor(folder) as floor: floor.measure()`: how late a bare request arrives that a bare timer sends.

    And for how long a page is on its way to the disk.
    """

    def __init__(self, folder: Path) -> None:
        self._file = (folder / "flushed").open("wb", buffering=0)
        self.flushes: list[float] = []  #: seconds
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._client = socket.create_connection(self._listener.getsockname())
        self._server, _ = self._listener.accept()
        self._reader = threading.Thread(target=self._receive)
        self._arrived: list[float] = []
        self._instants: list[float] = []

    def __enter__(self) -> Self:
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.shutdown(socket.SHUT_WR)
        self._reader.join()
        for one in (self._client, self._server, self._listener, self._file):
            one.close()

    def measure(self) -> None:
        """Once each; takes a twentieth of a second, and as long as the disk does."""
        self._instants.append(time.time() + 0.05)
        time.sleep(max(0.0, self._instants[-1] - time.time()))
        self._client.sendall(b"POST / HTTP/1.1\r\n\r\n")
        time.sleep(0.01)
        self._file.write(b"\0" * 4096)
        begun = time.monotonic()
        os.fsync(self._file.fileno())
        self.flushes.append(time.monotonic() - begun)

    def late(self) -> list[float]:
        """Seconds, once all have arrived."""
        while len(self._arrived) < len(self._instants):
            time.sleep(0.01)
        return [there - instant for there, instant in zip(self._arrived, self._instants, strict=True)]

    def _receive(self) -> None:
        while self._server.recv(65536):
            self._arrived.append(time.time())


def show(name: str, seconds: Sequence[float]) -> None:
    ordered = sorted(1000 * one for one in seconds)
    p99 = ordered[math.ceil(0.99 * len(ordered)) - 1]
    median = statistics.median(ordered)
    print(f"{name:>34}: p50 {median:7.1f} ms   p99 {p99:7.1f} ms   max {ordered[-1]:7.1f} ms   ({len(ordered)})")
    print(f"{'the latest':>34}: {', '.join(f'{one:.1f}' for one in ordered[-6:])}")


def release(project: Project, wire: Wire, instants: Sequence[datetime]) -> None:
    """Write a post for each instant, every second one with a picture; wait, and show how late their toots left.

    Beside them stands the floor of the same minutes, measured between the releases.
    """
    Image.new("RGB", (640, 360), "navy").save(project.root / "cover.png")
    for index, instant in enumerate(instants):
        more = {"cover": "{url: /cover.png, alt: A plain picture}"} if index % 2 else {}
        project.write_post(f"now-{index:03}", f"{instant:%Y-%m-%d %H:%M:%S}", title=f"News number {index}", **more)
    with Floor(project.root) as floor:
        while (now := datetime.now(UTC)) < instants[-1] + timedelta(seconds=5):
            if all(abs(instant - now) > CLEAR for instant in instants):
                floor.measure()
            time.sleep(0.4)
        show("floor: bare timer, bare request", floor.late())
        show("a bare flush to the disk", floor.flushes)
    toots = [moment for moment, line in wire.heard if line.startswith(b"POST /api/v1/statuses ")]
    if len(toots) != len(instants):
        raise SystemExit(f"{len(toots)} toots for {len(instants)} posts:\n{project.run_log[-2000:]}")
    late: dict[bool, list[float]] = {True: [], False: []}
    for index, instant in enumerate(instants):
        after = [moment for moment, _ in wire.heard if moment >= instant.timestamp() - 1]
        late[bool(index % 2)].append(min(after) - instant.timestamp())
    show("lateness of plain toots", late[False])
    show("lateness of toots with a picture", late[True])
    show("lateness of all", [*late[False], *late[True]])


def measure(posts: int, releases: int, seconds: float, *, apart: float, emit: Callable[[str], None] = print) -> None:
    folder = Path(tempfile.mkdtemp(prefix="announce-bench-"))
    try:
        with SandboxProcess() as server, Wire(server.port) as wire:
            project = Project(root=folder, server=wire.url)
            project.write("config/bot.toml", SETTINGS.format(server=wire.url))
            (folder / "posts").mkdir()
            write_posts(project, posts)
            emit(f"{posts} posts, {posts // 10} to come")
            with running(project) as (process, took):
                emit(f"{'first start':>34}: {took:.2f} s")
                time.sleep(SETTLING.total_seconds())
                emit(f"{'idle':>34}: {100 * idle(process, seconds):.3f} % of a core over {seconds:.0f} s")
                begin = datetime.now(UTC) + timedelta(seconds=20)
                release(project, wire, scattered(begin, releases, random.Random(posts), apart=apart))
                memory = psutil.Process(process.pid).memory_info().rss / 2**20
                emit(f"{'memory':>34}: {memory:.0f} MB")
            with running(project) as (_, took):
                emit(f"{'next start':>34}: {took:.2f} s")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How late toots leave, and what a bot costs that waits.")
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--releases", type=int, default=200)
    parser.add_argument("--apart", type=float, default=6.0, help="seconds between two releases, on average")
    parser.add_argument("--idle", type=float, default=60.0, help="seconds to look at an idle bot")
    asked = parser.parse_args()
    measure(asked.posts, asked.releases, asked.idle, apart=asked.apart)
