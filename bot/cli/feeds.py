"""The commands about feeds: taking over those that the site had before, telling the hubs."""

from __future__ import annotations

import os

import click

from bot.cli.common import confirm, echo_json, json_option, with_settings, yes_option
from bot.cli.lines import ConsoleLog
from bot.config import Config
from bot.domain.clock import SystemClock
from bot.domain.durations import parse_duration
from bot.domain.errors import UsageError
from bot.operations.feeds import OldFeedReport, propose_old_feed, take_over, tell_hubs


@click.group()
def feeds() -> None:
    """Take over the ids of the site's earlier feed, or notify the hubs."""


@feeds.command("import")
@with_settings
@click.argument("source", required=False, metavar="[FILE|URL]")
@yes_option
@json_option
def import_feed(config: Config, source: str | None, yes: bool, as_json: bool) -> None:
    """Take over the ids and dates of the site's earlier feed.

    So no subscriber sees everything twice. Without a file or address, the one in [feeds] import. Posts that are
    released already stay as they are; for posts to come it is kept until their release.
    """
    source = source or config.feeds.import_
    if not source:
        raise UsageError("no feed is named.", remedy="Name a file or an address, or set [feeds] import.")
    proposal = propose_old_feed(config, source, clock=SystemClock())
    if as_json:
        echo_json(proposal.report)
    else:
        _show(proposal.report)
    confirm(yes=yes)
    take_over(config, proposal, clock=SystemClock())
    if not as_json:
        click.echo("Done. Each post takes its id and dates over at its release.")


def _show(report: OldFeedReport) -> None:
    for taken in report.taken_over:
        day = f", {taken.published:%Y-%m-%d}" if taken.published else ""
        click.echo(f"{taken.slug}  ←  {taken.id}{day}")
    for late in report.too_late:
        click.echo(f"{late.slug}: is in the feeds already as {late.stays}, which stays; its old id was {late.id}")
    for item in report.without_post:
        click.echo(f"no post for: {item.title or item.link or item.id}")
    click.echo(
        f"{len(report.taken_over)} to be taken over, {len(report.already)} in use already, "
        f"{len(report.too_late)} too late, {len(report.without_post)} without a post."
    )


@feeds.command()
@with_settings
@click.option("--wait", default="5m", show_default=True, metavar="TIME", help="For the site to show what is new.")
def ping(config: Config, wait: str) -> None:
    """Notify the hubs of what has changed, once the site shows it.

    For sites that are copied to their host after `announce tick`; `announce run` does it by itself.
    """
    if not config.feeds.hubs:
        raise UsageError("there is no hub in the settings.", remedy="Name one with [feeds] hubs.")
    try:
        patience = parse_duration(wait)
    except ValueError as error:
        raise UsageError(f"--wait: {error}.") from None
    emit = ConsoleLog(config).emit
    result = tell_hubs(config, wait=patience, environ=os.environ, clock=SystemClock(), emit=emit)
    for trouble in result.troubles:
        click.echo(f"problem: {trouble}", err=True)
    if not result.is_complete:
        raise SystemExit(1)
    click.echo("All hubs know the latest.")
