"""Posts ↔ the JSON of the cache. Lists in a fixed order rather than names: ten thousand are read at each start."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import from_json

from bot.domain import Digests, Finding, MastodonOptions, Missed, Picture, Reminder
from bot.posts.body.render import BodyText
from bot.posts.cache.lazy import EAGER_FIELDS, LAZY_FIELDS
from bot.posts.frontmatter.options import NOTHING_SAID
from bot.posts.listing import FileState

_AT: Final = {name: at for at, name in enumerate(EAGER_FIELDS)}
#: Where the digest of the author's own words stands among the early fields.
OWN_WORDS: Final = _AT["digests"]
_PATH, _PUBLISHED, _MASTODON, _REMINDERS = (_AT[name] for name in ("path", "published", "mastodon", "reminders"))
_LISTS: Final = tuple(_AT[name] for name in ("authors", "speakers", "tags", "hashtags"))
_TIMES: Final = ("updated", "expires", "deadline")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def early_to_json(path: str, state: FileState, pictures: Mapping[str, FileState | None], early: Sequence[Any]) -> bytes:
    """A post's whole path, its state, its pictures' states, and its early fields. What is empty is null.

    Before the fields stand the places of those that few posts have and that take more than a glance to read.
    """
    values = list(early)
    for name in ("published", *_TIMES):
        moment = early[_AT[name]]
        values[_AT[name]] = None if moment is None else int(moment.timestamp())
    values[_PATH] = str(early[_PATH])
    values[OWN_WORDS] = (early[OWN_WORDS].entry, early[OWN_WORDS].announcement)
    values[_MASTODON] = None if early[_MASTODON] == NOTHING_SAID else early[_MASTODON]
    for at in (*_LISTS, _REMINDERS):
        values[at] = early[at] or None
    unusual = [at for at in _UNUSUAL if values[at] is not None]
    for at in unusual:
        values[at] = _UNUSUAL[at][0](values[at])
    return json.dumps([path, state, dict(pictures) or None, unusual or None, values]).encode("ascii")


def early_from_json(
    posts: Iterable[bytes],
) -> Iterator[tuple[str, FileState, Mapping[str, FileState | None], Sequence[Any]]]:
    """What `early_to_json` wrote, for many at once. Raises ValueError."""
    for path, state, pictures, unusual, values in from_json(b"[%b]" % b",".join(posts)):
        if len(values) != len(EAGER_FIELDS):
            raise ValueError("a post of other fields")
        values[_PATH] = Path(values[_PATH])
        entry, announcement = values[OWN_WORDS]
        values[OWN_WORDS] = Digests(entry=entry, announcement=announcement)
        if values[_PUBLISHED] is not None:
            values[_PUBLISHED] = _moment(values[_PUBLISHED])
        for at in _LISTS:
            values[at] = tuple(values[at]) if values[at] else ()
        if values[_MASTODON] is None:
            values[_MASTODON] = NOTHING_SAID
        if values[_REMINDERS] is None:
            values[_REMINDERS] = ()
        for at in unusual or ():
            values[at] = _UNUSUAL[at][1](values[at])
        yield path, tuple(state), _states(pictures) if pictures else _NO_PICTURES, values


def _states(pictures: Mapping[str, Any]) -> dict[str, FileState | None]:
    return {path: was and tuple(was) for path, was in pictures.items()}


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def late_to_json(late: BodyText | Mapping[str, Any]) -> str:
    """The late fields, or what makes them."""
    if isinstance(late, BodyText):
        return json.dumps({"unrendered": _dumped(BodyText, late)})
    return json.dumps({**late, "findings": _dumped(tuple[Finding, ...], late["findings"])})


def late_from_json(text: str) -> BodyText | dict[str, Any]:
    """What `late_to_json` wrote. Raises ValueError or KeyError."""
    late = from_json(text)
    if "unrendered" in late:
        body: BodyText = _adapter(BodyText).validate_python(late["unrendered"])
        return body
    late["findings"] = _adapter(tuple[Finding, ...]).validate_python(late["findings"])
    for name in ("paragraphs", "unsaid"):
        late[name] = tuple(late[name])
    return {name: late[name] for name in LAZY_FIELDS}


def _dumped(kind: Any, value: Any) -> Any:
    return None if value is None else _adapter(kind).dump_python(value, mode="json")


def _both_ways(kind: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    return lambda value: _dumped(kind, value), lambda value: _adapter(kind).validate_python(value)


#: Place among the early fields → how it becomes JSON, and how it is read again.
_UNUSUAL: Final[Mapping[int, tuple[Callable[[Any], Any], Callable[[Any], Any]]]] = {
    **{_AT[name]: (int, _moment) for name in _TIMES},
    _AT["cover"]: _both_ways(Picture),
    _MASTODON: _both_ways(MastodonOptions),
    _REMINDERS: _both_ways(tuple[Reminder, ...]),
    _AT["if_missed"]: (lambda value: value.value, Missed),
}
_NO_PICTURES: Final[Mapping[str, FileState | None]] = MappingProxyType({})
