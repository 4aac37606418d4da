"""The command that runs a Mastodon-like server on this machine: sandbox."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.common import port_option
from bot.domain.errors import UsageError
from bot.sandbox.profiles import PROFILES
from bot.sandbox.server import serve


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
    profile = PROFILES.get(like)
    if profile is None:
        raise UsageError(f"The sandbox cannot be like {like}.", remedy=f"It can be like {', '.join(PROFILES)}.")
    serve(port=port, state=state, profile=profile, emit=click.echo)
