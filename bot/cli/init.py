"""The command that makes settings for a site: init."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from bot.cli.progress import progress
from bot.config import DEFAULT_PATH, Config, load_config
from bot.config.load import load_text
from bot.domain.clock import SystemClock
from bot.domain.errors import PostError, UsageError
from bot.files.atomic import taken, write_file
from bot.operations.setup.proposal import Proposal, machine_timezone, propose
from bot.operations.setup.text import fields_of, outlook_of, settings_text, words_of
from bot.posts.git.folders import open_posts


@click.command()
@click.option("--config", "own_config", type=click.Path(path_type=Path), help="The settings file to write.")
@click.option("--title", help="The conference's name.")
@click.option("--url", help="The site's address, https://...")
@click.option("--timezone", metavar="ZONE", help="An IANA name such as America/New_York.")
@click.option("--posts", metavar="FOLDER", help="The folder of the posts.")
@click.option("--permalink", metavar="PATH", help="Where a post's page is, such as /news/{slug}/.")
@click.option("--acct", metavar="@NAME@SERVER", help="The Mastodon account; none: feeds only.")
@click.option("--force", is_flag=True, help="Replace the settings that are there.")
@click.option("--debug", is_flag=True, help="Show the full traceback of an error.")
@click.pass_context
def init(
    ctx: click.Context,
    own_config: Path | None,
    title: str | None,
    url: str | None,
    timezone: str | None,
    posts: str | None,
    permalink: str | None,
    acct: str | None,
    force: bool,
    debug: bool,  # noqa: ARG001 — main() looks for --debug
) -> None:
    """Make settings for the site in this folder.

    Looks at it (Eleventy, Jekyll, Hugo, Pelican or plain), asks what it cannot know, writes config/bot.toml, and says
    what would happen now. Without a terminal nothing is asked.
    """
    path = own_config or ctx.obj["config"] or DEFAULT_PATH
    if path.exists() and not force:
        raise taken(path, remedy="Change it by hand, or add --force to replace it.")
    root = path.absolute().parent.parent
    _refuse_missing(root, posts)
    with progress("Looking at the files") as advance:
        found = propose(root, posts=posts, timezone=machine_timezone(), progress=advance)
    _introduce(found)
    wanted = {"title": title, "url": url, "timezone": timezone, "permalink": permalink}
    found = _answered(found, {key: value for key, value in wanted.items() if value})
    if acct is None:
        acct = _asked("Mastodon account (@name@server, empty for none yet)", "") if sys.stdin.isatty() else ""
    text = settings_text(found, acct=acct)
    _refuse_wrong(path, text)
    write_file(path, text.encode(), replace=force)
    click.echo(f"Written: {path}")
    _tell_what_next(path, acct)


def _refuse_missing(root: Path, posts: str | None) -> None:
    if posts and not (root / posts).is_dir():
        raise UsageError(f"there is no folder {posts} in {root}.", remedy="Name one that is there with --posts.")


def _introduce(found: Proposal) -> None:
    layout = found.layout
    made = (
        f"a site made with {layout.generator} ({layout.settings})" if layout.settings else "no site that is known here"
    )
    click.echo(f"This is {made}.")
    click.echo(f"Posts: {found.count} in {found.posts}.")
    if found.fields:
        click.echo(f"Their keys: {fields_of(found.fields)}.")


def _answered(found: Proposal, given: dict[str, str]) -> Proposal:
    """The proposal with what flags say, and with answers where there is somebody to ask. Raises UsageError."""
    questions = {"title": "Name of the conference", "url": "Address of the site (https://...)", "timezone": "Timezone"}
    if not found.permalink_known:
        questions["permalink"] = "Path of a post's page, with {slug} for its name"
    for key, question in questions.items():
        if key in given:
            continue
        guess: str = getattr(found, key)
        if sys.stdin.isatty():
            given[key] = _asked(question, guess)
        elif not guess:
            raise UsageError(f"the {key} of the site is not known.", remedy=f"Name it with --{key}.")
        else:
            click.echo(f"{question}: {guess} (found, not asked; --{key} says otherwise)")
    if "permalink" in given:
        found = replace(found, permalink_from="", permalink_known=True)
    found = replace(found, **given)  # type: ignore[arg-type]  # the four questions are texts
    for doubt in found.doubts:
        click.echo(f"Look at this: {doubt}.")
    if not found.permalink_known:
        click.echo(f"Look at this: the permalink cannot be known: {found.permalink_from}; --permalink says it.")
    return found


def _asked(question: str, guess: str) -> str:
    answer: str = click.prompt(
        question, default=guess or None if "empty" not in question else "", show_default=bool(guess)
    )
    return answer.strip()


def _refuse_wrong(path: Path, text: str) -> None:
    """Read the settings before they are there. Raises ConfigError."""
    load_text(text, path)


def _tell_what_next(path: Path, acct: str) -> None:
    config: Config = load_config(path)
    try:
        scan = open_posts(config).scan()
    except PostError as error:
        click.echo(f"No posts yet: {error.problem}")
        scan = None
    if scan is not None:
        outlook = outlook_of(scan.posts, now=SystemClock().now(), catch_up=config.release.catch_up)
        for line in words_of(outlook, tooted=bool(acct)):
            click.echo(line)
        if scan.posts:
            latest = max(scan.posts, key=lambda post: (post.published is not None, str(post.published), post.slug))
            click.echo(f"{latest.path} would link to {latest.url}: is that its page?")
        if scan.faults:
            click.echo(f"{len(scan.faults)} of the files cannot be used as they stand; `announce check` says why.")
    login = "`announce login main`, " if acct else ""
    click.echo(f"Next: {login}`announce check`, `announce queue`, then `announce run`.")
