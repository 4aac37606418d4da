"""Findings as workflow commands, which GitHub shows on the lines of a pull request. Pure.

Source: "Workflow commands for GitHub Actions" in GitHub's documentation; the escapes are those of actions/toolkit,
packages/core/src/command.ts (`escapeData`, `escapeProperty`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from bot.model import Finding, Severity

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
#: What ends a line for a terminal or a log, besides those that have escapes of their own.
_LINE_ENDS: Final = str.maketrans(dict.fromkeys("\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))


def annotated_lines(findings: Iterable[Finding], *, path_of: Callable[[Path], str] = str) -> Iterator[str]:
    """A line for each finding. `path_of` names a file as it lies in the repository."""
    for finding in findings:
        named = f"{finding.field}: " if finding.field else ""
        yield annotation(
            _COMMANDS[finding.severity],
            f"{named}{finding.problem} {finding.remedy}".strip(),
            file=path_of(finding.path),
            line=finding.line or 1,
            **({"col": finding.column} if finding.column else {}),
            title=f"announce: {finding.rule}",
        )


def annotation(command: str, message: str, **properties: str | int) -> str:
    """One workflow command: "error", "warning" or "notice"; nothing in its words can end it or begin another."""
    shown = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{command} {shown}::{_data(message)}"


def _data(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.translate(_LINE_ENDS)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
