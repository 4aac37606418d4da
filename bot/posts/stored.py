"""Posts ↔ the JSON of the cache. Lists in a fixed order rather than names: ten thousand are read at each start."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import from_json

from bot.model import Finding, MastodonOptions, Missed, Picture, Reminder
from bot.posts.bodytext import BodyText
from bot.posts.late import EARLY, LATE
from bot.posts.listing import FileState

_TIMES: Final = ("published", "updated", "expires", "deadline")
_LISTS: Final = ("authors", "speakers", "tags", "hashtags")
_PLAIN: Final = MastodonOptions()


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def early_to_json(state: FileState, pictures: Mapping[str, FileState | None], early: Mapping[str, Any]) -> str:
    """A post's state, its pictures' states, and its early fields."""
    values = dict(early)
    for name in _TIMES:
        values[name] = None if early[name] is None else int(early[name].timestamp())
    values["path"] = str(early["path"])
    values["cover"] = _dumped(Picture, early["cover"])
    values["mastodon"] = None if early["mastodon"] == _PLAIN else _dumped(MastodonOptions, early["mastodon"])
    values["reminders"] = _dumped(tuple[Reminder, ...], early["reminders"])
    values["if_missed"] = None if early["if_missed"] is None else early["if_missed"].value
    return json.dumps([state, dict(pictures), *(values[name] for name in EARLY)])


def early_from_json(
    texts: Iterable[str],
) -> Iterator[tuple[FileState, dict[str, FileState | None], dict[str, Any]]]:
    """What `early_to_json` wrote, for many at once. Raises ValueError."""
    for state, pictures, *values in from_json(f"[{','.join(texts)}]"):
        early = dict(zip(EARLY, values, strict=True))
        for name in _TIMES:
            if early[name] is not None:
                early[name] = datetime.fromtimestamp(early[name], UTC)
        for name in _LISTS:
            early[name] = tuple(early[name])
        early["path"] = Path(early["path"])
        if early["cover"] is not None:
            early["cover"] = _adapter(Picture).validate_python(early["cover"])
        mastodon = early["mastodon"]
        early["mastodon"] = _PLAIN if mastodon is None else _adapter(MastodonOptions).validate_python(mastodon)
        early["reminders"] = _adapter(tuple[Reminder, ...]).validate_python(early["reminders"])
        if early["if_missed"] is not None:
            early["if_missed"] = Missed(early["if_missed"])
        yield tuple(state), {path: was and tuple(was) for path, was in pictures.items()}, early


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
    return {name: late[name] for name in LATE}


def _dumped(kind: Any, value: Any) -> Any:
    return None if value is None else _adapter(kind).dump_python(value, mode="json")
