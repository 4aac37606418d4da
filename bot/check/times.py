"""Publish datetimes that nobody may have meant: at night, at the weekend, on the heels of another. Nothing is moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from bot.check.findings import about
from bot.check.subject import Subject
from bot.config import Check
from bot.domain import Finding, Post, Severity
from bot.domain.durations import Daytime, format_duration
from bot.planner.burst_limit import BRAKE_WINDOW, counted_by_brake
from bot.planner.ruling import Verdict


def check_brake(subject: Subject) -> Iterator[Finding]:
    """A finding for each post that comes after too many others within the brake's window."""
    brake, now = subject.config.release.brake, subject.now
    coming = [
        (post.published, post)
        for post in subject.posts
        if post.published is not None and post.published > now and not post.mastodon.skip and not post.hidden
    ]
    braked: dict[Path, Post] = {}
    for account in subject.accounts:
        recent = counted_by_brake(subject.snapshot, account, now=now)
        for published, post in sorted(coming, key=lambda pair: (pair[0], pair[1].slug)):
            recent = [moment for moment in recent if moment > published - BRAKE_WINDOW]
            if len(recent) >= brake:
                braked[post.path] = post
            else:
                recent.append(published)
    for post in braked.values():
        yield _braked(post, brake, BRAKE_WINDOW)


def _braked(post: Post, brake: int, window: timedelta) -> Finding:
    return Finding(
        rule="brake",
        severity=Severity.WARNING,
        path=post.path,
        line=post.lines.get("published_datetime"),
        field="published_datetime",
        problem=f"more than {brake} posts within {format_duration(window)}: the brake would hold this toot.",
        remedy="Spread the posts, or raise `[release] brake`.",
    )


FAR: Final = timedelta(days=365)
#: So many posts that are too late are named one by one; more are a site that has news already.
NAMED: Final = 3
_FIELD: Final = "published_datetime"


def check_due(subject: Subject) -> Iterator[Finding]:
    """Of posts that are not released yet, and that nobody holds."""
    held = {item.post_id for item in subject.plan.of(Verdict.HELD)}
    for post in subject.posts:
        if post.published is None or post.path in subject.released or post.hidden or post.post_id in held:
            continue
        finding = _of_post(subject, post, post.published)
        if finding is not None:
            yield finding


def _of_post(subject: Subject, post: Post, published: datetime) -> Finding | None:
    now, catch_up = subject.now, subject.config.release.catch_up
    if published > now + FAR:
        problem = f"is {format_duration(published - now)} ahead."
        return about(post, "far-future", problem, "Look at the year; if it is meant, all is well.", field=_FIELD)
    if published > now:
        return None
    if now - published > catch_up:
        problem = f"passed more than {format_duration(catch_up)} ago: the post enters the feed and is not tooted."
        remedy = f"For a toot write a time to come, or `announce publish {post.slug}` once it is released."
        return about(post, "too-late", problem, remedy, field=_FIELD)
    word = "released" if post.mastodon.skip or not subject.accounts else "released and tooted"
    problem = f"has come: the post is {word} as soon as the bot sees it."
    return about(post, "due-now", problem, "To choose the moment, write a time to come.", field=_FIELD)


def folded(findings: Sequence[Finding], *, posts_folder: Path) -> tuple[Finding, ...]:
    """The findings with many posts that are too late told in one."""
    late = [finding for finding in findings if finding.rule == "too-late"]
    if len(late) <= NAMED:
        return tuple(findings)
    one = replace(
        late[0],
        path=posts_folder,
        line=None,
        column=None,
        field="",
        problem=f"{len(late)} posts are too old for a toot: they enter the feeds and are not tooted.",
        remedy="As it should be for a site that has news already; `announce queue` lists them.",
    )
    return (one, *(finding for finding in findings if finding.rule != "too-late"))


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
