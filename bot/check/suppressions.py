"""Findings that an author or the operator accepts: per post in front matter, for all in `[check.allow]`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.check.findings import about_file, about_settings
from bot.check.subject import Subject
from bot.domain import Finding, Post, Severity
from bot.domain.rules import RULES, nearest
from bot.posts.frontmatter.options import FIELD


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppressed:
    """A finding that is not reported, and why."""

    finding: Finding
    reason: str


def check_suppressions(subject: Subject) -> Iterator[Finding]:
    """Suppressions without effect: no rule has that name, it is an error, or the reason is missing."""
    for post in subject.posts:
        for name in post.allowed:
            problem, remedy = _problem_of(name)
            if problem:
                field = f"{FIELD}.{name}"
                yield about_file(post.path, "check-allow", problem, remedy, field=field, line=post.lines.get(field))
    for name, reason in subject.config.check.allow.items():
        problem, remedy = _problem_of(name)
        if not problem and not reason.strip():
            problem = "has no reason, so the rule is not silenced."
            remedy = "Say in a few words why it is meant."
        if problem:
            yield about_settings(subject.config, "check-allow", problem, remedy, field=f"{FIELD}.{name}")


def suppress(
    findings: Iterable[Finding], posts: Iterable[Post], everywhere: Mapping[str, str]
) -> tuple[list[Finding], list[Suppressed]]:
    """The findings to report, and the suppressed ones; `everywhere` are the suppressions in the settings."""
    by_path = {post.path: post.allowed for post in posts}
    reported: list[Finding] = []
    suppressed: list[Suppressed] = []
    for finding in findings:
        own = by_path.get(finding.path, {}).get(finding.rule, "")
        reason = own or everywhere.get(finding.rule, "").strip()
        if reason and finding.severity is not Severity.ERROR:
            suppressed.append(Suppressed(finding=finding, reason=reason))
        else:
            reported.append(finding)
    return reported, suppressed


def _problem_of(name: str) -> tuple[str, str]:
    """Why this rule cannot be suppressed, and what to do; both empty if it can."""
    rule = RULES.get(name)
    if rule is None:
        meant = nearest(name)
        return "is no rule.", f'Did you mean "{meant}"?' if meant else "`announce check --rules` lists them."
    if not rule.may_be_suppressed:
        return "is an error, and errors cannot be silenced.", "Correct what it names; then nothing is left to silence."
    return "", ""
