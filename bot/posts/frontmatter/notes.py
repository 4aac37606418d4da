"""Findings, collected while one post is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.domain import Finding
from bot.posts.frontmatter.renamed import in_the_file


class Notes:
    """Collects the findings about one file. `lines` tells each front matter key's line.

    `names` are those that stand in the file for ours, where they differ.
    """

    def __init__(self, path: Path, lines: Mapping[str, int], names: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._lines = lines
        self._names = names or {}
        self._findings: list[Finding] = []

    def add(self, rule: str, problem: str, *, field: str = "", line: int | None = None, remedy: str = "") -> None:
        """Add a finding. Without a `line` it points at the field's."""
        self._findings.append(
            Finding(
                rule=rule,
                path=self._path,
                line=self._lines.get(field) if line is None else line,
                field=in_the_file(field, self._names),
                problem=problem,
                remedy=remedy,
            )
        )

    def findings(self) -> tuple[Finding, ...]:
        """All of them, in the order of the file."""
        return in_file_order(self._findings)


def in_file_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings by their lines."""
    return tuple(sorted(findings, key=lambda finding: (finding.line or 0, finding.rule)))
