"""The command that finds what is wrong: with posts and settings, and with a site that was built from them.

`--fix` shows what would be repaired, asks, and repairs it.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.markup import escape
from rich.table import Table

from bot.check.fixes import OFFSETS, WORDS, Fix
from bot.check.suppressions import Suppressed
from bot.check.times import fold_late_posts
from bot.cli.common import confirm, console, echo_json, json_option, plain, with_settings
from bot.cli.progress import progress
from bot.config import Config
from bot.domain import Finding
from bot.domain.clock import SystemClock
from bot.domain.durations import format_distance
from bot.domain.errors import UsageError
from bot.domain.rules import RULES
from bot.domain.wording import count_words
from bot.operations.check import (
    CheckResult,
    Repairs,
    check_project,
    propose_repairs,
    repair,
    search_built_site,
)
from bot.posts.git.checkout import checkout_dir_of
from bot.posts.git.status import read_fetch_status
from bot.report.github import annotate
from bot.report.markdown import picture_in_repository, render_summary
from bot.report.outlook import DELETION_WORDS
from bot.report.view import summarise

FORMATS: Final = ("text", "json", "github", "markdown")
FAIL_ON: Final = ("error", "warning", "never")
KINDS: Final = (WORDS, OFFSETS)  #: what `--fix` can repair
_COLOURS: Final = {"error": "red", "warning": "yellow", "note": "cyan"}


class FixCommand(click.Command):
    """A command with `--fix` and `--fix=KIND`, where the word after `--fix` is not taken for its kind."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, with `--fix` alone read as `--fix=words`."""
        end = args.index("--") if "--" in args else len(args)
        meant = [f"--fix={KINDS[0]}" if arg == "--fix" else arg for arg in args[:end]]
        return super().parse_args(ctx, [*meant, *args[end:]])


