"""Run the public application on waitress: a slow client occupies a connection, never a thread."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any, Final, Self

import waitress
from waitress import wasyncore

from bot.domain.errors import UsageError

#: Threads that handle requests; the thread of the connections sends the files.
ANSWER_THREADS: Final = 4
#: Simultaneous connections. Further ones wait until one is free.
MAX_CONNECTIONS: Final = 2000
#: Seconds after which an idle connection is closed.
IDLE_TIMEOUT: Final = 30
#: Bytes of a request's headers, and of its body: clients send hardly anything. Forges send more.
_MAX_HEAD, _MAX_BODY = 32 * 1024, 64 * 1024
_STOP_CHECK_INTERVAL: Final = 1.0  #: seconds between two checks for a stop; `stop` does not wait for it


class PublicServer:
    """A running server: `with PublicServer(app, "127.0.0.1", 8080) as server: ... server.url`. Port 0 picks a free one.

    Raises UsageError if the address is not available.
    """

    def __init__(self, app: Callable[..., Any], host: str, port: int, *, largest_body: int = _MAX_BODY) -> None:
        # waitress warns about every queued request and every disconnected client.
        logging.getLogger("waitress").setLevel(logging.ERROR)
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._socket = _listening(host, port)
        self._address: tuple[str, int] = self._socket.getsockname()[:2]
        self._connections: dict[int, Any] = {}
        self._server = waitress.create_server(
            app,
            map=self._connections,
            sockets=[self._socket],
            threads=ANSWER_THREADS,
            connection_limit=MAX_CONNECTIONS,
            channel_timeout=IDLE_TIMEOUT,
            cleanup_interval=5,
            max_request_header_size=_MAX_HEAD,
            max_request_body_size=largest_body,
            asyncore_use_poll=True,
            ident="announce",
            clear_untrusted_proxy_headers=True,
        )
        self._stopped = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="public server", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The server's URL, without a trailing slash."""
        host, port = self._address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def stop(self) -> None:
        """Stop listening and close all connections. Safe to call twice."""
        if not self._stopped.is_set():
            self._stopped.set()
            self._server.pull_trigger()
            self._woken.set()
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            wasyncore.loop(timeout=_STOP_CHECK_INTERVAL, use_poll=True, map=self._connections, count=1)
        # The thread may already be stopping; the trigger that wakes it must stay open until it has ended.
        self._woken.wait()
        self._server.task_dispatcher.shutdown(timeout=2)
        for connection in list(self._connections.values()):
            # For a client's connection this also closes the file being sent.
            getattr(connection, "handle_close", connection.close)()


def _listening(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        problem = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had: {error.strerror}"
        raise UsageError(
            f"{host} port {port} {problem}.",
            remedy="Stop the program that has it, or choose another with --listen HOST:PORT or [serve] listen.",
        ) from None
    return listener
