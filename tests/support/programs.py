"""Programs that are not Python's: where one is missing a test is skipped, in CI it fails."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest


def needed(program: str, *, how: str) -> str:
    """Where the program lies. `how` says how it is installed; beside Python's own programs it is looked for too."""
    found = shutil.which(program, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        message = f"{program} is not installed ({how})"
        if os.environ.get("CI"):
            pytest.fail(f"{message}; .ci/run does that")
        pytest.skip(message)
    return found
