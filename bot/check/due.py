"""What becomes of a post's datetime at once: it is due, it is too late for a toot, or it is suspiciously far away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bot.check.findings import about
from bot.check.subject import Subject
from bot.durations import format_duration
from bot.model import Finding, Post
from bot.planning.ruling import Verdict

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
