"""What the toots of the posts would be: held, cut, or without what was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.check.pictures import check_pictures
from bot.check.subject import Subject
from bot.compose.composer import Composer
from bot.compose.reminder import as_reminder
from bot.errors import ComposeError
from bot.model import Finding, Post, Severity


def check_toots(subject: Subject) -> Iterator[Finding]:
    """What composing the posts' toots and reminders would refuse, cut or leave out."""
    for post in subject.posts:
        yield from _of_toot(post, subject.compose, subject.accounts)


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
