"""YAML → strings, lists and mappings. Strict: no duplicate keys, no aliases, no tags, no deep nesting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from bot.domain.errors import PostError
from bot.domain.text import clean

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"

_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: The event parser: libyaml if it is installed.
_Parser: Final[Any] = getattr(getattr(yaml, "cyaml", None), "CParser", _Loader)

#: The attributes of an event depend on its kind; comparing `type` is faster than isinstance.
_Event: TypeAlias = Any
_WHOLE: Final = "front matter"
_COUNTED_ITEMS: Final = 100  #: the first items of a list of mappings that get a line, as "mastodon.media[0]"
_QUOTES: Final = (
    "If a value holds a colon or a #, or begins with one of [ { & * ! | > % @ ` or a quote, put all of it in quotes."
)
#: libyaml's message → the remedy for the author.
_REMEDIES: Final = (
    (
        "mapping values are not allowed",
        'Put a value that holds a colon in quotes, for example title: "Schedule: it is out".',
    ),
    ("found character", "Indent with spaces, not tabs; put a value that begins with @, ` or % in quotes."),
    ("quoted scalar", "A quote is opened but not closed; put the value in the other kind of quotes."),
)


_IS_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(slots=True)
class _Reader:
    path: Path
    text: str
    first_line: int
    deepest: int
    lines: dict[str, int]
    opened: list[int] = field(default_factory=list)  #: start positions of the lists and mappings still open

    def fault(self, problem: str, *, at: int, name: str = _WHOLE, remedy: str = "") -> PostError:
        """Build an error at a position; `at` counts characters of the front matter."""
        line, column = self.line(at), at - self.text.rfind("\n", 0, at)
        return PostError(self.path, problem, rule="front-matter", line=line, column=column, field=name, remedy=remedy)

    def line(self, at: int) -> int:
        # Not the mark's own line: YAML breaks lines at U+0085, U+2028 and U+2029 too, editors do not.
        return self.first_line + self.text.count("\n", 0, at)


def read_yaml(text: str, *, path: Path, first_line: int, deepest: int, lines: dict[str, int]) -> dict[str, Value]:
    """Parse a mapping; adds to `lines` the line of each key by its dotted name, and of each mapping in a list.

    `first_line` is the line of the file on which `text` begins. Raises PostError.
    """
    reader = _Reader(path, text, first_line, deepest, lines)
    events = _plain_events(reader)
    if events is None:
        try:
            events = _usual_events(reader)
        except yaml.YAMLError as error:
            raise _yaml_fault(reader, error) from None
    content = iter(events[2:-2])  # without the stream and document events
    root: _Event = next(content, None)
    if root is None or (type(root) is ScalarEvent and _is_null(root)):
        return {}
    kind = type(root)
    if kind is not MappingStartEvent:
        raise reader.fault(
            "does not consist of keys with values.",
            at=root.start_mark.index if root.start_mark else 0,
            remedy='Write one on each line, for example title: "Good news".',
        )
    return _mapping(reader, content, "")


def _plain_events(reader: _Reader) -> list[_Event] | None:
    """All events of a text that clearly contains nothing to refuse; None if the full check is needed.

    Nearly all texts take this path, in half the time.
    """
    if any(sign in reader.text for sign in "&*!"):
        return None
    loader = _Parser(reader.text)
    try:
        events = list(iter(loader.get_event, None))
    except yaml.YAMLError:
        return None
    finally:
        loader.dispose()
    kinds = list(map(type, events))
    nested = kinds.count(MappingStartEvent) + kinds.count(SequenceStartEvent)
    return events if nested <= reader.deepest and kinds.count(DocumentStartEvent) <= 1 else None


def _usual_events(reader: _Reader) -> list[_Event]:
    """All events, checked before any value is built: aliases could exhaust memory, deep nesting the stack."""
    events: list[_Event] = []
    depth = documents = 0
    loader = _Parser(reader.text)
    try:
        kind = None
        while kind is not StreamEndEvent:
            event = loader.get_event()
            events.append(event)
            kind = type(event)
            if kind is MappingEndEvent or kind is SequenceEndEvent:
                depth -= 1
                reader.opened.pop()
                continue
            if kind is MappingStartEvent or kind is SequenceStartEvent:
                depth += 1
                reader.opened.append(event.start_mark.index)
                if depth > reader.deepest:
                    problem = f"is nested over {reader.deepest} levels deep."
                    raise reader.fault(problem, at=event.start_mark.index, remedy=_QUOTES)
            elif kind is not ScalarEvent and kind is not AliasEvent:
                documents += kind is DocumentStartEvent
                continue
            if event.anchor is not None or kind is AliasEvent or event.tag:
                _refuse_sign(reader, event)
    finally:
        loader.dispose()
    if documents > 1:
        yaml.compose(reader.text, Loader=_Loader)  # raises an error with the position of the second document
    return events


def _refuse_sign(reader: _Reader, event: _Event) -> None:
    at, remedy = event.start_mark.index, "Put the value in quotes."
    if isinstance(event, AliasEvent) or event.anchor:
        sign = "*" if isinstance(event, AliasEvent) else "&"
        problem = f"a value begins with {sign}, which YAML reads as a reference; references are not read here."
        raise reader.fault(problem, at=at, remedy=remedy)
    problem = "a value begins with !, which YAML reads as a type; types are not read here."
    raise reader.fault(problem, at=at, remedy=remedy)


def _is_null(scalar: _Event) -> bool:
    # Only plain scalars can be null: a quoted one is text.
    return bool(scalar.implicit[0]) and scalar.value in _IS_NULL


def _value(reader: _Reader, event: _Event, rest: Iterator[_Event], name: str) -> Value:
    kind = type(event)
    if kind is ScalarEvent:
        return None if _is_null(event) else clean(event.value)  # a quoted "\\u0001" may add one
    if kind is MappingStartEvent:
        return _mapping(reader, rest, name)
    items: list[Value] = []
    for item in rest:
        kind = type(item)
        if kind is SequenceEndEvent:
            break
        if kind is MappingStartEvent and "[]" not in name and len(items) < _COUNTED_ITEMS:
            reader.lines[f"{name}[{len(items)}]"] = reader.line(item.start_mark.index)
        items.append(_value(reader, item, rest, f"{name}[]"))
    return items


def _mapping(reader: _Reader, rest: Iterator[_Event], name: str) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for key in rest:
        if type(key) is MappingEndEvent:
            break
        at = key.start_mark.index
        if type(key) is not ScalarEvent or not key.value:
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
        values[key.value] = _value(reader, next(rest), rest, dotted)
    return values


def _yaml_fault(reader: _Reader, error: yaml.YAMLError) -> PostError:
    if isinstance(error, yaml.reader.ReaderError):
        # libyaml counts bytes in this error.
        at = len(reader.text.encode()[: error.position].decode("utf-8", "ignore"))
        return reader.fault(
            "holds a control character, which YAML does not allow.", at=at, remedy="Delete it; it is invisible."
        )
    message = " ".join(part for part in (getattr(error, "context", ""), getattr(error, "problem", "")) if part)
    begun, noticed = getattr(error, "context_mark", None), getattr(error, "problem_mark", None)
    at = noticed.index if noticed else 0
    # The parser notices an unclosed bracket only later: report the line where it was opened.
    if "flow" in message and reader.opened:
        at = reader.opened[-1]
    elif "quoted scalar" in message and begun:
        at = begun.index
    remedy = next((remedy for sign, remedy in _REMEDIES if sign in message), _QUOTES)
    column = at - reader.text.rfind("\n", 0, at)
    return reader.fault(f"is not valid YAML at column {column}: {message}.", at=at, remedy=remedy)
