"""All checks of a project, in one list: each looks at everything and yields its findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from bot.check.brake import check_brake
from bot.check.mojibake import check_mojibake
from bot.check.posts import finding_of
from bot.check.settings import check_settings
from bot.check.subject import Subject
from bot.check.times import check_times
from bot.check.toots import check_toots
from bot.model import Finding, Severity

Check: TypeAlias = Callable[[Subject], Iterable[Finding]]

_WEIGHT: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def settings(subject: Subject) -> Iterator[Finding]:
    """What is wrong around the settings."""
    return check_settings(subject.config, environ=subject.environ)


def faults(subject: Subject) -> Iterator[Finding]:
    """Files that are no usable posts."""
    return map(finding_of, subject.faults)


def reading(subject: Subject) -> Iterator[Finding]:
    """What was found while the posts were read."""
    for post in subject.posts:
        yield from post.findings


def planning(subject: Subject) -> Iterator[Finding]:
    """What the plan finds odd."""
    yield from subject.plan.findings


def mojibake(subject: Subject) -> Iterator[Finding]:
    """Words that look garbled."""
    for post in subject.posts:
        yield from check_mojibake(post, subject.texts.get(post.path, ""))


def times(subject: Subject) -> Iterator[Finding]:
    """Datetimes that are not as `[check]` wants them."""
    config = subject.config
    return check_times(subject.posts, wanted=config.check, zone=config.site.timezone, now=subject.now)


CHECKS: Final[tuple[Check, ...]] = (settings, faults, reading, planning, mojibake, times, check_toots, check_brake)


def run_checks(subject: Subject, *, checks: Sequence[Check] = CHECKS) -> tuple[Finding, ...]:
    """Everything that the checks find, by file and line."""
    findings = (finding for check in checks for finding in check(subject))
    return tuple(sorted(findings, key=lambda f: (str(f.path), f.line or 0, _WEIGHT[f.severity], f.rule)))
