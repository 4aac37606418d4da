"""Commands to set up and try out: sandbox, rehearse."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.common import show_time, with_settings
from bot.domain.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.config import Config

port_option = click.option(
    "--port", default=3000, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one."
)


@click.command()
@port_option
@click.option("--state", type=click.Path(path_type=Path, dir_okay=False), help="Keep what is posted in this file.")
@click.option(
    "--like",
    metavar="SERVER",
    default="mastodon-4.5",
    show_default=True,
    help="Which kind of server: mastodon-4.5, mastodon-4.6, gotosocial, pleroma or pixelfed.",
)
@click.option("--debug", is_flag=True, help="Show the full traceback of an error.")
def sandbox(port: int, state: Path | None, like: str, debug: bool) -> None:  # noqa: ARG001 — main() looks for --debug
    """Run a Mastodon-like server with a timeline page, on this machine."""
    from bot.sandbox.personality import PERSONALITIES
    from bot.sandbox.server import serve

    personality = PERSONALITIES.get(like)
    if personality is None:
        raise UsageError(f"The sandbox cannot be like {like}.", remedy=f"It can be like {', '.join(PERSONALITIES)}.")
    serve(port=port, state=state, say=click.echo, personality=personality)


@click.command()
@with_settings
@port_option
def rehearse(config: Config, port: int) -> None:
    """Play the whole season against the sandbox, in minutes."""
    from threading import Event

    from bot.cli.lines import ConsoleLog
    from bot.domain.clock import ShiftedClock
    from bot.operations.rehearsal import LEAD, first_release, set_stage
    from bot.operations.rehearsal import rehearse as play
    from bot.sandbox.server import SandboxServer

    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    clock = ShiftedClock(first_release(config) - LEAD)
    notice = (
        "A rehearsal: the clock is a pretended one that jumps from release to release. Nothing leaves this machine."
    )
    with SandboxServer(clock=clock, notice=notice, timezone=config.site.timezone).start(port) as server:
        stage = set_stage(config, server=server.url)
        click.echo(f"A rehearsal of {config.site.title}. Nothing leaves this machine.")
        click.echo(f"  Timeline: {server.url}  (open it in a browser)")
        click.echo(f"  Feeds:    {(stage.folder / 'public').relative_to(config.root)}{config.feeds.path}/")
        click.echo("  The clock is a pretended one: it jumps to shortly before each release. Ctrl-C stops.")
        voice = ConsoleLog(config, clock)

        def on_step(following: datetime | None) -> None:
            if following is None:
                click.echo("-- the season is over; the timeline stays until Ctrl-C")
            else:
                click.echo(f"-- the pretended clock jumps to shortly before {show_time(following, config.site)}")

        play(stage, clock=clock, emit=voice.emit, on_step=on_step, stop=stop)
    click.echo("stopped")
