"""Findings that somebody has looked at and accepts: per post in front matter, for all in `[check.allow]`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.check.rules import RULES, nearest
from bot.check.subject import Subject
from bot.domain import Finding, Post, Severity
from bot.posts.frontmatter.options import FIELD


@dataclass(frozen=True, kw_only=True, slots=True)
class Silenced:
    """A finding that is not to be told, and why."""

    finding: Finding
    reason: str


def check_silencing(subject: Subject) -> Iterator[Finding]:
    """Rules that are silenced in vain: there is none of that name, it is an error, or the reason is missing."""
    for post in subject.posts:
        for name in post.allowed:
            problem, remedy = _trouble(name)
            if problem:
                field = f"{FIELD}.{name}"
                yield _finding(post.path, field, problem, remedy, line=post.lines.get(field))
    config = subject.config
    path = config.path.relative_to(config.root) if config.path.is_relative_to(config.root) else config.path
    for name, reason in config.check.allow.items():
        problem, remedy = _trouble(name)
        if not problem and not reason.strip():
            problem = "has no reason, so the rule is not silenced."
            remedy = "Say in a few words why it is meant."
        if problem:
            yield _finding(path, FIELD + f".{name}", problem, remedy)


def silenced(
    findings: Iterable[Finding], posts: Iterable[Post], everywhere: Mapping[str, str]
) -> tuple[list[Finding], list[Silenced]]:
    """The findings to tell, and those that are silenced; `everywhere` are the rules of the settings."""
    by_path = {post.path: post.allowed for post in posts}
    told: list[Finding] = []
    quiet: list[Silenced] = []
    for finding in findings:
        own = by_path.get(finding.path, {}).get(finding.rule, "")
        reason = own or everywhere.get(finding.rule, "").strip()
        if reason and finding.severity is not Severity.ERROR:
            quiet.append(Silenced(finding=finding, reason=reason))
        else:
            told.append(finding)
    return told, quiet


def _trouble(name: str) -> tuple[str, str]:
    """What is wrong with silencing this rule, and what to do; both empty if nothing is."""
    rule = RULES.get(name)
    if rule is None:
        meant = nearest(name)
        return "is no rule.", f'Did you mean "{meant}"?' if meant else "`announce check --rules` lists them."
    if not rule.may_be_silenced:
        return "is an error, and errors cannot be silenced.", "Mend what it names; then nothing is left to silence."
    return "", ""


def _finding(path: Path, field: str, problem: str, remedy: str, *, line: int | None = None) -> Finding:
    return Finding(
        rule="check-allow",
        severity=Severity.WARNING,
        path=path,
        line=line,
        field=field,
        problem=problem,
        remedy=remedy,
    )
