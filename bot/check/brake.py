"""What the brake would hold if everything goes out as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bot.check.subject import Subject
from bot.durations import format_duration
from bot.model import Finding, Post, Severity
from bot.planning.brake import BRAKE_WINDOW, counted_by_brake


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
