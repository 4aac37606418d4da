"""`announce check --fix`: shows what would be repaired, asks, and repairs it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import click

from bot.check.fixes import Fix, find_fixes
from bot.cli.common import confirm
from bot.config import Config
from bot.domain.errors import UsageError
from bot.files.atomic import rewrite
from bot.operations.check import CheckResult

KINDS: Final = ("words", "offsets")


class FixCommand(click.Command):
    """A command with `--fix` and `--fix=KIND`, where the word after `--fix` is not taken for its kind."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments, with what `--fix` alone means."""
        end = args.index("--") if "--" in args else len(args)
        meant = [f"--fix={KINDS[0]}" if arg == "--fix" else arg for arg in args[:end]]
        return super().parse_args(ctx, [*meant, *args[end:]])


def refuse_beside_fix(**options: Any) -> None:
    """Raises UsageError if one of these options is given too."""
    for name, value in options.items():
        if value:
            raise UsageError(
                f"--{name.replace('_', '-')} does not go with --fix, which changes files.", remedy="Leave one out."
            )


def fix(config: Config, checked: CheckResult, kinds: Collection[str], *, yes: bool) -> None:
    """Show the repairs of what was checked, ask, and make them. Raises UsageError, OutputError."""
    posts_folder = config.posts_folder.resolve()
    own = [post for post in checked.posts if (config.root / post.path).resolve().is_relative_to(posts_folder)]
    fixes = list(find_fixes(checked.subject, own, kinds))
    for one in fixes:
        _show(one)
    _show_foreign(checked, own)
    _show_left_over(checked, kinds)
    if not fixes:
        click.echo("nothing to mend")
        return
    click.echo(f"{_files(len(fixes))} would be changed")
    confirm(yes=yes)
    _write(config.root, fixes)


def _write(root: Path, fixes: Sequence[Fix]) -> None:

    for one in fixes:
        rewrite(root / one.path, before=one.before.encode(), after=one.after.encode())
        click.echo(f"mended: {one.path}")


def _show(one: Fix) -> None:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in one.diff.split("\n"):
        bold = line.startswith(("+++", "---"))
        click.echo(click.style(line, fg=None if bold else colours.get(line[:1]), bold=bold))
    for said in one.says:
        click.echo(said)


def _show_foreign(checked: CheckResult, own: Sequence[object]) -> None:
    foreign = len(checked.posts) - len(own)
    if foreign:
        click.echo(f"{_files(foreign)} of [[sources]] left alone: mend them in their repositories")


def _show_left_over(checked: CheckResult, kinds: Collection[str]) -> None:
    wrong = sum(finding.rule == "datetime-offset" for finding in checked.findings)
    if wrong and "offsets" not in kinds:
        some = f"{wrong} wrong offset{' is' if wrong == 1 else 's are'}"
        click.echo(f"{some} left alone: `announce check --fix=offsets` is for times")


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
