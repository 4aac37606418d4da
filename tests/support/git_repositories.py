"""Real git repositories on disk, and a git server on loopback that asks for a name and a token."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final
from urllib.parse import urlsplit

#: Keeps git from reading the machine's own settings.
ENVIRON: Final = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Comms",
    "GIT_AUTHOR_EMAIL": "comms@conf.example",
    "GIT_COMMITTER_NAME": "Comms",
    "GIT_COMMITTER_EMAIL": "comms@conf.example",
    "GIT_ALLOW_PROTOCOL": "file",
}


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=ENVIRON, input=stdin, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def post_text(title: str = "News of the day", published: str = "2026-03-10 14:00:00+00:00", more: str = "") -> str:
    body = "This is the first paragraph, which is long enough to be an excerpt of the post.\n"
    return f'---\ntitle: "{title}"\npublished_datetime: {published}\n{more}---\n\n{body}'


@dataclass
class Repository:
    """A bare repository, as on a forge, and a team's working clone."""

    folder: Path  #: holds both
    name: str = "news"

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        git(self.folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.bare))
        git(self.bare, "config", "http.receivepack", "true")
        git(self.folder, "init", "--quiet", "--initial-branch=main", str(self.work))
        git(self.work, "remote", "add", "origin", str(self.bare))

    @property
    def bare(self) -> Path:
        return self.folder / f"{self.name}.git"

    @property
    def work(self) -> Path:
        return self.folder / f"{self.name}-work"

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def push(self, *, amend: bool = False) -> str:
        """Commit everything and push it, by force; returns the commit."""
        git(self.work, "add", "--all", "--force")
        git(self.work, "commit", "--quiet", "--allow-empty", "--message", "news", *(["--amend"] if amend else []))
        git(self.work, "push", "--quiet", "--force", "origin", "HEAD")
        return git(self.work, "rev-parse", "HEAD")

    def push_post(self, slug: str, **words: str) -> str:
        self.write(f"posts/{slug}.md", post_text(**words))
        return self.push()


@dataclass
class GitServer:
    """The requests that a git server received, and how it answers."""

    url: str = ""
    token: str = ""  #: asked for if there is one; the user's name is anything
    redirect: str = ""  #: everything is there instead
    seen: list[tuple[str, str]] = field(default_factory=list)  #: path and Authorization of each request
    hold: Event | None = None  #: nothing is answered until it is set
    arrived: Event = field(default_factory=Event)


@contextmanager
def git_server(folder: Path) -> Iterator[GitServer]:
    """Serves the bare repositories of a folder by git's own `http-backend`."""
    server = GitServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            if self.headers.get("Transfer-Encoding") == "chunked":
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(body)

        def _answer(self, body: bytes) -> None:
            server.seen.append((self.path, self.headers.get("Authorization", "")))
            server.arrived.set()
            if server.hold is not None:
                server.hold.wait(30)
            if server.redirect:
                self.send_response(302)
                self.send_header("Location", server.redirect + self.path)
                self.end_headers()
                return
            if server.token and not self._is_right():
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.end_headers()
                return
            self._run(body)

        def _is_right(self) -> bool:
            given = self.headers.get("Authorization", "").removeprefix("Basic ")
            return base64.b64decode(given).decode().partition(":")[2] == server.token

        def _run(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            environ = {
                **ENVIRON,
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": parts.path,
                "QUERY_STRING": parts.query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            done = subprocess.run(
                ["git", "http-backend"], env=environ, input=body, capture_output=True, check=False, timeout=60
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            fields = [line.partition(": ") for line in head.decode().split("\r\n")]
            status = next((value for name, _, value in fields if name == "Status"), "200 OK")
            self.send_response(int(status.split()[0]))
            for name, _, value in fields:
                if name and name != "Status":
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ignore errors: a git process that was killed drops its connection."""

    listener = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    server.url = f"http://127.0.0.1:{listener.server_port}"
    try:
        yield server
    finally:
        if server.hold is not None:
            server.hold.set()
        listener.shutdown()
        thread.join()
        listener.server_close()
