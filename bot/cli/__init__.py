"""The command line: parse, call one operation, show the result. One file for each command."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
import traceback
from pathlib import Path
from typing import Any, Final

import click

from bot import __version__

#: Heading → command → the first sentence of its help: what `announce --help` lists, in this order, without importing
#: any command. A command stands in the module of its name.
SECTIONS: Final = {
    "Write posts": {
        "new": "Begin a post, ready to fill in.",
        "check": "Find what is wrong with posts, settings or a built site.",
        "preview": "Show exactly what will be tooted, and the feed entry.",
    },
    "Watch what happens": {
        "queue": "Show what goes out next, when and where, and what does not and why.",
        "log": "Show what was done and when, with links to the toots.",
        "explain": "Show all that the bot knows about a post, and why it decided so.",
    },
    "Act": {
        "run": "Run as a service: watch the posts, release each one at its time.",
        "tick": "Release what is due now, then exit; for cron or a CI job.",
        "build": "Write the feeds from the post files; fetches only `[[sources]]`.",
        "serve": "Serve the public folder over HTTP, and nothing else.",
        "feeds": "Take over the ids of the site's earlier feed, or notify the hubs.",
        "publish": "Toot a post that is late, skipped or held.",
        "hold": "Do not release a post until `announce release`.",
        "release": "Release a post that is held.",
        "skip": "Do not toot a post; it still enters the feeds.",
        "retry": "Retry what was rejected or given up.",
        "pause": "Release and toot nothing until `announce resume`.",
        "resume": "End a pause, and release what the brake holds.",
        "adopt": "Adopt the toots that the accounts already show, for a new ledger.",
    },
    "Set up and try out": {
        "init": "Make settings for the site in this folder.",
        "doctor": "Report how everything stands, to go with a request for help.",
        "schema": "Print a JSON Schema, for an editor to complete and check.",
        "login": "Get a token for an account of the settings.",
        "logout": "Revoke the token that `announce login` stored, and delete it.",
        "accounts": "Show the bot's account on each server, and whether all is well.",
        "sandbox": "Run a Mastodon-like server with a timeline page, on this machine.",
        "rehearse": "Play the whole season against the sandbox, in minutes.",
    },
}
#: Commands that are one line each over the same operation stand together.
_TOGETHER: Final = dict.fromkeys(("publish", "hold", "release", "skip", "retry", "pause", "resume"), "overrides")
_MODULES: Final = {name: _TOGETHER.get(name, name) for commands in SECTIONS.values() for name in commands}


class _Commands(click.Group):
    """Imports a command's module when the command is used, and lists the commands by what people want to do."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 — click's signature
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _MODULES:
            return None
        command: click.Command = getattr(importlib.import_module(f"bot.cli.{_MODULES[cmd_name]}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _MODULES and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], _MODULES, n=1)
            ctx.fail(f"There is no command {args[0]}." + (f" Did you mean {near[0]}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for heading, commands in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl(list(commands.items()))


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), help="The settings file. [default: config/bot.toml]")
@click.option("--quiet", is_flag=True, help="Show no progress of long work.")
@click.option("--debug", is_flag=True, help="Show the full traceback of an error.")
@click.version_option(__version__, prog_name="announce")
@click.pass_context
def announce(ctx: click.Context, /, **options: Any) -> None:
    """Releases a conference's posts, once and on time, into its news feed and onto Mastodon."""
    ctx.obj = options


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 something new needs attention, 2 wrong use or settings."""
    _open_closed_streams()
    try:
        code = announce.main(prog_name="announce", standalone_mode=False)
    except click.exceptions.Exit as leave:
        code = leave.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "", err=True)
        code = 2
    except click.ClickException as error:
        code = _explain_use(error)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        code = 130
    except Exception as error:  # noqa: BLE001 — the last edge: a person gets a line, not a traceback
        code = _explain(error)
    sys.exit(code if isinstance(code, int) else 0)


def _open_closed_streams() -> None:
    # Python has None for a stream that the caller closed (`2>&-`), and the next file opened would take its number.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 — for the whole process


def _explain_use(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "announce"
    click.echo(f"announce: {error.format_message()} See `{path} --help`.", err=True)
    return 2


def _explain(error: Exception) -> int:
    # Imported here: errors come with the package of all records, and `announce --help` would start 15 ms later.
    from bot.domain.errors import BotError, ConfigError, UsageError

    if "--debug" in sys.argv:
        traceback.print_exc()
    if isinstance(error, BotError):
        click.echo("\n".join(f"announce: {line}" for line in str(error).splitlines()), err=True)
        return 2 if isinstance(error, ConfigError | UsageError) else 1
    if isinstance(error, OSError):  # such as a full disk below standard output
        subject = f"{error.filename}: " if error.filename is not None else ""
        click.echo(f"announce: {subject}{error.strerror or error}.", err=True)
        return 1
    if "--debug" not in sys.argv:
        click.echo(
            f"announce: an unexpected error: {type(error).__name__}: {error}\n"
            "This is a fault of announce; with --debug it shows where.",
            err=True,
        )
    return 1
