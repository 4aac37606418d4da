"""The schema of `bot.toml`, made of the models that read it."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from bot.config.settings import Settings
from bot.model.keys import FOR_ADDRESSES, KEYS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _Written(GenerateJsonSchema):
    """Defaults as people write them."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return _shortest(dft)
        return f"{dft:%H:%M}" if isinstance(dft, time) else super().encode_default(dft)


def settings_schema() -> dict[str, Any]:
    """What the settings file may hold, as its TOML is read."""
    schema = Settings.model_json_schema(by_alias=True, schema_generator=_Written)
    fields = schema["$defs"]["PostFiles"]["properties"]["fields"]
    one_or_more = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "object"}]}
    dotted = [f"{name}.{inner}" for name, key in KEYS.items() for inner in key.keys]
    names = [*KEYS, *FOR_ADDRESSES, *dotted]
    # The models know it as they hold it; in the file there may be one name without a list.
    schema["$defs"]["PostFiles"]["properties"]["fields"] = {
        "description": fields["description"],
        "default": {},
        "type": "object",
        "properties": dict.fromkeys(names, one_or_more),
        "additionalProperties": False,
    }
    return {"$schema": DIALECT, **schema, "title": "Settings of announce", "description": "config/bot.toml"}


def _shortest(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s" if seconds else "off"
