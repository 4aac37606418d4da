"""The command that shows the accounts: who we are on each server, what it takes, and whether all is well."""

from __future__ import annotations

import os
import sys
import textwrap
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from bot.cli.common import echo_json, json_option, show_distance, show_time, with_settings
from bot.domain.wording import reason_words

if TYPE_CHECKING:
    from bot.config import Config
    from bot.config.secrets import Token
    from bot.domain.clock import Clock
    from bot.publishers.network import Inspection

_INDENT: Final = 15
#: Those limits that a person who writes posts meets.
_LIMITS: Final = ("characters", "characters_per_url", "pictures", "description")


@dataclass(frozen=True, kw_only=True)
class _Memory:
    """What the ledger and the plan say of the accounts, by address."""

    last_sent: dict[str, datetime] = field(default_factory=dict)
    blocked: dict[str, str] = field(default_factory=dict)
    next_due: dict[str, datetime] = field(default_factory=dict)
    trouble: str = ""  #: why nothing is known


@click.command()
@with_settings
@json_option
def accounts(config: Config, as_json: bool) -> None:
    """Show who we are on each server, and whether all is well.

    Contacts the servers and changes nothing there. Exit code 1 if an account cannot be used.
    """
    from bot.domain.clock import SystemClock
    from bot.publishers.inspection import inspect_accounts, tokens_of

    if not config.accounts:
        if as_json:
            echo_json([])
        else:
            click.echo("The settings name no account: posts go into the feeds only.")
            click.echo(f"Add [accounts.main] to {config.path.name} to toot; docs/accounts.md shows how.")
        return
    clock = SystemClock()
    memory = _remember(config, clock)
    if memory.trouble:
        click.echo(f"problem: {memory.trouble}", err=True)
    tokens = tokens_of(config, os.environ)
    found: dict[str, Inspection] = {}
    for name, inspection in inspect_accounts(config, tokens, clock):
        found[name] = inspection
        if not as_json:
            _show(config, _report(config, name, inspection, tokens[name], memory), clock.now())
    if as_json:
        # In the order of the settings, whoever answered first.
        echo_json([_report(config, name, found[name], tokens[name], memory) for name in config.accounts])
    sys.exit(1 if any(inspection.trouble for inspection in found.values()) else 0)


def _remember(config: Config, clock: Clock) -> _Memory:
    from bot.domain.errors import BotError
    from bot.ledger import read_snapshot
    from bot.planner.ruling import Verdict
    from bot.posts.git.folders import open_posts
    from bot.runtime.planning import decide

    try:
        snapshot = read_snapshot(config, clock)
        plan = decide(config, open_posts(config).scan(), snapshot, now=clock.now())
    except BotError as error:
        return _Memory(trouble=str(error))
    following: dict[str, datetime] = {}
    for item in plan.items:
        if item.account and item.verdict in (Verdict.UPCOMING, Verdict.DUE, Verdict.SENDING):
            following[item.account] = min(item.due, following.get(item.account, item.due))
    return _Memory(
        last_sent={a: state.last_sent_at for a, state in snapshot.accounts.items() if state.last_sent_at},
        blocked={a: reason_words(state.blocked) for a, state in snapshot.accounts.items() if state.blocked},
        next_due=following,
    )


def _report(config: Config, name: str, found: Inspection, token: Token, memory: _Memory) -> dict[str, Any]:
    account = config.accounts[name]
    address = account.address(name)
    return {
        "name": name,
        "usable": not found.trouble,
        "server": account.server,
        "acct": account.acct,
        "address": found.address or None,
        "reachable": found.reachable,
        "software": found.software or None,
        "limits": {name: getattr(found.limits, name) for name in _LIMITS} if found.limits else None,
        "scopes": list(found.scopes),
        "missing": list(found.missing),
        "token_from": token.place or None,
        "warning": token.warning,
        "last_sent": memory.last_sent.get(address),
        "next": memory.next_due.get(address),
        "blocked": memory.blocked.get(address, ""),
        "trouble": found.trouble,
        "remedy": found.remedy,
    }


def _show(config: Config, report: dict[str, Any], now: datetime) -> None:
    who = f"@{report['address']}" if report["address"] else report["acct"] or report["server"]
    verdict = "all is well" if report["usable"] else "CANNOT BE USED"
    click.echo(f"{click.style(report['name'], bold=True)}  {who}: {click.style(verdict, bold=True)}")
    for label, text in _lines(config, report, now):
        # Addresses and names stay whole, so that they can be copied.
        rows = textwrap.wrap(text, width=80 - _INDENT, break_long_words=False, break_on_hyphens=False)
        for row in rows:
            click.echo(f"    {label:<{_INDENT - 4}}{row}")
            label = ""


def _lines(config: Config, report: dict[str, Any], now: datetime) -> list[tuple[str, str]]:
    def when(moment: datetime) -> str:
        return f"{show_time(moment, config.site)}, {show_distance(moment, now)}"

    lines = [("problem", f"{report['trouble']} {report['remedy']}".rstrip())] if report["trouble"] else []
    software = f"{report['software'] or 'unknown software'} at " if report["reachable"] else ""
    lines.append(("server", f"{software}{report['server']}"))
    if report["limits"]:
        limits = report["limits"]
        lines.append(
            (
                "limits",
                f"{limits['characters']:,} characters, a link counts {limits['characters_per_url']}, "
                f"{limits['pictures']} pictures with {limits['description']:,} characters of alt text",
            )
        )
    if report["token_from"]:
        lines.append(("token", f"from {report['token_from']}"))
    elif report["reachable"]:
        lines.append(("token", "none set; a server on this machine takes any"))
    if report["address"]:
        lines.append(("scopes", ", ".join(report["scopes"]) or "the server does not say; what is needed works"))
    if report["warning"]:
        lines.append(("careful", f"{report['warning']}."))
    if report["blocked"]:
        ends = " It works now; the next tick goes on." if report["usable"] else ""
        lines.append(("blocked", f"at the latest delivery: {report['blocked']}{ends}"))
    lines.append(("last toot", when(report["last_sent"]) if report["last_sent"] else "none yet"))
    lines.append(("next", when(report["next"]) if report["next"] else "nothing is planned"))
    return lines
