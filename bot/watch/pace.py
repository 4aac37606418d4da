"""How often to look: as often as a small share of one core allows. Pure.

The two shares and what it takes to wake up each second stay below a thousandth of a core together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

#: Looks may take this share of one core.
SHARE: Final = 0.0003
#: Of a slow network folder, looks may take this share of the time.
WAITING_SHARE: Final = 0.05
SHORTEST: Final = timedelta(milliseconds=800)
LONGEST: Final = timedelta(minutes=2)
#: A full pass happens at least this often, whatever bells fail to ring; less often where passes take long.
SHORTEST_SWEEP: Final = timedelta(seconds=15)
LONGEST_SWEEP: Final = timedelta(minutes=10)
#: Passes without a reason may take this share of one core.
SWEEP_SHARE: Final = 0.0003


def sweep_after(processor: float) -> timedelta:
    """The time until a pass is made without a reason; `processor` are the seconds of it that the latest pass took."""
    return min(max(timedelta(seconds=processor / SWEEP_SHARE), SHORTEST_SWEEP), LONGEST_SWEEP)


def pause_after(costs: Sequence[tuple[float, float]]) -> timedelta:
    """The pause until the next look; `costs` are what the latest ones took, in seconds of the processor, of the clock.

    The cheapest counts: the first look after a start, and one beside other work, take several times as long.
    """
    if len(costs) < 2:
        return SHORTEST
    processor, wall = (min(cost) for cost in zip(*costs, strict=True))
    wanted = timedelta(seconds=max(processor / SHARE, wall / WAITING_SHARE))
    return min(max(wanted, SHORTEST), LONGEST)
