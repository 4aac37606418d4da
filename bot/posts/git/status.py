"""When a source was last fetched, and since when that has failed: kept beside it, for a later process to know."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.config import Source
from bot.files.atomic import replace_file

#: Somebody is told of a source that could not be fetched for so long: hosts have short outages.
LASTS: Final = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What is known of fetching one source; times in UTC."""

    fetched: datetime | None = None  #: when the host was last asked with success
    failing_since: datetime | None = None  #: the first failure since then
    why: str = ""  #: the reason of that first failure, so that the words stay the same while it lasts

    def after_success(self, now: datetime) -> Status:
        """The host has answered, and what it has is in force."""
        return Status(fetched=now)

    def after_failure(self, why: str, now: datetime) -> Status:
        """It could not be fetched, or what came must not be put in force."""
        return self if self.failing_since else replace(self, failing_since=now, why=why)

    def trouble(self, now: datetime) -> str:
        """What the operator should be told; empty if nothing. Told at once where there is nothing to fall back on."""
        if self.failing_since is None:
            return ""
        if self.fetched is not None and now - self.failing_since < LASTS:
            return ""
        return f"not fetched since {self.failing_since:%Y-%m-%d %H:%M} UTC: {self.why}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceTrouble:
    """A source whose trouble the operator should know of."""

    source: Source
    what: str
    never: bool  #: nothing of it was ever fetched

    def __str__(self) -> str:
        return f"the posts of {self.source.shown} are {self.what}"


def read_status(path: Path) -> Status:
    """The status in a file; an empty one if there is none that can be read."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Status(fetched=_time(kept["fetched"]), failing_since=_time(kept["failing_since"]), why=str(kept["why"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Status()


def write_status(path: Path, status: Status) -> None:
    """Keep a status. Best effort: a full disk is told of elsewhere."""
    kept = {"fetched": _text(status.fetched), "failing_since": _text(status.failing_since), "why": status.why}
    with suppress(OSError):
        replace_file(path, f"{json.dumps(kept)}\n".encode())


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
