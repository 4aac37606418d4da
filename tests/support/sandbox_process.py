"""The sandbox as a process of its own, which can be killed, stopped and continued; what it holds is read over HTTP.

`main` serves until its standard input ends, so none is left behind by tests that die.
"""

from __future__ import annotations

import html
import json
import os
import re
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from bot.sandbox.faults import Fault
from bot.sandbox.profiles import RepeatPolicy
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.forked_cli import Forked, fork_server

#: After the request was carried out, or before.
FAULT_KINDS: Final = ("post-then-drop", "post-then-504", "drop", "503", "post-then-hang:3")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A status as followers see it."""

    account: str  #: username
    slug: str  #: of the post whose link it carries; empty if it carries none
    words: str


class SandboxProcess:
    """`with SandboxProcess() as server: ... server.url`. With a `state` file it remembers what it held when it died."""

    def __init__(self, *, state: Path | None = None, repeat: RepeatPolicy = RepeatPolicy.SAME) -> None:
        self._state = state
        self._repeat = repeat
        self._process: Forked | None = None
        # Made once, as each costs time; nothing is kept open to a server that may be killed.
        self._client = httpx.Client(verify=False, timeout=20, limits=httpx.Limits(max_keepalive_connections=0))
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, or start it again at the same address."""
        arguments = [str(self.port), *([str(self._state)] if self._state else [])]
        (theirs, ours), (read, write) = os.pipe(), os.pipe()
        self._alive = os.fdopen(ours, "w")
        with os.fdopen(theirs) as stdin, os.fdopen(read) as answer, os.fdopen(write, "w") as stdout:
            self._process = fork_server().start(
                arguments, folder=Path.cwd(), environ=os.environ, streams=(stdin, stdout, stdout), main=__name__
            )
            self.port = int(answer.readline())
        self.let_go_wrong([])

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._alive.close()

    def stop(self) -> None:
        """Stop the process (SIGSTOP), also in the middle of a request."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()
        self._client.close()

    def let_go_wrong(self, faults: Sequence[Fault]) -> None:
        """Switch these faults on, and all others off."""
        settings: list[dict[str, Any]] = [
            {"on": fault.on, "do": fault.do, "times": fault.times, "skip": fault.skip} for fault in faults
        ]
        settings.append({"repeat": self._repeat.value})
        self._client.put(f"{self.url}/sandbox/faults", content=json.dumps(settings)).raise_for_status()

    def shown(self) -> list[Shown]:
        """Return the statuses that followers see, oldest first."""
        found: list[Shown] = []
        params: dict[str, str] = {"limit": "40"}
        while True:
            page = self._client.get(f"{self.url}/api/v1/timelines/public", params=params).json()
            if not page:
                return found[::-1]
            found += [_shown(status) for status in page]
            params["max_id"] = page[-1]["id"]


def _shown(status: dict[str, Any]) -> Shown:
    link = re.search(r"/news/([^/\"]+)/", status["content"])
    words = html.unescape(re.sub(r"<[^>]*>", " ", status["content"]))
    return Shown(account=status["account"]["username"], slug=link[1] if link else "", words=words)


def main() -> None:
    state = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with FakeMastodon(state=state, limited=False).start(int(sys.argv[1])) as server:
        sys.stdout.write(server.url.rpartition(":")[2] + "\n")
        sys.stdout.flush()
        while sys.stdin.read(1):
            time.sleep(0)
