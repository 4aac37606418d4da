"""Commands by which an operator decides: publish, hold, release, retry, skip, pause, resume."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

import click

from bot.cli.common import confirm, echo_json, json_option, post_argument, with_settings, yes_option
from bot.domain.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.config import Config
    from bot.domain import Snapshot
    from bot.planner.overrides import Proposal


@click.command()
@with_settings
@post_argument
@click.option("--early", is_flag=True, help="Even before its datetime: feeds and toot, now.")
@yes_option
@json_option
def publish(config: Config, post: str, early: bool, yes: bool, as_json: bool) -> None:
    """Toot a post that is late, skipped or held.

    `announce run` or the next tick sends it. A post whose datetime has not come needs --early.
    """
    _speak(config, post, "publish", yes=yes, as_json=as_json, early=early)


@click.command()
@with_settings
@post_argument
@yes_option
@json_option
def hold(config: Config, post: str, yes: bool, as_json: bool) -> None:
    """Do not release a post until `announce release`."""
    _speak(config, post, "hold", yes=yes, as_json=as_json)


@click.command()
@with_settings
@post_argument
@yes_option
@json_option
def release(config: Config, post: str, yes: bool, as_json: bool) -> None:
    """Let go a post that is held."""
    _speak(config, post, "release", yes=yes, as_json=as_json)


@click.command()
@with_settings
@post_argument
@yes_option
@json_option
def retry(config: Config, post: str, yes: bool, as_json: bool) -> None:
    """Try again what was rejected or given up."""
    _speak(config, post, "retry", yes=yes, as_json=as_json)


@click.command()
@with_settings
@post_argument
@yes_option
@json_option
def skip(config: Config, post: str, yes: bool, as_json: bool) -> None:
    """Do not toot a post; it still enters the feeds."""
    _speak(config, post, "skip", yes=yes, as_json=as_json)


@click.command()
@with_settings
@yes_option
@json_option
def pause(config: Config, yes: bool, as_json: bool) -> None:
    """Release and toot nothing until `announce resume`."""
    from bot.planner.overrides import pause as propose

    _decide(config, lambda snapshot, who, now: propose(snapshot, who=who, now=now), yes=yes, as_json=as_json)


@click.command()
@with_settings
@yes_option
@json_option
def resume(config: Config, yes: bool, as_json: bool) -> None:
    """Go on after a pause, and let go what the brake holds.

    What a person held stays held until `announce release`.
    """
    from bot.planner.overrides import resume as propose

    _decide(config, lambda snapshot, who, now: propose(snapshot, who=who, now=now), yes=yes, as_json=as_json)


def _speak(config: Config, name: str, said: str, *, yes: bool, as_json: bool, early: bool = False) -> None:
    from bot.cli.previewing import find_post
    from bot.domain import OverrideKind
    from bot.planner.overrides import propose_override

    post = find_post(config, name)
    accounts = list(config.account_addresses().values())

    def propose(snapshot: Snapshot, who: str, now: datetime) -> Proposal:
        return propose_override(OverrideKind(said), post, snapshot, who=who, now=now, accounts=accounts, early=early)

    _decide(config, propose, yes=yes, as_json=as_json)


def _decide(
    config: Config,
    propose: Callable[[Snapshot, str, datetime], Proposal],
    *,
    yes: bool,
    as_json: bool,
) -> None:
    from bot.domain.clock import SystemClock
    from bot.ledger import open_ledger

    clock, who = SystemClock(), getpass.getuser()
    ledger = open_ledger(config, clock)
    try:
        proposal = propose(ledger.snapshot(), who, clock.now())
        if proposal.refusal:
            raise UsageError(f"nothing was changed: {proposal.refusal}.")
        for line in proposal.lines or ("Nothing is paused, and the brake holds nothing.",):
            click.echo(line, err=as_json)
        confirm(yes=yes)
        refused = ledger.record(proposal.recording, now=clock.now()).refused
    finally:
        ledger.close()
    if refused:
        raise UsageError(
            "your word is kept, but the bot was at work on the toot just then.",
            remedy="Look at `announce queue` whether it came in time.",
        )
    if as_json:
        echo_json(
            [
                {"slug": event.slug, "account": event.account, "what": event.kind.value}
                for event in proposal.recording.events
            ]
        )
    elif proposal.lines:
        click.echo("Done. `announce run` or the next tick carries it out.")
