"""Adopting the ids and dates of a feed that the site had before, once, from a file or an address."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from bot.config import Config
from bot.domain import OldFeed, Snapshot
from bot.domain.errors import FetchError, OldFeedError
from bot.feeds.old_feed import LARGEST, read_old_feed
from bot.http.client import WebClient
from bot.http.policy import policy_of_site

#: How long the bot waits for an old feed.
ANSWER_TIMEOUT: Final = timedelta(seconds=30)


def is_address(source: str) -> bool:
    """Whether the source is a web address; else it is a file."""
    return source.startswith(("http://", "https://"))


def fetch_old_feed(source: str, config: Config) -> OldFeed:
    """Read a feed from a file (relative to the project's folder) or an address. Raises OldFeedError."""
    if not is_address(source):
        return read_old_feed(_file(config.root / source, source), source=source)
    web = WebClient(policy_of_site(config))
    try:
        return read_old_feed(web.get(source, largest=LARGEST, within=ANSWER_TIMEOUT).data, source=source)
    except FetchError as error:
        kind = str(error.status) if error.status is not None else "unreachable" if error.passing else ""
        raise OldFeedError(
            error.message, remedy="See whether it is still there, or save it as a file.", kind=kind
        ) from error


def find_missing_old_feed(config: Config, known: Snapshot) -> str:
    """Return the old feed in the settings that the ledger has not adopted yet; empty if there is none."""
    source = config.feeds.import_
    return source if source and source not in known.old_feeds else ""


def add_old_feed(known: Snapshot, feed: OldFeed) -> Snapshot:
    """Return the snapshot with this feed's entries added; entries that it already holds win."""
    entries = {**{old.feed_id: old for old in feed.entries}, **known.old_entries}
    return replace(known, old_entries=entries, old_feeds=known.old_feeds | {feed.source})


def _file(path: Path, source: str) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise OldFeedError(f"{source}: it is too large for a feed.")
        return path.read_bytes()
    except OSError as error:
        raise OldFeedError(
            f"{source}: cannot be read: {error.strerror}.", remedy="Paths count from the project's folder."
        ) from None
