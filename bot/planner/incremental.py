"""Refreshes the entries of edited posts at once, ahead of the full cycle. Pure.

It refreshes only entries that the feeds already show, exactly as the cycle will do it: it releases, holds, removes and
sends nothing. The entry notes that its toots need an edit (`edit_owed`), so that the edit is not lost if the machine
stops before the cycle. If there is anything else to decide, it leaves everything to the cycle, which follows at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain import Entry, Post, Snapshot
from bot.feeds.entry import refresh_entry
from bot.planner.guards import clock_doubt, server_doubt

#: A release within this time must not be delayed by an incremental refresh.
NEAR: Final = timedelta(seconds=1)
#: The fields that identify a post or decide whether it is shown: a change of one of them needs a full cycle.
_IDENTITY: Final = ("path", "slug", "url", "explicit_id", "published", "hidden", "withdrawn")


@dataclass(frozen=True, kw_only=True)
class Base:
    """The input of the latest full cycle, and the ledger after it. Kept only if the cycle had no doubt."""

    posts: tuple[Post, ...]
    snapshot: Snapshot
    next_release: datetime | None


def reworded_entries(
    news: Iterable[tuple[Post, Post]],
    *,
    base: Base,
    snapshot: Snapshot,
    now: datetime,
    server_times: Mapping[str, datetime] | None = None,
) -> tuple[Entry, ...]:
    """Return the refreshed entries, to be recorded. `news` are the edited posts, each before and after the edit.

    Empty if anything else has happened since the cycle of `base`.
    """
    if not _is_calm(base, snapshot, now=now) or server_doubt(server_times or {}, now):
        return ()
    found: list[Entry] = []
    known = set(map(id, base.posts))  # identity, not equality
    for before, after in news:
        entry = snapshot.entries.get(after.post_id)
        if entry is None or not _stays(before, after, entry) or id(before) not in known:
            return ()
        fresh = refresh_entry(entry, after, now=now)
        if fresh != entry:
            owes = entry.edit_owed or fresh.revision != entry.revision
            found.append(replace(fresh, edit_owed=owes))
    return tuple(found)


def _is_calm(base: Base, snapshot: Snapshot, *, now: datetime) -> bool:
    """Whether nothing is in doubt or due, and no other process has written entries or upcoming posts."""
    if snapshot.paused or clock_doubt(snapshot, now):
        return False
    if base.next_release is not None and base.next_release <= now + NEAR:
        return False
    before = base.snapshot
    return snapshot is before or (snapshot.entries, snapshot.upcoming) == (before.entries, before.upcoming)


def _stays(before: Post, after: Post, entry: Entry) -> bool:
    """Whether the edit kept the post's identity, and the post is shown by this entry."""
    if any(getattr(before, name) != getattr(after, name) for name in _IDENTITY):
        return False
    is_shown = not after.hidden and after.withdrawn is None and not entry.hidden and entry.missing_since is None
    its_own = (entry.slug, entry.url, entry.published, entry.dated) == (after.slug, after.url, after.published, None)
    return is_shown and its_own
