"""The command line: parse, one call, show. One file for each group of commands."""

from __future__ import annotations

import difflib
import importlib
import sys
import traceback
from pathlib import Path
from typing import Any, Final

import click

from bot import __version__
from bot.domain.errors import BotError, ConfigError, UsageError

#: Heading → command → module: what `announce --help` lists, in this order.
SECTIONS: Final = {
    "Write posts": {"new": "new", "check": "check", "preview": "write"},
    "Watch what happens": {"queue": "queue", "log": "watch", "explain": "explain"},
    "Act": {
        "run": "act",
        "tick": "act",
        "build": "act",
        "serve": "serve",
        "feeds": "feeds",
        "publish": "decide",
        "hold": "decide",
        "release": "decide",
        "skip": "decide",
        "retry": "decide",
        "pause": "decide",
        "resume": "decide",
        "adopt": "decide",
    },
    "Set up and try out": {
        "init": "init",
        "doctor": "doctor",
        "schema": "schema",
        "login": "login",
        "logout": "login",
        "accounts": "accounts",
        "sandbox": "try_out",
        "rehearse": "try_out",
    },
}
_MODULES: Final = {name: module for commands in SECTIONS.values() for name, module in commands.items()}


class _Commands(click.Group):
    """Loads a command's module only when it is needed, and lists the commands by what people want to do."""

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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, commands in SECTIONS.items():
            with formatter.section(heading):
                rows = [(name, self.get_command(ctx, name)) for name in commands]
                formatter.write_dl([(name, command.get_short_help_str(68)) for name, command in rows if command])


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
    except BotError as error:
        code = _explain(error)
    except Exception as error:  # noqa: BLE001 — the last edge: a person gets one line, not a traceback
        if "--debug" in sys.argv:
            traceback.print_exc()
        else:
            click.echo(
                f"announce: an unexpected error: {type(error).__name__}: {error}\n"
                "This is a fault of announce; with --debug it shows where.",
                err=True,
            )
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _explain_use(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "announce"
    click.echo(f"announce: {error.format_message()} See `{path} --help`.", err=True)
    return 2


def _explain(error: BotError) -> int:
    if "--debug" in sys.argv:
        traceback.print_exc()
    click.echo("\n".join(f"announce: {line}" for line in str(error).splitlines()), err=True)
    return 2 if isinstance(error, ConfigError | UsageError) else 1
