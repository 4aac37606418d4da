"""All checks of a project, in one list. Each check gets the whole project and yields its findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from bot.check.built_site import check_built_site
from bot.check.findings import finding_from_fault, with_column
from bot.check.leaks import check_names
from bot.check.links import check_links
from bot.check.pictures import check_alts, check_covers
from bot.check.settings import check_settings
from bot.check.subject import Subject
from bot.check.suppressions import check_suppressions
from bot.check.times import check_burst_limit, check_due, check_times
from bot.check.toots import check_mentions_and_hashtags, check_toots
from bot.check.typography import check_mojibake, check_slips, check_titles
from bot.domain import Finding

Check: TypeAlias = Callable[[Subject], Iterable[Finding]]


def collect_settings(subject: Subject) -> Iterator[Finding]:
    """Problems of the settings and the files that they name."""
    return check_settings(subject.config, environ=subject.environ)


def collect_faults(subject: Subject) -> Iterator[Finding]:
    """Files that are no usable posts."""
    return map(finding_from_fault, subject.faults)


def collect_reading(subject: Subject) -> Iterator[Finding]:
    """Findings made while the posts were read."""
    for post in subject.posts:
        yield from post.findings


def collect_planning(subject: Subject) -> Iterator[Finding]:
    """Findings of the plan."""
    yield from subject.plan.findings


def collect_mojibake(subject: Subject) -> Iterator[Finding]:
    """Text in a wrong encoding."""
    for post in subject.posts:
        yield from check_mojibake(post, subject.texts.get(post.path, ""))


def collect_times(subject: Subject) -> Iterator[Finding]:
    """Datetimes that `[check]` does not want."""
    config = subject.config
    return check_times(subject.posts, wanted=config.check, zone=config.site.timezone, now=subject.now)


CHECKS: Final[tuple[Check, ...]] = (
    collect_settings,
    collect_faults,
    collect_reading,
    collect_planning,
    collect_mojibake,
    collect_times,
    check_due,
    check_titles,
    check_alts,
    check_covers,
    check_links,
    check_slips,
    check_mentions_and_hashtags,
    check_names,
    check_toots,
    check_burst_limit,
    check_built_site,
    check_suppressions,
)


def run_checks(subject: Subject, *, checks: Sequence[Check] = CHECKS) -> tuple[Finding, ...]:
    """Run the checks; returns their findings by file and line."""
    findings = (with_column(finding, subject.texts) for check in checks for finding in check(subject))
    return sort_findings(findings)


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings by file, line and severity."""
    return tuple(sorted(findings, key=lambda f: (str(f.path), f.line or 0, f.severity.rank, f.rule)))
