"""Reasons to release nothing at all. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.domain import Post, Snapshot

#: A clock this far behind the ledger's newest time is doubted; less is a time server's small correction.
CLOCK_TOLERANCE: Final = timedelta(seconds=5)
#: A clock this far from those of all the accounts' servers is doubted (HTTP gives their time in whole seconds).
SERVER_TOLERANCE: Final = timedelta(minutes=5)
#: From here on somebody is told, for a clock that is ahead releases early by as much.
SERVER_NOTICE: Final = timedelta(minutes=1)


def doubt_of(
    snapshot: Snapshot,
    dated: Sequence[Post],
    *,
    broken: Collection[str],
    now: datetime,
    server_times: Mapping[str, datetime] | None = None,
) -> str:
    """Why nothing may be released now; empty if all is well. `broken` are slugs of files with faults.

    `server_times` are what the time is now by the accounts' servers, as far as they have said.
    """
    unlike = server_doubt(server_times or {}, now)
    return clock_doubt(snapshot, now) or unlike or _paused(snapshot) or _emptied(snapshot, dated, broken)


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


def server_doubt(server_times: Mapping[str, datetime], now: datetime) -> str:
    """Why the clock cannot be believed beside those of the servers; empty if it can.

    One server that agrees is enough: two clocks that agree by accident are far less likely than one that is wrong.
    """
    if _nearest(server_times, now) <= SERVER_TOLERANCE:
        return ""
    ahead = all(now > theirs for theirs in server_times.values())
    behind = all(now < theirs for theirs in server_times.values())
    how = "ahead of" if ahead else "behind" if behind else "unlike"
    names = ", ".join(sorted({account.rpartition("@")[2] for account in server_times}))
    # Without the present times: the same doubt is told once.
    return (
        f"the clock is more than {SERVER_TOLERANCE.total_seconds() / 60:.0f} minutes {how} that of {names}: nothing is "
        "released until they agree. Set this machine's clock, best by a time server; if it is right, tell the admins "
        "of the server, and take the account out of the settings until theirs is"
    )


def server_notice(server_times: Mapping[str, datetime], now: datetime) -> str:
    """What somebody should know of a clock that is a little off; empty if it is not."""
    if not SERVER_NOTICE < _nearest(server_times, now) <= SERVER_TOLERANCE:
        return ""
    return (
        "the clock is over a minute off those of the accounts' servers: posts are released early or late by as much. "
        "Set this machine's clock, best by a time server"
    )


def believable(now: datetime, server_times: Mapping[str, datetime]) -> datetime:
    """The time to remember things with: ours, or while that is doubted the nearest of the servers'.

    A wrong time in the ledger would make it doubt the clock that was set right.
    """
    if not server_doubt(server_times, now):
        return now
    return min(server_times.values(), key=lambda theirs: abs(theirs - now))


def _nearest(server_times: Mapping[str, datetime], now: datetime) -> timedelta:
    return min((abs(theirs - now) for theirs in server_times.values()), default=timedelta())


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
