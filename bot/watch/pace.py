"""How often to look: as often as a small share of one core allows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

#: Looks may take this share of one core; passes take about as much.
SHARE: Final = 0.0004
#: Of a slow network folder, looks may take this share of the time.
WAITING_SHARE: Final = 0.05
SHORTEST: Final = timedelta(milliseconds=800)
LONGEST: Final = timedelta(seconds=60)


def pause_after(costs: Sequence[tuple[float, float]]) -> timedelta:
    """The pause until the next look; `costs` are what the latest ones took, in seconds of the processor, of the clock.

    The cheapest counts: the first look after a start, and one beside other work, take several times as long.
    """
    if len(costs) < 2:
        return SHORTEST
    processor, wall = (min(cost) for cost in zip(*costs, strict=True))
    wanted = timedelta(seconds=max(processor / SHARE, wall / WAITING_SHARE))
    return min(max(wanted, SHORTEST), LONGEST)
