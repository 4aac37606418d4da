"""The command that shows what is planned: queue, as a table, as a calendar, as a file for one's own calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from bot.cli.common import echo_json, json_option, now_option, plain, read_now, with_settings
from bot.config import Config
from bot.domain.clock import SystemClock
from bot.domain.errors import UsageError
from bot.domain.wording import count_words, reason_words
from bot.files.atomic import write_file
from bot.operations.queue import Queue, view_queue
from bot.operations.site import SiteState, open_site
from bot.planner.builder import PlanItem
from bot.report.calendar import collect_events, render_ics
from bot.report.times import show_time

_WHAT_SHOWS_HERE: Final = "A post with a `published_datetime` in the future will show here."


@click.command()
@with_settings
@now_option
@click.option("--all", "everything", is_flag=True, help="Also what was sent, and what was skipped long ago.")
@click.option("--calendar", "as_calendar", is_flag=True, help="Show months, with the days that have releases.")
@click.option("--ics", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write an iCalendar file.")
@json_option
def queue(
    config: Config, now_text: str | None, everything: bool, as_calendar: bool, ics: Path | None, as_json: bool
) -> None:
    """Show what goes out next, when and where, and what does not and why.

    Times are the site's, followed by UTC. --ics names posts to come: keep that file to yourself.
    """
    if as_json + as_calendar + (ics is not None) > 1:
        raise UsageError("--json, --calendar and --ics exclude each other.", remedy="Choose one.")
    site = open_site(config, SystemClock(), now=read_now(now_text, config))
    found = view_queue(site, today=datetime.now(UTC), everything=everything)
    if as_json:
        echo_json([_as_json(item, config) for item in found.items])
        return
    # Imported here, as rich takes 30 ms that a program which reads the JSON need not wait for.
    from bot.cli.queue_view import show_calendar, show_table

    if found.doubt is not None:
        click.echo(f"Nothing is released: {reason_words(found.doubt)}.")
    if ics is not None:
        _write_ics(site, found, ics)
    elif not found.lines:
        released = f"; posts that were released: {found.released}" if found.released else ""
        click.echo(f"Nothing is planned{released}. {_WHAT_SHOWS_HERE}")
    elif as_calendar:
        show_calendar(found.lines, config.site)
    else:
        show_table(found.lines, config.site, site.now)
    for fault in found.faults:
        click.echo(f"problem: {fault}", err=True)


def _as_json(item: PlanItem, config: Config) -> dict[str, Any]:
    words = {"occasion": str(item.occasion), "reason": reason_words(item.reason)}
    return {**plain(item), **words, "when": show_time(item.due, config.site.timezone)}


def _write_ics(site: SiteState, found: Queue, path: Path) -> None:
    events = collect_events(found.items, site.account_names)
    host = urlsplit(site.config.site.url).hostname or "localhost"
    content = render_ics(events, site=site.config.site.title, host=host, now=datetime.now(UTC))
    write_file(path, content, private=True)
    click.echo(f"{count_words(len(events), 'release')} written to {path}, which only you can read.")
    click.echo("It names posts that are not public yet: do not put it on the web or into a shared calendar.")
