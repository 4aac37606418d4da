"""What the toots of the posts would be: held, cut, or without what was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bot.check.findings import about
from bot.check.pictures import check_pictures
from bot.check.subject import Subject
from bot.compose.composer import Composer
from bot.compose.reminder import as_reminder
from bot.errors import ComposeError
from bot.model import Finding, Post

_LONGEST_END: Final = 60  #: characters of a cut text that are shown
_LOOK: Final = "Look at it with `announce preview`; to decide yourself, write `mastodon: text:`."


def check_toots(subject: Subject) -> Iterator[Finding]:
    """What composing the posts' toots and reminders would refuse, cut or leave out; of toots that are still to come.

    Toots that are out count as long as they are edited.
    """
    for post in subject.tooted:
        yield from _of_toot(post, subject.compose, subject.accounts)


def _of_toot(post: Post, compose: Composer, accounts: Sequence[str]) -> Iterator[Finding]:
    if post.withdrawn and any(compose.is_reason_shortened(post.withdrawn, account) for account in accounts):
        problem = "the reason does not fit whole into a toot and is shortened."
        yield about(post, "text-shortened", problem, "Say it shorter.", field="withdrawn")
    if post.published is None or post.mastodon.skip or post.hidden:
        return
    said: set[str] = set()
    for account in accounts:
        for finding in _of_toot_on(post, compose, account):
            # The same trouble on a second account is no second finding.
            if finding.problem not in said:
                said.add(finding.problem)
                yield finding


def _of_toot_on(post: Post, compose: Composer, account: str) -> Iterator[Finding]:
    yield from check_pictures(post, account=compose.account(account), limits=compose.limits(account))
    try:
        limit = compose(post, account).limit
        shortened = compose.shortened_parts(post, account)
        remarks = compose.remarks(post, account)
    except ComposeError as error:
        problem = f"the toot would be held: {error.message.removeprefix(f'{post.path}: ')}"
        yield about(post, "toot-held", problem, error.remedy, field=error.field)
        return
    yield from remarks
    yield from _of_reminders(post, compose, account)
    for part, left in shortened.items():
        # An excerpt that is cut is the usual thing; a title or a person's own words are meant as they stand.
        rule = "excerpt-shortened" if part in ("excerpt", "summary") else "text-shortened"
        problem = f"does not fit whole into a toot of {limit} characters{_end_of(left)}."
        yield about(post, rule, problem, _LOOK, field=part)


def _of_reminders(post: Post, compose: Composer, account: str) -> Iterator[Finding]:
    for reminder in post.reminders:
        said = as_reminder(post, reminder)
        name = f"reminder {reminder.reminder_id}"
        try:
            limit, shortened = compose(said, account).limit, compose.shortened_parts(said, account)
        except ComposeError as error:
            problem = f"{name} would be held: {error.message.removeprefix(f'{post.path}: ')}"
            line = post.lines.get(reminder.place)
            yield about(post, "toot-held", problem, error.remedy, field="reminders", line=line)
            continue
        # An excerpt that is cut in a template is the usual thing.
        cut = {part: left for part, left in shortened.items() if part not in ("excerpt", "summary")}
        if cut:
            problem = f"{name} does not fit whole into a toot of {limit} characters{_end_of(_first(cut))}."
            line = post.lines.get(reminder.place)
            yield about(post, "text-shortened", problem, "Say it shorter.", field="reminders", line=line)


def _first(words: Mapping[str, str]) -> str:
    return next(iter(words.values()))


def _end_of(left: str) -> str:
    """How a cut text ends."""
    if not left:
        return " and is left out"
    words = " ".join(left.split())
    shown = words if len(words) <= _LONGEST_END else "… " + words[-_LONGEST_END:].partition(" ")[2]
    return f': it is cut to "{shown}"'
