"""A network between the bot and the sandbox that can be cut: a TCP relay on loopback."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from threading import Condition, Thread
from types import TracebackType
from typing import Final, Self

#: How a request begins that posts a status.
SEND: Final = b"POST /api/v1/statuses "
#: How a request begins that uploads a picture.
UPLOAD: Final = b"POST /api/v2/media "


class Line(Enum):
    """The state of the line: what happens to the bytes that are sent."""

    WHOLE = auto()  #: it goes through
    CLOSED = auto()  #: the port is closed, and open connections are cut
    SILENT = auto()  #: connections are taken, nothing comes through in either direction, and it never will
    ANSWERS_LOST = auto()  #: requests go through; the connection is cut when the answer comes back
    JAMMED = auto()  #: requests are kept, and go on a while after the jam ends, even if the client has given up


#: Requests that were jammed are overtaken by those of so many seconds after.
OVERTAKEN: Final = 1.0


class Wire:
    """`with Wire(server.port) as wire: ... wire.url`."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._line = Line.WHOLE
        self._changed = Condition()
        self._sends_left, self._then = 0, _nothing
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self.port = 0
        #: When the first byte of each send and upload came, seconds since 1970, and how it began.
        self.heard: list[tuple[float, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def switch(self, line: Line) -> None:
        """Change the state of the line, also for open connections."""
        with self._changed:
            self._line = line
            self._changed.notify_all()
        if line is Line.CLOSED:
            self._hang_up()
        elif self._listener is None:
            self._listen()

    def at_send(self, number: int, then: Callable[[], None]) -> None:
        """Call `then` when the n-th request that posts a status from now on has come, before it goes on."""
        self._sends_left, self._then = number, then

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.switch(Line.CLOSED)

    def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _hang_up(self) -> None:
        listener, self._listener = self._listener, None
        for one in [*([listener] if listener else []), *self._open]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                if self._listener is not listener:
                    return
                client.close()  # the server is not there
                continue
            self._open |= {client, server}
            for source, sink, asks in ((client, server, True), (server, client, False)):
                Thread(target=self._carry, args=(source, sink, asks), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, asks: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if data.startswith((SEND, UPLOAD)):
                    self.heard.append((time.time(), data[:40]))
                if data.startswith(SEND):
                    self._sends_left -= 1
                    if self._sends_left == 0:
                        self._then()
                if self._passes(asks=asks):
                    sink.sendall(data)
        # A client that gives up does not take back what it has sent.
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _passes(self, *, asks: bool) -> bool:
        """Whether a piece goes through; waits while the line is jammed. Raises OSError where it is cut."""
        with self._changed:
            if asks and self._line is Line.JAMMED:
                self._changed.wait_for(lambda: self._line is not Line.JAMMED)
                self._changed.wait_for(lambda: self._line is Line.CLOSED, timeout=OVERTAKEN)
            if self._line is Line.CLOSED or (self._line is Line.ANSWERS_LOST and not asks):
                raise ConnectionResetError
            return self._line is not Line.SILENT


def _nothing() -> None:
    """Nothing happens."""
