"""What a person should know before a post goes out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Severity(Enum):
    """How much a finding matters."""

    ERROR = "error"  #: the post is not released or not tooted as it stands
    WARNING = "warning"  #: it goes out, perhaps not as meant
    NOTE = "note"  #: worth knowing


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something that a person should know before a post goes out."""

    rule: str  #: short name of the rule, e.g. "datetime-offset"
    severity: Severity
    path: Path  #: the file, relative to the project root where it lies inside
    line: int | None = None  #: counts from 1
    column: int | None = None  #: characters, counts from 1; None where only the line is known
    field: str = ""  #: the front matter key, or the setting's dotted name
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        name = f"{self.field}: " if self.field else ""
        return f"{place}: {name}{self.problem} {self.remedy}".rstrip()
