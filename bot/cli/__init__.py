"""The command line: parse, one call, show. One file for each group of commands."""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path
from typing import Any, Final

import click

from bot import __version__
from bot.errors import BotError, ConfigError, UsageError

#: Heading → command → module: what `announce --help` lists, in this order.
SECTIONS: Final = {
    "Write posts": {"check": "write", "preview": "write"},
    "Watch what happens": {"queue": "watch", "log": "watch"},
    "Act": {"run": "act", "tick": "act", "build": "act", "resume": "act"},
    "Set up and try out": {"sandbox": "try_out", "rehearse": "try_out"},
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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, commands in SECTIONS.items():
            with formatter.section(heading):
                rows = [(name, self.get_command(ctx, name)) for name in commands]
                formatter.write_dl([(name, command.get_short_help_str(60)) for name, command in rows if command])


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), help="The settings file. [default: config/bot.toml]")
@click.option("--debug", is_flag=True, help="Show the full traceback of an error.")
@click.version_option(__version__, prog_name="announce")
@click.pass_context
def announce(ctx: click.Context, /, **options: Any) -> None:
    """Releases a conference's posts, once and on time, into its news feed and onto Mastodon."""
    ctx.obj = options


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 something new needs attention, 2 wrong use or settings."""
    try:
        code = announce.main(standalone_mode=False)
    except click.exceptions.Exit as leave:
        code = leave.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        code = 130
    except BotError as error:
        code = _explain(error)
    except BrokenPipeError:
        # The reader of our output has left (`announce log | head`).
        sys.stderr.close()
        code = 0
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


def _explain(error: BotError) -> int:
    if "--debug" in sys.argv:
        traceback.print_exc()
    click.echo("\n".join(f"announce: {line}" for line in str(error).splitlines()), err=True)
    return 2 if isinstance(error, ConfigError | UsageError) else 1
