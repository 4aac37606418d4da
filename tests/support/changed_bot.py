"""A bot with other parts than `make_bot` gives it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.runtime.app import Bot


def with_parts(bot: Bot, **parts: Any) -> Bot:
    """Replace parts of the bot's cycle; a new ledger or clock also replaces that of the deliveries."""
    shared = {name: part for name, part in parts.items() if name in ("ledger", "clock")}
    return replace(bot, context=replace(bot.context, **parts), deliverer=replace(bot.deliverer, **shared))
