"""The command that begins a post: new."""

from __future__ import annotations

from datetime import datetime

import click

from bot.cli.common import with_settings
from bot.config import Config
from bot.domain.clock import SystemClock
from bot.operations.new_post import DRAFT, NewPost, begin_post, write_post
from bot.posts.reader import shown_path
from bot.report.times import show_when


@click.command()
@with_settings
@click.argument("title")
@click.option("--kind", help="The template to use: config/posts/KIND.md.")
@click.option("--at", "at_text", metavar="DATETIME", help="When it is released: in the site's timezone.")
@click.option("--slug", help="The file's name without .md. [default: from the title]")
def new(config: Config, title: str, kind: str | None, at_text: str | None, slug: str | None) -> None:
    """Begin a post, ready to fill in.

    Without --at it has no datetime and stays a draft. Nothing that is there is overwritten.
    """
    now = SystemClock().now()
    post = begin_post(config, title, kind=kind, at=at_text, slug=slug, now=now)
    write_post(post)
    click.echo(f"Written: {shown_path(post.path, config.root)}")
    for finding in post.findings:
        click.echo(f"Still to do: {finding}")
    _tell_when(config, post, now)


def _tell_when(config: Config, post: NewPost, now: datetime) -> None:
    if post.moment is None:
        click.echo("A draft: give it a datetime and it is released then.")
        return
    when = show_when(post.moment, config.site.timezone, now=now)
    if post.is_draft:
        click.echo(f"A draft: take the line `{DRAFT}` away, and it goes out {when}.")
    else:
        click.echo(f"It goes out {when}.")
