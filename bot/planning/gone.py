"""Released posts whose file has disappeared: how long they stay in the feeds. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from bot.model import Entry

#: The entry of a file that has disappeared stays in the feeds for this long.
GONE_AFTER: Final = timedelta(days=1)


def entries_shown(entries: Iterable[Entry], *, now: datetime) -> list[Entry]:
    """The entries that may stand in the feeds: those whose file is there, or went less than a day ago."""
    return [entry for entry in entries if entry.missing_since is None or now < entry.missing_since + GONE_AFTER]
