"""The command that writes the feeds from the post files alone: build."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.cli.common import now_option, read_now, with_settings
from bot.config import Config
from bot.domain.clock import SystemClock
from bot.domain.errors import UsageError
from bot.ledger import read_snapshot
from bot.runtime.build import build_feeds
from bot.runtime.git_syncer import GitSyncer


@click.command()
@with_settings
@now_option
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write into this folder instead of the one in the settings."
)
def build(config: Config, now_text: str | None, out: Path | None) -> None:
    """Write the feeds from the post files alone; asks only `[[sources]]`."""
    now = read_now(now_text, config)
    if now > datetime.now(UTC) and (out is None or _touches(out, config.public_folder)):
        raise UsageError(
            "--now is in the future, and the public folder must not show what is not released.",
            remedy="Name another folder with --out DIR.",
        )
    troubles = _fetched(config)
    built = build_feeds(config, now=now, folder=out or config.public_folder, known=read_snapshot(config, SystemClock()))
    for fault in (*troubles, *built.faults):
        click.echo(f"problem: {fault}", err=True)
    for name in built.changed:
        click.echo(f"wrote {(out or config.feeds.folder) / name}")
    if not built.changed and not built.faults:
        click.echo("nothing has changed")
    sys.exit(1 if built.faults or troubles else 0)


def _touches(out: Path, public: Path) -> bool:
    one, other = out.resolve(), public.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)


def _fetched(config: Config) -> list[str]:
    """Bring the sources up to date; returns what went wrong. Their last good posts are built all the same."""
    syncer = GitSyncer(config, environ=os.environ, clock=SystemClock(), emit=lambda _: None)
    pulled = syncer.sync_all()
    return [f"{one.source.shown} cannot be fetched: {one.fault}" for one in pulled if one.fault]
