"""The command that shows what was done: log."""

from __future__ import annotations

import click

from bot.cli.common import echo_json, json_option, with_settings
from bot.config import Config
from bot.domain.clock import SystemClock
from bot.operations.log import describe, line_of, read_events


@click.command()
@with_settings
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="How many lines.")
@json_option
def log(config: Config, limit: int, as_json: bool) -> None:
    """Show what was done and when, with links to the toots."""
    events = read_events(config, SystemClock(), limit=limit)
    if as_json:
        echo_json([line_of(event) for event in events])
        return
    for event in events:
        local = event.at.astimezone(config.site.timezone)
        click.echo(f"{local:%Y-%m-%d %H:%M:%S %Z}  {describe(event)}")
    if not events:
        click.echo("Nothing was done yet.")
