"""The real bot in processes that kill themselves at the n-th hit of a named point.

A point is "before" or "after" an effect: a method of the ledger or of a publisher, a request over HTTP, or a step of
writing a public file, such as "after ledger.write_intent", "before request" and "after file.replace". The rest is
as in `announce run`: real ledger file, real Mastodon.py, real loop. A process that is not killed ends when nothing is
left to be done.

`DyingBots` keeps one process that has imported the bot and forks from it, so a life costs no start-up.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import requests

from bot.config import load_config
from bot.domain.clock import SystemClock
from bot.ledger import open_ledger
from bot.ledger.sqlite import SqlitePendingWrite
from bot.runtime.app import make_bot
from bot.runtime.context import CycleResult
from bot.runtime.service import run_service
from bot.runtime.wiring import make_publishers
from bot.runtime.workers import ThreadedWorkers

#: Methods that only read have no points: a death there is equivalent to a death before the next effect.
METHODS: Final = {
    "ledger": {
        *("record", "flush", "acquire_lease", "renew_lease", "release_lease"),
        *("note_account", "write_intent", "settle"),
    },
    "publisher": {
        *("verify_account", "newest_status_id", "list_recent", "fetch_text", "read_back"),
        *("upload", "publish", "edit", "delete"),
    },
}
#: A process that has not come to rest within this time has failed.
LONGEST_LIFE: Final = 60.0


class Fuse:
    """Records each point that the process passes, and kills it at the configured one."""

    def __init__(self, point: str, hit: int, trace: Path | None) -> None:
        self._point, self._left, self._trace = point, hit, trace
        self._lock = threading.Lock()

    def pass_by(self, point: str) -> None:
        with self._lock:
            if self._trace is not None:
                with self._trace.open("a", encoding="ascii") as file:
                    file.write(point + "\n")
            if point == self._point:
                self._left -= 1
                if self._left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

    def watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **options: Any) -> Any:
            self.pass_by(f"before {name}")
            result = call(*args, **options)
            self.pass_by(f"after {name}")
            return result

        return watched


class Dying:
    """A part of the bot whose effects are points."""

    def __init__(self, inner: object, name: str, fuse: Fuse) -> None:
        self._inner, self._name, self._fuse = inner, name, fuse

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._inner, method)
        if method not in METHODS[self._name]:
            return found
        return self._fuse.watched(f"{self._name}.{method}", found)


def _watch_the_system(fuse: Fuse) -> None:
    SqlitePendingWrite.__enter__ = fuse.watched("pending.write", SqlitePendingWrite.__enter__)  # type: ignore[method-assign]
    SqlitePendingWrite.commit = fuse.watched("pending.commit", SqlitePendingWrite.commit)  # type: ignore[method-assign]
    requests.Session.send = fuse.watched("request", requests.Session.send)  # type: ignore[method-assign]
    os.replace = fuse.watched("file.replace", os.replace)
    os.fsync = fuse.watched("file.fsync", os.fsync)
    make, make_watched = os.open, fuse.watched("file.make", os.open)

    def make_or_read(path: Any, flags: int, *args: Any, **options: Any) -> int:
        found: int = (make_watched if flags & os.O_CREAT else make)(path, flags, *args, **options)
        return found

    os.open = make_or_read


def live(fuse: Fuse) -> None:
    """One life, in the current folder, until nothing is left to be done."""
    config, clock = load_config(Path("config/bot.toml")), SystemClock()
    ledger: Any = Dying(open_ledger(config, clock), "ledger", fuse)
    publishers: dict[str, Any] = {
        address: Dying(publisher, "publisher", fuse)
        for address, publisher in make_publishers(config, environ=os.environ, clock=clock).items()
    }
    bot = make_bot(config, environ=os.environ, ledger=ledger, publishers=publishers, workers=ThreadedWorkers())
    _watch_the_system(fuse)

    def stop_at_rest(result: CycleResult) -> None:
        open_deliveries = [one for address in publishers for one in ledger.account_view(address).open]
        if not open_deliveries and not result.plan.batch:
            bot.stop.set()

    run_service(bot, after_cycle=stop_at_rest)
    bot.close()


class DyingBots:
    """`with DyingBots() as bots: bots.live(folder, point="after ledger.settle", hit=2)`."""

    def __init__(self) -> None:
        environ = {**os.environ, "TZ": "UTC", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._parent = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
        )

    def live(self, folder: Path, *, point: str = "", hit: int = 0, trace: Path | None = None) -> int:
        """One life of a bot in `folder`; returns 0 at rest, or the negative signal, as subprocess does."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        order = {"folder": str(folder), "point": point, "hit": hit, "trace": str(trace) if trace else None}
        self._parent.stdin.write(json.dumps(order) + "\n")
        self._parent.stdin.flush()
        return int(self._parent.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._parent.communicate()  # the end of its input ends it


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _be_born(order)
        sys.stdout.write(f"{_outlived(child)}\n")
        sys.stdout.flush()


def _be_born(order: dict[str, Any]) -> None:
    os.chdir(order["folder"])
    log = os.open("dying.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    code = 1
    try:
        live(Fuse(order["point"], order["hit"], Path(order["trace"]) if order["trace"] else None))
        code = 0
    except BaseException:  # noqa: BLE001 - what it died of is read in the log
        traceback.print_exc()
    os._exit(code)


def _outlived(child: int) -> int:
    end = time.monotonic() + LONGEST_LIFE
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 1


if __name__ == "__main__":
    main()
