"""`announce run`, but the process kills itself at the n-th hit of a named point: `python dying_bot.py POINT N`.

A point is a method of the ledger or of the publisher, with `before` or `after` in front: "after ledger.write_intent".
The rest is the real bot: real ledger file, real Mastodon.py, real loop.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.app import make_bot, make_publishers
from bot.clock import SystemClock
from bot.config import load_config
from bot.engines.embedded import EmbeddedEngine
from bot.ledgers.sqlite import SqliteLedger
from bot.schedule import stay_up

LEDGER_POINTS = ("record", "lease", "renew", "note_account", "write_intent", "settle", "give_back")
PUBLISHER_POINTS = ("introduce", "recent", "upload", "publish", "look")
POINTS = tuple(
    f"{when} {part}.{method}"
    for part, methods in (("ledger", LEDGER_POINTS), ("publisher", PUBLISHER_POINTS))
    for method in methods
    for when in ("before", "after")
)


class Dying:
    """Passes everything on, and dies at one point."""

    def __init__(self, inner: object, name: str, point: str, hit: int) -> None:
        self._inner, self._name, self._point, self._left = inner, name, point, hit

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._inner, method)
        return self._watched(method, found) if callable(found) else found

    def _watched(self, method: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **options: Any) -> Any:
            self._pass_by(f"before {self._name}.{method}")
            result = call(*args, **options)
            self._pass_by(f"after {self._name}.{method}")
            return result

        return watched

    def _pass_by(self, point: str) -> None:
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    point, hit = sys.argv[1], int(sys.argv[2])
    config, clock = load_config(Path("config/bot.toml")), SystemClock()
    ledger: Any = Dying(SqliteLedger(config.ledger_path, clock), "ledger", point, hit)
    publishers: dict[str, Any] = {
        address: Dying(publisher, "publisher", point, hit)
        for address, publisher in make_publishers(config, environ=os.environ, clock=clock).items()
    }
    engine = EmbeddedEngine()
    bot = make_bot(config, environ=os.environ, ledger=ledger, publishers=publishers, engine=engine)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    stay_up(bot)


if __name__ == "__main__":
    main()
