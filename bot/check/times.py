"""Publish datetimes that may be mistakes: passed, far ahead, at night, at the weekend, close to another, too many."""

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
from bot.domain import Finding, Post
from bot.domain.durations import Daytime, format_duration
from bot.planner.ruling import BURST_WINDOW, Verdict, counted_by_burst_limit

#: Further ahead than this a datetime is probably a slip in the year.
FAR: Final = timedelta(days=365)
#: Up to so many posts that are too late are listed one by one; more mean that the site had news before the bot.
NAMED: Final = 3
_FIELD: Final = "published_datetime"


def check_due(subject: Subject) -> Iterator[Finding]:
    """What becomes of posts by their datetimes; of posts that are neither released nor held."""
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
    word = "released and tooted" if post.is_tooted and subject.accounts else "released"
    problem = f"has come: the post is {word} as soon as the bot sees it."
    return about(post, "due-now", problem, "To choose the moment, write a time to come.", field=_FIELD)


def fold_late_posts(findings: Sequence[Finding], *, posts_folder: Path) -> tuple[Finding, ...]:
    """The findings; many posts that are too late become one finding."""
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
    """Posts to come at times that `[check]` does not want; `zone` is the site's."""
    dated = [(post.published, post) for post in posts if post.published is not None and post.is_tooted]
    coming = [(published, post) for published, post in dated if published > now]
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
    for (earlier, before), (later, post) in pairwise(sorted(dated, key=lambda pair: (pair[0], pair[1].slug))):
        # An author who writes `order:` knows that the two share a moment.
        unseen = earlier == later and not {"order"} & (before.lines.keys() | post.lines.keys())
        if later > now and (later - earlier < wanted.min_gap or unseen):
            yield _too_close(post, before, gap=_gap(earlier, later), wanted=wanted)


def _gap(earlier: datetime, later: datetime) -> str:
    return "at the same moment as" if earlier == later else f"{format_duration(later - earlier)} after"


def _at_night(post: Post, local: datetime, hours: Daytime) -> Finding:
    return about(
        post,
        "quiet-hours",
        f"is released at {local:%H:%M} in {hours.zone.key}, outside {hours.begin:%H:%M}-{hours.end:%H:%M}.",
        "Choose another hour, or change `[check] daytime`. It goes out at its time all the same.",
        field=_FIELD,
    )


def _at_the_weekend(post: Post, local: datetime) -> Finding:
    return about(
        post,
        "weekend",
        f"is released on {local:%A, %Y-%m-%d}.",
        "Choose a weekday, or change `[check] weekdays_only`. It goes out at its time all the same.",
        field=_FIELD,
    )


def _too_close(post: Post, before: Post, *, gap: str, wanted: Check) -> Finding:
    line = before.lines.get("published_datetime")
    place = f"{before.path}:{line}" if line else str(before.path)
    return about(
        post,
        "clash",
        f"{post.slug} is released {gap} {before.slug} ({place}).",
        f"{_way_out(wanted)} Both go out at their time all the same.",
        field=_FIELD,
        others=(before.path,),
    )


def _way_out(wanted: Check) -> str:
    if not wanted.min_gap:
        return "Move one of them, or say with `order:` which goes first."
    return f"Leave {format_duration(wanted.min_gap)} between them, or change `[check] min_gap`."


def check_burst_limit(subject: Subject) -> Iterator[Finding]:
    """A finding for each post that comes after too many others within the window of the burst limit."""
    brake, now = subject.config.release.brake, subject.now
    coming = [
        (post.published, post)
        for post in subject.posts
        if post.published is not None and post.published > now and post.is_tooted
    ]
    held_back: dict[Path, Post] = {}
    for account in subject.accounts:
        recent = counted_by_burst_limit(subject.snapshot, account, now=now)
        for published, post in sorted(coming, key=lambda pair: (pair[0], pair[1].slug)):
            recent = [moment for moment in recent if moment > published - BURST_WINDOW]
            if len(recent) >= brake:
                held_back[post.path] = post
            else:
                recent.append(published)
    for post in held_back.values():
        problem = f"more than {brake} posts within {format_duration(BURST_WINDOW)}: the brake would hold this toot."
        remedy = "Spread the posts, or raise `[release] brake`."
        yield about(post, "brake", problem, remedy, field=_FIELD, others=_within_window(post, coming))


def _within_window(post: Post, coming: Sequence[tuple[datetime, Post]]) -> tuple[Path, ...]:
    """The other posts that are released within the window of the burst limit before this one."""
    assert post.published is not None
    begin = post.published - BURST_WINDOW
    return tuple(other.path for moment, other in coming if begin < moment <= post.published and other is not post)
