"""Releases to come as months for the terminal, and as an iCalendar file (RFC 5545) for a person's calendar. Pure.

The file names posts that are not public yet, so its events are marked private.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Final

from bot.domain.wording import reason_words
from bot.operations.queue import QueueLine, lines_of
from bot.planner.builder import PlanItem

#: Weeks begin on Monday (ISO 8601).
_WEEKS: Final = calendar.Calendar(firstweekday=calendar.MONDAY)
WEEKDAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """One month in weeks; None for days of other months."""

    title: str  #: "July 2027"
    weeks: tuple[tuple[date | None, ...], ...]


def list_months(days: Collection[date]) -> tuple[Month, ...]:
    """The months that contain one of these days, in order."""
    return tuple(_month(year, month) for year, month in sorted({(day.year, day.month) for day in days}))


def _month(year: int, month: int) -> Month:
    weeks = tuple(
        tuple(day if day.month == month else None for day in week) for week in _WEEKS.monthdatescalendar(year, month)
    )
    return Month(title=f"{date(year, month, 1):%B %Y}", weeks=weeks)


def mark_days(counts: Mapping[date, int]) -> dict[date, str]:
    """The mark of each day: "*" for one release, the number of several, "+" from ten on."""
    return {day: "*" if count == 1 else str(count) if count < 10 else "+" for day, count in counts.items()}


_LONGEST: Final = 75  #: octets of a line, RFC 5545 section 3.1
#: Not allowed in TEXT, RFC 5545 section 3.3.11: control characters but HTAB; line ends are escaped before.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def collect_events(items: Sequence[PlanItem], names: Mapping[str, str]) -> tuple[tuple[str, QueueLine], ...]:
    """One line for each post and occasion, with its identity; of several accounts the first one's."""
    events: dict[str, list[PlanItem]] = {}
    for item in items:
        events.setdefault(f"{item.post_id} {item.occasion}", []).append(item)
    return tuple((identity, lines_of(found, names)[0]) for identity, found in events.items())


def render_ics(lines: Iterable[tuple[str, QueueLine]], *, site: str, host: str, now: datetime) -> bytes:
    """The file's bytes. A line's identity must stay the same from one file to the next.

    `site` is the calendar's name, `host` makes the identities global (RFC 7986 section 5.3).
    """
    written = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//announce//announce queue//EN",
        "CALSCALE:GREGORIAN",
        f"NAME:{_escape(f'{site}: releases')}",
        f"X-WR-CALNAME:{_escape(f'{site}: releases')}",
    ]
    for identity, line in lines:
        written += _event(identity, line, host, now)
    written.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in written for folded in _folded(line)).encode()


def _event(identity: str, line: QueueLine, host: str, now: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{sha256(identity.encode()).hexdigest()[:32]}@{host}"
    yield f"DTSTAMP:{_moment(now)}"
    yield f"DTSTART:{_moment(line.due)}"
    # Without an end the event takes no time (section 3.6.1).
    yield f"SUMMARY:{_escape(' '.join(filter(None, (line.title, f'({line.what})' if line.what else ''))))}"
    description = f"{line.slug}: {line.verdict.value} for {', '.join(line.places)}." + (
        f" {reason_words(line.reason)}." if line.reason else ""
    )
    yield f"DESCRIPTION:{_escape(description)}"
    yield "CLASS:PRIVATE"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escape(text: str) -> str:
    """Text escaped by section 3.3.11."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    lines = "\\n".join(re.split("\r\n|\r|\n", escaped))
    return _CONTROLS.sub("", lines)


def _folded(line: str) -> Iterator[str]:
    """Pieces of at most 75 octets, each but the first with a leading space; no character is split."""
    piece, size = "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > _LONGEST:
            yield piece
            piece, size = " ", 1
        piece += character
        size += octets
    yield piece
