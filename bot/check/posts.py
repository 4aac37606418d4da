"""All findings about the posts: what reading found, what composing would refuse, and what the brake would hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from bot.check.mojibake import check_mojibake
from bot.check.pictures import check_pictures
from bot.compose.composer import Composer
from bot.compose.reminder import as_reminder
from bot.durations import format_duration
from bot.errors import ComposeError, PostError
from bot.model import Finding, Post, Severity, Snapshot
from bot.plan import Plan
from bot.planning.verdict import BRAKE_WINDOW, counted_by_brake

_WEIGHT = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def check_posts(
    posts: Sequence[Post],
    faults: Iterable[PostError],
    *,
    plan: Plan,
    compose: Composer,
    snapshot: Snapshot,
    accounts: Sequence[str],
    brake: int,
    now: datetime,
    sources: Mapping[Path, str] | None = None,
    times: Iterable[Finding] = (),
) -> tuple[Finding, ...]:
    """Everything worth knowing, by file and line; `plan` is the one for `now`.

    `sources` are the texts of the posts' files, `times` what `check_times` found. Without its text a
    post is not searched for garbled words.
    """
    texts = sources or {}
    findings = [
        *(finding_of(fault) for fault in faults),
        *(finding for post in posts for finding in post.findings),
        *plan.findings,
        *(finding for post in posts for finding in check_mojibake(post, texts.get(post.path, ""))),
        *times,
        *(finding for post in posts for finding in _of_toot(post, compose, accounts)),
        *_of_brake(posts, [counted_by_brake(snapshot, account, now=now) for account in accounts], brake=brake, now=now),
    ]
    return tuple(sorted(findings, key=lambda f: (str(f.path), f.line or 0, _WEIGHT[f.severity], f.rule)))


def finding_of(fault: PostError) -> Finding:
    """What is wrong with a file that is no usable post."""
    return Finding(
        rule="unreadable",
        severity=Severity.ERROR,
        path=fault.path,
        line=fault.line,
        field=fault.field,
        problem=fault.problem,
        remedy=fault.remedy,
    )


def _of_toot(post: Post, compose: Composer, accounts: Sequence[str]) -> Iterator[Finding]:
    if post.withdrawn and any(compose.is_reason_shortened(post.withdrawn, account) for account in accounts):
        yield Finding(
            rule="text-shortened",
            severity=Severity.WARNING,
            path=post.path,
            line=post.lines.get("withdrawn"),
            field="withdrawn",
            problem="the reason does not fit whole into a toot and is shortened.",
            remedy="Say it shorter.",
        )
    if post.published is None or post.mastodon.skip or post.hidden:
        return
    said: set[str] = set()
    for account in accounts:
        for finding in _of_toot_on(post, compose, account):
            # The same trouble on a second account is no second finding.
            if finding.problem not in said:
                said.add(finding.problem)
                yield finding


def _of_reminders(post: Post, compose: Composer, account: str) -> Iterator[Finding]:
    for reminder in post.reminders:
        said = as_reminder(post, reminder)
        name = f"reminder {reminder.reminder_id}"
        try:
            shortened, remedy, severity = compose.shortened_parts(said, account), "Say it shorter.", Severity.WARNING
            limit = compose(said, account).limit
            problems = [f"{name} does not fit whole into a toot of {limit} characters and is shortened."]
        except ComposeError as error:
            shortened, remedy, severity = ("",), error.remedy, Severity.ERROR
            problems = [f"{name} would be held: {error.message.removeprefix(f'{post.path}: ')}"]
        # An excerpt that is cut in a template is the usual thing.
        for problem in problems if set(shortened) - {"excerpt", "summary"} else ():
            yield Finding(
                rule="toot-held" if severity is Severity.ERROR else "text-shortened",
                severity=severity,
                path=post.path,
                line=post.lines.get(reminder.place, post.lines.get("reminders")),
                field="reminders",
                problem=problem,
                remedy=remedy,
            )


def _of_toot_on(post: Post, compose: Composer, account: str) -> Iterator[Finding]:
    yield from check_pictures(post, account=compose.account(account), limits=compose.limits(account))
    try:
        limit = compose(post, account).limit
        shortened = compose.shortened_parts(post, account)
        remarks = compose.remarks(post, account)
    except ComposeError as error:
        yield Finding(
            rule="toot-held",
            severity=Severity.ERROR,
            path=post.path,
            line=post.lines.get(error.field),
            field=error.field,
            problem=f"the toot would be held: {error.message.removeprefix(f'{post.path}: ')}",
            remedy=error.remedy,
        )
        return
    yield from remarks
    yield from _of_reminders(post, compose, account)
    for part in shortened:
        # An excerpt that is cut is the usual thing; a title or a person's own words are meant as they stand.
        yield Finding(
            rule="text-shortened",
            severity=Severity.NOTE if part in ("excerpt", "summary") else Severity.WARNING,
            path=post.path,
            line=post.lines.get(part),
            field=part,
            problem=f"does not fit whole into a toot of {limit} characters and is shortened.",
            remedy="Look at it with `announce preview`; to decide yourself, write `mastodon: text:`.",
        )


def _of_brake(
    posts: Sequence[Post], counted: Iterable[list[datetime]], *, brake: int, now: datetime
) -> Iterator[Finding]:
    """`counted` are, for each account, the moments at which its brake has counted something already."""
    coming = [
        (post.published, post)
        for post in posts
        if post.published is not None and post.published > now and not post.mastodon.skip and not post.hidden
    ]
    braked: dict[Path, Post] = {}
    for recent in counted:
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
