"""How the bot logs: the standard library's `logging`, a logger per package, an event name and fields on each line.

A record's message is the sentence for people. `event` and `fields` travel beside it, for programs.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

#: All loggers of the bot are below this one. Without a handler it prints nothing, not even warnings.
ROOT = logging.getLogger("bot")
ROOT.addHandler(logging.NullHandler())


def log(logger: logging.Logger, level: int, event: str, text: str = "", **fields: object) -> None:
    """Log an event. Without a `text` the line for people is made of the fields: `event name=value name=value`."""
    if logger.isEnabledFor(level):
        words = text or " ".join([event, *(f"{name}={value}" for name, value in fields.items())])
        logger.log(level, "%s", words, extra={"event": event, "fields": fields})


def event_of(record: logging.LogRecord) -> str:
    """The event name of a record; that of its level if it has none."""
    return str(getattr(record, "event", record.levelname.lower()))


def fields_of(record: logging.LogRecord) -> Mapping[str, Any]:
    """The fields of a record."""
    return getattr(record, "fields", {})
