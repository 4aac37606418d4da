"""Runs the system's git in isolation: without the machine's git settings, prompts, or programs of a repository."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from bot.config import Source
from bot.domain.errors import SourceError

#: The environment variables passed to git: proxies, and the paths of programs and certificates.
_KEPT: Final = (
    *("PATH", "LANG", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_EXEC_PATH", "LD_LIBRARY_PATH"),
    *("https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"),
)
_SETTINGS: Final = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.attributesFile": os.devnull,
    "core.autocrlf": "false",
    "credential.helper": "",
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    # A redirect could send the token to another host.
    "http.followRedirects": "false",
    # Abort on a stalled host: bytes per second, and for how many seconds.
    "http.lowSpeedLimit": "100",
    "http.lowSpeedTime": "30",
    # No background maintenance, and no objects kept that the branch no longer contains.
    "gc.autoDetach": "false",
    "maintenance.autoDetach": "false",
    "gc.pruneExpire": "now",
    "core.logAllRefUpdates": "false",
}
_POLL_INTERVAL: Final = 0.05  #: seconds between two checks for a stop
_LONGEST_OUTPUT: Final = 1_000_000  #: bytes; git's answers here are commit ids and short messages
#: The first git with settings by environment variable, GIT_CONFIG_COUNT (git 2.31, release notes).
OLDEST: Final = (2, 31)

#: git's message → an explanation for the operator. The first match wins.
_MEANINGS: Final = (
    (
        r"could not read (Username|Password)|Authentication failed|error: 401",
        "the host asks for a token, or refuses the one it got",
    ),
    (r"error: 403|Permission denied", "the host does not allow this token to read it"),
    (
        r"[Rr]epository .*not found|error: 404|does not appear to be a git repository|does not exist",
        "there is no such repository, or the token may not see it",
    ),
    (r"unable to update url base from redirection|error: 30\d|redirect", "it has moved to another address"),
    (r"Could not resolve host", "the host's name is not known"),
    (r"certificate|SSL|TLS", "the host's certificate is not trusted"),
    (r"Failed to connect|Connection refused|Couldn't connect|unreachable", "the host cannot be reached"),
    (r"Operation too slow|timed out|Timeout", "the host does not answer in time"),
    (r"No space left|Disk quota", "the disk is full"),
    (r"couldn't find remote ref|Remote branch", "there is no such branch"),
    (r"transport '\w+' not allowed", "its kind of address is not allowed"),
)


class OddGitError(SourceError):
    """git failed for a reason other than the host; the local copy of the repository may be damaged."""


@dataclass(frozen=True, kw_only=True)
class Git:
    """Runs git for one source within a time limit. Polls `stopping`, and ends the running git when it returns true."""

    source: Source
    repository: Path  #: the bare repository of the checkout
    token: str = field(default="", repr=False)
    until: float  #: on `time.monotonic`
    stopping: Callable[[], bool] = lambda: False

    def run(self, *arguments: str, environ: Mapping[str, str] | None = None, stdin: bytes = b"") -> str:
        """Run git and return its output. Raises SourceError if it fails, takes too long, or the bot is stopping."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as given:
            given.write(stdin)
            given.seek(0)
            code = self._wait(arguments, {**self._environ(), **(environ or {})}, (given, out, err))
            if code != 0:
                raise self._fault(_output_text(err))
            return _output_text(out)

    def _wait(
        self, arguments: tuple[str, ...], environ: Mapping[str, str], files: tuple[IO[bytes], IO[bytes], IO[bytes]]
    ) -> int:
        given, out, err = files
        try:
            process = subprocess.Popen(  # noqa: S603 — no shell; addresses and branches are validated with the settings
                ["git", f"--git-dir={self.repository}", *arguments],  # noqa: S607 — the system's git
                cwd=self.repository.parent,
                env=dict(environ),
                stdin=given,
                stdout=out,
                stderr=err,
                # A session of its own, so that git's helper processes end with it.
                start_new_session=True,
            )
        except FileNotFoundError:
            raise SourceError(
                "git is not installed on this machine.", remedy="Install it: `apt install git`, or your system's way."
            ) from None
        except OSError as error:
            raise SourceError(f"git cannot be started: {error.strerror}.") from None
        try:
            while True:
                if self.stopping():
                    raise SourceError("the bot is to stop.")
                if time.monotonic() >= self.until:
                    limit = self.source.timeout.total_seconds()
                    raise SourceError(
                        f"it took longer than {limit:.0f} seconds.", remedy="See `timeout` of the source."
                    )
                with suppress(subprocess.TimeoutExpired):
                    return process.wait(timeout=_POLL_INTERVAL)
        finally:
            _end(process)

    def _environ(self) -> dict[str, str]:
        settings = {**_SETTINGS, **self._authorization()}
        environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
        for number, (key, value) in enumerate(settings.items()):
            environ[f"GIT_CONFIG_KEY_{number}"] = key
            environ[f"GIT_CONFIG_VALUE_{number}"] = value
        return environ | {
            "GIT_CONFIG_COUNT": str(len(settings)),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "HOME": str(self.repository.parent),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "SSH_ASKPASS": "",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_ALLOW_PROTOCOL": "file" if self.source.local else urlsplit(self.source.git).scheme,
            "GIT_PROTOCOL_FROM_USER": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "LC_ALL": "C",
        }

    def _authorization(self) -> dict[str, str]:
        # The token goes into git's environment, which only this user can read: not into arguments or files.
        # It is bound to the address, and redirects are off, so no other host receives it.
        if not self.token:
            return {}
        basic = base64.b64encode(f"{self.source.user}:{self.token}".encode()).decode("ascii")
        return {f"http.{self.source.git}.extraHeader": f"Authorization: Basic {basic}"}

    def _fault(self, message: str) -> SourceError:
        for sign, meaning in _MEANINGS:
            if re.search(sign, message, re.IGNORECASE):
                return SourceError(f"{meaning}.")
        last = next(
            (line for line in reversed(message.splitlines()) if line.startswith(("fatal:", "error:"))), message[-200:]
        )
        # The text comes from a remote server. It should never contain the token; if it does, the token is masked.
        shown = "".join(letter for letter in last if letter.isprintable())[:200].rstrip(".")
        return OddGitError(f"git says: {shown.replace(self.token, '***') if self.token else shown}.")


def check_version(git: Git) -> None:
    """Raises SourceError if git is too old to obey settings from the environment."""
    version = git.run("version")
    found = re.search(r"(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise SourceError(
            f"this machine has {version.strip()}; sources need git {wanted} or newer.", remedy="Update git."
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    # Even if git itself has ended: one of its helpers may still run.
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _output_text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_LONGEST_OUTPUT).decode("utf-8", "replace")
