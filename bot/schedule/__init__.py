"""Staying up: passes at the right moments, deliveries and everything else beside them, a designed stop.

watch ─┐
alarm ─┼─▶ loop ──▶ a pass ──▶ accounts (deliver), beside (hubs, pages, covers)
bell ──┘     └────▶ standby: a release on the dot
"""

from bot.schedule.loop import stay_up

__all__ = ["stay_up"]
