"""Publish datetimes that nobody may have meant: at night, at the weekend, on the heels of another. Nothing is moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from bot.config import Check
from bot.daytime import Daytime
from bot.durations import format_duration
from bot.model import Finding, Post, Severity

_SATURDAY: Final = 5


def check_times(posts: Sequence[Post], *, wanted: Check, zone: ZoneInfo, now: datetime) -> Iterator[Finding]:
    """What of the posts to come is not as `[check]` wants it; `zone` is the site's."""
    told = [
        (post.published, post)
        for post in posts
        if post.published is not None and not post.mastodon.skip and not post.hidden
    ]
    coming = [(published, post) for published, post in told if published > now]
    if wanted.daytime is not None:
        begin, end = wanted.daytime
        hours = Daytime(begin=begin, end=end, zone=zone)
        for published, post in coming:
            if hours.wait_until(published) is not None:
                yield _at_night(post, published.astimezone(zone), hours)
    if wanted.weekdays_only:
        for published, post in coming:
            if published.astimezone(zone).weekday() >= _SATURDAY:
                yield _at_the_weekend(post, published.astimezone(zone))
    for (earlier, before), (later, post) in pairwise(sorted(told, key=lambda pair: (pair[0], pair[1].slug))):
        # Whoever says in which order they go has seen that they share a moment.
        unseen = earlier == later and not {"order"} & (before.lines.keys() | post.lines.keys())
        if later > now and (later - earlier < wanted.min_gap or unseen):
            yield _too_close(post, before, gap=_gap(earlier, later), wanted=wanted)


def _gap(earlier: datetime, later: datetime) -> str:
    return "at the same moment as" if earlier == later else f"{format_duration(later - earlier)} after"


def _at_night(post: Post, local: datetime, hours: Daytime) -> Finding:
    return _about(
        post,
        rule="quiet-hours",
        problem=f"is released at {local:%H:%M} in {hours.zone.key}, outside {hours.begin:%H:%M}-{hours.end:%H:%M}.",
        remedy="Choose another hour, or change `[check] daytime`. It goes out at its time all the same.",
    )


def _at_the_weekend(post: Post, local: datetime) -> Finding:
    return _about(
        post,
        rule="weekend",
        problem=f"is released on {local:%A, %Y-%m-%d}.",
        remedy="Choose a weekday, or change `[check] weekdays_only`. It goes out at its time all the same.",
    )


def _too_close(post: Post, before: Post, *, gap: str, wanted: Check) -> Finding:
    line = before.lines.get("published_datetime")
    place = f"{before.path}:{line}" if line else str(before.path)
    return _about(
        post,
        rule="clash",
        problem=f"{post.slug} is released {gap} {before.slug} ({place}).",
        remedy=f"{_way_out(wanted)} Both go out at their time all the same.",
    )


def _way_out(wanted: Check) -> str:
    if not wanted.min_gap:
        return "Move one of them, or say with `order:` which goes first."
    return f"Leave {format_duration(wanted.min_gap)} between them, or change `[check] min_gap`."


def _about(post: Post, *, rule: str, problem: str, remedy: str) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.WARNING,
        path=post.path,
        line=post.lines.get("published_datetime"),
        field="published_datetime",
        problem=problem,
        remedy=remedy,
    )