def show_rules(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Print the rules and end, if they are asked for."""
    if not wanted or ctx.resilient_parsing:
        return

    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for rule in RULES.values():
        word = rule.severity.value
        table.add_row(escape(rule.name), f"[{_COLOURS[word]}]{word}[/]", escape(f"{rule.why} {rule.remedy}"))
    console().print(table)
    click.echo("Errors cannot be silenced; the others can, with a reason: docs/check.md")
    ctx.exit()


@click.command(cls=FixCommand)
@with_settings
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]...")
@click.option(
    "--site",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Look in a built site for posts to come instead.",
)
@click.option("--changed-since", "since", metavar="REV", help="Only what this branch changes, since it left REV.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", help="For people, programs, or GitHub. [text]"
)
@click.option("--pictures", metavar="URL", default="", help="Where the files are online, for pictures in markdown.")
@click.option("--fail-on", type=click.Choice(FAIL_ON), default="error", help="What makes the exit code 1. [error]")
@click.option("--online", is_flag=True, help="Ask the servers too: accounts, scopes, pages that are online too early.")
@click.option("--all", "show_all", is_flag=True, help="Show what is silenced too.")
@click.option(
    "--fix", "kinds", multiple=True, type=click.Choice(KINDS), help="Show safe repairs, ask, and make them. [words]"
)
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
@click.option("--rules", is_flag=True, is_eager=True, expose_value=False, callback=show_rules, help="List all rules.")
@json_option
def check(
    config: Config, paths: tuple[Path, ...], site: Path | None, as_json: bool, kinds: tuple[str, ...], **options: Any
) -> None:
    """Find what is wrong with posts, settings or a built site."""
    form = "json" if as_json else str(options["form"])
    if kinds:
        _refuse_with_fix(site=site, changed_since=options["since"], format=form != "text")
        _fix(propose_repairs(_checked(config, paths), kinds), yes=options["yes"])
        return
    result: CheckResult | None = None
    suppressed: tuple[Suppressed, ...] = ()
    if site is None:
        result = _checked(config, paths, since=options["since"], online=options["online"])
        findings, suppressed, summary = (
            result.findings,
            result.suppressed,
            f"{count_words(result.count, 'post')} checked",
        )
    else:
        _refuse_with_site(form, options["since"])
        built = search_built_site(config, site, paths=paths, clock=SystemClock())
        findings = built.findings
        summary = f"{count_words(built.posts, 'post')} to come looked for in {count_words(built.files, 'file')}"
    if form == "json":
        shown = [{**plain(one.finding), "silenced": one.reason} for one in suppressed] if options["show_all"] else []
        echo_json([*findings, *shown])
    elif form == "github":
        branch = result.branch if result is not None else None
        for line in annotate(config, findings, branch, workspace=_top_of_repository()):
            click.echo(line)
    elif form == "markdown" and result is not None:
        address = picture_in_repository(str(options["pictures"]), _top_of_repository())
        click.echo(render_summary(summarise(result), picture_address=address), nl=False)
    else:
        findings = fold_late_posts(findings, posts_folder=config.site.posts)
        _show_findings(findings, summary, suppressed, show_all=options["show_all"])
        for one in result.branch.gone if result is not None and result.branch is not None else ():
            click.echo(f"deleted: {one.path}: {DELETION_WORDS[one.stage]}")
        _show_sources(config)
    sys.exit(1 if _fails(findings, str(options["fail_on"])) else 0)


@progress("Looking through the posts")
def _checked(config: Config, paths: tuple[Path, ...], *, since: str | None = None, online: bool = False) -> CheckResult:
    return check_project(config, clock=SystemClock(), environ=os.environ, paths=paths, since=since, online=online)


def _top_of_repository() -> Path:
    """GitHub runs jobs at the top of the repository, and names it in the environment."""
    return Path(os.environ.get("GITHUB_WORKSPACE") or ".").resolve()


def _refuse_with_site(form: str, since: str | None) -> None:
    if form == "markdown" or since is not None:
        option = "--changed-since" if since is not None else "--format markdown"
        raise UsageError(f"{option} is about posts, --site about a built site.", remedy="Leave one of them out.")


def _fails(findings: tuple[Finding, ...], fail_on: str) -> bool:
    serious = {"error": ("error",), "warning": ("error", "warning"), "never": ()}[fail_on]
    return any(finding.severity.value in serious for finding in findings)


def _show_findings(
    findings: tuple[Finding, ...], checked: str, suppressed: tuple[Suppressed, ...], *, show_all: bool
) -> None:
    out = console()
    for finding in findings:
        word = finding.severity.value
        out.print(f"[{_COLOURS[word]}]{word}[/]  {escape(str(finding))}  [dim]({finding.rule})[/dim]", soft_wrap=True)
    for one in suppressed if show_all else ():
        shown = f"silenced  {escape(str(one.finding))}  [dim]({one.finding.rule}: {escape(one.reason)})[/dim]"
        out.print(shown, soft_wrap=True)
    numbers = {word: sum(finding.severity.value == word for finding in findings) for word in _COLOURS}
    summary = ", ".join(count_words(number, word) for word, number in numbers.items())
    click.echo(f"{checked}: {summary}{f' ({len(suppressed)} silenced)' if suppressed else ''}")


def _show_sources(config: Config) -> None:
    """Print which folders and checkouts were checked: a check fetches nothing."""
    if config.sources and config.posts_folder.is_dir():
        click.echo(f"checked: {config.site.posts}")
    for source in config.sources:
        place = checkout_dir_of(config, source)
        status, commit = read_fetch_status(place.status), place.commit()
        when = f", fetched {format_distance(status.fetched, datetime.now(UTC))}" if status.fetched else ""
        at = f"at {commit[:10]}{when}" if commit else "not fetched yet: `announce run` and `announce tick` do that"
        click.echo(f"checked: {source.shown}, folder {source.folder}, {at}")


def _refuse_with_fix(**options: Any) -> None:
    """Raises UsageError if one of these options is given too."""
    for name, value in options.items():
        if value:
            raise UsageError(
                f"--{name.replace('_', '-')} does not go with --fix, which changes files.", remedy="Leave one out."
            )


def _fix(repairs: Repairs, *, yes: bool) -> None:
    """Show the repairs, ask, and make them. Raises UsageError, OutputError."""
    for fix in repairs.fixes:
        _show(fix)
    if repairs.foreign:
        click.echo(f"{count_words(repairs.foreign, 'file')} of [[sources]] left alone: fix them in their repositories")
    if repairs.offsets_left:
        some = f"{repairs.offsets_left} wrong offset{' is' if repairs.offsets_left == 1 else 's are'}"
        click.echo(f"{some} left alone: `announce check --fix=offsets` is for times")
    if not repairs.fixes:
        click.echo("nothing to fix")
        return
    click.echo(f"{count_words(len(repairs.fixes), 'file')} would be changed")
    confirm(yes=yes)
    for path in repair(repairs):
        click.echo(f"fixed: {path}")


def _show(fix: Fix) -> None:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in fix.diff.split("\n"):
        bold = line.startswith(("+++", "---"))
        click.echo(click.style(line, fg=None if bold else colours.get(line[:1]), bold=bold))
    for remark in fix.notes:
        click.echo(remark)
