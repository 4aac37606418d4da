"""The list of commands: one line of help for each, read without importing any command."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys

import click
import pytest

from bot.cli import SECTIONS, announce
from bot.cli.overrides import name_operator

HELP = {name: help_line for commands in SECTIONS.values() for name, help_line in commands.items()}
#: Modules of the package that commands share.
SHARED = {"common", "lines", "progress", "signals"}


@pytest.mark.parametrize("name", HELP)
def test_the_listed_help_is_the_commands_own(name: str) -> None:
    command = announce.get_command(click.Context(announce), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(limit=80) == HELP[name]


def test_the_list_fits_in_80_columns() -> None:
    assert max(map(len, HELP.values())) <= 68


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_listing_the_commands_imports_none_of_them(arguments: list[str]) -> None:
    code = (
        "import sys, bot.cli\n"
        f"sys.argv = ['announce', *{arguments!r}]\n"
        "try: bot.cli.main()\n"
        "except SystemExit: pass\n"
        "print('MODULES', *(name for name in sys.modules if name.startswith('bot.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    imported = done.stdout.rpartition("MODULES")[2].split()
    assert imported == ["bot.cli"]


@pytest.mark.parametrize("error", [KeyError("uid not found: 54321"), OSError("No username set in the environment")])
def test_an_operator_without_a_name_is_named_by_number(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", fail)
    assert name_operator() == f"uid {os.getuid()}"
