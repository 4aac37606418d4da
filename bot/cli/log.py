"""The command that shows what was done: log."""

from __future__ import annotations

from typing import Any

import click

from bot.cli.common import echo_json, json_option, with_settings
from bot.config import Config
from bot.domain import Event
from bot.domain.clock import SystemClock
from bot.domain.wording import event_detail, event_line
from bot.operations.explain import read_events


@click.command()
@with_settings
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="How many lines.")
@json_option
def log(config: Config, limit: int, as_json: bool) -> None:
    """Show what was done and when, with links to the toots."""
    events = read_events(config, SystemClock(), limit=limit)
    if as_json:
        echo_json([event_as_json(event) for event in events])
        return
    for event in events:
        local = event.at.astimezone(config.site.timezone)
        click.echo(f"{local:%Y-%m-%d %H:%M:%S %Z}  {event_line(event)}")
    if not events:
        click.echo("Nothing was done yet.")


def event_as_json(event: Event) -> dict[str, Any]:
    """An event as programs know it."""
    return {
        "at": event.at,
        "what": event.kind.value,
        "slug": event.slug,
        "account": event.account,
        "occasion": "" if event.occasion is None else str(event.occasion),
        "detail": event_detail(event),
        "who": event.who,
    }
