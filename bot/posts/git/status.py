"""The time of a source's last fetch, and since when fetching has failed; stored beside the checkout."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.config import Source
from bot.files.atomic import replace_file

#: The bot alerts about a source after it could not be fetched for this long: hosts have short outages.
LASTS: Final = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchStatus:
    """The fetch status of one source; times are in UTC."""

    fetched: datetime | None = None  #: the last successful fetch
    failing_since: datetime | None = None  #: the first failure since then
    why: str = ""  #: the reason of that first failure, so that the alert's text stays the same

    def after_success(self, now: datetime) -> FetchStatus:
        """The status after a fetch whose commit is now current."""
        return FetchStatus(fetched=now)

    def after_failure(self, why: str, now: datetime) -> FetchStatus:
        """The status after a failed fetch, or one whose commit must not become current."""
        return self if self.failing_since else replace(self, failing_since=now, why=why)

    def trouble(self, now: datetime) -> str:
        """The trouble to report to the operator; empty if none. Reported at once if the source was never fetched."""
        if self.failing_since is None:
            return ""
        if self.fetched is not None and now - self.failing_since < LASTS:
            return ""
        return f"not fetched since {self.failing_since:%Y-%m-%d %H:%M} UTC: {self.why}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceTrouble:
    """Trouble with a source that the operator should know about."""

    source: Source
    what: str
    never: bool  #: whether no fetch ever succeeded

    def __str__(self) -> str:
        return f"the posts of {self.source.shown} are {self.what}"


def read_fetch_status(path: Path) -> FetchStatus:
    """Read the status; an empty one if the file is missing or unreadable."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return FetchStatus(
            fetched=_time(kept["fetched"]), failing_since=_time(kept["failing_since"]), why=str(kept["why"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return FetchStatus()


def write_fetch_status(path: Path, status: FetchStatus) -> None:
    """Store the status. Best effort: other parts of the bot report a full disk."""
    kept = {
        "fetched": _iso(status.fetched),
        "failing_since": _iso(status.failing_since),
        "why": status.why,
    }
    with suppress(OSError):
        replace_file(path, f"{json.dumps(kept)}\n".encode())


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
