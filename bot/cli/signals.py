"""SIGINT and SIGTERM end a command in good order: what is under way is finished first."""

from __future__ import annotations

import signal
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread


class StopSignals:
    """Calls a function at the first SIGINT or SIGTERM; another function may take its place meanwhile.

    The handler interrupts the main thread, which may hold the lock that setting an event waits for. Putting into a
    SimpleQueue is safe there, so the handler does only that, and a thread of its own calls the function.
    """

    def __init__(self) -> None:
        self._received: SimpleQueue[int] = SimpleQueue()
        self._lock = Lock()
        self._stop: Callable[[], object] | None = None
        self._is_asked = False
        Thread(target=self._stop_when_asked, name="stopper", daemon=True).start()
        signal.signal(signal.SIGINT, self._handle)
        signal.signal(signal.SIGTERM, self._handle)

    def stop(self, call: Callable[[], object]) -> None:
        """Call this from now on; at once if a signal came before."""
        with self._lock:
            self._stop = call
            if self._is_asked:
                call()

    def _stop_when_asked(self) -> None:
        self._received.get()
        with self._lock:
            self._is_asked = True
            if self._stop is not None:
                self._stop()

    def _handle(self, number: int, _frame: object) -> None:
        self._received.put(number)
