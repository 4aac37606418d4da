"""Making findings: the severity is the rule's, the line that of the field."""

from __future__ import annotations

from pathlib import Path

from bot.check.rules import RULES
from bot.model import Finding, Post


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
