"""Reasons to release nothing at all. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.model import Post, Snapshot

#: A clock this far behind the ledger's newest time is doubted; less is a time server's small correction.
CLOCK_TOLERANCE: Final = timedelta(seconds=5)


def doubt_of(snapshot: Snapshot, dated: Sequence[Post], *, broken: Collection[str], now: datetime) -> str:
    """Why nothing may be released now; empty if all is well. `broken` are slugs of files with faults."""
    return clock_doubt(snapshot, now) or _paused(snapshot) or _emptied(snapshot, dated, broken)


def clock_doubt(snapshot: Snapshot, now: datetime) -> str:
    """Why the clock cannot be believed; empty if it can."""
    newest = snapshot.newest
    if newest is None or now >= newest - CLOCK_TOLERANCE:
        return ""
    # Without the present time: the same doubt is told once.
    return (
        f"the clock is behind {newest:%Y-%m-%d %H:%M:%S} UTC, which the ledger has seen: nothing is released until "
        "that time has come again. If the clock was wrong then and is right now, `announce resume` believes it"
    )


def _paused(snapshot: Snapshot) -> str:
    return f"paused by {snapshot.paused}; `announce resume` goes on" if snapshot.paused else ""


def _emptied(snapshot: Snapshot, dated: Sequence[Post], broken: Collection[str]) -> str:
    # A folder that lost most of what was planned is a mishap (a branch switch, a wrong mount) until a person says no.
    here = {post.post_id for post in dated} | {post.slug for post in dated}
    planned = [post for post in snapshot.upcoming.values() if post.slug not in broken]
    gone = [post for post in planned if post.post_id not in here and post.slug not in here]
    if len(gone) < 2 or len(gone) * 2 <= len(planned):
        return ""
    return (
        f"{len(gone)} of {len(planned)} upcoming posts are gone from the folder: nothing is released until they are "
        "back, or `announce resume` accepts that they are gone"
    )
