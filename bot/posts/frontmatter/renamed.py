"""`[posts.fields]`: a site's own front matter keys under the names that they have here. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.domain.front_matter import KEYS, FieldType
from bot.posts.frontmatter.source import Source
from bot.posts.frontmatter.yaml import Value

_LISTS: Final = (FieldType.TEXTS, FieldType.LIST, FieldType.TOOTS, FieldType.FOCUS)


def renamed(source: Source, fields: Mapping[str, tuple[str, ...]]) -> tuple[Source, dict[str, str]]:
    """The front matter with our names added, and for each of them the name that stands in the file.

    Our own name wins where a post has it; of several names of the site, the first that has a value.
    """
    values, lines, names = dict(source.values), dict(source.lines), dict[str, str]()
    # "cover" before "cover.alt", which is put into it.
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


def in_the_file(name: str, names: Mapping[str, str]) -> str:
    """How one of our names, "cover.url", stands in the file: "image.url"."""
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
        # The address alone, perhaps under the other name that is read for it.
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
