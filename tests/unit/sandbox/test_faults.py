"""What goes wrong when it is told to, as the real Mastodon.py sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from mastodon import Mastodon
from mastodon.errors import (
    MastodonAPIError,
    MastodonBadGatewayError,
    MastodonGatewayTimeoutError,
    MastodonInternalServerError,
    MastodonNetworkError,
    MastodonRatelimitError,
    MastodonServiceUnavailableError,
    MastodonUnauthorizedError,
)

from bot.domain.clock import SystemClock
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.server import SandboxServer
from tests.fakes.mastodon_server import FakeMastodon

POST = "POST /api/v1/statuses"


@pytest.mark.parametrize(
    ("do", "error", "posted"),
    [
        ("post-then-drop", MastodonNetworkError, 1),
        ("post-then-504", MastodonGatewayTimeoutError, 1),
        ("post-then-hang:0.05", MastodonNetworkError, 1),
        ("post-then-error-500", MastodonInternalServerError, 1),
        ("post-then-empty-200", MastodonAPIError, 1),
        ("drop", MastodonNetworkError, 0),
        ("hang:0.05", MastodonNetworkError, 0),
        ("error-500", MastodonInternalServerError, 0),
        ("html-502", MastodonBadGatewayError, 0),
        ("503", MastodonServiceUnavailableError, 0),
        ("504", MastodonGatewayTimeoutError, 0),
        ("429-with-reset", MastodonRatelimitError, 0),
        ("429-without-reset", MastodonRatelimitError, 0),
        ("empty-200", MastodonAPIError, 0),
        ("unauthorized-401", MastodonUnauthorizedError, 0),
        ("forbidden-403", MastodonAPIError, 0),
    ],
)
def test_a_fault_strikes_once_and_the_next_request_passes(
    client: Mastodon, server: SandboxServer, do: str, error: type[Exception], posted: int
) -> None:
    server.faults.switch([Fault(on=POST, do=do)])
    with pytest.raises(error) as raised:
        client.status_post("Text")
    assert "timed out" not in str(raised.value)
    assert len(server.store.statuses()) == posted
    assert client.status_post("Next").id


def test_a_redirect_turns_the_post_into_a_list_of_nothing(client: Mastodon, server: SandboxServer) -> None:
    server.faults.switch([Fault(on=POST, do="redirect-301")])
    answer: Any = client.status_post("Text")
    assert answer == []
    assert server.store.statuses() == []


def test_only_the_named_limit_has_a_reset(connect: Callable[..., Mastodon]) -> None:
    with FakeMastodon(clock=SystemClock(), limited=False) as server:
        for do, known in (("429-with-reset", True), ("429-without-reset", False)):
            client = connect(url=server.url)
            server.faults.switch([Fault(on=POST, do=do)])
            with pytest.raises(MastodonRatelimitError, match="Hit rate limit"):
                client.status_post("Text")
            assert (client.ratelimit_reset is not None) is known


def test_a_client_that_waits_shorter_than_the_server_hangs_gives_up(
    connect: Callable[..., Mastodon], server: SandboxServer
) -> None:
    server.faults.switch([Fault(on=POST, do="post-then-hang:30")])
    started = time.monotonic()
    with pytest.raises(MastodonNetworkError, match="timed out"):
        connect(request_timeout=0.3).status_post("Text")
    server.stop()
    server.faults.hang(30)  # over at once: the sandbox has stopped
    assert time.monotonic() - started < 10
    assert len(server.store.statuses()) == 1


@pytest.mark.parametrize(
    ("on", "method", "path", "struck"),
    [
        (POST, "POST", "/api/v1/statuses", True),
        (POST, "GET", "/api/v1/statuses", False),
        (POST, "POST", "/api/v1/statuses/1", False),
        ("GET /api/v1/accounts/*/statuses", "GET", "/api/v1/accounts/12/statuses", True),
        ("* /api/v1/statuses*", "DELETE", "/api/v1/statuses/3", True),
        ("*", "GET", "/api/v2/instance", True),
    ],
)
def test_a_fault_is_for_the_requests_it_names(on: str, method: str, path: str, struck: bool) -> None:
    assert (Faults([Fault(on=on, do="drop")]).take(method, path) is not None) is struck


@pytest.mark.parametrize(
    ("fault", "strikes"),
    [
        (Fault(on="*", do="drop"), "x..."),
        (Fault(on="*", do="drop", times=2), "xx.."),
        (Fault(on="*", do="drop", times=None), "xxxx"),
        (Fault(on="*", do="drop", skip=2), "..x."),
        (Fault(on="*", do="drop", times=2, skip=1), ".xx."),
    ],
)
def test_a_fault_strikes_as_often_as_it_should(fault: Fault, strikes: str) -> None:
    faults = Faults([fault])
    assert "".join("x" if faults.take("GET", "/") else "." for _ in range(4)) == strikes


def test_faults_strike_in_their_order() -> None:
    faults = Faults([Fault(on="*", do="503"), Fault(on="*", do="drop")])
    struck = [faults.take("GET", "/") for _ in range(3)]
    assert [fault.do if fault else None for fault in struck] == ["503", "drop", None]


@pytest.mark.parametrize("do", ["", "explode", "hang", "drop:3", "post-then-", "hang:soon"])
def test_an_unknown_fault_is_refused_by_name(do: str) -> None:
    with pytest.raises(ValueError, match="is not a fault; known are drop, hang:SECONDS"):
        Fault(on="*", do=do)


def test_faults_are_switched_over_http(http: httpx.Client, server: SandboxServer) -> None:
    settings: list[dict[str, Any]] = [{"on": POST, "do": "post-then-drop", "times": 2, "skip": 0}, {"repeat": "500"}]
    assert http.put("/sandbox/faults", json=settings).json() == settings
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/api/v1/statuses", data={"status": "Text"})
    assert http.get("/sandbox/faults").json() == [{**settings[0], "times": 1}, {"repeat": "500"}]
    assert http.put("/sandbox/faults", json=[]).json() == []
    assert server.faults.repeat is None


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'[{"on": "*"}]', b'[{"on": "*", "do": "explode"}]', b'[{"repeat": "x"}]']
)
def test_a_wrong_setting_is_refused_and_changes_nothing(http: httpx.Client, server: SandboxServer, body: bytes) -> None:
    server.faults.switch([Fault(on="* /nowhere", do="503")])
    answer = http.put("/sandbox/faults", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert [fault["do"] for fault in http.get("/sandbox/faults").json()] == ["503"]
