"""The feeds from the post files alone, as of a time: no ledger, no network, and nothing is remembered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.config import Config
from bot.feeds.build import render_feeds
from bot.feeds.entry import entry_of
from bot.output.files import PublicFolder
from bot.posts.folder import PostFolder


@dataclass(frozen=True, kw_only=True)
class Built:
    """What a build wrote, and what was wrong."""

    changed: tuple[str, ...]
    faults: tuple[str, ...]


def build_feeds(config: Config, *, now: datetime, folder: Path) -> Built:
    """Write the feeds of the posts whose datetime has come by `now` into `folder`."""
    scan = PostFolder(config).scan()
    entries = [
        entry_of(post, released_at=post.published)
        for post in scan.posts
        if post.published is not None and post.published <= now
    ]
    feeds = render_feeds(entries, site=config.site, feeds=config.feeds)
    written = PublicFolder(folder).write(feeds.files)
    faults = (*(str(fault) for fault in scan.faults), *feeds.faults, *(str(fault) for fault in written.faults))
    return Built(changed=written.changed, faults=faults)
