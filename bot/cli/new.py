"""The command that begins a post: new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from bot.cli.common import show_distance, show_time, with_settings

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from bot.config import Config

_DEFAULT: Final = "default"


@click.command()
@with_settings
@click.argument("title")
@click.option("--kind", help="The template: config/posts/KIND.md.")
@click.option("--at", "at_text", metavar="DATETIME", help="When it is released: in the site's timezone.")
@click.option("--slug", help="The file's name without .md. [default: from the title]")
def new(config: Config, title: str, kind: str | None, at_text: str | None, slug: str | None) -> None:
    """Begin a post, ready to fill in.

    Without --at it has no datetime and stays a draft. Nothing that is there is overwritten.
    """
    from bot.domain.clock import SystemClock
    from bot.files.atomic import write_file
    from bot.posts.reader import shown_path

    now = SystemClock().now()
    moment = _moment(config, at_text, now)
    name = _name(config, title, slug, moment)
    _refuse_double(config, name)
    text = _text(config, title, kind, name, moment)
    path = config.posts_folder / f"{_day(config, moment)}{name}.md"
    findings = _findings(config, path, text, kind)
    write_file(path, text.encode(), replace=False)
    click.echo(f"Written: {shown_path(path, config.root)}")
    for finding in findings:
        click.echo(f"Still to do: {finding}")
    _tell_when(config, text, moment, now)


def _moment(config: Config, text: str | None, now: datetime) -> datetime | None:
    from bot.domain.errors import UsageError
    from bot.posts.frontmatter.dates import DatetimeError, parse_datetime

    if text is None:
        return None
    try:
        moment = parse_datetime(text, site=config.site, release=config.release).moment
    except DatetimeError as error:
        raise UsageError(f"--at: {error.problem}", remedy=error.remedy) from error
    if moment <= now:
        raise UsageError("--at is in the past.", remedy="A new post is for a time to come; write the datetime by hand.")
    return moment


def _name(config: Config, title: str, slug: str | None, moment: datetime | None) -> str:
    import re

    from bot.domain.errors import UsageError
    from bot.operations.new_post import slug_from

    name = slug_from(title) if slug is None else slug
    if not name:
        raise UsageError("the title gives no name for the file.", remedy="Add --slug, for example --slug tickets.")
    if re.search(r"[\s/\\]|^[._]|\.md$", name):
        raise UsageError(f'--slug: "{name}" is no name for a post.', remedy="Write for example --slug tickets.")
    if config.posts.dated_names and moment is None:
        raise UsageError("the files' names begin with a date here.", remedy="Say when it is released with --at.")
    return name


def _day(config: Config, moment: datetime | None) -> str:
    if not config.posts.dated_names or moment is None:
        return ""
    return f"{moment.astimezone(config.site.timezone):%Y-%m-%d}-"


def _refuse_double(config: Config, name: str) -> None:
    from bot.files.atomic import taken
    from bot.posts.addresses import slug_of
    from bot.posts.listing import list_files
    from bot.posts.reader import shown_path

    try:
        files = list_files(config.posts_folder).files
    except FileNotFoundError:
        return
    for path in files:
        if slug_of(path, dated=config.posts.dated_names) == name:
            raise taken(shown_path(_path(path), config.root), remedy="Choose another name with --slug.")


def _path(path: str) -> Path:
    from pathlib import Path

    return Path(path)


def _text(config: Config, title: str, kind: str | None, name: str, moment: datetime | None) -> str:
    from bot.domain.errors import UsageError
    from bot.operations.new_post import TemplateError, default_template, started

    key = config.posts.fields.get("published_datetime", ("published_datetime",))[0]
    file = _template_file(config, kind)
    template = file.read_text(encoding="utf-8") if file is not None else default_template(key)
    values = {"title": title, "datetime": _written(config, moment), "slug": name, "kind": kind or ""}
    try:
        return started(template, values)
    except TemplateError as error:
        raise UsageError(f"config/posts/{kind or _DEFAULT}.md: {error}.") from error


def _template_file(config: Config, kind: str | None) -> Path | None:
    import difflib

    from bot.domain.errors import UsageError

    folder = config.path.parent / "posts"
    known = sorted(file.stem for file in folder.glob("*.md")) if folder.is_dir() else []
    name = kind or _DEFAULT
    if name in known:
        return folder / f"{name}.md"
    if kind is None:
        return None
    near = difflib.get_close_matches(kind, known, n=1)
    remedy = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known) or 'none'}."
    raise UsageError(f"there is no template config/posts/{kind}.md.", remedy=remedy)


def _written(config: Config, moment: datetime | None) -> str:
    """The datetime as the site's posts have it: in the site's time, or where those mean UTC with its offset."""
    if moment is None:
        return ""
    local = moment.astimezone(config.site.timezone)
    return f"{local:%Y-%m-%d %H:%M:%S}" if config.site.naive_datetimes == "site" else local.isoformat(sep=" ")


def _findings(config: Config, path: Path, text: str, kind: str | None) -> list[str]:
    """What the reader says of the post; nothing is written if it cannot be used. Raises UsageError."""
    from bot.domain.errors import PostError, UsageError
    from bot.posts.addresses import name_of
    from bot.posts.reader import parse_post

    try:
        post = parse_post(text.encode(), path=path, slug=name_of(path), config=config)
    except PostError as error:
        raise UsageError(f"config/posts/{kind or _DEFAULT}.md makes no post: {error}") from error
    assert post is not None
    return [str(finding) for finding in post.findings]


def _tell_when(config: Config, text: str, moment: datetime | None, now: datetime) -> None:
    from bot.operations.new_post import DRAFT

    if moment is None:
        click.echo("A draft: give it a datetime and it is released then.")
        return
    when = f"{show_time(moment, config.site)}, {show_distance(moment, now)}"
    if f"\n{DRAFT}" in text:
        click.echo(f"A draft: take the line `{DRAFT}` away, and it goes out {when}.")
    else:
        click.echo(f"It goes out {when}.")
