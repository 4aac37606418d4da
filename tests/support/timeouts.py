"""How long a test waits for something that is to be quick."""

from __future__ import annotations

import os


def patient(seconds: float) -> float:
    """So many seconds where processors are free; on a busy machine as many times longer as work waits for them."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
