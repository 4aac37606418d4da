"""The bot as the host of its feeds, and hubs that hear of each change: real processes over real connections."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.support.project import Project, Running, Timeline
from tests.support.timeouts import patient
from tests.support.websub_hub import Hub, listening_hub


def wait_for(condition: Callable[[], object], *, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(project: Project, *command: str, until: str) -> Iterator[Running]:
    process = project.start(*command)
    try:
        wait_for(lambda: until in project.run_log)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def hub() -> Iterator[Hub]:
    with listening_hub() as listening:
        yield listening


@pytest.fixture
def host(project: Project, hub: Hub) -> str:
    """The project's site is the bot itself; returns its address."""
    port = free_port()
    path = project.root / "config/bot.toml"
    text = path.read_text(encoding="utf-8").replace("https://2024.djangocon.us", f"http://127.0.0.1:{port}")
    text = text.replace("[site]", "[site]\nprivate_addresses = true")
    text = text.replace("[feeds]", f'[feeds]\nhubs = ["{hub.url}"]')
    path.write_text(f'{text}\n[serve]\nlisten = "127.0.0.1:{port}"\n', encoding="utf-8")
    return f"http://127.0.0.1:{port}"


def test_a_release_is_served_and_the_hub_told_once_it_is_and_not_before(
    project: Project, host: str, hub: Hub, timeline: Timeline
) -> None:
    seen: list[tuple[datetime, bool]] = []
    hub.on_ping = lambda topic: seen.append((datetime.now(UTC), "Fresh" in httpx.get(topic, timeout=5).text))
    with running(project, "run", until="next:") as process:
        wait_for(lambda: len(hub.pings) == 3)  # the feeds that are there at the start
        due = (datetime.now(UTC) + timedelta(seconds=4)).replace(microsecond=0)
        project.write_post("fresh", f"{due:%Y-%m-%d %H:%M:%S}+00:00", title="Fresh")
        wait_for(lambda: len(hub.pings) == 6)
        assert [new for _, new in seen] == [False] * 3 + [True] * 3
        assert min(at for at, new in seen if new) >= due, "nothing is pinged before the release"
        assert sorted(hub.topics[3:]) == [f"{host}/news/{name}" for name in ("atom.xml", "feed.json", "rss.xml")]
        wait_for(timeline)
        health = httpx.get(f"{host}/healthz", timeout=5)
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_a_hub_that_hangs_delays_neither_the_toot_nor_the_stop(
    project: Project, host: str, hub: Hub, timeline: Timeline
) -> None:
    hub.on_ping = lambda _: time.sleep(6)
    with running(project, "run", until="next:") as process:
        written = time.monotonic()
        project.write_post("fresh", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}+00:00")
        wait_for(timeline)
        assert time.monotonic() - written < patient(5)
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - asked < patient(5)
    assert "Traceback" not in project.run_log


def test_a_tick_tells_the_hub_what_the_site_shows_and_the_rest_when_it_does(
    project: Project, host: str, hub: Hub
) -> None:
    project.write_post("one", f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%d %H:%M}+00:00")
    assert project.announce("tick").returncode == 0
    assert hub.pings == []
    waiting = project.announce("feeds", "ping", "--wait", "1s")
    assert waiting.returncode == 1
    assert "Its hubs are told once it shows the feed" in waiting.stderr
    with running(project, "serve", until="is served on"):
        told = project.announce("feeds", "ping")
        assert (told.returncode, len(hub.pings)) == (0, 3)
        assert "All hubs know the latest." in told.stdout
        assert project.announce("feeds", "ping").returncode == 0
        assert len(hub.pings) == 3


def test_serve_alone_shows_the_folder_and_stops_on_a_signal(project: Project) -> None:
    project.write_post("one", "2024-07-09 06:00")
    assert project.announce("tick").returncode == 0
    port = free_port()
    with running(project, "serve", "--listen", f"127.0.0.1:{port}", until="is served on") as process:
        feed = httpx.get(f"http://127.0.0.1:{port}/news/rss.xml", timeout=5)
        assert feed.content == (project.root / "public/news/rss.xml").read_bytes()
        assert feed.headers["Content-Encoding"] == "gzip"
        for path in ("/config/bot.toml", "/../config/bot.toml", "/var/ledger.db", "/.announce-files.json"):
            assert httpx.get(f"http://127.0.0.1:{port}{path}", timeout=5).status_code == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert project.run_log.rstrip().endswith("stopped")


@pytest.mark.parametrize("listen", ["nonsense", "example.org:80"])
def test_a_wrong_address_is_explained(project: Project, listen: str) -> None:
    done = project.announce("serve", "--listen", listen)
    assert done.returncode == 2
    assert "127.0.0.1:8080" in done.stderr


@pytest.mark.parametrize("command", ["serve", "run"])
def test_a_port_that_is_taken_is_explained(project: Project, host: str, command: str) -> None:
    port = int(host.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        done = project.announce(command)
    assert done.returncode == 2
    assert f"port {port} is in use" in done.stderr
    assert "Traceback" not in done.stderr
