"""A running sandbox and the real Mastodon.py as its client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import httpx
import pytest
import requests
from mastodon import Mastodon
from PIL import Image

from bot.domain.clock import ManualClock
from bot.sandbox.server import SandboxServer


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 4, 15, 0, 0, 123456, tzinfo=UTC))


@pytest.fixture
def server(clock: ManualClock) -> Iterator[SandboxServer]:
    with SandboxServer(clock=clock) as running:
        yield running


@pytest.fixture
def connect(server: SandboxServer) -> Iterator[Callable[..., Mastodon]]:
    with ExitStack() as sessions:

        def make(token: str | None = "loopback-main", *, url: str = "", **options: Any) -> Mastodon:
            settings = {"ratelimit_method": "throw", "request_timeout": 5, **options}
            session = sessions.enter_context(requests.Session())
            return Mastodon(access_token=token, api_base_url=url or server.url, session=session, **settings)

        yield make


@pytest.fixture
def client(connect: Callable[..., Mastodon]) -> Mastodon:
    return connect()


@pytest.fixture
def http(server: SandboxServer) -> Iterator[httpx.Client]:
    """Plain HTTP as the account "main"."""
    headers = {"Authorization": "Bearer loopback-main"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=5, verify=False) as plain:
        yield plain


@pytest.fixture
def draw() -> Callable[..., bytes]:
    def make(kind: str = "PNG", *, size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
        file = BytesIO()
        Image.new("RGB", size, "#336699").save(file, kind, **options)
        return file.getvalue()

    return make
