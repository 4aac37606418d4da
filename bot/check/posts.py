"""Files that are no usable posts."""

from __future__ import annotations

from bot.errors import PostError
from bot.model import Finding, Severity


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
