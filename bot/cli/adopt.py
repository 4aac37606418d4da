"""The command that takes over what the accounts already show: adopt."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click

from bot.cli.common import confirm, with_settings, yes_option
from bot.cli.lines import ConsoleLog, describe
from bot.cli.progress import progress
from bot.config import Config
from bot.domain.errors import DamagedLedgerError, PublishError, UsageError
from bot.ledger import name_of_ledger, set_ledger_aside
from bot.operations.adopt import adopt_account
from bot.runtime.app import Bot, make_bot


@click.command()
@with_settings
@yes_option
def adopt(config: Config, yes: bool) -> None:
    """Take over what the accounts already show, for a new ledger.

    Releases what is due into the feeds, reads the accounts' own toots back to the oldest post, and takes those that
    carry a post's link as sent. Sends nothing. A damaged ledger is put aside first.
    """
    _ask("Reads the accounts and takes as sent what carries a post's link; sends nothing.", yes=yes)
    voice = ConsoleLog(config)
    try:
        bot = _with_readable_ledger(make_bot(config, environ=os.environ, emit=voice.emit))
    except DamagedLedgerError as error:
        click.echo(error.message)
        _put_aside(config, yes=yes)
        bot = make_bot(config, environ=os.environ, emit=voice.emit)
    try:
        bot.cycle_once(ask_site=bot.site.look_once)
        for address in bot.publishers:
            try:
                with progress(f"Reading back {address}"):
                    recording = adopt_account(bot, address)
            except PublishError as error:
                raise UsageError(f"{address} cannot be read: {error.message}", remedy=error.remedy) from error
            bot.context.ledger.record(recording, now=bot.context.clock.now())
            for event in recording.events:
                click.echo(describe(event))
            click.echo(f"{address}: {len(recording.events)} adopted")
    finally:
        bot.close()


def _with_readable_ledger(bot: Bot) -> Bot:
    """The bot, once its ledger was read: damage may show only in the rows. Raises LedgerError."""
    try:
        bot.context.ledger.snapshot()
        bot.context.ledger.events(limit=1)
    except BaseException:
        bot.close()
        raise
    return bot


def _put_aside(config: Config, *, yes: bool) -> None:

    _ask(f"{name_of_ledger(config)} is put aside, and a new ledger begins.", yes=yes)
    click.echo(f"put aside as {set_ledger_aside(config, now=datetime.now(UTC))}")


def _ask(what: str, *, yes: bool) -> None:
    click.echo(what)
    confirm(yes=yes)
