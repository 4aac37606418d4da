"""Performs the delivery protocol for one account: asks `protocol.next_step` and does what it says, until it waits.

Nothing is decided here but how each step is carried out, and what is written down when a step fails: `loop` goes from
step to step, `looking` reads what the account has, `sending` changes it.
"""

from bot.drain.loop import ASK_AGAIN, drain, is_warm, warm_up
from bot.drain.tools import Drain, Drained, Memory

__all__ = ["ASK_AGAIN", "Drain", "Drained", "Memory", "drain", "is_warm", "warm_up"]
