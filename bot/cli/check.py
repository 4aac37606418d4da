"""The command that finds what is wrong: with posts and settings, and with a site that was built from them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from bot.cli.checking import annotated, look, summarised
from bot.cli.common import console, echo_json, json_option, plain, show_distance, with_settings
from bot.cli.mending import KINDS, FixCommand, mend, refuse_beside_fix
from bot.cli.rulebook import show_rules

if TYPE_CHECKING:
    from bot.check.suppressions import Suppressed
    from bot.cli.checking import Looked
    from bot.config import Config
    from bot.domain import Finding

FORMATS: Final = ("text", "json", "github", "markdown")
FAIL_ON: Final = ("error", "warning", "never")


@click.command(cls=FixCommand)
@with_settings
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]...")
@click.option(
    "--site",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Look for posts to come in a built site instead.",
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
    from bot.domain.clock import SystemClock

    form = "json" if as_json else str(options["form"])
    if kinds:
        refuse_beside_fix(site=site, changed_since=options["since"], format=form != "text")
        mend(config, look(config, paths, clock=SystemClock()).checked, kinds, yes=options["yes"])
        return
    suppressed: tuple[Suppressed, ...] = ()
    if site is None:
        looked = look(config, paths, since=options["since"], clock=SystemClock(), online=options["online"])
        suppressed = looked.suppressed
        findings, summary = looked.findings, f"{_some(looked.count, 'post')} checked"
    else:
        _refuse_beside_site(form, options["since"])
        looked = None
        findings, summary = _findings_in_site(config, site, paths)
    if form == "json":
        shown = [{**plain(one.finding), "silenced": one.reason} for one in suppressed] if options["show_all"] else []
        echo_json([*findings, *shown])
    elif form == "github":
        click.echo(
            "".join(f"{line}\n" for line in annotated(config, findings, looked.branch if looked else None)), nl=False
        )
    elif form == "markdown" and looked is not None:
        click.echo(summarised(config, looked, pictures=str(options["pictures"])), nl=False)
    else:
        from bot.check.times import fold_late_posts

        findings = fold_late_posts(findings, posts_folder=config.site.posts)
        _show_findings(findings, summary, suppressed, show_all=options["show_all"])
        _show_gone(looked)
        _show_sources(config)
    sys.exit(1 if _fails(findings, str(options["fail_on"])) else 0)


def _refuse_beside_site(form: str, since: str | None) -> None:
    from bot.domain.errors import UsageError

    if form == "markdown" or since is not None:
        option = "--changed-since" if since is not None else "--format markdown"
        raise UsageError(f"{option} is about posts, --site about a built site.", remedy="Leave one of them out.")


def _fails(findings: tuple[Finding, ...], fail_on: str) -> bool:
    serious = {"error": ("error",), "warning": ("error", "warning"), "never": ()}[fail_on]
    return any(finding.severity.value in serious for finding in findings)


def _show_gone(looked: Looked | None) -> None:
    for one in looked.branch.gone if looked is not None and looked.branch is not None else ():
        click.echo(f"deleted: {one.path}: {one.says}")


def _findings_in_site(config: Config, site: Path, paths: tuple[Path, ...]) -> tuple[tuple[Finding, ...], str]:
    from bot.check.built_site import scan_site
    from bot.check.findings import from_fault
    from bot.check.project import is_selected
    from bot.domain.clock import SystemClock
    from bot.domain.errors import UsageError
    from bot.ledger import read_snapshot
    from bot.posts.git.folders import open_posts

    if config.posts_folder.resolve().is_relative_to(site.resolve()):
        raise UsageError(
            f"{site} holds the posts themselves, so it is no built site.",
            remedy="Name the folder that the site's generator writes, such as _site, public or output.",
        )
    clock = SystemClock()
    scan = open_posts(config).scan()
    # What is in a file that cannot be read cannot be looked for: that must not look like a clean site.
    faults = [from_fault(fault) for fault in scan.faults if is_selected(fault.path, paths, config)]
    released = read_snapshot(config, clock).entries.keys()
    asked = [post for post in scan.posts if is_selected(post.path, paths, config)]
    try:
        look = scan_site(site, scan.posts, asked=asked, released=released, now=clock.now())
    except OSError as error:
        raise UsageError(f"the built site cannot be read: {error}.") from error
    if not look.files:
        raise UsageError(f"there is no file to read in {site}.", remedy="Build the site first, or name another folder.")
    summary = f"{_some(look.posts, 'post')} to come looked for in {_some(look.files, 'file')}"
    return (*faults, *look.findings), summary


def _some(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def _show_findings(
    findings: tuple[Finding, ...], checked: str, suppressed: tuple[Suppressed, ...], *, show_all: bool
) -> None:
    from rich.markup import escape

    colours = {"error": "red", "warning": "yellow", "note": "cyan"}
    out = console()
    for finding in findings:
        word = finding.severity.value
        out.print(f"[{colours[word]}]{word}[/]  {escape(str(finding))}  [dim]({finding.rule})[/dim]", soft_wrap=True)
    for one in suppressed if show_all else ():
        shown = f"silenced  {escape(str(one.finding))}  [dim]({one.finding.rule}: {escape(one.reason)})[/dim]"
        out.print(shown, soft_wrap=True)
    numbers = {word: sum(finding.severity.value == word for finding in findings) for word in colours}
    summary = ", ".join(_some(number, word) for word, number in numbers.items())
    click.echo(f"{checked}: {summary}{f' ({len(suppressed)} silenced)' if suppressed else ''}")


def _show_sources(config: Config) -> None:
    """What was looked at, where posts come from repositories: nothing is fetched for a check."""
    from datetime import UTC, datetime

    from bot.posts.git.checkout import checkout_dir_of
    from bot.posts.git.status import read_status

    if config.sources and config.posts_folder.is_dir():
        click.echo(f"looked at: {config.site.posts}")
    for source in config.sources:
        place = checkout_dir_of(config, source)
        status, commit = read_status(place.status), place.commit()
        when = f", fetched {show_distance(status.fetched, datetime.now(UTC))}" if status.fetched else ""
        at = f"at {commit[:10]}{when}" if commit else "not fetched yet: `announce run` and `announce tick` do that"
        click.echo(f"looked at: {source.shown}, folder {source.folder}, {at}")
