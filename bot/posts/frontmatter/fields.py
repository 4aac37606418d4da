"""Front matter values → typed values. A wrong type raises PostError with field and line; other faults are findings."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.domain import Finding
from bot.domain.errors import PostError
from bot.domain.text import one_line
from bot.posts.frontmatter.source import name_in_file

if TYPE_CHECKING:
    from bot.posts.frontmatter.source import Source
    from bot.posts.frontmatter.yaml import Value


TRUE: Final = frozenset({"true", "yes", "on"})
FALSE: Final = frozenset({"false", "no", "off"})
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")  # the syntax of BCP 47 tags, loosely
_LIST: Final = {"list": "a list", "dict": "a mapping"}


class Fields:
    """Reads values by dotted name: "title", "cover.alt"."""

    def __init__(self, source: Source, path: Path, names: Mapping[str, str] | None = None) -> None:
        """`names` maps our key names to those in the file, where they differ."""
        self._values = source.values
        self._lines = source.lines
        self._path = path
        self._names = names or {}

    def fault(self, name: str, problem: str, remedy: str = "", *, rule: str = "field-value") -> PostError:
        """Build the error about this field; the caller raises it."""
        shown, line = name_in_file(name, self._names), self._lines.get(name)
        written = self.get(name.partition("[")[0])
        value = hashlib.sha256(repr(written).encode("utf-8", "surrogatepass")).hexdigest()[:8] if written else ""
        return PostError(self._path, problem, rule=rule, line=line, field=shown, value=value, remedy=remedy)

    def get(self, name: str) -> Value:
        """The raw value; None if it is missing."""
        if "." not in name:
            return self._values.get(name)
        value: Value = self._values
        for key in name.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def prose(self, name: str) -> str | None:
        """Text of one or more lines; None if it is missing. Raises PostError."""
        # Most keys are missing in most of ten thousand files, so this path must be fast.
        value = self._values.get(name) if "." not in name else self.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.fault(
                name, f"must be text, not {_LIST[type(value).__name__]}.", f'Write {_last(name)}: "your words".'
            )
        return value.strip() or None

    def text(self, name: str) -> str | None:
        """Text on one line; None if it is missing. Raises PostError."""
        if "." not in name and self._values.get(name) is None:
            return None
        value = self.prose(name)
        return None if value is None else one_line(value)

    def texts(self, name: str, *, separators: str = "") -> tuple[str, ...]:
        """A list of texts, or one text that is split at any of `separators`; without duplicates. Raises PostError."""
        value = self.get(name)
        if value is None:
            return ()
        if isinstance(value, dict):
            raise self.fault(name, "must be text or a list of texts.", f"Write {_last(name)}: [one, two].")
        if isinstance(value, str):
            for separator in separators[1:]:
                value = value.replace(separator, separators[0])
            value = list(value.split(separators[0])) if separators else [value]
        words = []
        for item in value:
            if isinstance(item, list | dict):
                raise self.fault(name, "must be a list of texts.", f"Write {_last(name)}: [one, two].")
            words.append(one_line(item or ""))
        return tuple(dict.fromkeys(filter(None, words)))

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false. Raises PostError."""
        chosen = self.choice(name)
        return default if chosen is None else chosen

    def choice(self, name: str) -> bool | None:
        """True or false; None if the key is missing. Raises PostError."""
        value = self.get(name)
        if value is None:
            return None
        word = value.strip().lower() if isinstance(value, str) else ""
        if word not in TRUE | FALSE:
            raise self.fault(name, "must be true or false.", f"Write {_last(name)}: true.")
        return word in TRUE

    def mapping(self, name: str, remedy: str) -> dict[str, Value]:
        """The mapping below a key; empty if it is missing. Raises PostError with this `remedy`."""
        value = self.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.fault(name, "must hold keys of its own.", remedy)
        return value

    def language(self, name: str) -> str | None:
        """A language tag such as "en" or "pt-BR". Raises PostError."""
        value = self.text(name)
        if value is not None and not _LANGUAGE.fullmatch(value):
            raise self.fault(name, f'"{value}" is not a language.', 'Write its tag, for example "en" or "pt-BR".')
        return value

    def line(self, name: str) -> int | None:
        """The line of the field; None if the file does not have it."""
        return self._lines.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self._lines


def _last(name: str) -> str:
    return name.rpartition(".")[2]


class Notes:
    """Collects the findings about one file.

    `lines` gives the line of each front matter key; `names` maps our key names to those in the file, where they differ.
    """

    def __init__(self, path: Path, lines: Mapping[str, int], names: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._lines = lines
        self._names = names or {}
        self._findings: list[Finding] = []

    def add(self, rule: str, problem: str, *, field: str = "", remedy: str = "") -> None:
        """Add a finding about the field, at its line."""
        self._findings.append(
            Finding(
                rule=rule,
                path=self._path,
                line=self._lines.get(field),
                field=name_in_file(field, self._names),
                problem=problem,
                remedy=remedy,
            )
        )

    def findings(self) -> tuple[Finding, ...]:
        """All findings, in file order."""
        return sort_by_line(self._findings)


def sort_by_line(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings by line."""
    return tuple(sorted(findings, key=lambda finding: (finding.line or 0, finding.rule)))
