"""Two small servers on loopback that only listen: one takes JSON over HTTP, one takes mail."""

from __future__ import annotations

import base64
import json
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any


@dataclass
class Webhook:
    """The requests that arrived, and how the server answers."""

    url: str = ""
    answer: int = 200
    location: str = ""
    paths: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def listening_webhook() -> Iterator[Webhook]:
    """A web server that records each POST."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.paths.append(self.path)
            hook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(hook.answer)
            if hook.location:
                self.send_header("Location", hook.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    hook.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Page:
    """What a web server answers with."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    chunks: Iterable[bytes] | None = None  #: instead of a body, without telling their length; taken one after the other
    refuses_head: bool = False


@contextmanager
def web_server(
    pages: dict[str, Page],
    *,
    tls: ssl.SSLContext | None = None,
    seen: list[Message] | None = None,
    asked: list[str] | None = None,
) -> Iterator[str]:
    """A web server with these pages; yields its address.

    `seen` receives the headers of each request, `asked` its method and path.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            if asked is not None:
                asked.append(f"{self.command} {self.path}")
            if seen is not None:
                seen.append(self.headers)
            page = pages.get(self.path, Page(status=404))
            if self.command == "HEAD" and page.refuses_head:
                page = Page(status=405)
            self.close_connection = True
            self.send_response(page.status)
            for name, value in {"Connection": "close", **page.headers}.items():
                self.send_header(name, value)
            if page.chunks is None:
                self.send_header("Content-Length", str(len(page.body)))
                self.end_headers()
                self.wfile.write(page.body if self.command == "GET" else b"")
                return
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if self.command == "HEAD":
                return
            with suppress(OSError):  # the client has closed the connection
                for chunk in page.chunks:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    class Server(HTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ignore errors: a client that does not trust the certificate drops the connection."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Mailbox:
    """The mails that a mail server accepted, and every line that clients sent."""

    port: int = 0
    lines: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    refuses: bool = False  #: every recipient


@contextmanager
def listening_mailbox(*, tls: ssl.SSLContext | None = None, at_once: bool = False) -> Iterator[Mailbox]:
    """A minimal mail server: it serves one connection after the other.

    With `tls` it offers STARTTLS and a login after it; `at_once`: it speaks TLS from the first byte.
    """
    box = Mailbox()
    listener = socket.create_server(("127.0.0.1", 0))
    box.port = listener.getsockname()[1]
    talker = Thread(target=_talk_to_all, args=(listener, box, tls, at_once))
    talker.start()
    try:
        yield box
    finally:
        # Wakes the thread; closing alone would not.
        listener.shutdown(socket.SHUT_RDWR)
        talker.join(timeout=10)
        listener.close()


def _talk_to_all(listener: socket.socket, box: Mailbox, tls: ssl.SSLContext | None, at_once: bool) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            connection.settimeout(10)
            if tls is not None and at_once:
                connection = tls.wrap_socket(connection, server_side=True)
            talk = _Talk(connection, box, tls if not at_once else None, may_log_in=at_once)
            try:
                talk.run()
            finally:
                talk.close()


class _Talk:
    def __init__(
        self, connection: socket.socket, box: Mailbox, tls: ssl.SSLContext | None, *, may_log_in: bool
    ) -> None:
        self._connection = connection
        self._box = box
        self._tls = tls
        self._may_log_in = may_log_in
        self._file = connection.makefile("rb")

    def run(self) -> None:
        self._say("220 ready")
        # The file is another one after STARTTLS.
        while raw := self._file.readline():
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            self._box.lines.append(line)
            if not self._answer(line.partition(" ")[0].upper(), line):
                return

    def close(self) -> None:
        self._file.close()
        self._connection.close()

    def _answer(self, verb: str, line: str) -> bool:
        match verb:
            case "EHLO":
                offers = ["AUTH PLAIN"] if self._may_log_in else ["STARTTLS"] if self._tls else []
                self._say("250-here", *(f"250-{offer}" for offer in offers), "250 8BITMIME")
            case "STARTTLS":
                assert self._tls is not None
                self._say("220 go on")
                self._file.close()
                self._connection = self._tls.wrap_socket(self._connection, server_side=True)
                self._file, self._may_log_in = self._connection.makefile("rb"), True
            case "AUTH":
                _, name, password = base64.b64decode(line.split()[2]).decode().split("\0")
                self._box.logins.append((name, password))
                self._say("235 welcome")
            case "RCPT" if self._box.refuses:
                self._say("550 no such person")
            case "DATA":
                self._say("354 go on")
                self._box.mails.append(self._mail())
                self._say("250 taken")
            case "QUIT":
                self._say("221 bye")
                return False
            case _:
                self._say("250 well")
        return True

    def _mail(self) -> EmailMessage:
        lines: list[bytes] = []
        while (line := self._file.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        mail = message_from_bytes(b"".join(lines).replace(b"\r\n", b"\n"), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        return mail

    def _say(self, *lines: str) -> None:
        self._connection.sendall("".join(f"{line}\r\n" for line in lines).encode())
