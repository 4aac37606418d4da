"""Which new words of released posts the feeds may show at once, ahead of the pass that decides on everything. Pure.

Nothing but entries that are out already is refreshed here, exactly as the pass will do it: nothing is released, held,
taken out or sent. What the toots are owed is noted in the entry (`edit_owed`), so that it is not lost if the machine
stops before the pass. Wherever there is anything else to decide, nothing is done: the pass comes right after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain import Entry, Post, Snapshot
from bot.feeds.entry import refreshed
from bot.planner.guards import clock_doubt, server_doubt

#: Nothing delays a release that is so near.
NEAR: Final = timedelta(seconds=1)
#: What makes a post this post, and whether it is shown at all: where one of these differs there is more to decide.
_IDENTITY: Final = ("path", "slug", "url", "explicit_id", "published", "hidden", "withdrawn")


@dataclass(frozen=True, kw_only=True)
class Base:
    """What the latest whole pass went by, and left in the ledger; only of one that left nothing in doubt."""

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
    """The entries that say something else now, as they are to be recorded. `news` are posts as they were and are.

    None of them if anything else has happened since the pass of `base`.
    """
    if not _is_calm(base, snapshot, now=now) or server_doubt(server_times or {}, now):
        return ()
    found: list[Entry] = []
    known = set(map(id, base.posts))  # the very same, not only equal ones
    for before, after in news:
        entry = snapshot.entries.get(after.post_id)
        if entry is None or not _stays(before, after, entry) or id(before) not in known:
            return ()
        fresh = refreshed(entry, after, now=now)
        if fresh != entry:
            owes = entry.edit_owed or fresh.revision != entry.revision
            found.append(replace(fresh, edit_owed=owes))
    return tuple(found)


def _is_calm(base: Base, snapshot: Snapshot, *, now: datetime) -> bool:
    """Whether nothing is in doubt or due, and nobody else has written what the pass goes by."""
    if snapshot.paused or clock_doubt(snapshot, now):
        return False
    if base.next_release is not None and base.next_release <= now + NEAR:
        return False
    before = base.snapshot
    return snapshot is before or (snapshot.entries, snapshot.upcoming) == (before.entries, before.upcoming)


def _stays(before: Post, after: Post, entry: Entry) -> bool:
    """Whether it is the same post as before, out and shown, and the one of this entry."""
    if any(getattr(before, name) != getattr(after, name) for name in _IDENTITY):
        return False
    is_shown = not after.hidden and after.withdrawn is None and not entry.hidden and entry.missing_since is None
    its_own = (entry.slug, entry.url, entry.published, entry.dated) == (after.slug, after.url, after.published, None)
    return is_shown and its_own
