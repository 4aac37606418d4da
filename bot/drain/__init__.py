"""Performs the delivery protocol for one account: asks `protocol.next_step` and does what it says, until it waits.

Nothing is decided here but how each step is carried out, and what is written down when a step fails: `loop` goes from
step to step, `introducing` asks who we are, `looking` reads what the account has, `sending` changes it, `failing` sees
to what a failed step leaves.
"""

from bot.drain.failing import ASK_AGAIN
from bot.drain.introducing import is_warm, warm_up
from bot.drain.loop import drain
from bot.drain.tools import Drain, Drained, Memory

__all__ = ["ASK_AGAIN", "Drain", "Drained", "Memory", "drain", "is_warm", "warm_up"]
