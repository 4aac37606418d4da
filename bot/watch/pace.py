"""How often to look: as often as a small share of one core allows. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

#: Looks may take this share of one core; passes take about as much.
SHARE: Final = 0.0004
#: Of a slow network folder, looks may take this share of the time.
WAITING_SHARE: Final = 0.05
SHORTEST: Final = timedelta(milliseconds=800)
LONGEST: Final = timedelta(seconds=60)


def pause_after(*, processor: float, wall: float) -> timedelta:
    """The pause until the next look, after one that took so many seconds of the processor and of the clock."""
    wanted = timedelta(seconds=max(processor / SHARE, wall / WAITING_SHARE))
    return min(max(wanted, SHORTEST), LONGEST)
