"""The command that stays up: run."""

from __future__ import annotations

import os
from contextlib import ExitStack

import click

from bot.cli.common import with_settings
from bot.cli.lines import ConsoleLog
from bot.cli.logs import LogOptions, log_options
from bot.cli.signals import StopSignals
from bot.config import Config
from bot.domain.wording import instance_words
from bot.runtime.app import make_bot
from bot.runtime.service import run_service
from bot.runtime.workers import ThreadedWorkers


@click.command()
@with_settings
@log_options
def run(config: Config, log: LogOptions) -> None:
    """Run as a service: watch the posts, release each one at its time."""
    signals = StopSignals()
    new: Config | None = config
    while new is not None:
        new = _run(new, signals, log)


def _run(config: Config, signals: StopSignals, log: LogOptions) -> Config | None:
    """Stay up with these settings; returns the settings to start anew with, None at the end."""
    console = ConsoleLog(config, options=log)
    bot = make_bot(config, environ=os.environ, workers=ThreadedWorkers(), emit=console.emit, embargo=log.embargo)
    signals.stop(bot.ask_to_stop)
    other = bot.acquire_instance_lock()
    if other is not None:
        console.warn(
            f"another `announce run` is at work on this ledger: {instance_words(other, with_host=True)}. The two share "
            "the work safely: each toot goes out once. If that is not meant, stop one of them",
            "another process",
        )
    console.line(
        f"watching {_watched(config)} for {config.site.title}; Ctrl-C stops", "started", site=config.site.title
    )
    try:
        with ExitStack() as servers:
            if config.serve.listen:
                # Imported here: Flask takes 80 ms, and memory that a bot without a public server need not spend.
                from bot.cli.serve import server_for

                server = servers.enter_context(server_for(config, bot))
                console.line(f"{config.feeds.folder} is served on {server.url}", "serving", url=server.url)
            new = run_service(bot, after_cycle=console.next_release, warn=console.warn)
    finally:
        bot.close()
    if new is not None:
        console.line("settings or tokens have changed: starting anew with them", "restarting")
    else:
        console.line("stopped", "stopped")
    return new


def _watched(config: Config) -> str:
    local = [str(config.site.posts)] if config.posts_folder.is_dir() or not config.sources else []
    return ", ".join([*local, *(source.shown for source in config.sources)])
