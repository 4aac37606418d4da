"""What a person should know before a post goes out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.domain.rules import RULES, Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something that a person should know before a post goes out."""

    rule: str  #: the name of one of RULES, e.g. "datetime-offset"
    path: Path  #: the file, relative to the project root where it lies inside
    line: int | None = None  #: counts from 1
    column: int | None = None  #: characters, counts from 1; None where only the line is known
    field: str = ""  #: the front matter key, or the setting's dotted name
    problem: str
    remedy: str = ""
    others: tuple[Path, ...] = ()  #: further files that cause it, spelt like `path`

    @property
    def severity(self) -> Severity:
        """That of the rule."""
        return RULES[self.rule].severity

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        name = f"{self.field}: " if self.field else ""
        return f"{place}: {name}{self.problem} {self.remedy}".rstrip()
