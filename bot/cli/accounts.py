"""The command that shows the accounts: who the bot is on each server, what it takes, and whether all is well."""

from __future__ import annotations

import os
import sys
import textwrap
from datetime import datetime
from typing import Any, Final

import click

from bot.cli.common import echo_json, json_option, plain, with_settings
from bot.config import Config
from bot.domain.clock import SystemClock
from bot.domain.wording import reason_words
from bot.operations.accounts import AccountReport, inspect, read_history
from bot.report.times import show_when

_INDENT: Final = 15


@click.command()
@with_settings
@json_option
def accounts(config: Config, as_json: bool) -> None:
    """Show the bot's account on each server, and whether all is well.

    Contacts the servers and changes nothing there. Exit code 1 if an account cannot be used.
    """
    if not config.accounts:
        if as_json:
            echo_json([])
        else:
            click.echo("The settings name no account: posts go into the feeds only.")
            click.echo(f"Add [accounts.main] to {config.path.name} to toot; docs/accounts.md shows how.")
        return
    clock = SystemClock()
    history = read_history(config, clock)
    if history.trouble:
        click.echo(f"problem: {history.trouble}", err=True)
    reports: dict[str, AccountReport] = {}
    for report in inspect(config, history, environ=os.environ, clock=clock):
        reports[report.name] = report
        if not as_json:
            _show(config, report, clock.now())
    if as_json:
        # In the order of the settings, whichever server answered first.
        echo_json([_as_json(reports[name]) for name in config.accounts])
    sys.exit(1 if any(report.trouble for report in reports.values()) else 0)


def _as_json(report: AccountReport) -> dict[str, Any]:
    return {**plain(report), "blocked": reason_words(report.blocked)}


def _show(config: Config, report: AccountReport, now: datetime) -> None:
    who = f"@{report.address}" if report.address else report.acct or report.server
    verdict = "all is well" if report.usable else "CANNOT BE USED"
    click.echo(f"{click.style(report.name, bold=True)}  {who}: {click.style(verdict, bold=True)}")
    for label, text in _lines(config, report, now):
        # Addresses and names stay whole, so that they can be copied.
        rows = textwrap.wrap(text, width=80 - _INDENT, break_long_words=False, break_on_hyphens=False)
        for row in rows:
            click.echo(f"    {label:<{_INDENT - 4}}{row}")
            label = ""


def _lines(config: Config, report: AccountReport, now: datetime) -> list[tuple[str, str]]:
    def when(moment: datetime) -> str:
        return show_when(moment, config.site.timezone, now=now)

    lines = [("problem", f"{report.trouble} {report.remedy}".rstrip())] if report.trouble else []
    software = f"{report.software or 'unknown software'} at " if report.reachable else ""
    lines.append(("server", f"{software}{report.server}"))
    if report.limits:
        limits = report.limits
        lines.append(
            (
                "limits",
                f"{limits.characters:,} characters, a link counts {limits.characters_per_url}, "
                f"{limits.pictures} pictures with {limits.description:,} characters of alt text",
            )
        )
    if report.token_from:
        lines.append(("token", f"from {report.token_from}"))
    elif report.reachable:
        lines.append(("token", "none set; a server on this machine takes any"))
    if report.address:
        lines.append(("scopes", ", ".join(report.scopes) or "the server does not say; what is needed works"))
    if report.warning:
        lines.append(("careful", f"{report.warning}."))
    if report.blocked:
        ends = " It works now; the next tick goes on." if report.usable else ""
        lines.append(("blocked", f"at the latest delivery: {reason_words(report.blocked)}{ends}"))
    lines.append(("last toot", when(report.last_sent) if report.last_sent else "none yet"))
    lines.append(("next", when(report.next) if report.next else "nothing is planned"))
    return lines
