"""Posts ↔ the JSON of the cache. Lists in a fixed order, not objects: each start may decode ten thousand posts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import from_json

from bot.domain import Digests, Finding, MastodonOptions, Missed, Picture, Post, Reminder
from bot.posts.frontmatter.options import NO_OPTIONS
from bot.posts.listing import FileState

_FIELDS: Final = tuple(field.name for field in fields(Post))
_AT: Final = {name: at for at, name in enumerate(_FIELDS)}
_PATH, _PUBLISHED, _MASTODON, _DIGESTS = (_AT[name] for name in ("path", "published", "mastodon", "digests"))
_LISTS: Final = tuple(_AT[name] for name in ("authors", "speakers", "tags", "hashtags", "paragraphs", "unsaid"))
_TIMES: Final = ("updated", "expires", "deadline")
#: Fields that hold tuples of records; few posts have any.
_RECORDS: Final = (_AT["reminders"], _AT["findings"])


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def post_to_json(path: str, state: FileState, pictures: Mapping[str, FileState | None], post: Post) -> bytes:
    """Encode a post, its file's full path and state, and the states of its pictures. Empty values become null.

    The row begins with the indexes of the values that need decoding; few posts have such values.
    """
    values: list[Any] = [getattr(post, name) for name in _FIELDS]
    if post.published is not None:
        values[_PUBLISHED] = int(post.published.timestamp())
    values[_PATH] = str(post.path)
    values[_DIGESTS] = (post.digests.entry, post.digests.announcement)
    values[_MASTODON] = None if post.mastodon == NO_OPTIONS else post.mastodon
    for at in (*_LISTS, *_RECORDS):
        values[at] = values[at] or None
    unusual = [at for at in _UNUSUAL if values[at] is not None]
    for at in unusual:
        values[at] = _UNUSUAL[at][0](values[at])
    return json.dumps([path, state, dict(pictures) or None, unusual or None, values]).encode("ascii")


def posts_from_json(
    rows: Iterable[bytes],
) -> Iterator[tuple[str, FileState, Mapping[str, FileState | None], Post]]:
    """Decode many rows of `post_to_json`. Raises ValueError or TypeError for a row that does not decode."""
    for path, state, pictures, unusual, values in from_json(b"[%b]" % b",".join(rows)):
        values[_PATH] = Path(values[_PATH])
        if values[_PUBLISHED] is not None:
            values[_PUBLISHED] = _moment(values[_PUBLISHED])
        entry, announcement = values[_DIGESTS]
        values[_DIGESTS] = Digests(entry=entry, announcement=announcement)
        for at in _LISTS:
            values[at] = tuple(values[at]) if values[at] else ()
        for at in _RECORDS:
            if values[at] is None:
                values[at] = ()
        if values[_MASTODON] is None:
            values[_MASTODON] = NO_OPTIONS
        for at in unusual or ():
            values[at] = _UNUSUAL[at][1](values[at])
        post = Post(**dict(zip(_FIELDS, values, strict=True)))
        yield path, (state[0], state[1], state[2], state[3]), _states(pictures) if pictures else _NO_PICTURES, post


def _states(pictures: Mapping[str, Any]) -> dict[str, FileState | None]:
    return {path: was and tuple(was) for path, was in pictures.items()}


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _both_ways(kind: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    return (
        lambda value: _adapter(kind).dump_python(value, mode="json"),
        lambda value: _adapter(kind).validate_python(value),
    )


#: Index among the values → (encode, decode).
_UNUSUAL: Final[Mapping[int, tuple[Callable[[Any], Any], Callable[[Any], Any]]]] = {
    **{_AT[name]: (lambda moment: int(moment.timestamp()), _moment) for name in _TIMES},
    _AT["cover"]: _both_ways(Picture),
    _MASTODON: _both_ways(MastodonOptions),
    _AT["reminders"]: _both_ways(tuple[Reminder, ...]),
    _AT["findings"]: _both_ways(tuple[Finding, ...]),
    _AT["if_missed"]: (lambda value: value.value, Missed),
}
_NO_PICTURES: Final[Mapping[str, FileState | None]] = MappingProxyType({})
