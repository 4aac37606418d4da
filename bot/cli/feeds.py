"""Commands about feeds: taking over those that the site had before, telling hubs."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import click

from bot.cli.common import confirm, echo_json, json_option, with_settings, yes_option
from bot.domain.errors import UsageError

if TYPE_CHECKING:
    from bot.config import Config
    from bot.domain import Entry, OldEntry, OldFeed, Post, Snapshot


@click.group()
def feeds() -> None:
    """Take over the ids of a feed that the site had, or tell the hubs."""


@feeds.command("import")
@with_settings
@click.argument("source", required=False, metavar="[FILE|URL]")
@yes_option
@json_option
def import_feed(config: Config, source: str | None, yes: bool, as_json: bool) -> None:
    """Take over the ids and dates of a feed that the site had before.

    So no subscriber sees everything twice. Without a file or address, the one in [feeds] import. Posts that are
    released already stay as they are; for posts to come it is kept until their release.
    """
    from bot.domain import Event, EventKind, WriteBatch
    from bot.domain.clock import SystemClock
    from bot.integrations.old_feed import fetch_old_feed
    from bot.ledger import open_ledger
    from bot.posts.git.folders import open_posts

    source = source or config.feeds.import_
    if not source:
        raise UsageError("which feed?", remedy="Name a file or an address, or set [feeds] import.")
    feed, clock = fetch_old_feed(source, config), SystemClock()
    ledger = open_ledger(config, clock)
    try:
        report = _report(feed, open_posts(config).scan().posts, ledger.snapshot())
        if as_json:
            echo_json(report)
        else:
            _show(report)
        confirm(yes=yes)
        now = clock.now()
        event = Event(at=now, kind=EventKind.OLD_FEED_READ, detail=f"{source}: {len(feed.entries)} entries")
        ledger.record(WriteBatch(old_feed=feed, events=(event,)), now=now)
    finally:
        ledger.close()
    if not as_json:
        click.echo("Done. Each post takes its id and dates over at its release.")


def _report(feed: OldFeed, posts: tuple[Post, ...], known: Snapshot) -> dict[str, list[dict[str, Any]]]:
    from bot.planner.matching import match
    from bot.planner.old_ids import ids_in_use, match_old

    dated = [post for post in posts if post.published is not None]
    released = match(dated, known.entries, broken=()).entries
    # What was taken over earlier counts first, as it does in the ledger.
    old = {**{one.feed_id: one for one in feed.entries}, **known.old_entries}
    waiting = [post for post in dated if post.path not in released]
    in_use = ids_in_use(known.entries)
    found = match_old(waiting, old.values(), taken=in_use)
    late = match_old([post for post in dated if post.path in released], feed.entries, taken=in_use)
    used = {one.feed_id for one in (*found.values(), *late.values())} | in_use
    names = {post.path: post for post in dated}
    return {
        "taken_over": [_pair(names[path].slug, one) for path, one in found.items()],
        "too_late": [{**_pair(names[path].slug, one), "stays": _id_of(released[path])} for path, one in late.items()],
        "already": [_plainly(one) for one in feed.entries if one.feed_id in in_use],
        "without_post": [_plainly(one) for one in feed.entries if one.feed_id not in used],
    }


def _id_of(entry: Entry) -> str:
    return entry.feed_id or entry.post_id


def _pair(slug: str, old: OldEntry) -> dict[str, Any]:
    return {"slug": slug, **_plainly(old)}


def _plainly(old: OldEntry) -> dict[str, Any]:
    return {"id": old.feed_id, "link": old.link, "title": old.title, "published": old.published}


def _show(report: dict[str, list[dict[str, Any]]]) -> None:
    for one in report["taken_over"]:
        day = f", {one['published']:%Y-%m-%d}" if one["published"] else ""
        click.echo(f"{one['slug']}  ←  {one['id']}{day}")
    for one in report["too_late"]:
        click.echo(f"{one['slug']}: is in the feeds already as {one['stays']}, which stays; its old id was {one['id']}")
    for one in report["without_post"]:
        click.echo(f"no post for: {one['title'] or one['link'] or one['id']}")
    numbers = {name: len(lines) for name, lines in report.items()}
    words = {"taken_over": "to be taken over", "already": "in use already", "too_late": "too late"}
    counted = [f"{numbers[name]} {text}" for name, text in words.items()]
    click.echo(f"{', '.join(counted)}, {numbers['without_post']} without a post.")


@feeds.command()
@with_settings
@click.option("--wait", default="5m", show_default=True, metavar="TIME", help="For the site to show what is new.")
def ping(config: Config, wait: str) -> None:
    """Tell the hubs what has changed, once the site shows it.

    For sites that are copied to their host after `announce tick`; `announce run` does it by itself.
    """
    from bot.cli.lines import ConsoleLog
    from bot.domain.clock import SystemClock
    from bot.domain.durations import parse_duration
    from bot.feeds.build import render_feeds
    from bot.integrations.websub import topics_of
    from bot.ledger import open_ledger
    from bot.planner.matching import entries_shown
    from bot.runtime.wiring import Surroundings, make_pings

    if not config.feeds.hubs:
        raise UsageError("there is no hub in the settings.", remedy="Name one with [feeds] hubs.")
    try:
        patience = parse_duration(wait)
    except ValueError as error:
        raise UsageError(f"--wait: {error}.") from None
    clock = SystemClock()
    ledger = open_ledger(config, clock)
    try:
        entries = list(ledger.snapshot().entries.values())
        shown = entries_shown(entries, now=clock.now())
        topics = topics_of(render_feeds(shown, site=config.site, feeds=config.feeds, released=entries).files)
        emit = ConsoleLog(config).emit
        pings = make_pings(Surroundings(config=config, environ=os.environ, ledger=ledger, clock=clock, emit=emit))
        end = clock.monotonic() + patience.total_seconds()
        again = pings.send(topics)
        while again is not None and clock.monotonic() + again.total_seconds() < end:
            time.sleep(again.total_seconds())
            again = pings.send(topics)
        troubles = pings.troubles()
    finally:
        ledger.close()
    for trouble in troubles:
        click.echo(f"problem: {trouble}", err=True)
    if again is not None:
        raise SystemExit(1)
    click.echo("All hubs know the latest.")
