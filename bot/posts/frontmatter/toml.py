"""TOML front matter (Hugo's default) in the same form as YAML front matter: scalars stay strings as written."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from bot.domain.errors import PostError
from bot.domain.text import clean
from bot.posts.frontmatter.yaml import Value

_WHERE: Final = re.compile(r" \(at line (\d+), column (\d+)\)")
_OPENED: Final = re.compile(r"\+\+\+[ \t]*(?:\n|\Z)")
_FENCE: Final = re.compile(r"^\+\+\+[ \t]*$", re.MULTILINE)
_TABLE: Final = re.compile(r"\s*\[\s*([A-Za-z0-9_.-]+)\s*\]")
_KEY: Final = re.compile(r"""\s*(["']?)([A-Za-z0-9_-]+)\1\s*=""")


class _TooDeepError(ValueError):
    pass


def split_toml(text: str, *, path: Path, largest: int) -> tuple[str, str] | None:
    """Split a text into front matter (with the rest of its opening line) and body; None if it has no TOML front matter.

    Raises PostError if the front matter is not closed, or exceeds the limit in bytes.
    """
    if not _OPENED.match(text):
        return None
    parts = _FENCE.split(text, maxsplit=2)
    if len(parts) < 3:
        remedy = "Write a line with +++ alone below the last key."
        raise PostError(path, "the front matter is not closed.", rule="front-matter", line=1, remedy=remedy)
    _, matter, body = parts
    if len(matter.encode()) > largest:
        problem = f"the front matter is larger than {largest // 1024} KiB."
        raise PostError(path, problem, rule="front-matter", line=1, remedy="Close it with +++ first.")
    return matter, body.removeprefix("\n")


def read_toml(text: str, *, path: Path, first_line: int, deepest: int, lines: dict[str, int]) -> dict[str, Value]:
    """Parse the front matter; adds to `lines` the line of each key that begins a line. Raises PostError.

    `first_line` is the line of the file on which `text` begins.
    """
    try:
        # tomllib gives positions only in its errors.
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _WHERE.search(str(error))
        line = first_line + int(found[1]) - 1 if found else first_line
        at = f" at column {found[2]}" if found else ""
        problem = f"is not valid TOML{at}: {_WHERE.sub('', str(error))}."
        remedy = 'Write one key on each line, for example title = "Good news", with texts in quotes.'
        column = int(found[2]) if found else None
        raise PostError(
            path, problem, rule="front-matter", line=line, column=column, field="front matter", remedy=remedy
        ) from None
    try:
        values: dict[str, Value] = {key: _plain(value, deepest - 1) for key, value in table.items()}
    except _TooDeepError as error:
        raise PostError(
            path, str(error), rule="front-matter", line=first_line, field="front matter", remedy="Simplify it."
        ) from None
    _note_lines(text, values, first_line, lines)
    return values


def _plain(value: Any, deeper: int) -> Value:
    if deeper < 0:
        raise _TooDeepError("is nested too deep.")
    if isinstance(value, dict):
        return {key: _plain(item, deeper - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, deeper - 1) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return clean(str(value))


def _note_lines(text: str, values: dict[str, Value], first_line: int, lines: dict[str, int]) -> None:
    table = ""
    for number, line in enumerate(text.split("\n")):
        found = _TABLE.match(line)
        if found:
            table = f"{found[1]}."
            lines.setdefault(found[1], first_line + number)
            continue
        found = _KEY.match(line)
        name = f"{table}{found[2]}" if found else ""
        # Skip lines inside a multi-line string that only look like keys.
        if name and _is_there(values, name):
            lines.setdefault(name, first_line + number)


def _is_there(values: dict[str, Value], name: str) -> bool:
    value: Value = values
    for key in name.split("."):
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True
