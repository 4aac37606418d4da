"""Commands that do something: run, tick, build, resume."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.common import echo_json, json_option, now_option, read_now, with_settings

if TYPE_CHECKING:
    from bot.app import Bot
    from bot.config import Config
    from bot.plan import Plan


@click.command()
@with_settings
def run(config: Config) -> None:
    """Stay up: watch the posts, release each one at its time."""
    from bot.app import make_bot
    from bot.cli.lines import Voice
    from bot.schedule import stay_up

    voice = Voice(config)
    bot = make_bot(config, environ=os.environ, engine=_embedded(), say=voice.say)
    _stop_on_signals(bot)
    voice.line(f"watching {config.site.posts} for {config.site.title}; Ctrl-C stops")
    try:
        stay_up(bot, after_pass=voice.next_release)
    finally:
        bot.close()
    voice.line("stopped")


def _embedded() -> Any:
    from bot.engines.embedded import EmbeddedEngine

    return EmbeddedEngine()


def _stop_on_signals(bot: Bot) -> None:
    def stop(_signal: int, _frame: object) -> None:
        bot.ask_to_stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


@click.command()
@with_settings
@click.option("--dry-run", is_flag=True, help="Say what it would do, do nothing.")
def tick(config: Config, dry_run: bool) -> None:
    """Release what is due now, then exit; for cron or a CI job."""
    if dry_run:
        _dry_run(config)
        return
    from bot.app import make_bot
    from bot.cli.lines import Voice

    voice = Voice(config)
    bot = make_bot(config, environ=os.environ, say=voice.say)
    _stop_on_signals(bot)
    try:
        result, drained = bot.tick()
    finally:
        bot.close()
    for name in result.changed_files:
        voice.line(f"wrote {config.feeds.folder / name}")
    for account in drained:
        if account.wait_until is not None:
            voice.waiting(account)
    if not result.events and not any(account.events for account in drained):
        voice.line("nothing new")
    sys.exit(1 if result.attention or any(account.attention for account in drained) else 0)


def _dry_run(config: Config) -> None:
    from bot.app import known_so_far
    from bot.clock import SystemClock
    from bot.posts.folder import PostFolder
    from bot.run import decide

    clock = SystemClock()
    scan = PostFolder(config).scan()
    plan = decide(config, scan.posts, known_so_far(config, clock), now=clock.now())
    for line in _would(plan):
        click.echo(line)
    for fault in scan.faults:
        click.echo(f"problem: {fault}", err=True)


def _would(plan: Plan) -> list[str]:
    from bot.verdict import Verdict

    if plan.doubt:
        return [f"would release nothing: {plan.doubt}"]
    lines = [f"would enter into the feeds: {post.slug}" for post in plan.released]
    lines += [f"would toot: {item.slug} → {item.account}" for item in plan.of(Verdict.DUE)]
    lines += [f"would look for: {item.slug} → {item.account}" for item in plan.of(Verdict.SENDING)]
    new = {delivery.key for delivery in plan.recording.deliveries}
    lines += [
        f"would hold: {item.slug} → {item.account}: {item.reason}"
        for item in plan.of(Verdict.HELD)
        if any(key.post_id == item.post_id and key.account == item.account for key in new)
    ]
    return lines or ["would do nothing"]


@click.command()
@with_settings
@now_option
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write into this folder instead of the one in the settings."
)
def build(config: Config, now_text: str | None, out: Path | None) -> None:
    """Write the feeds from the post files alone; contacts nobody."""
    from datetime import UTC, datetime

    from bot.build import build_feeds
    from bot.errors import UsageError

    now = read_now(now_text, config)
    if out is None and now > datetime.now(UTC):
        raise UsageError(
            "--now is in the future, and the public folder must not show what is not released.",
            remedy="Name another folder with --out DIR.",
        )
    built = build_feeds(config, now=now, folder=out or config.public_folder)
    for fault in built.faults:
        click.echo(f"problem: {fault}", err=True)
    for name in built.changed:
        click.echo(f"wrote {(out or config.feeds.folder) / name}")
    if not built.changed and not built.faults:
        click.echo("nothing has changed")
    sys.exit(1 if built.faults else 0)


@click.command()
@with_settings
@click.option("--yes", is_flag=True, help="Do not ask once more.")
@json_option
def resume(config: Config, yes: bool, as_json: bool) -> None:
    """Let go what the brake holds.

    `announce run` or the next ticks send it, with `spacing` between the toots.
    """
    import getpass

    from bot.app import known_so_far
    from bot.clock import SystemClock
    from bot.durations import format_duration
    from bot.ledgers.sqlite import SqliteLedger
    from bot.model import Hold

    clock = SystemClock()
    held = [d for d in known_so_far(config, clock).deliveries.values() if d.hold is Hold.BRAKE]
    for delivery in held:
        click.echo(f"{delivery.slug} → {delivery.key.account}", err=as_json)
    if not held:
        if as_json:
            echo_json([])
        else:
            click.echo("The brake holds nothing.")
        return
    if not yes and sys.stdin.isatty():
        click.confirm(f"Let these {len(held)} go?", abort=True)
    ledger = SqliteLedger(config.ledger_path, clock)
    try:
        freed = ledger.release_brake(now=clock.now(), who=getpass.getuser())
    finally:
        ledger.close()
    if as_json:
        echo_json([{"slug": delivery.slug, "account": delivery.key.account} for delivery in freed])
    else:
        click.echo(f"Let go: {len(freed)}. They go out {format_duration(config.release.spacing)} apart.")
