"""The command that plays the whole season against the sandbox: rehearse."""

from __future__ import annotations

from datetime import datetime
from threading import Event

import click

from bot.cli.common import port_option, with_settings
from bot.cli.lines import ConsoleLog
from bot.cli.signals import StopSignals
from bot.config import Config
from bot.domain.clock import ShiftedClock
from bot.operations.rehearsal import LEAD, first_release, set_stage
from bot.operations.rehearsal import rehearse as play
from bot.report.times import show_time
from bot.sandbox.context import TimelinePage
from bot.sandbox.server import SandboxServer


@click.command()
@with_settings
@port_option
def rehearse(config: Config, port: int) -> None:
    """Play the whole season against the sandbox, in minutes."""
    stop = Event()
    StopSignals().stop(stop.set)
    clock = ShiftedClock(first_release(config) - LEAD)
    notice = (
        "A rehearsal: the clock is a pretended one that jumps from release to release. Nothing leaves this machine."
    )
    timeline = TimelinePage(notice=notice, timezone=config.site.timezone)
    with SandboxServer(clock=clock, timeline=timeline).start(port) as server:
        stage = set_stage(config, server=server.url)
        click.echo(f"A rehearsal of {config.site.title}. Nothing leaves this machine.")
        click.echo(f"  Timeline: {server.url}  (open it in a browser)")
        click.echo(f"  Feeds:    {(stage.folder / 'public').relative_to(config.root)}{config.feeds.path}/")
        click.echo("  The clock is a pretended one: it jumps to shortly before each release. Ctrl-C stops.")
        console = ConsoleLog(config, clock)

        def on_step(following: datetime | None) -> None:
            if following is None:
                click.echo("-- the season is over; the timeline stays until Ctrl-C")
            else:
                when = show_time(following, config.site.timezone)
                click.echo(f"-- the pretended clock jumps to shortly before {when}")

        play(stage, clock=clock, emit=console.emit, on_step=on_step, stop=stop)
    click.echo("stopped")
