"""The seam between deciding and delivering: ring, and run.

An engine may call drain twice, late, or elsewhere: safety lies in the ledger, liveness in the sweep of `bot.watch`.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Protocol

#: Serves one account; the engine does not look at what it returns.
DrainAccount = Callable[[str], None]


class Engine(Protocol):
    """Calls drain(account) at least once, soon after ring(account).

    Every keeper (`engines/`) passes the same suite, `tests/contract/test_engine.py`.
    """

    def ring(self, account: str) -> None:
        """Something may be due for this account. Returns at once; may be called from any thread."""

    def run(self, drain: DrainAccount, *, stop: Event) -> None:
        """Serve the rings until `stop` is set and what is in hand is finished.

        An account is served by one call at a time. An unexpected error in `drain` sets `stop` and is raised here.
        """
