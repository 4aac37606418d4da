"""A site in a folder, and the real command line in it, as an operator uses it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from tests.support.faked_clock import environ_of_time
from tests.support.forked_cli import Forked, fork_server_for

#: Patient: a busy machine stalls for seconds, and what a timeout leaves behind is asked by the tests that are about it.
SETTINGS = """
[site]
title = "DjangoCon US 2024"
url = "https://2024.djangocon.us"
timezone = "America/New_York"
language = "en"
permalink = "/news/{{slug}}/"
posts = "posts"
assets = "."
author = "Comms team"

[feeds]
folder = "public"
path = "/news"
entries = 30

[accounts.main]
server = "{server}"
visibility = "public"

[release]
catch_up = "72h"
spacing = "2m"
brake = 4
wait_for_page = "off"

[delivery]
timeout = "15s"
send_within = "5s"
lease = "21s"
settle = "21s"

[ledger]
url = "sqlite:///var/ledger.db"
"""


#: A process of `announce`.
Running: TypeAlias = "subprocess.Popen[str] | Forked"


def _environ_of_a_person() -> dict[str, str]:
    """This process's environment, also where the tests run as a CI job: then logs would be redacted."""
    return {**{name: value for name, value in os.environ.items() if name != "CI"}, "COLUMNS": "80"}


@dataclass
class Project:
    """A project's folder, and the command line run in it."""

    root: Path
    server: str
    environ: dict[str, str] = field(default_factory=_environ_of_a_person)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def write_post(self, slug: str, published: str, *, title: str = "News of the day", **extra: str) -> Path:
        more = "".join(f"{key}: {value}\n" for key, value in extra.items())
        body = "This is the first paragraph, which is long enough to be an excerpt of the post.\n"
        text = f'---\ntitle: "{title}"\npublished_datetime: {published}\n{more}---\n\n{body}'
        return self.write(f"posts/{slug}.md", text)

    def set_times(self, **times: str) -> None:
        """Change the durations in `[delivery]`, for a test that waits for them."""
        settings = self.root / "config/bot.toml"
        lines = settings.read_text(encoding="utf-8").splitlines()
        names = [line.partition(" = ")[0] for line in lines]
        assert not times.keys() - set(names), "the settings have no such times"
        found = [
            f'{name} = "{times[name]}"' if name in times else line for name, line in zip(names, lines, strict=True)
        ]
        settings.write_text("\n".join(found) + "\n", encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "bot", *arguments]

    def announce(
        self, *arguments: str, at: str | None = None, environ: Mapping[str, str] | None = None, typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run `announce`; `at` is the machine's time in UTC, through Debian's faketime. `typed` is its input."""
        environ = {**self.environ, "TZ": "UTC", **(environ or {})}
        if at is None:
            return self._run(arguments, environ, typed)
        with TemporaryDirectory() as folder:
            moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
            return self._run(arguments, {**environ, **environ_of_time(moment, Path(folder) / "clock")}, typed)

    def _run(
        self, arguments: Sequence[str], environ: Mapping[str, str], typed: str
    ) -> subprocess.CompletedProcess[str]:
        server = fork_server_for(environ)
        if server is not None:
            return server.run(arguments, folder=self.root, environ=environ, typed=typed, timeout=60)
        return subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            input=typed,
            check=False,
        )

    def start(
        self,
        *arguments: str,
        instead: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        log: str = "run.log",
    ) -> Running:
        """Start `announce`, or the command `instead`; its output goes to `log`."""
        environ = {**self.environ, "TZ": "UTC", **(environ or {})}
        with (
            (self.root / log).open("a", encoding="utf-8") as output,
            Path(os.devnull).open(encoding="utf-8") as nothing,
        ):
            server = None if instead else fork_server_for(environ)
            if server is not None:
                return server.start(arguments, folder=self.root, environ=environ, streams=(nothing, output, output))
            return subprocess.Popen(
                list(instead) or self.command(*arguments),
                cwd=self.root,
                env={**environ, "PYTHONUNBUFFERED": "1"},
                stdout=output,
                stderr=output,
                text=True,
                stdin=nothing,
            )

    def start_with_pipes(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `announce` with pipes for standard input, output and error."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.root,
            env={**self.environ, "TZ": "UTC", "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def run_log(self) -> str:
        return (self.root / "run.log").read_text(encoding="utf-8")


#: What followers see, oldest first, read over HTTP.
Timeline = Callable[[], list[dict[str, Any]]]
