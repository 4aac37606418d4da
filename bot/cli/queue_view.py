"""The plan on a terminal: a table in 80 columns, or months with their days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import click
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.cli.common import console
from bot.config import Site
from bot.domain.wording import reason_words
from bot.operations.queue import QueueLine
from bot.report.calendar import WEEKDAYS, list_months, mark_days
from bot.report.times import Times, distance_of, times_of

_COLOURS: Final = {"held": "yellow", "rejected": "red", "waiting": "yellow", "sent": "green", "skipped": "dim"}
_DAY: Final = 6  #: "Fri 16"
_WIDEST_PLACE: Final = 20
_INDENT: Final = _DAY + 2


@dataclass(frozen=True, kw_only=True)
class _Widths:
    """Of the columns that are as wide as what is in them, in characters."""

    time: int
    place: int
    state: int


def show_table(lines: Sequence[QueueLine], site: Site, now: datetime) -> None:
    """Print one row for each line, and its reason below it."""
    out = console()
    shown = [times_of(line.due, site.timezone) for line in lines]
    distances = [distance_of(line.due, now) for line in lines]
    widths = _Widths(
        time=max(len(text) for times in shown for text in (times.local, times.utc, *distances)),
        place=min(_WIDEST_PLACE, max(len(", ".join(line.places)) for line in lines)),
        state=max(len(line.verdict.value) for line in lines),
    )
    before: Times | None = None
    for line, times, distance in zip(lines, shown, distances, strict=True):
        if before is None or times.month != before.month:
            out.print(Text(("\n" if before else "") + times.month, style="bold"))
        is_new_day = before is None or (times.month, times.day) != (before.month, before.day)
        before = times
        out.print(_row(line, times, times.day if is_new_day else "", distance, widths))
        if line.reason:
            out.print(Padding(Text(reason_words(line.reason)), (0, 0, 0, _INDENT)))


def _row(line: QueueLine, times: Times, day: str, distance: str, widths: _Widths) -> Table:

    row = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for width in (_DAY, widths.time, None, widths.place, widths.state):
        row.add_column(width=width, ratio=None if width else 1, overflow="fold")
    what = Text(line.title, style="bold")
    what.append(f"\n{line.slug}{f' ({line.what})' if line.what else ''}", style="not bold")
    state = line.verdict.value
    row.add_row(
        day,
        Text("\n".join(filter(None, (times.local, times.utc, distance)))),
        what,
        Text(", ".join(line.places)),
        Text(state, style=_COLOURS.get(state, "")),
    )
    return row


def show_calendar(lines: Sequence[QueueLine], site: Site) -> None:
    """Print the months that have something, and below each what its marked days have."""
    by_day: dict[date, list[QueueLine]] = {}
    for line in lines:
        by_day.setdefault(line.due.astimezone(site.timezone).date(), []).append(line)
    marks = mark_days({day: len(found) for day, found in by_day.items()})
    for number, month in enumerate(list_months(by_day)):
        click.echo("\n" * (number > 0) + click.style(month.title, bold=True))
        click.echo("  " + "  ".join(WEEKDAYS))
        for week in month.weeks:
            cells = (f"{day.day:2}{marks.get(day, ' ')} " if day else " " * 4 for day in week)
            click.echo("  " + "".join(cells).rstrip())
        for day in (day for week in month.weeks for day in week if day in by_day):
            for line in by_day[day]:
                times = times_of(line.due, site.timezone)
                what = f" ({line.what})" if line.what else ""
                _echo_wrapped(f"{times.day}  {times.local}  ", f"{line.title}{what}: {line.verdict.value}")
    click.echo("\n* one release on that day; a number: so many")


def _echo_wrapped(head: str, text: str) -> None:

    rows = Text(text).wrap(console(), console().width - len(head) - 2)
    for number, row in enumerate(rows):
        row.rstrip()
        console().print(Padding(Text(head if number == 0 else " " * len(head)) + row, (0, 0, 0, 2)))
