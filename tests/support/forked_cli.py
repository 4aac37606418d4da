"""The command line in a process forked from one that has already imported it, which saves the start-up time.

It is the real command line in a process of its own, with its own folder, environment and standard streams. What
Python and the loader read before the first import (`PYTHON...`, the locale, `LD_PRELOAD`) stays as it was:
`fork_server_for` finds the process that has read the same.

`ForkServer` keeps the process that is forked from. Each order comes as one message with four descriptors: the three
standard streams, and where to write the process's id and, at its end, its exit code.
"""

from __future__ import annotations

import array
import atexit
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

#: One order is shorter: an environment and a command.
_LONGEST_ORDER: Final = 150_000
_READ_AT_START: Final = ("PYTHON", "LC_", "LANG", "LD_", "FAKETIME")
#: Packages that the bot imports when it needs them.
_USED_LATER: Final = (
    *("PIL.Image", "apscheduler.schedulers.background", "feedgen.feed", "feedparser", "httpx", "jinja2.sandbox"),
    *("lxml.etree", "lxml.html", "mastodon", "nh3", "rich.table", "waitress"),
)


def fork_server_for(environ: Mapping[str, str]) -> ForkServer | None:
    """Return the fork server whose children can have this environment; None if that takes a new interpreter."""
    given, usual = _read_at_start(environ), _read_at_start(os.environ)
    if given == usual:
        return fork_server()
    if all(name.startswith(("LD_PRELOAD", "FAKETIME")) for name, _ in given ^ usual):
        return _fork_server(given)
    return None


def _read_at_start(environ: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    # libfaketime looks the name of its file up at each call.
    return frozenset(
        (name, value)
        for name, value in environ.items()
        if name.startswith(_READ_AT_START) and name != "FAKETIME_TIMESTAMP_FILE"
    )


class Forked:
    """A running process; as `subprocess.Popen` where that matters."""

    def __init__(self, answer: IO[str], command: Sequence[str]) -> None:
        self._answer = answer
        self._command = list(command)
        self.pid = int(answer.readline())
        self.returncode: int | None = None
        os.set_blocking(answer.fileno(), False)

    def poll(self) -> int | None:
        """Return the exit code, or the negative number of the signal that ended it; None while it runs."""
        if self.returncode is None:
            line = self._answer.readline()
            if line:
                self.returncode = int(line)
                self._answer.close()
        return self.returncode

    def wait(self, timeout: float = 600) -> int:
        """Wait for the exit code. Raises subprocess.TimeoutExpired."""
        end = time.monotonic() + timeout
        pause = 0.001
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(self._command, timeout)
            time.sleep(pause)
            pause = min(0.02, pause * 1.5)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """The process that has imported everything. It ends with the process that started it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        self._line = ours
        self._lock = threading.Lock()

    def start(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environ: Mapping[str, str],
        streams: Sequence[IO[Any]],
        main: str = "bot.cli",
    ) -> Forked:
        """Start `announce`, or the `main` of another module, with its standard input, output and error."""
        order = json.dumps(
            {"main": main, "arguments": list(arguments), "folder": str(folder), "environ": dict(environ)}
        )
        read, write = os.pipe()
        try:
            with self._lock:
                socket.send_fds(self._line, [order.encode()], [*(stream.fileno() for stream in streams), write])
        finally:
            os.close(write)
        return Forked(os.fdopen(read, encoding="ascii"), arguments)

    def run(
        self, arguments: Sequence[str], *, folder: Path, environ: Mapping[str, str], typed: str, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run `announce` to its end, as `subprocess.run` does with captured output."""
        with TemporaryFile("w+") as stdin, TemporaryFile("w+") as stdout, TemporaryFile("w+") as stderr:
            stdin.write(typed)
            stdin.seek(0)
            process = self.start(arguments, folder=folder, environ=environ, streams=(stdin, stdout, stderr))
            try:
                code = process.wait(timeout)
            finally:
                process.kill()
            stdout.seek(0)
            stderr.seek(0)
            return subprocess.CompletedProcess(list(arguments), code, stdout.read(), stderr.read())


def fork_server() -> ForkServer:
    """Return the fork server whose children have the environment of this process."""
    return _fork_server(_read_at_start(os.environ))


@cache
def _fork_server(read_at_start: frozenset[tuple[str, str]]) -> ForkServer:
    others = {name: value for name, value in os.environ.items() if not name.startswith(_READ_AT_START)}
    return ForkServer({**others, **dict(read_at_start)})


def main() -> None:
    line = socket.socket(fileno=int(sys.argv[1]))
    _import_everything()
    gc.collect()
    gc.freeze()  # else a child's first collection touches, and so copies, all of this memory
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the minders: no process waits for them
    while True:
        order, descriptors, _, _ = socket.recv_fds(line, _LONGEST_ORDER, 4)
        if not order:
            return
        if os.fork() == 0:
            _mind(json.loads(order), array.array("i", descriptors), line)
        for descriptor in descriptors:
            os.close(descriptor)


def _import_everything() -> None:
    import bot

    for module in pkgutil.walk_packages(bot.__path__, "bot."):
        if module.name != "bot.__main__":
            importlib.import_module(module.name)
    for name in _USED_LATER:
        importlib.import_module(name)


def _mind(order: dict[str, Any], descriptors: Sequence[int], line: socket.socket) -> None:
    """Start the command, tell its id, wait for its end and tell its code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, answer = descriptors
    child = os.fork()
    if child == 0:
        line.close()
        os.close(answer)
        _become(order, streams)
    for stream in streams:
        os.close(stream)
    with os.fdopen(answer, "w", encoding="ascii") as tell:
        tell.write(f"{child}\n")
        tell.flush()
        _, status = os.waitpid(child, 0)
        tell.write(f"{os.waitstatus_to_exitcode(status)}\n")
    os._exit(0)


def _become(order: dict[str, Any], streams: Sequence[int]) -> None:
    """Run the command to its end. Only the interpreter's final memory clean-up is skipped, which takes 0.1 s."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environ"])
    time.tzset()
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    sys.argv = ["announce", *order["arguments"]]
    code = 1
    try:
        importlib.import_module(order["main"]).main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
