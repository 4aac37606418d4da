"""The sandbox behind its socket: where it listens, and how it stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from bot.domain.clock import ManualClock
from bot.domain.errors import UsageError
from bot.sandbox.server import SandboxServer

ROOT = Path(__file__).resolve().parents[3]
SERVE = """
import sys
from bot.sandbox.server import serve
serve(port=int(sys.argv[1]), emit=lambda line: print(line, flush=True))
"""


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org", ""])
def test_it_refuses_to_listen_anywhere_but_on_loopback(host: str) -> None:
    with pytest.raises(UsageError, match="listens on loopback only"):
        SandboxServer().start(host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_it_listens_on_loopback(host: str) -> None:
    with SandboxServer().start(host=host) as server:
        assert httpx.get(f"{server.url}/api/v2/instance").json()["domain"] == server.url.removeprefix("http://")


def test_a_port_in_use_is_named_with_a_way_out() -> None:
    with SandboxServer() as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(UsageError, match=rf"Port {port} on 127\.0\.0\.1 is in use\..*--port N"):
            SandboxServer().start(port)


def test_a_port_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Port 70000 on 127\.0\.0\.1 cannot be had"):
        SandboxServer().start(70000)


def test_the_same_port_can_be_had_again_at_once() -> None:
    with SandboxServer() as server:
        port = int(server.url.rpartition(":")[2])
        httpx.get(server.url)
    with SandboxServer().start(port) as server:
        assert httpx.get(server.url).status_code == 200


def test_stopping_twice_does_no_harm_and_frees_everything() -> None:
    before = threading.active_count()
    server = SandboxServer().start()
    httpx.get(server.url)
    server.stop()
    server.stop()
    end = time.monotonic() + 10
    while threading.active_count() > before:
        assert time.monotonic() < end, threading.enumerate()
        time.sleep(0.01)
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


@pytest.mark.parametrize("path", ["/", "/api/v1/timelines/public", "/sandbox/faults", "/api/v2/instance"])
@pytest.mark.parametrize(
    ("address", "host", "code"),
    [
        ("127.0.0.1", "localhost:3000", 200),
        ("::1", "[::1]:3000", 200),
        ("192.0.2.7", "localhost:3000", 403),
        ("127.0.0.1", "attacker.example", 403),
        ("", "localhost", 403),
    ],
)
def test_it_answers_only_callers_on_this_machine_that_call_it_by_a_local_name(
    path: str, address: str, host: str, code: int
) -> None:
    browser = SandboxServer().app.test_client()
    answer = browser.get(path, headers={"Host": host}, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == code


def test_a_client_that_goes_away_leaves_no_trace(server: SandboxServer, capfd: pytest.CaptureFixture[str]) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    for sent in (b"", b"GET / HT", b"POST /api/v1/statuses HTTP/1.1\r\nContent-Length: 50\r\n\r\nstat"):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(sent)
    assert httpx.get(server.url).status_code == 200
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_ends_with_a_signal(number: signal.Signals) -> None:
    command = [sys.executable, "-c", SERVE, "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as running:
        assert running.stdout is not None
        address, state = running.stdout.readline(), running.stdout.readline()
        try:
            assert httpx.get(address.split()[4]).status_code == 200
        finally:
            running.send_signal(number)
        _, errors = running.communicate(timeout=20)
    assert (running.returncode, errors) == (0, "")
    assert "in memory only" in state


def test_the_clock_can_be_moved_while_it_runs(server: SandboxServer, clock: ManualClock) -> None:
    clock.advance(timedelta(days=2))
    assert httpx.get(server.url).headers["Date"] == "Fri, 06 Nov 2026 15:00:00 GMT"
