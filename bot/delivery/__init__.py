"""Performs the delivery protocol for one account: `protocol.next_step` decides, the other modules carry out.

`worker` performs step after step, `handshake` verifies the account, `readback` reads the account's statuses, `send`
uploads and sends, and `retry` decides what follows a failed step.
"""

from bot.delivery.handshake import is_warm, warm_up
from bot.delivery.retry import ASK_AGAIN
from bot.delivery.session import DeliveryContext, DeliveryResult, SessionState
from bot.delivery.worker import deliver_pending

__all__ = ["ASK_AGAIN", "DeliveryContext", "DeliveryResult", "SessionState", "deliver_pending", "is_warm", "warm_up"]
