"""How the bot logs: the standard library's `logging`, one logger per package, an event name and fields per record.

A record's message is for people; its attributes `event` and `fields` are for programs.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

#: The parent of all loggers of the bot. Until a handler is added it prints nothing, not even warnings.
ROOT = logging.getLogger("bot")
ROOT.addHandler(logging.NullHandler())


def log(logger: logging.Logger, level: int, event: str, text: str = "", **fields: object) -> None:
    """Log an event. Without a `text` the message is made of the fields: `event name=value name=value`."""
    if logger.isEnabledFor(level):
        words = text or " ".join([event, *(f"{name}={value}" for name, value in fields.items())])
        logger.log(level, "%s", words, extra={"event": event, "fields": fields})


def event_of(record: logging.LogRecord) -> str:
    """Return the event name of a record; the name of its level, in lower case, if it has none."""
    return str(getattr(record, "event", record.levelname.lower()))


def fields_of(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return the fields of a record; empty for a record that another library logged."""
    return getattr(record, "fields", {})
