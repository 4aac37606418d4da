"""Make findings: about a post, about another file, and from the error of an unusable post."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from bot.config import Config
from bot.domain import Finding, Post
from bot.domain.errors import PostError
from bot.posts.reader import shown_path


def about(
    post: Post,
    rule: str,
    problem: str,
    remedy: str = "",
    *,
    field: str = "",
    line: int | None = None,
    column: int | None = None,
    others: tuple[Path, ...] = (),
) -> Finding:
    """A finding about a post. Without a `line` it points at the field's, or at that of the key that contains it."""
    if line is None and field:
        line = next((post.lines[name] for name in _names(field) if name in post.lines), None)
    return Finding(
        rule=rule,
        path=post.path,
        line=line,
        column=column,
        field=field,
        problem=problem,
        remedy=remedy,
        others=others,
    )


def about_file(
    path: Path, rule: str, problem: str, remedy: str = "", *, field: str = "", line: int | None = None
) -> Finding:
    """A finding about a file that is no post."""
    return Finding(rule=rule, path=path, line=line, field=field, problem=problem, remedy=remedy)


def about_settings(config: Config, rule: str, problem: str, remedy: str = "", *, field: str = "") -> Finding:
    """A finding about the file of the settings."""
    return about_file(shown_path(config.path, config.root), rule, problem, remedy, field=field)


def _names(field: str) -> list[str]:
    """A field and the keys that contain it: "mastodon.media[0]", "mastodon.media", "mastodon"."""
    names = [field]
    while field:
        field = field[: field.rindex("[")] if field.endswith("]") else field.rpartition(".")[0]
        names.append(field)
    return names


def finding_from_fault(fault: PostError) -> Finding:
    """The finding about a file that is no usable post."""
    return Finding(
        rule=fault.rule,
        path=fault.path,
        line=fault.line,
        column=fault.column,
        field=fault.field,
        problem=fault.problem,
        remedy=fault.remedy,
        others=fault.others,
    )


def for_all_accounts(findings: Iterable[Finding]) -> list[Finding]:
    """The findings made for each account in turn, each problem once: its remedy may name what only one account has."""
    first: dict[Finding, Finding] = {}
    for finding in findings:
        first.setdefault(replace(finding, remedy=""), finding)
    return list(first.values())


def with_column(finding: Finding, texts: Mapping[Path, str]) -> Finding:
    """The finding with the column of its field, if that can be found; `texts` are the contents of the files."""
    if finding.column is not None or finding.line is None or not finding.field:
        return finding
    lines = texts.get(finding.path, "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if finding.line > len(lines):
        return finding
    key = re.sub(r"\[\d+\]$", "", finding.field).rpartition(".")[2]
    found = re.search(rf"(?<![\w-])[\"']?{re.escape(key)}[\"']?\s*:", lines[finding.line - 1])
    return finding if found is None else replace(finding, column=found.start() + 1)
