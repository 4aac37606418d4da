"""The sandbox's application in process: an adapter for requests that calls it, with the faults on the way."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import requests
from flask import Flask
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import NewConnectionError

from bot.sandbox.profiles import RepeatPolicy
from bot.sandbox.rates import format_reset
from bot.sandbox.records import Account, Draft, Status, Target, UsedKey
from bot.sandbox.store import Store
from tests.fakes.mastodon_server import make_fake_app
from tests.simulation.faults import LONGEST_LATE, TIMEOUT

if TYPE_CHECKING:
    from tests.simulation.process import Process
    from tests.simulation.world import World

SERVER = "http://127.0.0.1:3000"
#: What the server makes of an Idempotency-Key.
KEYS = ("honoured", "forgotten after an hour", "ignored", "repeat answers 500")


@dataclass(frozen=True, kw_only=True)
class Created:
    """A status that was created, and its creator."""

    at: float  #: seconds, true time
    asked_at: float  #: when its request left
    status: Status
    account: str
    by_hand: bool
    latest: datetime  #: the latest time that the machine's clock had shown
    shown: datetime  #: what that clock showed, which may have been set back


class WatchedStore(Store):
    """Keeps every status that ever existed, and can honour idempotency keys without expiry."""

    def __init__(self, world: World, *, keys: str) -> None:
        super().__init__(clock=world.true_clock)
        self.created: list[Created] = []
        self.by_hand = False
        self.asked_at = 0.0
        self._world = world
        self._for_ever: dict[tuple[str, str], str] | None = {} if keys == "honoured" else None

    def publish(self, account: Account, draft: Draft, target: Target, *, key: str = "") -> Status:
        status = super().publish(account, draft, target, key=key)
        if self._for_ever is not None and key:
            self._for_ever[account.id, key] = status.id
        made = Created(
            at=self._world.now,
            asked_at=self.asked_at,
            status=status,
            account=account.username,
            by_hand=self.by_hand,
            latest=self._world.latest,
            shown=self._world.clock.now(),
        )
        self.created.append(made)
        self._world.note(f"* toot {status.id[-6:]} {account.username}: {draft.text[:40]!r}")
        return status

    def status_of_key(self, account: Account, key: str) -> UsedKey | None:
        if self._for_ever is None:
            return super().status_of_key(account, key)
        known = self._for_ever.get((account.id, key))
        return None if known is None else UsedKey(status_id=known, expires=datetime.max.replace(tzinfo=UTC))


class Server:
    """One Mastodon-like server."""

    def __init__(self, world: World, *, keys: str | None = None) -> None:
        self.world = world
        self.keys = keys or world.random.choice(KEYS)
        self.store = WatchedStore(world, keys=self.keys)
        repeat = {"ignored": RepeatPolicy.IGNORED, "repeat answers 500": RepeatPolicy.ERROR}.get(self.keys)
        self.app: Flask = make_fake_app(self.store, repeat=repeat)

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Perform a request at once, without faults."""
        target, _, query = path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": target,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "3000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:3000",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in headers.items():
            plain = name.upper().replace("-", "_")
            if plain == "CONTENT_TYPE":
                environ["CONTENT_TYPE"] = value
            elif plain != "CONTENT_LENGTH":
                environ[f"HTTP_{plain}"] = value
        seen: dict[str, Any] = {}

        def start(status: str, answered: list[tuple[str, str]], _error: object = None) -> Any:
            seen["status"], seen["headers"] = int(status.split()[0]), answered

        # Not through the layer of the sandbox's own mishaps, which would build each answer once more.
        parts = Flask.wsgi_app(self.app, environ, start)
        data = b"".join(parts)
        close = getattr(parts, "close", None)
        if close is not None:
            close()
        return seen["status"], seen["headers"], data

    @contextmanager
    def by_hand(self) -> Iterator[None]:
        """Mark the toots that are posted inside the block as posted by hand."""
        self.store.by_hand, self.store.asked_at = True, self.world.now
        try:
            yield
        finally:
            self.store.by_hand = False


