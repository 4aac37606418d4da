"""The command that shows the public folder over HTTP."""

from __future__ import annotations

import threading
from typing import Final

import click

from bot.cli.common import with_settings
from bot.cli.signals import StopSignals
from bot.config import Config, listen_address
from bot.domain.errors import UsageError
from bot.posts.git.push import LARGEST
from bot.runtime.app import Bot
from bot.web.public import make_public_app
from bot.web.server import PublicServer

DEFAULT: Final = "127.0.0.1:8080"


@click.command()
@with_settings
@click.option("--listen", metavar="HOST:PORT", help=f"Where. [default: [serve] listen in the settings, or {DEFAULT}]")
def serve(config: Config, listen: str | None) -> None:
    """Serve the public folder over HTTP, and nothing else.

    `announce run` does it too if the settings have [serve] listen.
    """
    host, port = _address(listen or config.serve.listen or DEFAULT)
    stopped = threading.Event()
    StopSignals().stop(stopped.set)
    with PublicServer(make_public_app(config), host, port) as server:
        click.echo(f"{config.feeds.folder} is served on {server.url}; Ctrl-C stops")
        # In pieces, as a signal is only handled between two of them.
        while not stopped.wait(0.5):
            pass
    click.echo("stopped")


def server_for(config: Config, bot: Bot) -> PublicServer:
    """The public server of a running bot, at the address in `[serve] listen`."""
    host, port = _address(config.serve.listen)
    push = bot.sources.push_hook()
    app = make_public_app(config, health=bot.heartbeat.health, push=push)
    return PublicServer(app, host, port) if push is None else PublicServer(app, host, port, largest_body=LARGEST)


def _address(text: str) -> tuple[str, int]:
    try:
        return listen_address(text)
    except ValueError as error:
        raise UsageError(f"--listen: {error}.") from None
