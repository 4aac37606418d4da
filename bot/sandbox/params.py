"""Parameters as Rails reads them: from the address, a form or a JSON body, with its rules for true and false."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from werkzeug.datastructures import MultiDict

from bot.sandbox.errors import ApiError

_FALSE: Final = ("", "0", "f", "false", "off", "n", "no")
_FLAGS: Final = ("sensitive", "poll[multiple]", "poll[hide_totals]", "local_only")
_CHANGES: Final = "media_attributes"


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaChange:
    """A change of one of the media of a status; None leaves a field as it is."""

    media_id: str
    description: str | None
    focus: str | None = None


class Params:
    """The parameters of one request. Names of lists end in "[]", nested names stand in brackets: `poll[multiple]`.

    The names of a JSON body are flattened in the same way.
    """

    def __init__(self, values: MultiDict[str, str], changes: tuple[MediaChange, ...] = ()) -> None:
        self._values = values
        self.media_changes = changes or tuple(_changes_in_form(values))

    @classmethod
    def from_json(cls, body: bytes, query: MultiDict[str, str], *, strict: bool = False) -> Params:
        """The parameters of a JSON body and the address.

        Raises ApiError (400) if the body is no JSON object, and, if `strict`, for a flag that is no boolean.
        """
        try:
            body_fields = json.loads(body or b"{}")
        except ValueError:
            body_fields = None
        if not isinstance(body_fields, dict):
            raise ApiError(400, "The body is not a JSON object")
        values: MultiDict[str, str] = MultiDict(query.items(multi=True))
        for name, value in _flat(body_fields):
            if strict and name in _FLAGS and not isinstance(value, bool):
                raise ApiError(400, f"Bad Request: cannot read {name} as true or false")
            values.add(name, _as_text(value))
        return cls(values, tuple(_changes(body_fields.get(_CHANGES))))

    def text(self, name: str) -> str | None:
        return self._values.get(name)

    def flag(self, name: str) -> bool | None:
        """A boolean parameter; None if the request does not name it."""
        value = self._values.get(name)
        return None if value is None else value.lower() not in _FALSE

    def list(self, name: str) -> list[str]:
        return self._values.getlist(f"{name}[]") or self._values.getlist(name)

    def names_any(self, *names: str) -> bool:
        """Whether the request has one of these parameters, or one nested in it."""
        return any(key.partition("[")[0] in names for key in self._values)


def _flat(body_fields: Mapping[str, object], outer: str = "") -> Iterator[tuple[str, object]]:
    for key, value in body_fields.items():
        name = f"{outer}[{key}]" if outer else key
        if isinstance(value, dict):
            yield from _flat(value, name)
        elif isinstance(value, list):
            yield from ((f"{name}[]", item) for item in value if item is not None and not isinstance(item, dict))
        elif value is not None:
            yield name, value


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _changes(body_fields: object) -> Iterator[MediaChange]:
    for item in body_fields if isinstance(body_fields, list) else []:
        if isinstance(item, dict) and "id" in item:
            yield MediaChange(
                media_id=str(item["id"]),
                description=_text_or_none(item, "description"),
                focus=_text_or_none(item, "focus"),
            )


def _text_or_none(item: Mapping[str, object], name: str) -> str | None:
    value = item.get(name)
    if isinstance(value, list):
        return ",".join(map(str, value))
    return value if isinstance(value, str) else None


def _changes_in_form(values: MultiDict[str, str]) -> Iterator[MediaChange]:
    # A form keeps the order of the fields of one name, so they belong together only if each change has all of them.
    ids = values.getlist(f"{_CHANGES}[][id]")
    columns = [values.getlist(f"{_CHANGES}[][{name}]") for name in ("description", "focus")]
    descriptions, focuses = (column if len(column) == len(ids) else [None] * len(ids) for column in columns)
    for media_id, description, focus in zip(ids, descriptions, focuses, strict=True):
        yield MediaChange(media_id=media_id, description=description, focus=focus)
