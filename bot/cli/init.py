"""The command that makes settings for a site: init."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from bot.cli.progress import progress
from bot.config import DEFAULT_PATH, Config
from bot.domain.clock import SystemClock
from bot.domain.errors import PostError, UsageError
from bot.domain.wording import count_words
from bot.operations.setup.first_start import (
    QUESTIONS,
    FirstStart,
    foresee_first_start,
    open_questions,
    propose_settings,
    with_answers,
    write_settings,
)
from bot.operations.setup.proposal import Proposal

_PROMPTS: Final = {
    "title": "Name of the conference",
    "url": "Address of the site (https://...)",
    "timezone": "Timezone",
    "permalink": "Path of a post's page, with {slug} for its name",
}


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
    /,
    own_config: Path | None,
    posts: str | None,
    acct: str | None,
    force: bool,
    debug: bool,  # noqa: ARG001 — main() looks for --debug
    **answers: str | None,
) -> None:
    """Make settings for the site in this folder.

    Detects its generator (Eleventy, Jekyll, Hugo, Pelican or none), asks for what it cannot detect, writes
    config/bot.toml, and says what would happen now. Without a terminal it asks nothing.
    """
    path = own_config or ctx.obj["config"] or DEFAULT_PATH
    with progress("Reading the files") as advance:
        found = propose_settings(path, posts=posts, force=force, progress=advance)
    _introduce(found)
    found = _answered(found, {name: answer for name in QUESTIONS if (answer := answers[name])})
    if acct is None:
        acct = _ask("Mastodon account (@name@server, empty for none yet)", "") if sys.stdin.isatty() else ""
    config = write_settings(path, found, acct=acct, force=force)
    click.echo(f"Written: {path}")
    _tell_what_next(config, acct)


def _introduce(found: Proposal) -> None:
    layout = found.layout
    made = (
        f"a site made with {layout.generator} ({layout.settings})" if layout.settings else "no site that is known here"
    )
    click.echo(f"This is {made}.")
    click.echo(f"Posts: {found.count} in {found.posts}.")
    if found.fields:
        keys = ", ".join(f"{ours} = {' or '.join(theirs)}" for ours, theirs in found.fields.items())
        click.echo(f"Their keys: {keys}.")


def _answered(found: Proposal, given: dict[str, str]) -> Proposal:
    """The proposal with what the options say and what the operator answers on a terminal. Raises UsageError."""
    for name in open_questions(found):
        if name in given:
            continue
        guess: str = getattr(found, name)
        if sys.stdin.isatty():
            given[name] = _ask(_PROMPTS[name], guess or None)
        elif not guess:
            raise UsageError(f"the {name} of the site is not known.", remedy=f"Name it with --{name}.")
        else:
            click.echo(f"{_PROMPTS[name]}: {guess} (detected; override it with --{name})")
    found = with_answers(found, given)
    for doubt in found.doubts:
        click.echo(f"Check this: {doubt}.")
    if not found.permalink_known:
        click.echo(f"Check this: the permalink cannot be detected: {found.permalink_from}; name it with --permalink.")
    return found


def _ask(question: str, default: str | None) -> str:
    """Ask on the terminal; without a default until there is an answer."""
    answer: str = click.prompt(question, default=default, show_default=bool(default))
    return answer.strip()


def _tell_what_next(config: Config, acct: str) -> None:
    try:
        first = foresee_first_start(config, now=SystemClock().now())
    except PostError as error:
        click.echo(f"No posts yet: {error.problem}")
    else:
        for line in _first_lines(first, tooted=bool(acct)):
            click.echo(line)
        if first.latest is not None:
            click.echo(f"{first.latest.path} would link to {first.latest.url}: is that its page?")
        if first.faults:
            click.echo(f"{first.faults} of the files cannot be used as they stand; `announce check` says why.")
    login = "`announce login main`, " if acct else ""
    click.echo(f"Next: {login}`announce check`, `announce queue`, then `announce run`.")


def _first_lines(first: FirstStart, *, tooted: bool) -> Sequence[str]:
    """What a first start would do; `tooted`: whether there is an account."""
    count = count_words(first.total, "post")
    if not first.total:
        return ["No posts yet."]
    if first.old == first.total:
        return [f"{count}, all past: nothing will be tooted."]
    parts = [
        f"{first.old} past" if first.old else "",
        f"{len(first.fresh)} of the last days" if first.fresh else "",
        f"{len(first.coming)} to come" if first.coming else "",
        count_words(first.drafts, "draft") if first.drafts else "",
    ]
    lines = [f"{count}: {', '.join(filter(None, parts))}."]
    if first.fresh and tooted:
        names = ", ".join(post.slug for post in first.fresh)
        lines.append(f"A first `announce tick` would toot these at once: {names}.")
    elif not first.fresh:
        lines.append("Nothing would be tooted now.")
    return lines
