"""Parameters as Rails reads them: from the address, a form or a JSON body, with its idea of true and false."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from werkzeug.datastructures import MultiDict

from bot.sandbox.answers import Refusal

_FALSE: Final = ("", "0", "f", "false", "off", "n", "no")


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaChange:
    """A new description for one of the media of a status."""

    media_id: str
    description: str | None


class Params:
    """The parameters of one request. Lists carry "[]" behind their names in addresses and forms, not in JSON."""

    def __init__(self, values: MultiDict[str, str], changes: tuple[MediaChange, ...] = ()) -> None:
        self._values = values
        self.media_changes = changes

    @classmethod
    def from_json(cls, body: bytes, query: MultiDict[str, str]) -> Params:
        """Raises Refusal (400) if the body is not a JSON object."""
        try:
            told = json.loads(body or b"{}")
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise Refusal(400, "The body is not a JSON object")
        values: MultiDict[str, str] = MultiDict(query.items(multi=True))
        for name, value in told.items():
            for item in value if isinstance(value, list) else [value]:
                if item is not None and not isinstance(item, dict):
                    values.add(f"{name}[]" if isinstance(value, list) else name, _as_text(item))
        return cls(values, tuple(_changes(told.get("media_attributes"))))

    def text(self, name: str) -> str | None:
        return self._values.get(name)

    def flag(self, name: str) -> bool | None:
        """None if the request does not say."""
        value = self._values.get(name)
        return None if value is None else value.lower() not in _FALSE

    def list(self, name: str) -> list[str]:
        return self._values.getlist(f"{name}[]") or self._values.getlist(name)

    def names_any(self, *names: str) -> bool:
        """Whether the request holds one of these, however deep."""
        return any(key.partition("[")[0] in names for key in self._values)


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _changes(told: object) -> list[MediaChange]:
    if not isinstance(told, list):
        return []
    return [
        MediaChange(media_id=str(item["id"]), description=item["description"])
        for item in told
        if isinstance(item, dict) and "id" in item and isinstance(item.get("description"), str)
    ]
