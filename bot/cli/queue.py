"""The command that shows what is planned: queue, as a table, as a calendar, as a file for one's own calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bot.cli.common import echo_json, json_option, now_option, plain, read_now, show_time, with_settings
from bot.domain.wording import reason_words

if TYPE_CHECKING:
    from bot.config import Config
    from bot.planner.builder import PlanItem
    from bot.planner.plan import Plan

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

    Times are the site's, with those in UTC beside them. --ics names posts to come: keep that file to yourself.
    """
    from bot.cli.queue_view import show_calendar, show_table
    from bot.domain.clock import SystemClock
    from bot.domain.errors import UsageError
    from bot.ledger import read_snapshot
    from bot.operations.queue import lines_of
    from bot.posts.git.folders import open_posts
    from bot.runtime.planning import decide

    if as_json + as_calendar + (ics is not None) > 1:
        raise UsageError("--json, --calendar and --ics exclude each other.", remedy="Choose one.")
    now = read_now(now_text, config)
    scan = open_posts(config).scan()
    snapshot = read_snapshot(config, SystemClock())
    plan = decide(config, scan, snapshot, now=now)
    items = _items(plan, everything=everything)
    if as_json:
        echo_json([{**plain(item), "when": show_time(item.due, config.site)} for item in items])
        return
    lines = lines_of(items, {address: name for name, address in config.account_addresses().items()})
    if plan.doubt:
        click.echo(f"Nothing is released: {reason_words(plan.doubt)}.")
    if ics is not None:
        _write_ics(config, items, ics)
    elif not lines:
        out = len(snapshot.entries)
        released = f"; posts that were released: {out}" if out else ""
        click.echo(f"Nothing is planned{released}. {_WHAT_SHOWS_HERE}")
    elif as_calendar:
        show_calendar(lines, config.site)
    else:
        show_table(lines, config.site, now)
    for fault in scan.faults:
        click.echo(f"problem: {fault}", err=True)


def _items(plan: Plan, *, everything: bool) -> tuple[PlanItem, ...]:
    if everything:
        return plan.items
    # As of a later day, what comes before it is taken as done by then.
    between = {item.due for item in plan.items if datetime.now(UTC) < item.due <= plan.now}
    return tuple(item for item in _worth_showing(plan) if item.due not in between)


def _worth_showing(plan: Plan) -> tuple[PlanItem, ...]:
    from bot.planner.ruling import Verdict

    recent = {Verdict.SENT, Verdict.SKIPPED}
    skipped = [item for item in plan.items if item.verdict is Verdict.SKIPPED]
    # Of what is over, only the latest skips: they answer "why was this not tooted?".
    latest = {id(item) for item in skipped[-3:]}
    return tuple(item for item in plan.items if item.verdict not in recent or id(item) in latest)


def _write_ics(config: Config, items: tuple[PlanItem, ...], path: Path) -> None:
    from urllib.parse import urlsplit

    from bot.files.atomic import write_file
    from bot.report.calendar import events_of, render_ics

    names = {address: name for name, address in config.account_addresses().items()}
    events = events_of(items, names)
    host = urlsplit(config.site.url).hostname or "localhost"
    content = render_ics(events, site=config.site.title, host=host, now=datetime.now(UTC))
    write_file(path, content, private=True)
    some = f"{len(events)} release{'' if len(events) == 1 else 's'}"
    click.echo(f"{some} written to {path}, which only you can read.")
    click.echo("It names posts that are not public yet: do not put it on the web or into a shared calendar.")
