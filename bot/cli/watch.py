"""Commands that look: queue, log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot.cli.common import (
    console,
    echo_json,
    json_option,
    now_option,
    plain,
    read_now,
    show_distance,
    show_time,
    with_settings,
)

if TYPE_CHECKING:
    from bot.config import Config, Site
    from bot.plan import Plan
    from bot.planning.item import Item


@click.command()
@with_settings
@now_option
@click.option("--all", "everything", is_flag=True, help="Also what was sent, and what was skipped long ago.")
@json_option
def queue(config: Config, now_text: str | None, everything: bool, as_json: bool) -> None:
    """Show what goes out next, when and where, and what does not and why."""
    from bot.app import known_so_far
    from bot.clock import SystemClock
    from bot.run import decide
    from bot.sources.folders import posts_of

    now = read_now(now_text, config)
    scan = posts_of(config).scan()
    plan = decide(config, scan, known_so_far(config, SystemClock()), now=now)
    # As of a later day, what comes before it is taken as done by then.
    between = {item.due for item in plan.items if datetime.now(UTC) < item.due <= now}
    items = plan.items if everything else tuple(item for item in _worth_showing(plan) if item.due not in between)
    if as_json:
        echo_json([{**plain(item), "when": show_time(item.due, config.site)} for item in items])
        return
    if plan.doubt:
        click.echo(f"Nothing is released: {plan.doubt}.")
    _show(items, config.site, now)
    for fault in scan.faults:
        click.echo(f"problem: {fault}", err=True)


def _worth_showing(plan: Plan) -> tuple[Item, ...]:
    from bot.planning.verdict import Verdict

    recent = {Verdict.SENT, Verdict.SKIPPED}
    skipped = [item for item in plan.items if item.verdict is Verdict.SKIPPED]
    # Of what is over, only the latest skips: they answer "why was this not tooted?".
    latest = {id(item) for item in skipped[-3:]}
    return tuple(item for item in plan.items if item.verdict not in recent or id(item) in latest)


def _show(items: tuple[Item, ...], site: Site, now: datetime) -> None:
    if not items:
        click.echo("Nothing is planned. A post with a `published_datetime` in the future will show here.")
        return
    out = console()
    for item in items:
        out.print(f"[bold]{show_time(item.due, site)}[/bold], {show_distance(item.due, now)}", soft_wrap=True)
        out.print(f"    {_escaped(item.title)}")
        is_toot = item.occasion == "publish"
        place = (f"feeds and {item.account}" if is_toot else item.account) if item.account else "feeds"
        occasion = "" if is_toot else f" ({item.occasion})"
        name = _escaped(f"{item.slug}{occasion}  →  {place}")
        out.print(f"    {name}: [bold]{item.verdict.value}[/bold]", soft_wrap=True)
        if item.reason:
            out.print(f"    {_escaped(item.reason)}")


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


@click.command()
@with_settings
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="How many lines.")
@json_option
def log(config: Config, limit: int, as_json: bool) -> None:
    """Show what was done and when, with links to the toots."""
    from bot.cli.lines import describe
    from bot.clock import SystemClock
    from bot.ledgers.sqlite import SqliteLedger

    if not config.ledger_path.exists():
        if as_json:
            echo_json([])
        else:
            click.echo("Nothing was done yet.")
        return
    ledger = SqliteLedger(config.ledger_path, SystemClock())
    try:
        events = ledger.events(limit=limit)
    finally:
        ledger.close()
    if as_json:
        echo_json(list(events))
        return
    for event in events:
        local = event.at.astimezone(config.site.timezone)
        click.echo(f"{local:%Y-%m-%d %H:%M:%S %Z}  {describe(event)}")
    if not events:
        click.echo("Nothing was done yet.")
