"""The feeds from the post files as of a time: no network, and nothing is remembered.

Where there is a ledger, released posts keep the ids and dates that it has frozen, so that a build and the bot itself
write the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.config import Config
from bot.domain import Announcement, Entry, Post, Snapshot
from bot.domain.wording import reason_words
from bot.feeds.build import render_feeds
from bot.feeds.covers import add_known_covers
from bot.files.public_folder import PublicFolder
from bot.integrations.old_feed import add_old_feed, fetch_old_feed, find_missing_old_feed, is_address
from bot.planner.matching import entries_shown
from bot.planner.plan import Plan, PlanInput, make_plan
from bot.posts.folder import Scan, broken_slugs
from bot.posts.git.folders import open_posts
from bot.runtime.planning import policy_of


@dataclass(frozen=True, kw_only=True)
class BuildResult:
    """What a build wrote, and what was wrong."""

    changed: tuple[str, ...]
    faults: tuple[str, ...]
    unfetched: tuple[str, ...] = ()  #: sources of which the last good posts were built


def build_feeds(config: Config, *, now: datetime, folder: Path, known: Snapshot) -> BuildResult:
    """Write the feeds of the posts whose datetime has come by `now` into `folder`.

    A folder without any post writes nothing: that is more likely a wrong folder than no news.
    """
    scan = open_posts(config).scan()
    faults = [str(fault) for fault in scan.faults]
    if not scan.posts:
        return BuildResult(
            changed=(), faults=(*faults, f"there are no posts in {config.site.posts}; nothing was written")
        )
    source = find_missing_old_feed(config, known)
    if source and is_address(source):
        faults.append(f"the feed {source} was not taken over yet, and a build fetches nothing: `announce feeds import`")
    elif source:
        # Raises OldFeedError: without the old ids every subscriber would see everything twice.
        known = add_old_feed(known, fetch_old_feed(source, config))
    plan = _plan(config, scan, known, now)
    if plan.doubt:
        faults.append(f"nothing new is shown: {reason_words(plan.doubt)}")
    released = {**_released(known, now), **{entry.post_id: entry for entry in plan.batch.entries}}
    shown = add_known_covers(entries_shown(released.values(), now=now), known.pictures)
    feeds = render_feeds(shown, site=config.site, feeds=config.feeds, released=released.values())
    public = PublicFolder(folder, gzip=config.feeds.gzip)
    written = public.write(feeds.files, retire_in=feeds.folders, quickly=(feeds.archive,))
    return BuildResult(changed=written.changed, faults=(*faults, *map(str, feeds.faults), *map(str, written.faults)))


def _plan(config: Config, scan: Scan, known: Snapshot, now: datetime) -> Plan:
    """What the bot itself would release by then: the same rules, so a post that a person holds stays out."""
    return make_plan(
        PlanInput(
            posts=scan.posts,
            # As of a time: one that has passed is no reason to doubt the clock.
            snapshot=replace(known, entries=_released(known, now), newest=None),
            now=now,
            accounts={},
            policy=replace(policy_of(config), wait_for_page=timedelta()),  # the site is built with these feeds
            compose=_no_toot,
            broken=broken_slugs(scan.faults, config),
            readable=bool(scan.signature) and scan.complete,
        ),
    )


def _released(known: Snapshot, now: datetime) -> dict[str, Entry]:
    return {post_id: entry for post_id, entry in known.entries.items() if entry.published <= now}


def _no_toot(_post: Post, _account: str) -> Announcement:
    raise AssertionError("without accounts nothing is composed")
