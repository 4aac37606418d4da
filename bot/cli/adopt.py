"""The command that takes over what the accounts already show: adopt."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click

from bot.cli.common import confirm, with_settings, yes_option
from bot.cli.lines import ConsoleLog
from bot.cli.progress import progress
from bot.config import Config
from bot.domain.errors import DamagedLedgerError
from bot.domain.wording import event_line
from bot.ledger import name_of_ledger, set_ledger_aside
from bot.operations.adopt import adopt_account, open_for_adoption, release_due


@click.command()
@with_settings
@yes_option
def adopt(config: Config, yes: bool) -> None:
    """Adopt the toots that the accounts already show, for a new ledger.

    Releases what is due into the feeds, reads the accounts' own toots back to the oldest post, and takes those that
    carry a post's link as sent. Sends nothing. A damaged ledger is put aside first.
    """
    click.echo("Reads the accounts and takes as sent what carries a post's link; sends nothing.")
    confirm(yes=yes)
    console = ConsoleLog(config)
    try:
        bot = open_for_adoption(config, environ=os.environ, emit=console.emit)
    except DamagedLedgerError as error:
        click.echo(error.message)
        click.echo(f"{name_of_ledger(config)} is put aside, and a new ledger begins.")
        confirm(yes=yes)
        click.echo(f"put aside as {set_ledger_aside(config, now=datetime.now(UTC))}")
        bot = open_for_adoption(config, environ=os.environ, emit=console.emit)
    try:
        release_due(bot)
        for address in bot.publishers:
            with progress(f"Reading back {address}"):
                adopted = adopt_account(bot, address)
            for event in adopted:
                click.echo(event_line(event))
            click.echo(f"{address}: {len(adopted)} adopted")
    finally:
        bot.close()
