"""A web server on loopback that answers as a test says, and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Says:
    """An answer: bytes go out as they are, anything else as JSON."""

    body: object = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class OddServer:
    """`answers` is path → answer, or what makes one of the posted form (and "token sent"); any other path is 404.

    `forms` is what was posted, by path.
    """

    url: str = ""
    answers: dict[str, Says | Callable[[dict[str, str]], Says]] = field(default_factory=dict)
    forms: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@contextmanager
def odd_server() -> Iterator[OddServer]:
    """Runs until the end of the context."""
    odd = OddServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            odd.asked.append(f"{self.command} {path}")
            length = int(self.headers.get("Content-Length") or 0)
            values = parse_qs(self.rfile.read(length).decode(), keep_blank_values=True)
            form = {name: value[0] for name, value in values.items()}
            if self.command == "POST":
                odd.forms.setdefault(path, []).append(form)
            # Mastodon.py asks for some with a slash at the end.
            says = odd.answers.get(path.rstrip("/"), Says({"error": "Not Found"}, 404))
            says = says if isinstance(says, Says) else says({**form, "token sent": self._token_sent()})
            body = says.body if isinstance(says.body, bytes) else json.dumps(says.body).encode()
            self.send_response(says.status)
            for name, value in says.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def _token_sent(self) -> str:
            return (self.headers.get("Authorization") or "").removeprefix("Bearer ")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    odd.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield odd
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
