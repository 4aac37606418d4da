"""Performs the delivery protocol for one account: asks `protocol.next_step` and does what it says, until it waits.

Nothing is decided here but how each step is carried out, and what is written down when a step fails: `worker`
goes from step to step, `handshake` verifies the account, `readback` reads what the account has, `send` changes it,
`retry` decides what a failed step leaves.
"""

from bot.delivery.handshake import is_warm, warm_up
from bot.delivery.retry import ASK_AGAIN
from bot.delivery.session import DeliveryContext, DeliveryResult, SessionState
from bot.delivery.worker import deliver_pending

__all__ = ["ASK_AGAIN", "DeliveryContext", "DeliveryResult", "SessionState", "deliver_pending", "is_warm", "warm_up"]
