"""The command that releases what is due, once: tick."""

from __future__ import annotations

import os
import sys

import click

from bot.cli.common import with_settings
from bot.cli.lines import ConsoleLog
from bot.cli.logs import LogOptions, log_options
from bot.cli.progress import progress
from bot.cli.signals import StopSignals
from bot.config import Config
from bot.domain.clock import SystemClock
from bot.domain.wording import reason_words
from bot.operations.queue import TickForecast, foresee_tick
from bot.operations.site import open_site
from bot.planner.ruling import Verdict
from bot.runtime.app import make_bot


@click.command()
@with_settings
@click.option("--dry-run", is_flag=True, help="Show what it would do; do nothing.")
@log_options
def tick(config: Config, dry_run: bool, log: LogOptions) -> None:
    """Release what is due now, then exit; for cron or a CI job."""
    if dry_run:
        _dry_run(config)
        return
    console = ConsoleLog(config, options=log)
    bot = make_bot(config, environ=os.environ, emit=console.emit, embargo=log.embargo)
    StopSignals().stop(bot.ask_to_stop)
    try:
        with progress("Releasing and sending"):
            result, deliveries = bot.tick()
    finally:
        bot.close()
    for name in result.changed_files:
        console.line(f"wrote {config.feeds.folder / name}", "wrote", file=str(config.feeds.folder / name))
    for account in deliveries:
        if account.wait_until is not None:
            console.waiting(account)
    for item in result.plan.of(Verdict.WAITING):
        console.line(f"{item.slug}: {reason_words(item.reason)}", "waits", slug=item.slug)
    if not result.events and not any(account.events for account in deliveries):
        console.line("nothing new", "nothing new")
    sys.exit(1 if result.attention or any(account.attention for account in deliveries) else 0)


def _dry_run(config: Config) -> None:
    site = open_site(config, SystemClock())
    for line in _would(foresee_tick(site)):
        click.echo(line)
    for fault in site.scan.faults:
        click.echo(f"problem: {fault}", err=True)


def _would(tick: TickForecast) -> list[str]:
    if tick.doubt is not None:
        return [f"would release nothing: {reason_words(tick.doubt)}"]
    lines = [f"would enter into the feeds: {post.slug}" for post in tick.released]
    lines += [f"would toot: {item.slug} → {item.account}" for item in tick.due]
    lines += [f"would wait: {item.slug}: {reason_words(item.reason)}" for item in tick.waiting]
    lines += [f"would look for: {item.slug} → {item.account}" for item in tick.unknown]
    lines += [f"would hold: {item.slug} → {item.account}: {reason_words(item.reason)}" for item in tick.held]
    return lines or ["would do nothing"]
