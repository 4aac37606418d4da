"""Reasons to release nothing at all: the clock, a pause, an emptied folder. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.domain import Post, Reason, ReasonCode, Snapshot
from bot.domain.durations import SERVER_TOLERANCE

#: A clock this far behind the ledger's newest time is doubted; less is a time server's small correction.
CLOCK_TOLERANCE: Final = timedelta(seconds=5)
#: From this difference on the operator gets an alert: a clock that is ahead releases posts early by as much.
SERVER_NOTICE: Final = timedelta(minutes=1)


def doubt_of(
    snapshot: Snapshot,
    dated: Sequence[Post],
    *,
    broken: Collection[str],
    now: datetime,
    server_times: Mapping[str, datetime] | None = None,
) -> Reason | None:
    """Return why nothing may be released now; None if all is well.

    `broken` are the slugs of files with faults. `server_times` are the present times by the clocks of those accounts'
    servers that have answered, by account.
    """
    unlike = server_doubt(server_times or {}, now)
    return clock_doubt(snapshot, now) or unlike or _paused(snapshot) or _emptied(snapshot, dated, broken)


def clock_doubt(snapshot: Snapshot, now: datetime) -> Reason | None:
    """Return why the clock contradicts the ledger; None if it does not."""
    newest = snapshot.newest
    if newest is None or now >= newest - CLOCK_TOLERANCE:
        return None
    # Without the present time, so that the operator gets one alert and not one for each cycle.
    return Reason(code=ReasonCode.CLOCK_BEHIND, at=newest)


def server_doubt(server_times: Mapping[str, datetime], now: datetime) -> Reason | None:
    """Return why the clock contradicts those of the servers; None if it does not.

    One server that agrees is enough: two clocks that agree by accident are far less likely than one that is wrong.
    """
    if _nearest(server_times, now) <= SERVER_TOLERANCE:
        return None
    ahead = all(now > theirs for theirs in server_times.values())
    behind = all(now < theirs for theirs in server_times.values())
    code = ReasonCode.CLOCK_UNLIKE_SERVERS
    if ahead or behind:
        code = ReasonCode.CLOCK_AHEAD_OF_SERVERS if ahead else ReasonCode.CLOCK_BEHIND_SERVERS
    names = tuple(sorted({account.rpartition("@")[2] for account in server_times}))
    # Without the present times, for the same reason.
    return Reason(code=code, names=names, limit=SERVER_TOLERANCE)


def server_notice(server_times: Mapping[str, datetime], now: datetime) -> Reason | None:
    """Return a notice about a clock that is slightly off; None if it is not."""
    if not SERVER_NOTICE < _nearest(server_times, now) <= SERVER_TOLERANCE:
        return None
    return Reason(code=ReasonCode.CLOCK_SLIGHTLY_OFF)


def believable(now: datetime, server_times: Mapping[str, datetime]) -> datetime:
    """Return the time to record: ours, or while that is in doubt the nearest of the servers'.

    A wrong time in the ledger would cast doubt on the clock once the operator has corrected it.
    """
    if not server_doubt(server_times, now):
        return now
    return min(server_times.values(), key=lambda theirs: abs(theirs - now))


def _nearest(server_times: Mapping[str, datetime], now: datetime) -> timedelta:
    return min((abs(theirs - now) for theirs in server_times.values()), default=timedelta())


def _paused(snapshot: Snapshot) -> Reason | None:
    return Reason(code=ReasonCode.PAUSED, who=snapshot.paused) if snapshot.paused else None


def _emptied(snapshot: Snapshot, dated: Sequence[Post], broken: Collection[str]) -> Reason | None:
    # A folder that lost most of the planned posts is a mishap (a branch switch, a wrong mount) until the operator
    # accepts it with `announce resume`.
    here = {post.post_id for post in dated} | {post.slug for post in dated}
    planned = [post for post in snapshot.upcoming.values() if post.slug not in broken]
    gone = [post for post in planned if post.post_id not in here and post.slug not in here]
    if len(gone) < 2 or len(gone) * 2 <= len(planned):
        return None
    return Reason(code=ReasonCode.FOLDER_EMPTIED, count=len(gone), total=len(planned))
