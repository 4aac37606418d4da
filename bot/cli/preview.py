"""The command that shows a post as others will see it: preview."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from bot.cli.common import console, echo_json, json_option, plain, slugs, with_settings
from bot.config import Config
from bot.domain import Announcement, Entry, Occasion, Post
from bot.domain.clock import SystemClock
from bot.domain.errors import OutputError, UsageError
from bot.domain.wording import option_words, poll_words
from bot.operations.check import check_post
from bot.operations.explain import digest_of
from bot.operations.preview import Preview
from bot.operations.preview import preview as preview_post
from bot.operations.site import find_post, post_from_bytes
from bot.posts.folder import Scan
from bot.posts.frontmatter.source import LARGEST_FILE
from bot.posts.git.folders import open_posts
from bot.report.outlook import outcome_words
from bot.report.page import preview_page
from bot.report.screenshot import find_browser, take_screenshot
from bot.report.times import show_time, show_when
from bot.runtime.planning import scan_posts

_STANDARD_INPUT: Final = "-"


class _File(click.Path):
    """A file to be written, of a kind that is no post: a slip must not write a page over one."""

    def __init__(self, *endings: str) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)
        self._endings = endings

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if Path(value).suffix.lower() not in self._endings:
            self.fail(f"{value} does not end in {self._endings[0]}.", param, ctx)
        return super().convert(value, param, ctx)


@click.command()
@with_settings
@click.argument("post", metavar="SLUG|PATH|-", shell_complete=slugs)
@click.option("--name", metavar="FILE.md", help="With -: the file name that it will have.")
@click.option("--html", type=_File(".html", ".htm"), metavar="FILE", help="Write a page to look at, in one file.")
@click.option("--png", type=_File(".png"), metavar="FILE", help="Write a picture of that page, by chromium.")
@json_option
def preview(config: Config, post: str, name: str | None, html: Path | None, png: Path | None, as_json: bool) -> None:
    """Show exactly what will be tooted, and the feed entry.

    - reads a post from standard input that is not in the folder yet.
    """
    scan = scan_posts(open_posts(config))
    found = preview_post(config, _read(config, post, name, scan), SystemClock(), scan=scan)
    if html is not None or png is not None:
        _write_files(found, html, png)
    if as_json:
        echo_json(_as_json(found))
    elif html is None and png is None:
        _show_preview(found)
    sys.exit(1 if found.is_held else 0)


def _read(config: Config, post: str, name: str | None, scan: Scan) -> Post:
    if post == _STANDARD_INPUT:
        return post_from_bytes(config, sys.stdin.buffer.read(LARGEST_FILE + 1), name or "untitled.md")
    if name is not None:
        raise UsageError("--name names a post on standard input.", remedy="Write: announce preview - --name tickets.md")
    return find_post(config, post, scan=scan)


def _write_files(found: Preview, html: Path | None, png: Path | None) -> None:
    page = preview_page(found, check_post(found.site, found.post, environ=os.environ))
    if html is not None:
        _write(page.encode("utf-8"), html)
    if png is not None:
        _write(take_screenshot(page, browser=find_browser()), png)


def _write(data: bytes, path: Path) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error
    click.echo(f"Written: {path}. It may show news that is not public yet.", err=True)


def _as_json(found: Preview) -> dict[str, Any]:
    post = found.post
    return {
        "slug": post.slug,
        "due": post.published,
        "fates": {item.account: outcome_words(item) for item in found.releases},
        "toots": plain(found.toots),
        "entry": None if found.entry is None else _entry_as_json(found.entry),
        "reminders": [{**plain(one), "toots": plain(found.reminders[one.reminder_id])} for one in post.reminders],
    }


def _entry_as_json(entry: Entry) -> dict[str, Any]:
    """The entry; of its digests only the one of what the feeds show, under the name that programs know."""
    digest = digest_of(entry)
    return {
        "digest" if key == "digests" else key: digest if key == "digests" else value
        for key, value in plain(entry).items()
    }


def _show_preview(found: Preview) -> None:
    out, post, config, now = console(), found.post, found.site.config, found.site.now
    if post.published is None:
        click.echo(f"{post.path}: a draft, it has no published_datetime and is not released.")
    else:
        click.echo(f"{post.path}: {show_when(post.published, config.site.timezone, now=now)}")
    for item in found.releases:
        out.print(Text(f"{item.account or 'feeds and accounts'}: {outcome_words(item)}"), soft_wrap=True)
    if post.is_tooted:
        for address, toot in found.toots.items():
            _show_toot(out, address, toot)
    if found.entry is not None and not post.hidden:
        _show_entry(out, found.entry, config)
    if post.is_tooted:
        _show_reminders(out, found)
    for finding in post.findings:
        click.echo(f"{finding.severity.value}: {finding}")


def _show_reminders(out: Console, found: Preview) -> None:
    for reminder in found.post.reminders:
        how = "an answer to the toot" if reminder.reply else "a toot of its own"
        when = show_time(reminder.at, found.site.config.site.timezone)
        click.echo(f"\nReminder {reminder.reminder_id}: {when}, {how}")
        for address, toot in found.reminders[reminder.reminder_id].items():
            item = found.items.get((Occasion.reminder(reminder.reminder_id), address))
            if item is not None:
                click.echo(f"{address}: {outcome_words(item)}")
            _show_toot(out, address, toot)


def _show_toot(out: Console, address: str, toot: Announcement | str) -> None:

    if isinstance(toot, str):
        click.echo(f"\n{address}: held: {toot}")
        return
    total = 1 + len(toot.thread)
    for position, part in enumerate((toot, *toot.thread), start=1):
        title = f"{address}, {position} of {total}" if total > 1 else address
        warning = f"Content warning: {part.content_warning}\n\n" if part.content_warning else ""
        click.echo()
        out.print(Panel(Text(warning + part.text + _poll_lines(part)), title=Text(title), subtitle=_facts(part)))
        if position == 1:
            _show_pictures(out, part)


def _show_pictures(out: Console, toot: Announcement) -> None:

    for picture in toot.pictures:
        size = f"{picture.width}×{picture.height}" if picture.width else "size unknown"
        click.echo(f"Picture: {picture.path.name if picture.path else picture.url} ({picture.media_type}, {size})")
        alt = picture.alt or "none: people who cannot see it learn nothing"
        out.print(Padding(Text(f"Alt text: {alt}"), (0, 0, 0, 4)))
    if not toot.pictures:
        click.echo("No picture.")


def _facts(toot: Announcement) -> str:
    facts = [
        f"{toot.length} of {toot.limit} characters",
        toot.visibility.value,
        toot.language or "no language",
        "sensitive" if toot.sensitive else "",
        f"to be quoted by {toot.quote_policy.value}" if toot.quote_policy else "",
        *option_words(toot),
    ]
    return ", ".join(filter(None, facts))


def _poll_lines(toot: Announcement) -> str:
    if toot.poll is None:
        return ""
    options, terms = poll_words(toot.poll)
    return "\n" + "".join(f"\n{option}" for option in options) + f"\n{terms}"


def _show_entry(out: Console, entry: Entry, config: Config) -> None:

    lines = [
        entry.title,
        entry.url,
        f"{show_time(entry.published, config.site.timezone)}  ·  {', '.join(entry.authors) or 'no author'}",
        "  ·  ".join(filter(None, (entry.category, *entry.tags))),
        "",
        entry.summary,
    ]
    click.echo()
    out.print(Panel(Text("\n".join(lines)), title="Feed entry"))
    if entry.cover is not None:
        click.echo(f"Cover: {entry.cover.url}" + (f" ({entry.cover.problem})" if entry.cover.problem else ""))
