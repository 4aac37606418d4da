"""A process's wall clock, moved by libfaketime while it runs; its monotonic clock is unchanged."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.programs import program


class FakedClock:
    """The wall clock of the processes that are started with `environ`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._ahead = timedelta()
        command = [program("faketime"), "-m", "-f", "+0", "printenv", "LD_PRELOAD"]
        library = subprocess.run(command, capture_output=True, text=True, check=True)
        self.environ = {
            "LD_PRELOAD": library.stdout.strip(),
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
