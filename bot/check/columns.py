"""The column of a finding that names a key: where the key stands on its line. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot.model import Finding


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
