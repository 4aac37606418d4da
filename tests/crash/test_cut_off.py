"""The real bot, while the server stands still, dies and comes back, or the network between them is cut."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from bot.sandbox.profiles import RepeatPolicy
from tests.crash.conftest import CrashSite, is_up, wait_for, went_out
from tests.support.sandbox_process import SandboxProcess
from tests.support.tcp_relay import OVERTAKEN, Line, Wire
from tests.support.timeouts import patient

#: Longer than an answer is waited for, and than an attempt is thought to be at work.
LONG = 2.5
#: The send in whose middle it happens.
MIDDLE = 4


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "server/state.json"


@pytest.fixture
def server(state: Path, kind: RepeatPolicy) -> Iterator[SandboxProcess]:
    with SandboxProcess(state=state, repeat=kind) as running:
        yield running


@pytest.fixture
def wire(server: SandboxProcess) -> Iterator[Wire]:
    with Wire(server.port) as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, server: SandboxProcess, wire: Wire) -> Iterator[CrashSite]:
    folder = tmp_path / "site"
    folder.mkdir()
    made = CrashSite(folder, server, reached_at=wire.url)
    yield made
    made.kill_what_runs()


def a_new_release(site: CrashSite) -> list[str]:
    """It is tried at once, whatever pause the account is in."""
    site.write_post("bell", datetime.now(UTC) - timedelta(seconds=1))
    return ["bell"]


@pytest.mark.crash
@pytest.mark.parametrize("line", [Line.CLOSED, Line.SILENT, Line.ANSWERS_LOST], ids=lambda line: str(line.name))
def test_the_network_is_cut_in_the_middle_and_comes_back(site: CrashSite, wire: Wire, line: Line) -> None:
    wire.at_send(MIDDLE, lambda: wire.switch(line))
    slugs = site.write_posts(6)
    process = site.start()
    through = MIDDLE if line is Line.ANSWERS_LOST else MIDDLE - 1
    wait_for(lambda: len(site.slugs()) == through, site)
    time.sleep(LONG)
    assert len(site.slugs()) == through, "nothing more gets through"
    assert is_up(process)
    wire.switch(Line.WHOLE)
    went_out(site, slugs + a_new_release(site))
    site.stop(process)


@pytest.mark.crash
def test_the_server_stands_still_in_the_middle_and_goes_on(site: CrashSite, wire: Wire) -> None:
    stopped = Event()

    def stop() -> None:
        site.server.stop()
        stopped.set()

    wire.at_send(MIDDLE, stop)
    slugs = site.write_posts(6)
    process = site.start()
    assert stopped.wait(40)
    time.sleep(LONG)
    assert is_up(process)
    site.server.go_on()
    went_out(site, slugs + a_new_release(site))
    site.stop(process)


@pytest.mark.crash
def test_the_server_dies_in_the_middle_and_comes_back_with_what_it_held(
    site: CrashSite, wire: Wire, state: Path
) -> None:
    dead = Event()

    def kill() -> None:
        site.server.kill()
        dead.set()

    wire.at_send(MIDDLE, kill)
    slugs = site.write_posts(6)
    process = site.start()
    assert dead.wait(40)
    time.sleep(LONG)
    assert is_up(process)
    site.server.start()
    went_out(site, slugs + a_new_release(site))
    site.stop(process)


@pytest.mark.crash
def test_a_new_release_does_not_wait_for_the_pause_after_an_outage(site: CrashSite, wire: Wire) -> None:
    wire.switch(Line.CLOSED)
    slugs = site.write_posts(1)
    # What is upcoming makes the pass take its time after it has rung for the deliveries.
    site.write_posts(40, prefix="upcoming", ago=timedelta(hours=-2))
    process = site.start()
    wait_for(lambda: "blocked" in site.log, site)
    wire.switch(Line.WHOLE)
    slugs += a_new_release(site)
    wait_for(lambda: sorted(site.slugs()) == sorted(slugs), site, seconds=patient(5))
    site.stop(process)


@pytest.mark.crash
def test_a_request_that_is_stuck_on_its_way_and_arrives_late_is_not_sent_twice(site: CrashSite, wire: Wire) -> None:
    """The jam lasts longer than `settle`; when it ends, the bot's look overtakes the request that it looks for."""
    jammed = Event()

    def jam() -> None:
        wire.switch(Line.JAMMED)
        jammed.set()

    wire.at_send(MIDDLE, jam)
    slugs = site.write_posts(6)
    process = site.start()
    # A busy machine may lose an earlier answer, too: only the jam itself says that it has begun.
    assert jammed.wait(40), site.log[-5000:]
    time.sleep(LONG)
    wire.switch(Line.WHOLE)
    went_out(site, slugs + a_new_release(site))
    site.stop(process)
    time.sleep(OVERTAKEN + 0.5)
    assert sorted(site.slugs()) == sorted([*slugs, "bell"]), site.log[-5000:]
