"""The command that finds what is wrong: with posts and settings, and with a site that was built from them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.common import console, echo_json, json_option, show_distance, with_settings

if TYPE_CHECKING:
    from bot.checkup import Checked
    from bot.config import Config
    from bot.model import Finding


@click.command()
@with_settings
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]...")
@click.option(
    "--site",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Look for posts to come in a built site instead.",
)
@json_option
def check(config: Config, paths: tuple[Path, ...], site: Path | None, as_json: bool) -> None:
    """Find what is wrong with posts, settings or a built site."""
    from bot.model import Severity

    if site is None:
        checked = _findings(config, paths)
        findings, summary = checked.findings, f"{_some(checked.count, 'post')} checked"
    else:
        findings, summary = _findings_in_site(config, site, paths)
    if as_json:
        echo_json(list(findings))
    else:
        _show_findings(findings, summary)
        _show_sources(config)
    sys.exit(1 if any(finding.severity is Severity.ERROR for finding in findings) else 0)


def _findings(config: Config, paths: tuple[Path, ...]) -> Checked:
    from bot.app import known_so_far
    from bot.checkup import check_project
    from bot.clock import SystemClock

    clock = SystemClock()
    return check_project(config, known_so_far(config, clock), now=clock.now(), environ=os.environ, paths=paths)


def _findings_in_site(config: Config, site: Path, paths: tuple[Path, ...]) -> tuple[tuple[Finding, ...], str]:
    from bot.app import known_so_far
    from bot.check.posts import finding_of
    from bot.check.site import check_site
    from bot.checkup import is_asked_for
    from bot.clock import SystemClock
    from bot.errors import UsageError
    from bot.sources.folders import posts_of

    if config.posts_folder.resolve().is_relative_to(site.resolve()):
        raise UsageError(
            f"{site} holds the posts themselves, so it is no built site.",
            remedy="Name the folder that the site's generator writes, such as _site, public or output.",
        )
    clock = SystemClock()
    scan = posts_of(config).scan()
    # What is in a file that cannot be read cannot be looked for: that must not look like a clean site.
    faults = [finding_of(fault) for fault in scan.faults if is_asked_for(fault.path, paths, config)]
    released = known_so_far(config, clock).entries.keys()
    asked = [post for post in scan.posts if is_asked_for(post.path, paths, config)]
    try:
        look = check_site(site, scan.posts, asked=asked, released=released, now=clock.now())
    except OSError as error:
        raise UsageError(f"the built site cannot be read: {error}.") from error
    if not look.files:
        raise UsageError(f"there is no file to read in {site}.", remedy="Build the site first, or name another folder.")
    summary = f"{_some(look.posts, 'post')} to come looked for in {_some(look.files, 'file')}"
    return (*faults, *look.findings), summary


def _some(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def _show_findings(findings: tuple[Finding, ...], checked: str) -> None:
    from rich.markup import escape

    colours = {"error": "red", "warning": "yellow", "note": "cyan"}
    out = console()
    for finding in findings:
        word = finding.severity.value
        out.print(f"[{colours[word]}]{word}[/]  {escape(str(finding))}  [dim]({finding.rule})[/dim]", soft_wrap=True)
    numbers = {word: sum(finding.severity.value == word for finding in findings) for word in colours}
    summary = ", ".join(_some(number, word) for word, number in numbers.items())
    click.echo(f"{checked}: {summary}")


def _show_sources(config: Config) -> None:
    """What was looked at, where posts come from repositories: nothing is fetched for a check."""
    from datetime import UTC, datetime

    from bot.sources.place import place_of
    from bot.sources.status import read_status

    if config.sources and config.posts_folder.is_dir():
        click.echo(f"looked at: {config.site.posts}")
    for source in config.sources:
        place = place_of(config, source)
        status, commit = read_status(place.status), place.commit()
        when = f", fetched {show_distance(status.fetched, datetime.now(UTC))}" if status.fetched else ""
        at = f"at {commit[:10]}{when}" if commit else "not fetched yet: `announce run` and `announce tick` do that"
        click.echo(f"looked at: {source.shown}, folder {source.folder}, {at}")
