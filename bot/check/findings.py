"""Making findings: the severity is the rule's, the line that of the field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot.check.rules import RULES
from bot.domain import Finding, Post, Severity
from bot.domain.errors import PostError


def about(
    post: Post,
    rule: str,
    problem: str,
    remedy: str = "",
    *,
    field: str = "",
    line: int | None = None,
    column: int | None = None,
) -> Finding:
    """A finding about a post. Without a `line` it points at the field's, or at that of the key which holds it."""
    if line is None and field:
        line = next((post.lines[name] for name in _names(field) if name in post.lines), None)
    return Finding(
        rule=rule,
        severity=RULES[rule].severity,
        path=post.path,
        line=line,
        column=column,
        field=field,
        problem=problem,
        remedy=remedy,
    )


def about_file(path: Path, rule: str, problem: str, remedy: str = "", *, field: str = "") -> Finding:
    """A finding about a file that is no post."""
    return Finding(rule=rule, severity=RULES[rule].severity, path=path, field=field, problem=problem, remedy=remedy)


def _names(field: str) -> list[str]:
    """A field and what it stands in: "mastodon.media[0]", "mastodon.media", "mastodon"."""
    names = [field]
    while field:
        field = field[: field.rindex("[")] if field.endswith("]") else field.rpartition(".")[0]
        names.append(field)
    return names


def finding_of(fault: PostError) -> Finding:
    """What is wrong with a file that is no usable post."""
    return Finding(
        rule=fault.rule,
        severity=Severity.ERROR,
        path=fault.path,
        line=fault.line,
        column=fault.column,
        field=fault.field,
        problem=fault.problem,
        remedy=fault.remedy,
    )


def with_column(finding: Finding, texts: Mapping[Path, str]) -> Finding:
    """The finding with its column, as far as that is known; `texts` are the files."""
    if finding.column is not None or finding.line is None or not finding.field:
        return finding
    lines = texts.get(finding.path, "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if finding.line > len(lines):
        return finding
    key = re.sub(r"\[\d+\]$", "", finding.field).rpartition(".")[2]
    found = re.search(rf"(?<![\w-])[\"']?{re.escape(key)}[\"']?\s*:", lines[finding.line - 1])
    return finding if found is None else replace(finding, column=found.start() + 1)
