"""The sandbox behind a socket. It listens on loopback and nowhere else."""

from __future__ import annotations

import errno
import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from types import FrameType, TracebackType
from typing import Any, Final, Self

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from bot.domain.clock import Clock, SystemClock
from bot.domain.errors import UsageError
from bot.sandbox.app import make_app
from bot.sandbox.context import NO_HOOKS, PLAIN_PAGE, Hooks, TimelinePage
from bot.sandbox.faults import Faults
from bot.sandbox.profiles import MASTODON, ServerProfile
from bot.sandbox.store import Store

DEFAULT_HOST: Final = "127.0.0.1"


class SandboxServer:
    """A running sandbox: `with SandboxServer() as server: ... server.url`.

    Entering the context starts it on a free port, unless `start` was called before; leaving it stops it. `store` and
    `faults` may be used directly, from any thread. Raises UsageError for a state file that cannot be read.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        state: Path | None = None,
        profile: ServerProfile = MASTODON,
        timeline: TimelinePage = PLAIN_PAGE,
        faults: Faults | None = None,
        hooks: Hooks = NO_HOOKS,
    ) -> None:
        self.store = Store(clock=clock or SystemClock(), path=state, ids=profile.ids)
        self.faults = Faults() if faults is None else faults
        self.app = make_app(self.store, faults=self.faults, profile=profile, timeline=timeline, hooks=hooks)
        self._server: BaseWSGIServer | None = None
        self._thread: Thread | None = None

    def start(self, port: int = 0, host: str = DEFAULT_HOST) -> Self:
        """Listen and answer in the background; port 0 takes a free one. Once only.

        Raises UsageError if the host is not loopback or the port is not available.
        """
        with _listening_socket(host, port) as listener:
            self._server = make_server(
                host, port, self.app, threaded=True, request_handler=_QuietHandler, fd=listener.fileno()
            )
        self._thread = Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox", daemon=True
        )
        self._thread.start()
        return self

    @property
    def url(self) -> str:
        """The address, without a slash at its end. Only while it runs."""
        assert self._server is not None, "the sandbox has not been started"
        host = self._server.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._server.port}"

    def stop(self) -> None:
        """Stop listening and release what hangs. Stopping twice is harmless."""
        self.faults.stop()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._thread = None

    def __enter__(self) -> Self:
        return self if self._thread is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def serve(
    *, port: int, state: Path | None = None, profile: ServerProfile = MASTODON, emit: Callable[[str], None]
) -> None:
    """Run a sandbox until SIGINT or SIGTERM; `emit` receives its address. Call it from the main thread.

    Raises UsageError if the port is not available or the state file cannot be read.
    """
    server = SandboxServer(state=state, profile=profile)
    with _until_signal() as stopped, server.start(port):
        emit(f"The sandbox listens on {server.url} (stop it with Ctrl-C).")
        emit(f"State: {state}" if state else "State: in memory only; it is gone when the sandbox stops.")
        emit(f"It behaves like {profile.name} (another: --like).")
        stopped.wait()


@contextmanager
def _until_signal() -> Iterator[Event]:
    stopped = Event()

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a signal handler
        stopped.set()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, note) for number in numbers]
    try:
        yield stopped
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _listening_socket(host: str, port: int) -> socket.socket:
    # Werkzeug would print a message and exit if the port is in use.
    address = _loopback_address(host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((str(address), port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise _no_port(error, host, port) from None
    return listener


def _loopback_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        address = ipaddress.ip_address(DEFAULT_HOST if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise UsageError(
            f"The sandbox listens on loopback only, and {host} is not loopback.", remedy="Leave the host out."
        )
    return address


def _no_port(error: Exception, host: str, port: int) -> UsageError:
    in_use = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
    problem = f"Port {port} on {host} is in use." if in_use else f"Port {port} on {host} cannot be had: {error}."
    return UsageError(problem, remedy="Stop the program that has it, or choose another with --port N.")


class _QuietHandler(WSGIRequestHandler):
    """Logs no line for each request."""

    protocol_version = "HTTP/1.1"

    def send_response(self, code: int, message: str | None = None) -> None:
        """Begin an answer without a Date of this machine: the application sets it by the sandbox's clock."""
        self.send_response_only(code, message)
        self.send_header("Server", self.version_string())

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:  # noqa: ARG002 - werkzeug's names
        """Close the connection after the client has gone, or because a fault demands it."""
        self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        if type == "error":
            super().log(type, message, *args)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""
