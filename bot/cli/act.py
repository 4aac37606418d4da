"""Commands that do something: run, tick, build, resume."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.common import now_option, read_now, with_settings

if TYPE_CHECKING:
    from bot.config import Config
    from bot.planner.plan import Plan
    from bot.runtime.app import Bot


@click.command()
@with_settings
def run(config: Config) -> None:
    """Stay up: watch the posts, release each one at its time."""
    stopper = _Stopper()
    new: Config | None = config
    while new is not None:
        new = _run(new, stopper)


def _run(config: Config, stopper: _Stopper) -> Config | None:
    """Stay up with these settings; returns other ones to go on with, None at the end."""
    from contextlib import ExitStack

    from bot.cli.lines import ConsoleLog
    from bot.cli.serve import beside
    from bot.runtime.app import make_bot
    from bot.runtime.service import run_service

    voice = ConsoleLog(config)
    bot = make_bot(config, environ=os.environ, engine=_embedded(), emit=voice.emit)
    stopper.is_for(bot)
    other = bot.acquire_instance_lock()
    if other:
        voice.warn(
            f"another `announce run` is at work on this ledger: {other}. The two share the work safely: each toot goes "
            "out once. If that is not meant, stop one of them"
        )
    voice.line(f"watching {_watched(config)} for {config.site.title}; Ctrl-C stops")
    try:
        with ExitStack() as beside_it:
            server = beside(config, bot)
            if server is not None:
                beside_it.enter_context(server)
                voice.line(f"{config.feeds.folder} is served on {server.url}")
            new = run_service(bot, after_pass=voice.next_release, warn=voice.warn)
    finally:
        bot.close()
    voice.line("settings or tokens have changed: starting anew with them" if new is not None else "stopped")
    return new


def _watched(config: Config) -> str:
    local = [str(config.site.posts)] if config.posts_folder.is_dir() or not config.sources else []
    return ", ".join([*local, *(source.shown for source in config.sources)])


def _embedded() -> Any:
    from bot.runtime.workers import ThreadedWorkers

    return ThreadedWorkers()


class _Stopper:
    """Lets a bot stop on SIGINT and SIGTERM; the next one too, if the settings change meanwhile.

    A handler may interrupt the main thread while it holds a lock that setting an event would wait for; a SimpleQueue
    may be put to from anywhere, so a thread of its own does the rest.
    """

    def __init__(self) -> None:
        from queue import SimpleQueue
        from threading import Lock, Thread

        self._asked: SimpleQueue[int] = SimpleQueue()
        self._lock = Lock()
        self._bot: Bot | None = None
        self._is_asked = False
        Thread(target=self._stop_when_asked, name="stopper", daemon=True).start()
        signal.signal(signal.SIGINT, self._ask)
        signal.signal(signal.SIGTERM, self._ask)

    def is_for(self, bot: Bot) -> None:
        """From now on it is this bot that is to stop."""
        with self._lock:
            self._bot = bot
            if self._is_asked:
                bot.ask_to_stop()

    def _stop_when_asked(self) -> None:
        self._asked.get()
        with self._lock:
            self._is_asked = True
            if self._bot is not None:
                self._bot.ask_to_stop()

    def _ask(self, number: int, _frame: object) -> None:
        self._asked.put(number)


@click.command()
@with_settings
@click.option("--dry-run", is_flag=True, help="Say what it would do, do nothing.")
def tick(config: Config, dry_run: bool) -> None:
    """Release what is due now, then exit; for cron or a CI job."""
    if dry_run:
        _dry_run(config)
        return
    from bot.cli.lines import ConsoleLog
    from bot.cli.progress import progress
    from bot.planner.ruling import Verdict
    from bot.runtime.app import make_bot

    voice = ConsoleLog(config)
    bot = make_bot(config, environ=os.environ, emit=voice.emit)
    _Stopper().is_for(bot)
    try:
        with progress("Releasing and sending"):
            result, drained = bot.tick()
    finally:
        bot.close()
    for name in result.changed_files:
        voice.line(f"wrote {config.feeds.folder / name}")
    for account in drained:
        if account.wait_until is not None:
            voice.waiting(account)
    for item in result.plan.of(Verdict.WAITING):
        voice.line(f"{item.slug}: {item.reason}")
    if not result.events and not any(account.events for account in drained):
        voice.line("nothing new")
    sys.exit(1 if result.attention or any(account.attention for account in drained) else 0)


def _dry_run(config: Config) -> None:
    from bot.domain.clock import SystemClock
    from bot.posts.git.folders import open_posts
    from bot.runtime.cycle import decide
    from bot.runtime.wiring import known_so_far

    clock = SystemClock()
    scan = open_posts(config).scan()
    plan = decide(config, scan, known_so_far(config, clock), now=clock.now())
    for line in _would(plan):
        click.echo(line)
    for fault in scan.faults:
        click.echo(f"problem: {fault}", err=True)


def _would(plan: Plan) -> list[str]:
    from bot.planner.ruling import Verdict

    if plan.doubt:
        return [f"would release nothing: {plan.doubt}"]
    lines = [f"would enter into the feeds: {post.slug}" for post in plan.released]
    lines += [f"would toot: {item.slug} → {item.account}" for item in plan.of(Verdict.DUE)]
    lines += [f"would wait: {item.slug}: {item.reason}" for item in plan.of(Verdict.WAITING)]
    lines += [f"would look for: {item.slug} → {item.account}" for item in plan.of(Verdict.SENDING)]
    new = {change.key for change in plan.recording.changes}
    lines += [
        f"would hold: {item.slug} → {item.account}: {item.reason}"
        for item in plan.of(Verdict.HELD)
        if any(key.post_id == item.post_id and key.account == item.account for key in new)
    ]
    return lines or ["would do nothing"]


def _touches(out: Path, public: Path) -> bool:
    one, other = out.resolve(), public.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)


@click.command()
@with_settings
@now_option
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write into this folder instead of the one in the settings."
)
def build(config: Config, now_text: str | None, out: Path | None) -> None:
    """Write the feeds from the post files alone; asks only `[[sources]]`."""
    from datetime import UTC, datetime

    from bot.domain.clock import SystemClock
    from bot.domain.errors import UsageError
    from bot.runtime.build import build_feeds
    from bot.runtime.wiring import known_so_far

    now = read_now(now_text, config)
    if now > datetime.now(UTC) and (out is None or _touches(out, config.public_folder)):
        raise UsageError(
            "--now is in the future, and the public folder must not show what is not released.",
            remedy="Name another folder with --out DIR.",
        )
    troubles = _fetched(config)
    built = build_feeds(config, now=now, folder=out or config.public_folder, known=known_so_far(config, SystemClock()))
    for fault in (*troubles, *built.faults):
        click.echo(f"problem: {fault}", err=True)
    for name in built.changed:
        click.echo(f"wrote {(out or config.feeds.folder) / name}")
    if not built.changed and not built.faults:
        click.echo("nothing has changed")
    sys.exit(1 if built.faults or troubles else 0)


def _fetched(config: Config) -> list[str]:
    """Bring the sources up to date; what went wrong. Their last good posts are built all the same."""
    from bot.domain.clock import SystemClock
    from bot.runtime.git_syncer import GitSyncer

    keeper = GitSyncer(config, environ=os.environ, clock=SystemClock(), emit=lambda _: None)
    pulled = keeper.sync_all()
    return [f"{one.source.shown} cannot be fetched: {one.fault}" for one in pulled if one.fault]
