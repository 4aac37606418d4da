"""JSON Schemas of the settings file and of front matter, from the models and the table of keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from bot.config.accounts import ACCOUNT_TYPES, Account
from bot.config.settings import Settings
from bot.domain.front_matter import FOR_ADDRESSES, KEYS, FieldType, Key

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _Written(GenerateJsonSchema):
    """Writes defaults as in the settings file."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return _shortest(dft)
        return f"{dft:%H:%M}" if isinstance(dft, time) else super().encode_default(dft)


def settings_schema() -> dict[str, Any]:
    """The schema of the settings file, for its parsed TOML."""
    schema = Settings.model_json_schema(by_alias=True, schema_generator=_Written)
    fields = schema["$defs"]["PostFiles"]["properties"]["fields"]
    one_or_more = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "object"}]}
    dotted = [f"{name}.{inner}" for name, key in KEYS.items() for inner in key.keys]
    names = [*KEYS, *FOR_ADDRESSES, *dotted]
    # The model holds a list; the file may have a single name instead.
    schema["$defs"]["PostFiles"]["properties"]["fields"] = {
        "description": fields["description"],
        "default": {},
        "type": "object",
        "properties": dict.fromkeys(names, one_or_more),
        "additionalProperties": False,
    }
    _add_account_types(schema)
    return {"$schema": DIALECT, **schema, "title": "Settings of announce", "description": "config/bot.toml"}


def _add_account_types(schema: dict[str, Any]) -> None:
    """Add a schema for each `type` of account: the model refers only to the first."""
    definitions = schema["$defs"]
    for name, model in ACCOUNT_TYPES.items():
        own = model.model_json_schema(by_alias=True, schema_generator=_Written)
        definitions.update(own.pop("$defs", {}))
        own["properties"]["type"]["enum"] = [name]
        if model is not Account:
            own["required"] = ["type", *own.get("required", [])]
        definitions[model.__name__] = own
    references = [{"$ref": f"#/$defs/{model.__name__}"} for model in ACCOUNT_TYPES.values()]
    accounts = references[0] if len(references) == 1 else {"anyOf": references}
    schema["properties"]["accounts"]["additionalProperties"] = accounts


def _shortest(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s" if seconds else "off"


#: The bot reads scalars as text, so a title that YAML sees as a number is valid.
_SCALAR: Final = {"type": ["string", "number", "boolean", "null"]}
_TEXT: Final = {"type": ["string", "number", "null"]}
_DATETIME: Final = {
    "type": "string",
    "pattern": r"^\s*\d{4}-\d{1,2}-\d{1,2}",
    "examples": ["2027-03-01 09:00:00"],
}
_SHAPES: Final[Mapping[FieldType, dict[str, Any]]] = {
    FieldType.TEXT: _TEXT,
    FieldType.TEXTS: {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]},
    FieldType.FLAG: {"anyOf": [{"type": ["boolean", "null"]}, {"enum": ["yes", "no", "on", "off"]}]},
    FieldType.DATETIME: {"anyOf": [_DATETIME, {"type": "null"}]},
    FieldType.NUMBER: {"type": ["integer", "null"]},
    FieldType.LANGUAGE: {"type": ["string", "null"], "pattern": r"^\s*[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*\s*$"},
    FieldType.TOOTS: {"anyOf": [{"enum": ["auto", None, False]}, {"type": "array", "items": _TEXT}]},
    FieldType.FOCUS: {
        "type": "array",
        "items": {"type": "number", "minimum": -1, "maximum": 1},
        "minItems": 2,
        "maxItems": 2,
    },
}


def front_matter_schema(fields: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, Any]:
    """The schema of a post's front matter. `fields` are a site's own names for the keys, as in the settings.

    Unknown keys are allowed, because sites have their own.
    """
    fields = fields or {}
    properties = {name: _schema(key) for name, key in KEYS.items()}
    for ours, theirs in fields.items():
        top, _, inner = ours.partition(".")
        key = {**KEYS, **FOR_ADDRESSES}.get(top)
        key = key.keys.get(inner) if key is not None and inner else key
        for name in theirs:
            if key is not None and "." not in name:
                properties[name] = _schema(key)
    titles = ["title", *fields.get("title", ())]
    return {
        "$schema": DIALECT,
        "title": "Front matter of a post",
        "type": "object",
        "properties": properties,
        "anyOf": [{"required": [name]} for name in titles],
    }


def _schema(key: Key) -> dict[str, Any]:
    if key.choices:
        return {"description": key.about, "enum": [*key.choices, None]}
    shapes = [_shape(holds, key) for holds in key.holds]
    return {"description": key.about, **(shapes[0] if len(shapes) == 1 else {"anyOf": shapes})}


def _shape(holds: FieldType, key: Key) -> dict[str, Any]:
    if holds not in (FieldType.KEYS, FieldType.LIST):
        return _SHAPES[holds]
    if not key.keys:  # a mapping of any keys to text
        return {"type": ["object", "null"], "additionalProperties": _TEXT}
    inner = {
        "type": ["object", "null"],
        "properties": {name: _schema(one) for name, one in key.keys.items()},
        "additionalProperties": False,
    }
    return inner if holds is FieldType.KEYS else {"type": ["array", "null"], "items": inner}
