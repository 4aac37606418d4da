"""Commands by which an operator decides: publish, hold, release, retry, skip, pause, resume."""

from __future__ import annotations

import getpass
import os

import click

from bot.cli.common import confirm, echo_json, json_option, post_argument, with_settings, yes_option
from bot.config import Config
from bot.domain import OverrideKind
from bot.domain.clock import SystemClock
from bot.domain.errors import UsageError
from bot.domain.wording import effect_words
from bot.operations.overrides import apply, propose_override, propose_pause, propose_resume
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
    _override(config, post, OverrideKind.PUBLISH, yes=yes, as_json=as_json, early=early)


@click.command()
@with_settings
@post_argument
@yes_option
@json_option
def hold(config: Config, post: str, yes: bool, as_json: bool) -> None:
    """Do not release a post until `announce release`."""
    _override(config, post, OverrideKind.HOLD, yes=yes, as_json=as_json)


@click.command()
@with_settings
@post_argument
@yes_option
@json_option
def release(config: Config, post: str, yes: bool, as_json: bool) -> None:
    """Release a post that is held."""
    _override(config, post, OverrideKind.RELEASE, yes=yes, as_json=as_json)


@click.command()
@with_settings
@post_argument
@yes_option
@json_option
def retry(config: Config, post: str, yes: bool, as_json: bool) -> None:
    """Retry what was rejected or given up."""
    _override(config, post, OverrideKind.RETRY, yes=yes, as_json=as_json)


@click.command()
@with_settings
@post_argument
@yes_option
@json_option
def skip(config: Config, post: str, yes: bool, as_json: bool) -> None:
    """Do not toot a post; it still enters the feeds."""
    _override(config, post, OverrideKind.SKIP, yes=yes, as_json=as_json)


@click.command()
@with_settings
@yes_option
@json_option
def pause(config: Config, yes: bool, as_json: bool) -> None:
    """Release and toot nothing until `announce resume`."""
    proposal = propose_pause(config, operator=name_operator(), clock=SystemClock())
    _confirm_and_apply(config, proposal, yes=yes, as_json=as_json)


@click.command()
@with_settings
@yes_option
@json_option
def resume(config: Config, yes: bool, as_json: bool) -> None:
    """End a pause, and release what the brake holds.

    What a person held stays held until `announce release`.
    """
    proposal = propose_resume(config, operator=name_operator(), clock=SystemClock())
    _confirm_and_apply(config, proposal, yes=yes, as_json=as_json)


def name_operator() -> str:
    """The user's name, for the log of what was decided; the uid if the machine knows no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under such a uid
        return f"uid {os.getuid()}"


def _override(config: Config, name: str, kind: OverrideKind, *, yes: bool, as_json: bool, early: bool = False) -> None:
    proposal = propose_override(config, name, kind, operator=name_operator(), clock=SystemClock(), early=early)
    _confirm_and_apply(config, proposal, yes=yes, as_json=as_json)


def _confirm_and_apply(config: Config, proposal: Proposal, *, yes: bool, as_json: bool) -> None:
    for effect in proposal.effects:
        click.echo(effect_words(effect), err=as_json)
    if not proposal.effects:
        click.echo("Nothing is paused, and the brake holds nothing.", err=as_json)
    confirm(yes=yes)
    applied = apply(config, proposal, clock=SystemClock())
    if applied.came_late:
        raise UsageError(
            "the override is recorded, but the bot was sending the toot at that moment.",
            remedy="See in `announce queue` whether it came in time.",
        )
    if as_json:
        echo_json(
            [{"slug": event.slug, "account": event.account, "what": event.kind.value} for event in applied.events]
        )
    elif proposal.effects:
        click.echo("Done. `announce run` or the next tick carries it out.")
