"""The command that shows a post as others will see it: preview."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.common import console, echo_json, json_option, plain, show_distance, show_time, slugs, with_settings
from bot.cli.previewing import (
    STANDARD_INPUT,
    find_post,
    page_of,
    post_from_input,
    with_post,
    write_page,
    write_picture,
)
from bot.cli.reminders import composed_reminders, show_reminders
from bot.domain.wording import reason_words

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from bot.config import Config
    from bot.domain import Announcement, Entry, Post, Snapshot


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
    from bot.domain.clock import SystemClock
    from bot.domain.errors import ComposeError
    from bot.feeds.entry import entry_of
    from bot.ledger import read_snapshot
    from bot.runtime.planning import make_composer

    clock = SystemClock()
    found, snapshot = _find(config, post, name), read_snapshot(config, clock)
    now, compose = clock.now(), make_composer(config, snapshot)
    toots: dict[str, Announcement | str] = {}
    for address in config.account_addresses().values():
        try:
            toots[address] = compose(found, address)
        except ComposeError as error:
            toots[address] = str(error)
    entry = entry_of(found, released_at=found.published) if found.published else None
    fates, of_reminders = _fates(config, found, snapshot, now)
    reminders = composed_reminders(found, compose, config)
    if html is not None or png is not None:
        _write(page_of(config, found, snapshot, fates, now), html, png)
    if as_json:
        echo_json(
            {
                "slug": found.slug,
                "due": found.published,
                "fates": fates,
                "toots": plain(toots),
                "entry": plain(entry),
                "reminders": [{**plain(one), "toots": plain(reminders[one.reminder_id])} for one in found.reminders],
            }
        )
    elif html is None and png is None:
        _show_preview(config, found, toots, entry, now, fates)
        if not found.mastodon.skip:
            show_reminders(found, reminders, config, of_reminders, partial(_show_toot, console()))
        for finding in found.findings:
            click.echo(f"{finding.severity.value}: {finding}")
    going = not found.mastodon.skip and not found.hidden
    everything = [*toots.values(), *(toot for by_account in reminders.values() for toot in by_account.values())]
    sys.exit(1 if going and any(isinstance(toot, str) for toot in everything) else 0)


def _find(config: Config, post: str, name: str | None) -> Post:
    from bot.domain.errors import UsageError

    if post == STANDARD_INPUT:
        return post_from_input(config, name or "untitled.md")
    if name is not None:
        raise UsageError("--name names a post on standard input.", remedy="Write: announce preview - --name tickets.md")
    return find_post(config, post)


def _write(page: str, html: Path | None, png: Path | None) -> None:
    if html is not None:
        write_page(page, html)
        click.echo(f"Written: {html}. It may show news that is not public yet.", err=True)
    if png is not None:
        write_picture(page, png)
        click.echo(f"Written: {png}. It may show news that is not public yet.", err=True)


def _fates(
    config: Config, post: Post, snapshot: Snapshot, now: datetime
) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """What becomes of the post on each account, in words; the key is empty for the release itself.

    And what becomes of its reminders, by id and account.
    """
    from bot.domain import Occasion
    from bot.runtime.planning import decide

    plan = decide(config, with_post(config, post), snapshot, now=now)
    said = {
        (item.occasion, item.account): f"{item.verdict.value}{f': {reason_words(item.reason)}' if item.reason else ''}"
        for item in plan.items
        if item.slug == post.slug
    }
    of_reminders = {
        (reminder.reminder_id, account): said[Occasion.reminder(reminder.reminder_id), account]
        for reminder in post.reminders
        for account in config.account_addresses().values()
        if (Occasion.reminder(reminder.reminder_id), account) in said
    }
    return {account: fate for (occasion, account), fate in said.items() if occasion == Occasion.PUBLISH}, of_reminders


def _show_preview(
    config: Config,
    post: Post,
    toots: dict[str, Announcement | str],
    entry: Entry | None,
    now: datetime,
    fates: dict[str, str],
) -> None:
    from rich.text import Text

    out = console()
    if post.published is None:
        click.echo(f"{post.path}: a draft, it has no published_datetime and is not released.")
    else:
        click.echo(f"{post.path}: {show_time(post.published, config.site)}, {show_distance(post.published, now)}")
    for address, fate in fates.items():
        out.print(Text(f"{address or 'feeds and accounts'}: {fate}"), soft_wrap=True)
    if not post.mastodon.skip:
        for address, toot in toots.items():
            _show_toot(out, address, toot)
    if entry is not None and not post.hidden:
        _show_entry(out, entry, config)


def _show_toot(out: Console, address: str, toot: Announcement | str) -> None:
    from rich.panel import Panel
    from rich.text import Text

    if isinstance(toot, str):
        click.echo(f"\n{address}: held: {toot}")
        return
    total = 1 + len(toot.thread)
    for position, part in enumerate((toot, *toot.thread), start=1):
        title = f"{address}, {position} of {total}" if total > 1 else address
        warning = f"Content warning: {part.content_warning}\n\n" if part.content_warning else ""
        click.echo()
        out.print(Panel(Text(warning + part.text + _poll_words(part)), title=Text(title), subtitle=_facts(part)))
        if position == 1:
            _show_pictures(out, part)


def _show_pictures(out: Console, toot: Announcement) -> None:
    from rich.padding import Padding
    from rich.text import Text

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
    ]
    return ", ".join(filter(None, facts))


def _poll_words(toot: Announcement) -> str:
    from bot.domain.durations import format_duration

    poll = toot.poll
    if poll is None:
        return ""
    mark = "☐" if poll.multiple else "○"
    hidden = ", votes hidden until then" if poll.hide_totals else ""
    options = "".join(f"\n{mark} {option}" for option in poll.options)
    return f"\n{options}\nPoll, open for {format_duration(poll.expires_in)}{hidden}"


def _show_entry(out: Console, entry: Entry, config: Config) -> None:
    from rich.panel import Panel
    from rich.text import Text

    lines = [
        entry.title,
        entry.url,
        f"{show_time(entry.published, config.site)}  ·  {', '.join(entry.authors) or 'no author'}",
        "  ·  ".join(filter(None, (entry.category, *entry.tags))),
        "",
        entry.summary,
    ]
    click.echo()
    out.print(Panel(Text("\n".join(lines)), title="Feed entry"))
    if entry.cover is not None:
        click.echo(f"Cover: {entry.cover.url}" + (f" ({entry.cover.problem})" if entry.cover.problem else ""))
