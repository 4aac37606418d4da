"""The command that writes the feeds from the post files alone: build."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from bot.cli.common import now_option, read_now, with_settings
from bot.config import Config
from bot.domain.clock import SystemClock
from bot.operations.feeds import build_site


@click.command()
@with_settings
@now_option
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write into this folder instead of the one in the settings."
)
def build(config: Config, now_text: str | None, out: Path | None) -> None:
    """Write the feeds from the post files; fetches only `[[sources]]`."""
    built = build_site(config, now=read_now(now_text, config), out=out, environ=os.environ, clock=SystemClock())
    for fault in (*built.unfetched, *built.faults):
        click.echo(f"problem: {fault}", err=True)
    for name in built.changed:
        click.echo(f"wrote {(out or config.feeds.folder) / name}")
    if not built.changed and not built.faults:
        click.echo("nothing has changed")
    sys.exit(1 if built.faults or built.unfetched else 0)
