"""Bytes → front matter and body, with the line of every key; maps a site's key names to ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

import frontmatter
from frontmatter.default_handlers import YAMLHandler

from bot.domain.errors import PostError
from bot.domain.front_matter import KEYS, FieldType
from bot.domain.text import clean
from bot.posts.frontmatter.toml import read_toml, split_toml
from bot.posts.frontmatter.yaml import Value, read_yaml

LARGEST_FILE: Final = 256 * 1024  #: bytes; ten times the longest real posts
LARGEST_FRONT_MATTER: Final = 64 * 1024  #: bytes
DEEPEST_NESTING: Final = 20

_BOM: Final = b"\xef\xbb\xbf"
_OTHER_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")  # UTF-16; no UTF-8 text begins with these bytes
_FENCE: Final = re.compile(rb"\s*?^---[ \t]*(?=[\r\n]|\Z)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The parts of a post file. All line ends are line feeds; characters that XML forbids are removed."""

    values: dict[str, Value]
    lines: dict[str, int]  #: "title", "cover.alt", ... → line in the file, from 1
    body: str
    body_line: int  #: the line in the file on which the body begins


def read_source(data: bytes, *, path: Path) -> Source | None:
    """Split a file into front matter and body; None if it has no front matter, like a README.

    Scalars stay strings as written ("2024-07-16", "yes", "007"); only an empty value and `null` become None. YAML 1.1
    would convert words such as `No` or `1:30` to values that the author did not mean.

    Raises PostError if the file begins like a post but cannot be parsed.
    """
    if not (_FENCE.match(data.removeprefix(_BOM)) or data.startswith(_OTHER_BOMS)):
        return _toml_source(data, path) if data.removeprefix(_BOM).startswith(b"+++") else None
    text = clean(_decode(data, path)).rstrip()
    start = text.index("---")
    first_line = 1 + text.count("\n", 0, start)
    handler = _PostHandler(path, first_line=first_line)
    # Only the front matter: parse() would strip the indentation of the body's first line, and is slow on the body.
    end = handler.end_of_matter(text, start)
    values, _ = frontmatter.parse(text[start:end], handler=handler)
    return Source(
        values=cast("dict[str, Value]", values),
        lines=handler.lines,
        body=text[end:].removeprefix("\n"),
        body_line=first_line + text.count("\n", start, end) + 1,
    )


def _toml_source(data: bytes, path: Path) -> Source | None:
    text = clean(_decode(data, path))
    parts = split_toml(text, path=path, largest=LARGEST_FRONT_MATTER)
    if parts is None:
        return None
    matter, body = parts
    lines: dict[str, int] = {}
    values = read_toml(matter, path=path, first_line=1, deepest=DEEPEST_NESTING, lines=lines)
    return Source(values=values, lines=lines, body=body, body_line=2 + matter.count("\n"))


def _decode(data: bytes, path: Path) -> str:
    if len(data) > LARGEST_FILE:
        raise PostError(path, "is larger than 256 KiB.", remedy="A post is text; link or embed what is larger.")
    data = data.removeprefix(_BOM)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        raise PostError(
            path,
            f"is not UTF-8: byte 0x{data[error.start]:02x} cannot be read.",
            line=1 + _unix_lines(before).count("\n"),
            remedy='Save the file with the encoding "UTF-8".',
        ) from None
    return _unix_lines(text)


def _unix_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


class _PostHandler(YAMLHandler):
    """python-frontmatter's YAML handler, strict and with lines. One object reads one file."""

    # The library's own pattern includes blank lines in the boundary, which makes line numbers wrong.
    FM_BOUNDARY = re.compile(r"^---[ \t]*$", re.MULTILINE)

    def __init__(self, path: Path, *, first_line: int) -> None:
        super().__init__()
        self._path = path
        self._first_line = first_line
        self.lines: dict[str, int] = {}

    def end_of_matter(self, text: str, start: int) -> int:
        """Find the end of the front matter that begins at `start`. Raises PostError if it is not closed."""
        fences = self.FM_BOUNDARY.finditer(text, start)
        next(fences)
        closing = next(fences, None)
        if closing is None:
            raise PostError(
                self._path,
                "the front matter is not closed.",
                rule="front-matter",
                line=self._first_line,
                remedy="Write a line with --- alone below the last key.",
            )
        return closing.end()

    def load(self, fm: str, **_: object) -> dict[str, Value]:
        """Parse the front matter. Raises PostError."""
        if len(fm.encode()) > LARGEST_FRONT_MATTER:
            raise PostError(
                self._path,
                "the front matter is larger than 64 KiB.",
                rule="front-matter",
                line=self._first_line,
                remedy="Close it with --- before the text begins.",
            )
        return read_yaml(fm, path=self._path, first_line=self._first_line, deepest=DEEPEST_NESTING, lines=self.lines)


_LISTS: Final = (FieldType.TEXTS, FieldType.LIST, FieldType.TOOTS, FieldType.FOCUS)


def rename_keys(source: Source, fields: Mapping[str, tuple[str, ...]]) -> tuple[Source, dict[str, str]]:
    """Add our key names to the front matter; also returns the name in the file for each of them.

    If a post uses our own name, that wins; among several names of the site, the first that has a value.
    """
    values, lines, names = dict(source.values), dict(source.lines), dict[str, str]()
    # "cover" before "cover.alt", which is inserted into it.
    for ours, theirs in sorted(fields.items(), key=lambda pair: "." in pair[0]):
        if _value(values, ours) is not None:
            continue
        for name in theirs:
            value = _value(source.values, name)
            if value is None:
                continue
            if isinstance(value, list) and not _is_list(ours):
                value = value[0] if value else None
            _put(values, names, ours, value)
            names[ours] = name
            _move_lines(lines, ours, name)
            break
    return replace(source, values=values, lines=lines), names


def name_in_file(name: str, names: Mapping[str, str]) -> str:
    """The name in the file for one of our names: "image.url" for "cover.url"."""
    if name in names:
        return names[name]
    top, dot, rest = name.partition(".")
    return f"{names[top]}{dot}{rest}" if top in names else name


def _is_list(ours: str) -> bool:
    top, _, inner = ours.partition(".")
    key = KEYS.get(top)
    key = key.keys.get(inner) if key is not None and inner else key
    return key is not None and any(kind in _LISTS for kind in key.holds)


def _value(values: Mapping[str, Value], name: str) -> Value:
    value: Value = dict(values)
    for key in (name,) if name in values else name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _put(values: dict[str, Value], names: dict[str, str], ours: str, value: Value) -> None:
    top, _, inner = ours.partition(".")
    if not inner:
        values[top] = value
        return
    outer = values.get(top)
    if top == "cover" and not isinstance(outer, dict):
        # Only the address is given, possibly under the alternative name of the cover.
        name = "cover" if isinstance(outer, str) else "image"
        address = values.get(name)
        if isinstance(address, str):
            outer = {"url": address}
            names["cover.url"] = names.get(name, name)
    values[top] = {**(outer if isinstance(outer, dict) else {}), inner: value}


def _move_lines(lines: dict[str, int], ours: str, theirs: str) -> None:
    line = lines.get(theirs)
    if line is None:
        return
    lines[ours] = line
    lines.setdefault(ours.partition(".")[0], line)
    for name in [name for name in lines if name.startswith((f"{theirs}.", f"{theirs}["))]:
        lines[ours + name.removeprefix(theirs)] = lines[name]
