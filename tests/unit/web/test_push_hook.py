"""`POST /hooks/push` over real connections: who gets in, and what each is told."""

from __future__ import annotations

import hashlib
import hmac
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from bot.config import Config, Source
from bot.posts.git.push import LARGEST, PushHook
from bot.web.public import make_public_app
from bot.web.server import PublicServer
from tests.support.timeouts import patient

SECRET = "correct horse battery"
NEWS = Source(git="https://forge.example/news.git")
BODY = b'{"ref": "refs/heads/main"}'
JSON = {"Content-Type": "application/json"}


class Door:
    """The server, and what came through its push hook."""

    def __init__(self, server: PublicServer, pushed: list[Source]) -> None:
        self.url = f"{server.url}/hooks/push"
        self.pushed = pushed

    def post(self, body: bytes = BODY, **headers: str) -> httpx.Response:
        return self.send(headers, body)

    def send(self, headers: dict[str, str], body: bytes = BODY) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.post(self.url, content=body, headers={**JSON, **named}, timeout=20)


def signature(body: bytes = BODY, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.fixture
def door(site_config: Callable[..., Config]) -> Iterator[Door]:
    pushed: list[Source] = []
    hook = PushHook({NEWS: SECRET}, now=lambda: datetime.now(UTC), pushed=pushed.append)
    app = make_public_app(site_config(), push=hook)
    with PublicServer(app, "127.0.0.1", 0, largest_body=LARGEST) as server:
        yield Door(server, pushed)


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Hub_Signature_256": signature(), "X_GitHub_Event": "push"},
        {"X_Forgejo_Signature": signature().removeprefix("sha256=")},
        {"X_Gitea_Signature": signature().removeprefix("sha256=")},
        {"X_Gitlab_Token": SECRET},
        {"X_Hub_Signature_256": signature(), "Content_Type": "application/json; charset=utf-8"},
    ],
)
def test_a_right_signature_is_accepted_at_once(door: Door, headers: dict[str, str]) -> None:
    answer = door.send(headers)
    assert (answer.status_code, door.pushed) == (202, [NEWS])
    assert answer.headers["Cache-Control"] == "no-store"
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X_Hub_Signature_256": signature(secret="wrong")}, 401),
        ({"X_Hub_Signature_256": signature(b"other")}, 401),
        ({"X_Gitlab_Token": "wrong"}, 401),
        ({"X_Hub_Signature_256": signature(), "Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"X_Hub_Signature_256": signature(), "Content_Type": "text/plain"}, 415),
    ],
)
def test_everything_else_is_refused(door: Door, headers: dict[str, str], status: int) -> None:
    answer = door.send(headers)
    assert (answer.status_code, door.pushed) == (status, [])
    assert SECRET not in answer.text


def test_a_replay_is_answered_and_does_nothing(door: Door) -> None:
    for status in (202, 200, 200):
        assert door.post(X_Hub_Signature_256=signature()).status_code == status
    assert door.pushed == [NEWS]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_other_methods_are_refused(door: Door, method: str) -> None:
    answer = httpx.request(method, door.url, timeout=20)
    assert answer.status_code in (404, 405)
    assert door.pushed == []


def test_a_large_push_is_taken_and_a_too_large_one_refused(door: Door) -> None:
    large = b" " * (LARGEST - 1)
    assert door.post(large, X_Hub_Signature_256=signature(large)).status_code == 202
    larger = large + b"  "
    assert door.post(larger, X_Hub_Signature_256=signature(larger)).status_code == 413
    assert door.pushed == [NEWS]


def test_a_body_without_end_is_refused(door: Door) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 64 * 1024

    try:
        answer = httpx.post(door.url, content=endless(), headers=JSON, timeout=20)
        assert answer.status_code == 413
    except httpx.HTTPError:
        pass  # hung up on, which is as good
    assert door.pushed == []


def test_a_body_that_never_comes_keeps_nobody_else_waiting(door: Door) -> None:
    host, port = door.url.split("/")[2].split(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(b"POST /hooks/push HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        begun = time.monotonic()
        assert door.post(X_Hub_Signature_256=signature()).status_code == 202
        assert time.monotonic() - begun < patient(5)


def test_without_a_secret_there_is_no_such_address(site_config: Callable[..., Config]) -> None:
    with PublicServer(make_public_app(site_config()), "127.0.0.1", 0) as server:
        answer = httpx.post(f"{server.url}/hooks/push", content=BODY, headers=JSON, timeout=20)
        assert answer.status_code in (404, 405)
