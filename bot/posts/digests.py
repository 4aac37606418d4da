"""The two digests of an author's input: one for the feed entry, one for the announcement.

They cover front matter and body as written; `bot/domain/front_matter.py` says which key counts for which digest.
Templates, settings, the renderer and the version of the bot do not influence them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, TypeAlias

from bot.domain import Digests
from bot.domain.front_matter import KEYS, FieldType, Key, Says
from bot.domain.text import one_line
from bot.posts.frontmatter.fields import FALSE, TRUE
from bot.posts.frontmatter.yaml import Value

#: Raise this version whenever a key is classified or read differently. Digests of different versions cannot be
#: compared: the first cycle adopts the new ones without an edit and without a new `updated`.
VERSION: Final = 2

_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_LISTS: Final = (FieldType.LIST, FieldType.TEXTS, FieldType.TOOTS, FieldType.FOCUS)
#: The normalised value of a part of the front matter, nested like the front matter.
_Normalised: TypeAlias = "str | bool | list[Any] | dict[str, Any] | None"


def digests_of(values: Mapping[str, Value], body: str) -> Digests:
    """The digests of a post's front matter, with this project's key names, and of its body.

    Ignored: empty values, explicit defaults, surrounding spaces, blank lines around the body, unknown keys. So adding
    a key to the table changes no existing digest.
    """
    text = _without_margins(body)
    return Digests(
        entry=_digest(values, text, (Says.ENTRY, Says.BOTH)),
        announcement=_digest(values, text, (Says.ANNOUNCEMENT, Says.BOTH)),
    )


def _digest(values: Mapping[str, Value], body: str, says: tuple[Says, ...]) -> str:
    normalised = _normalise_mapping(values, KEYS, says)
    canonical = _CANONICAL.encode({"front matter": normalised, "body": body})
    return f"{VERSION}:{sha256(canonical.encode('ascii')).hexdigest()}"


def _normalise_mapping(values: Mapping[str, Value], keys: Mapping[str, Key], says: tuple[Says, ...]) -> dict[str, Any]:
    normalised: dict[str, Any] = {}
    for name, value in values.items():
        key = keys.get(name)
        if key is None or value is None:
            continue
        if key.stands_for:
            if values.get(key.stands_for) is not None:
                continue
            name, key = key.stands_for, keys[key.stands_for]
        one = _normalise(value, key, says)
        if one is not None:
            normalised[name] = one
    return normalised


def _normalise(value: Value, key: Key, says: tuple[Says, ...]) -> _Normalised:
    """The normalised value of one key for these outputs; None if it has no effect."""
    if key.keys:
        return _normalise_keys(value, key, says)
    if key.says not in says:
        return None
    if isinstance(value, list):
        return [one_line(one) if isinstance(one, str) else one for one in value] or None
    if not isinstance(value, str):
        return None
    words = _without_margins(value)
    if any(kind in _LISTS for kind in key.holds):
        return _normalise_list(words, key)
    if FieldType.FLAG in key.holds and words.lower() in TRUE | FALSE:
        flag = words.lower() in TRUE
        return None if flag is key.default else flag
    return (words.lower() if key.choices else words) or None


def _normalise_keys(value: Value, key: Key, says: tuple[Says, ...]) -> _Normalised:
    if isinstance(value, list):
        parts = [_normalise_keys(one, key, says) for one in value]
        # An empty list has a meaning: no pictures at all, not even the cover.
        return parts if any(parts) or (not value and _counts(key, says)) else None
    if isinstance(value, str):
        value = {next(iter(key.keys)): value}
    return _normalise_mapping(value, key.keys, says) or None if value is not None else None


def _counts(key: Key, says: tuple[Says, ...]) -> bool:
    return key.says in says or any(_counts(inner, says) for inner in key.keys.values())


def _normalise_list(words: str, key: Key) -> _Normalised:
    """A text where a list may be: a single item, items between separators, or a keyword such as auto."""
    if FieldType.TOOTS in key.holds:
        return None if words.lower() in FALSE else words.lower()
    separators = "," if FieldType.FOCUS in key.holds else key.separators
    for separator in separators[1:]:
        words = words.replace(separator, separators[0])
    parts = words.split(separators[0]) if separators else [words]
    return list(filter(None, map(one_line, parts))) or None


def _without_margins(text: str) -> str:
    """The text without trailing spaces in lines and without blank lines around it."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(map(str.rstrip, text.split("\n"))).strip("\n")
