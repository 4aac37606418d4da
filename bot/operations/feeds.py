"""The feeds: building them, taking over the ids of a feed that the site had before, and telling the hubs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.config import Config
from bot.domain import Entry, Event, EventKind, OldEntry, OldFeed, Post, Snapshot, WriteBatch
from bot.domain.clock import Clock
from bot.domain.errors import UsageError
from bot.feeds.build import render_feeds
from bot.integrations.old_feed import fetch_old_feed
from bot.integrations.websub import topics_of
from bot.ledger import open_ledger, read_snapshot
from bot.planner.matching import entries_shown, match
from bot.planner.old_ids import ids_in_use, match_old
from bot.posts.git.folders import open_posts
from bot.runtime.build import BuildResult, build_feeds
from bot.runtime.git_syncer import GitSyncer
from bot.runtime.wiring import Emit, Surroundings, make_pings


def build_site(
    config: Config, *, now: datetime, out: Path | None, environ: Mapping[str, str], clock: Clock
) -> BuildResult:
    """Write the feeds as of `now` into the folder `out`, or into the public folder; asks only `[[sources]]`.

    Raises UsageError if that would show the public what is not released, PostError, LedgerError, OldFeedError.
    """
    folder = out or config.public_folder
    if now > clock.now() and _touch(folder, config.public_folder):
        raise UsageError(
            "--now is in the future, and the public folder must not show what is not released.",
            remedy="Name another folder with --out DIR.",
        )
    pulled = GitSyncer(config, environ=environ, clock=clock, emit=lambda _: None).sync_all()
    unfetched = tuple(f"{one.source.shown} cannot be fetched: {one.fault}" for one in pulled if one.fault)
    built = build_feeds(config, now=now, folder=folder, known=read_snapshot(config, clock))
    return replace(built, unfetched=unfetched)


def _touch(one: Path, other: Path) -> bool:
    one, other = one.resolve(), other.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)


@dataclass(frozen=True, kw_only=True)
class OldItem:
    """One item of the old feed."""

    id: str
    link: str
    title: str
    published: datetime | None


@dataclass(frozen=True, kw_only=True)
class TakenOver:
    """A post that will have the id and dates of an item of the old feed."""

    slug: str
    id: str
    link: str
    title: str
    published: datetime | None


@dataclass(frozen=True, kw_only=True)
class TooLate:
    """A post that is in the feeds already, and keeps the id that it has there."""

    slug: str
    id: str
    link: str
    title: str
    published: datetime | None
    stays: str  #: the id that it keeps


@dataclass(frozen=True, kw_only=True)
class OldFeedReport:
    """What taking over an old feed would do. The fields are those of `announce feeds import --json`."""

    taken_over: tuple[TakenOver, ...]
    too_late: tuple[TooLate, ...]
    already: tuple[OldItem, ...]  #: ids that are in use already
    without_post: tuple[OldItem, ...]


@dataclass(frozen=True, kw_only=True)
class OldFeedProposal:
    """An old feed that was read, and what taking it over would do; `take_over` does it."""

    source: str
    feed: OldFeed
    report: OldFeedReport


def propose_old_feed(config: Config, source: str, *, clock: Clock) -> OldFeedProposal:
    """Read the old feed from a file or an address. Raises OldFeedError, PostError, LedgerError."""
    feed = fetch_old_feed(source, config)
    report = _report(feed, open_posts(config).scan().posts, read_snapshot(config, clock))
    return OldFeedProposal(source=source, feed=feed, report=report)


def take_over(config: Config, proposal: OldFeedProposal, *, clock: Clock) -> None:
    """Keep the ids and dates in the ledger until the posts are released. Raises LedgerError."""
    now = clock.now()
    detail = f"{proposal.source}: {len(proposal.feed.entries)} entries"
    event = Event(at=now, kind=EventKind.OLD_FEED_READ, detail=detail)
    ledger = open_ledger(config, clock)
    try:
        ledger.record(WriteBatch(old_feed=proposal.feed, events=(event,)), now=now)
    finally:
        ledger.close()


def _report(feed: OldFeed, posts: Sequence[Post], known: Snapshot) -> OldFeedReport:
    dated = [post for post in posts if post.published is not None]
    released = match(dated, known.entries, broken=()).entries
    # What was taken over earlier counts first, as it does in the ledger.
    old = {**{one.feed_id: one for one in feed.entries}, **known.old_entries}
    waiting = [post for post in dated if post.path not in released]
    in_use = ids_in_use(known.entries)
    found = match_old(waiting, old.values(), taken=in_use)
    late = match_old([post for post in dated if post.path in released], feed.entries, taken=in_use)
    used = {one.feed_id for one in (*found.values(), *late.values())} | in_use
    slugs = {post.path: post.slug for post in dated}
    return OldFeedReport(
        taken_over=tuple(TakenOver(slug=slugs[path], **_fields(one)) for path, one in found.items()),
        too_late=tuple(
            TooLate(slug=slugs[path], **_fields(one), stays=_id_of(released[path])) for path, one in late.items()
        ),
        already=tuple(OldItem(**_fields(one)) for one in feed.entries if one.feed_id in in_use),
        without_post=tuple(OldItem(**_fields(one)) for one in feed.entries if one.feed_id not in used),
    )


def _fields(old: OldEntry) -> dict[str, Any]:
    return {"id": old.feed_id, "link": old.link, "title": old.title, "published": old.published}


def _id_of(entry: Entry) -> str:
    return entry.feed_id or entry.post_id


@dataclass(frozen=True, kw_only=True)
class HubsResult:
    """What came of telling the hubs."""

    is_complete: bool  #: every hub knows the latest
    troubles: tuple[str, ...]


def tell_hubs(
    config: Config,
    *,
    wait: timedelta,
    environ: Mapping[str, str],
    clock: Clock,
    emit: Emit,
    sleep: Callable[[float], object] = time.sleep,
) -> HubsResult:
    """Tell the hubs what has changed, once the site shows it; gives up after `wait`. Raises LedgerError.

    `sleep` waits for a number of seconds.
    """
    ledger = open_ledger(config, clock)
    try:
        entries = list(ledger.snapshot().entries.values())
        shown = entries_shown(entries, now=clock.now())
        topics = topics_of(render_feeds(shown, site=config.site, feeds=config.feeds, released=entries).files)
        pings = make_pings(Surroundings(config=config, environ=environ, ledger=ledger, clock=clock, emit=emit))
        end = clock.monotonic() + wait.total_seconds()
        again = pings.send(topics)
        while again is not None and clock.monotonic() + again.total_seconds() < end:
            sleep(again.total_seconds())
            again = pings.send(topics)
        return HubsResult(is_complete=again is None, troubles=tuple(pings.troubles()))
    finally:
        ledger.close()
