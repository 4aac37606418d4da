"""Whether the first request of a release has left: what can wait lets it go first."""

from __future__ import annotations

import time
from collections.abc import Iterable
from threading import Event as Signal
from typing import Final

#: How often, in seconds, it is looked for a stop.
_LOOK: Final = 0.02


class Departures:
    """Who sends says that a request `leaves`; who expects them waits until they have. Safe across threads."""

    def __init__(self) -> None:
        self._expected: dict[str, Signal] = {}

    def expect(self, accounts: Iterable[str]) -> None:
        """From now on, what leaves for these accounts is noted; what was expected before is forgotten."""
        self._expected = {account: Signal() for account in accounts}

    def leaves(self, account: str) -> None:
        """The account's request is about to leave, or nothing more will."""
        signal = self._expected.get(account)
        if signal is not None:
            signal.set()

    def wait(self, longest: float, *, stop: Signal) -> bool:
        """Until all that is expected has left, or so many seconds have passed, or a stop; whether it has left."""
        end, waiting = time.monotonic() + longest, list(self._expected.values())
        while waiting and time.monotonic() < end and not stop.is_set():
            waiting[0].wait(_LOOK)
            waiting = [signal for signal in waiting if not signal.is_set()]
        return all(signal.is_set() for signal in waiting)
