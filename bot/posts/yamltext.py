"""YAML → words, lists and mappings, strictly: no duplicate keys, no aliases, no tags, no deep nesting."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.errors import PostError
from bot.posts.text import clean

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"

if TYPE_CHECKING:
    _Base: TypeAlias = yaml.SafeLoader
else:
    _Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULL: Final = "tag:yaml.org,2002:null"
_WHOLE: Final = "front matter"
_COUNTED_ITEMS: Final = 100  #: of a list of mappings so many get a line, as "mastodon.media[0]"
_QUOTES: Final = (
    "If a value holds a colon or a #, or begins with one of [ { & * ! | > % @ ` or a quote, put all of it in quotes."
)
#: What libyaml says → what a person can do about it.
_REMEDIES: Final = (
    (
        "mapping values are not allowed",
        'Put a value that holds a colon in quotes, for example title: "Schedule: it is out".',
    ),
    ("found character", "Indent with spaces, not tabs; put a value that begins with @, ` or % in quotes."),
    ("quoted scalar", "A quote is opened but not closed; put the value in the other kind of quotes."),
)


class _WordLoader(_Base):
    """Leaves every scalar as it is written, but for null."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way to say it
        first: [(_NULL, re.compile(r"^(?:~|null|Null|NULL|)$"))] for first in ("~", "n", "N", "")
    }


@dataclass(frozen=True)
class _Reader:
    path: Path
    text: str
    first_line: int
    deepest: int
    lines: dict[str, int]
    opened: list[int] = field(default_factory=list)  #: where the lists and mappings begin that are not closed yet

    def fault(self, problem: str, *, at: int, name: str = _WHOLE, remedy: str = "") -> PostError:
        """`at` counts characters of the front matter."""
        return PostError(self.path, problem, line=self.line(at), field=name, remedy=remedy)

    def line(self, at: int) -> int:
        # Not the mark's own line: YAML breaks lines at U+0085, U+2028 and U+2029 too, editors do not.
        return self.first_line + self.text.count("\n", 0, at)


def read_yaml(text: str, *, path: Path, first_line: int, deepest: int, lines: dict[str, int]) -> dict[str, Value]:
    """Read a mapping; `lines` receives each key's line under its dotted name, and the line of each mapping in a list.

    `first_line` is the line of the file on which `text` begins. Raises PostError.
    """
    reader = _Reader(path, text, first_line, deepest, lines)
    try:
        _refuse_the_unusual(reader)
        root = yaml.compose(text, Loader=_WordLoader)
    except yaml.YAMLError as error:
        raise _yaml_fault(reader, error) from None
    if root is None or (isinstance(root, ScalarNode) and root.tag == _NULL):
        return {}
    if not isinstance(root, MappingNode):
        raise reader.fault(
            "does not consist of keys with values.",
            at=root.start_mark.index,
            remedy='Write one on each line, for example title: "Good news".',
        )
    return _mapping(reader, root, "")


def _refuse_the_unusual(reader: _Reader) -> None:
    # On the events, before any tree is built: aliases can blow up, and PyYAML's composer recurses in C.
    depth = 0
    for event in yaml.parse(reader.text, Loader=_WordLoader):
        at = event.start_mark.index if event.start_mark else 0
        if isinstance(event, CollectionStartEvent):
            depth += 1
            reader.opened.append(at)
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
            reader.opened.pop()
        if depth > reader.deepest:
            raise reader.fault(f"is nested over {reader.deepest} levels deep.", at=at, remedy=_QUOTES)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            sign = "*" if isinstance(event, AliasEvent) else "&"
            raise reader.fault(
                f"a value begins with {sign}, which YAML reads as a reference; references are not read here.",
                at=at,
                remedy="Put the value in quotes.",
            )
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag:
            raise reader.fault(
                "a value begins with !, which YAML reads as a type; types are not read here.",
                at=at,
                remedy="Put the value in quotes.",
            )


def _value(reader: _Reader, node: Node, name: str) -> Value:
    if isinstance(node, MappingNode):
        return _mapping(reader, node, name)
    if isinstance(node, SequenceNode):
        if "[]" not in name:
            for number, item in enumerate(node.value[:_COUNTED_ITEMS]):
                if isinstance(item, MappingNode):
                    reader.lines[f"{name}[{number}]"] = reader.line(item.start_mark.index)
        return [_value(reader, item, f"{name}[]") for item in node.value]
    return None if node.tag == _NULL else clean(node.value)  # "\\u0001" may stand in quotes


def _mapping(reader: _Reader, node: MappingNode, name: str) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for key, value in node.value:
        at = key.start_mark.index
        if not isinstance(key, ScalarNode) or not key.value:
            raise reader.fault("a key is not a word.", at=at, name=name or _WHOLE, remedy=_QUOTES)
        dotted = f"{name}.{key.value}" if name else str(key.value)
        if key.value in values:
            first = reader.lines.get(dotted)
            raise reader.fault(
                "is there twice" + (f"; the first is in line {first}." if first else "."),
                at=at,
                name=dotted,
                remedy="Keep one of them.",
            )
        if "[]" not in name:
            reader.lines[dotted] = reader.line(at)
        values[key.value] = _value(reader, value, dotted)
    return values


def _yaml_fault(reader: _Reader, error: yaml.YAMLError) -> PostError:
    if isinstance(error, yaml.reader.ReaderError):
        # libyaml counts bytes here.
        at = len(reader.text.encode()[: error.position].decode("utf-8", "ignore"))
        return reader.fault(
            "holds a control character, which YAML does not allow.", at=at, remedy="Delete it; it is invisible."
        )
    said = " ".join(part for part in (getattr(error, "context", ""), getattr(error, "problem", "")) if part)
    begun, noticed = getattr(error, "context_mark", None), getattr(error, "problem_mark", None)
    at = noticed.index if noticed else 0
    # What is opened and never closed is noticed only where something else stops: point at where it begins.
    if "flow" in said and reader.opened:
        at = reader.opened[-1]
    elif "quoted scalar" in said and begun:
        at = begun.index
    remedy = next((remedy for sign, remedy in _REMEDIES if sign in said), _QUOTES)
    column = at - reader.text.rfind("\n", 0, at)
    return reader.fault(f"is not valid YAML at column {column}: {said}.", at=at, remedy=remedy)
