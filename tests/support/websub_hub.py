"""A small WebSub hub on loopback: it notes each ping, and fetches the feed as hubs do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl


@dataclass
class Hub:
    """The pings that arrived, and how the hub answers."""

    url: str = ""
    answers: list[int] = field(default_factory=list)  #: one for each ping; then 204
    hangs_up: bool = False
    refuses: str = ""  #: pings of addresses that hold this get a 400
    pings: list[dict[str, str]] = field(default_factory=list)
    on_ping: Callable[[str], None] = lambda _: None

    @property
    def topics(self) -> list[str]:
        return [ping["hub.url"] for ping in self.pings]


@contextmanager
def listening_hub() -> Iterator[Hub]:
    """A hub that runs until the end of the block."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
            if hub.hangs_up:
                self.close_connection = True
                return
            ping = dict(parse_qsl(body))
            refused = bool(hub.refuses) and hub.refuses in ping["hub.url"]
            status = 400 if refused else hub.answers.pop(0) if hub.answers else 204
            if status < 300:
                hub.on_ping(ping["hub.url"])
                hub.pings.append(ping)
            self.send_response(status)
            if status in (301, 302, 307, 308):
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", "0")
            with suppress(OSError):
                self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}/publish/"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
