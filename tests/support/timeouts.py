"""Timeouts of tests that scale with the load of the machine."""

from __future__ import annotations

import os


def patient(seconds: float) -> float:
    """Scale a timeout in seconds by the load per processor; an idle machine waits exactly that long."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
