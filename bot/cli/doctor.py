"""The command that says how everything is: doctor."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

import click
from rich.padding import Padding
from rich.text import Text

from bot.cli.common import console, echo_json, json_option, plain
from bot.config import DEFAULT_PATH, Config
from bot.domain.clock import SystemClock
from bot.operations.doctor.examine import examine
from bot.operations.doctor.project import shown_settings
from bot.operations.doctor.report import DoctorLine

_INDENT: Final = 9
_COLOURS: Final = {"ok": "green", "note": "cyan", "problem": "bold red"}


@click.command()
@click.option("--config", "own_config", type=click.Path(path_type=Path), help="The settings file.")
@click.option("--offline", is_flag=True, help="Ask no server.")
@click.option("--debug", is_flag=True, help="Show the full traceback of an error.")
@json_option
@click.pass_context
def doctor(ctx: click.Context, own_config: Path | None, offline: bool, debug: bool, as_json: bool) -> None:  # noqa: ARG001
    """Report how everything stands, to go with a request for help.

    Shows no secret and nothing of posts to come, so it may be pasted into an issue. Changes nothing. Exit code 1 if
    something needs attention.
    """
    path = own_config or ctx.obj["config"] or DEFAULT_PATH
    lines: list[DoctorLine] = []
    config: Config | None = None
    for known, line in examine(path, environ=os.environ, clock=SystemClock(), online=not offline):
        config = known or config
        if not as_json:
            _show(line, is_new=not lines or line.group != lines[-1].group)
        lines.append(line)
    problems = sum(line.state.value == "problem" for line in lines)
    if as_json:
        echo_json({"lines": plain(lines), "settings": _settings(config)})
    else:
        _show_settings(config)
        click.echo(f"\n{problems or 'Nothing'} need{'' if problems > 1 else 's'} attention.")
    sys.exit(1 if problems else 0)


def _show(line: DoctorLine, *, is_new: bool) -> None:
    out = console()
    if is_new:
        out.print(Text(line.group, style="bold"))
    state = line.state.value
    words = " ".join(filter(None, (_sentence(line.says) if line.remedy else line.says, line.remedy)))
    rows = Text(words).wrap(out, out.width - _INDENT - 2)
    for number, row in enumerate(rows):
        row.rstrip()
        head = Text(f"{state if number == 0 else '':<{_INDENT}}", style=_COLOURS[state])
        out.print(Padding(head + row, (0, 0, 0, 2)))


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _settings(config: Config | None) -> dict[str, Any]:
    return shown_settings(config) if config is not None else {}


def _show_settings(config: Config | None) -> None:
    shown = _settings(config)
    if shown:
        console().print(Text("settings in the file, without secrets", style="bold"))
    for name, value in shown.items():
        console().print(Padding(Text(f"{name} = {value}"), (0, 0, 0, 2)))
