"""Processes with another time of day, through libfaketime."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from tests.support.programs import program


@cache
def _library() -> str:
    command = [program("faketime"), "-m", "-f", "+0", "printenv", "LD_PRELOAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def environ_of_time(moment: datetime, file: Path) -> dict[str, str]:
    """Return the environment of a process in which it is `moment` (UTC) now; `file` is written, and read all the time.

    The monotonic clock differs by as much, as on a machine that was started then.
    """
    file.write_text(f"{(moment - datetime.now(UTC)).total_seconds():+.3f}\n", encoding="ascii")
    return {"LD_PRELOAD": _library(), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1"}


class FakedClock:
    """The wall clock of the processes that are started with `environ`; their monotonic clock is unchanged."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._ahead = timedelta()
        self.environ = {
            "LD_PRELOAD": _library(),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.step(timedelta())

    def step(self, by: timedelta) -> None:
        """Move the wall clock at once, forward or back."""
        # In whole seconds, as it is written, so that `now` is what the processes see.
        self._ahead = timedelta(seconds=round((self._ahead + by).total_seconds()))
        new = self._file.with_suffix(".new")
        new.write_text(f"{self._ahead.total_seconds():+.0f}\n", encoding="ascii")
        os.replace(new, self._file)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead
