"""A conference's site on loopback: pages that appear when they are built, and a deploy hook that builds them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

HTML = b"<!doctype html><title>News</title>"


@dataclass(frozen=True)
class Shown:
    """The answer for a path."""

    status: int = 200
    body: bytes = HTML
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})
    slow: float = 0.0  #: seconds before the answer


@dataclass(frozen=True)
class Call:
    """A POST that arrived."""

    at: datetime
    path: str
    headers: dict[str, str]  #: names in lower case
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)


@dataclass
class ConferenceSite:
    """The pages that the site serves, and the requests that it received."""

    url: str = ""
    pages: dict[str, Shown] = field(default_factory=dict)  #: by path; all others are 404
    asked: list[tuple[datetime, str]] = field(default_factory=list)  #: when, and for which path
    agents: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)  #: one for each call; then `accepts`
    accepts: Callable[[Call], int] = lambda _: 204
    on_call: Callable[[], None] = lambda: None

    def show(self, *slugs: str) -> None:
        """Put the pages of these posts online."""
        self.pages.update({f"/news/{slug}/": Shown() for slug in slugs})

    def paths(self) -> list[str]:
        return [path for _, path in self.asked]


@contextmanager
def conference_site() -> Iterator[ConferenceSite]:
    """Run a site until the end of the block."""
    site = ConferenceSite()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((datetime.now(UTC), self.path))
            site.agents.add(self.headers["User-Agent"])
            shown = site.pages.get(self.path, Shown(status=404))
            time.sleep(shown.slow)
            with suppress(OSError):
                self.send_response(shown.status)
                for name, value in shown.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(shown.body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(at=datetime.now(UTC), path=self.path, headers=headers, body=body)
            status = site.answers.pop(0) if site.answers else site.accepts(call)
            site.calls.append(call)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            if status < 300:
                site.on_call()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
