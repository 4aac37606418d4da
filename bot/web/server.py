"""The public application behind a socket, on waitress: a slow client costs a connection, never a thread."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any, Final, Self

from bot.domain.errors import UsageError

#: Threads that answer requests; files are sent by the thread that holds all the connections.
ANSWER_THREADS: Final = 4
#: Connections at one time. Those over it wait until one is free.
MAX_CONNECTIONS: Final = 2000
#: A connection on which nothing moves is closed after this many seconds.
IDLE_TIMEOUT: Final = 30
#: Bytes of a request's head, and of its body: readers send next to nothing. Forges send more.
_MAX_HEAD, _MAX_BODY = 32 * 1024, 64 * 1024
_STOP_CHECK_INTERVAL: Final = 1.0  #: seconds between two checks for a stop; `stop` does not wait for it


class PublicServer:
    """A running server: `with PublicServer(app, "127.0.0.1", 8080) as server: ... server.url`. Port 0 takes a free one.

    Raises UsageError if the address cannot be had.
    """

    def __init__(self, app: Callable[..., Any], host: str, port: int, *, largest_body: int = _MAX_BODY) -> None:
        import waitress

        # It warns of each moment in which a request waits, and of clients that hang up.
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
        """The address, without a slash at its end."""
        host, port = self._address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def stop(self) -> None:
        """Stop listening, and end what hangs. Stopping twice does no harm."""
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
        from waitress import wasyncore

        while not self._stopped.is_set():
            wasyncore.loop(timeout=_STOP_CHECK_INTERVAL, use_poll=True, map=self._connections, count=1)
        # It may have seen by itself that it is to stop; what it is woken by must be there until it was.
        self._woken.wait()
        self._server.task_dispatcher.shutdown(timeout=2)
        for connection in list(self._connections.values()):
            # Of a client's connection this also closes the file that was on its way.
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