class Line(BaseAdapter):
    """The network between one process and the server."""

    def __init__(self, server: Server, process: Process) -> None:
        super().__init__()
        self._server = server
        self._process = process
        self._world = server.world

    def close(self) -> None:
        """Nothing to let go of."""

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        name = f"{request.method} {urlsplit(request.url or '').path}"
        self._process.point(name)
        kind = self._world.faults.of_request(request.method or "")
        self._world.note(f"    {request.method} {request.path_url}")
        if kind:
            self._world.wrong(kind, name)
        asked_at = self._world.now
        # Each takes its time: a bot that asked without end would not be noticed otherwise.
        self._process.sleep(self._world.random.uniform(0.05, 0.5))
        response = self._carried(request, kind, asked_at)
        self._process.point(f"after {name}")
        return response

    def _carried(self, request: requests.PreparedRequest, kind: str, asked_at: float) -> requests.Response:
        random, sleep = self._world.random, self._process.sleep
        match kind:
            case "lost":
                sleep(random.choice((0.1, TIMEOUT)))
                raise requests.ReadTimeout("no answer", request=request)
            case "refused":
                refusal = NewConnectionError(None, "Connection refused")  # type: ignore[arg-type]
                raise requests.ConnectionError(refusal, request=request)
            case "500 before" | "503 before":
                return _page(request, int(kind[:3]))
            case "429 with reset" | "429 without reset":
                return self._limited(request, with_reset=kind == "429 with reset")
            case "carried out late":
                late = TIMEOUT + random.uniform(0.5, LONGEST_LATE)
                self._world.after(late, lambda: self._call(request, asked_at))
                sleep(TIMEOUT)
                raise requests.ReadTimeout("no answer", request=request)
            case "504, carried out late":
                late = random.uniform(5, TIMEOUT + LONGEST_LATE)
                self._world.after(late, lambda: self._call(request, asked_at))
                sleep(random.uniform(0.5, 20))
                return _page(request, 504)
            case "slow before":
                sleep(random.uniform(1, TIMEOUT - 1))
        response = self._call(request, asked_at)
        match kind:
            case "answer lost":
                raise requests.ConnectionError("Connection reset by peer", request=request)
            case "answer too late":
                sleep(TIMEOUT)
                raise requests.ReadTimeout("no answer", request=request)
            case "502 after" | "504 after":
                return _page(request, int(kind[:3]))
            case "slow after":
                sleep(random.uniform(1, TIMEOUT - 1))
        return response

    def _call(self, request: requests.PreparedRequest, asked_at: float) -> requests.Response:
        body = request.body or b""
        store = self._server.store
        store.asked_at = asked_at
        status, headers, data = self._server.call(
            request.method or "",
            request.path_url,
            headers={name: str(value) for name, value in request.headers.items()},
            body=body.encode() if isinstance(body, str) else cast("bytes", body),
        )
        return _response(request, status, dict(headers), data)

    def _limited(self, request: requests.PreparedRequest, *, with_reset: bool) -> requests.Response:
        now = self._world.true_clock.now()
        headers = {"Content-Type": "application/json", "Date": now.strftime("%a, %d %b %Y %H:%M:%S GMT")}
        if with_reset:
            reset = self._world.moment(self._world.now + self._world.random.uniform(30, 900))
            headers |= {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0"}
            headers["X-RateLimit-Reset"] = format_reset(reset)
        return _response(request, 429, headers, b'{"error": "Too many requests"}')


def _page(request: requests.PreparedRequest, status: int) -> requests.Response:
    return _response(request, status, {"Content-Type": "text/html"}, b"<html><body>Something went wrong</body></html>")


def _response(
    request: requests.PreparedRequest, status: int, headers: Mapping[str, str], data: bytes
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.reason = "As it is"
    response.url = request.url or ""
    response.request = request
    response.headers = CaseInsensitiveDict(headers)
    response.encoding = "utf-8"
    response._content = data
    return response
