"""All checks of a project, in one list: each looks at everything and yields its findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from bot.check.alts import check_alts
from bot.check.brake import check_brake
from bot.check.builtsite import check_built_site
from bot.check.called import check_called
from bot.check.columns import with_column
from bot.check.covers import check_covers
from bot.check.due import check_due
from bot.check.links import check_links
from bot.check.mojibake import check_mojibake
from bot.check.naming import check_naming
from bot.check.posts import finding_of
from bot.check.settings import check_settings
from bot.check.silence import check_silencing
from bot.check.slips import check_slips
from bot.check.subject import Subject
from bot.check.times import check_times
from bot.check.titles import check_titles
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


CHECKS: Final[tuple[Check, ...]] = (
    settings,
    faults,
    reading,
    planning,
    mojibake,
    times,
    check_due,
    check_titles,
    check_alts,
    check_covers,
    check_links,
    check_slips,
    check_called,
    check_naming,
    check_toots,
    check_brake,
    check_built_site,
    check_silencing,
)


def run_checks(subject: Subject, *, checks: Sequence[Check] = CHECKS) -> tuple[Finding, ...]:
    """Everything that the checks find, by file and line."""
    findings = (with_column(finding, subject.texts) for check in checks for finding in check(subject))
    return in_order(findings)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings by file, line and weight."""
    return tuple(sorted(findings, key=lambda f: (str(f.path), f.line or 0, _WEIGHT[f.severity], f.rule)))
