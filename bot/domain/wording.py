"""The words for people: of events and of reasons. Nothing reads them back; a decision goes by their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.domain.events import EventKind

_EVENTS: Final[Mapping[EventKind, str]] = {kind: kind.value for kind in EventKind}


def event_words(kind: EventKind) -> str:
    """What happened, in words."""
    return _EVENTS[kind]
