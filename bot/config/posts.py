"""Settings of how post files are read: a site's own names for what the front matter says."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import Field, field_validator

from bot.config.values import Table
from bot.model.keys import FOR_ADDRESSES, KEYS


class PostFiles(Table):
    """What the site's generator calls things."""

    fields: dict[str, tuple[str, ...]] = Field(
        {},
        description='your site\'s names for our front matter keys: published_datetime = "date", or several, the first '
        "that a post has; `slug` and `permalink` are read only if they are named here",
    )
    dated_names: bool = Field(
        False,
        description="whether file names begin with a date, as 2027-01-17-name.md: it is no part of the slug, and the "
        "publish date of posts that have no other",
    )

    @field_validator("fields", mode="before")
    @classmethod
    def _names_of_keys(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        found: dict[str, Any] = {}
        for key, names in value.items():
            if isinstance(names, dict):  # cover.alt without quotes is a table to TOML
                found.update({f"{key}.{inner}": name for inner, name in names.items()})
            else:
                found[key] = names
        return {key: _names(key, names) for key, names in found.items()}


def _names(key: str, names: Any) -> tuple[str, ...]:
    _refuse_unknown(key)
    listed = [names] if isinstance(names, str) else names
    if not isinstance(listed, list | tuple) or not all(isinstance(name, str) and name.strip() for name in listed):
        raise ValueError(f'{key}: it must be the name of a key in quotes, for example "date"')
    return tuple(listed)


def _refuse_unknown(key: str) -> None:
    top, _, inner = key.partition(".")
    known = KEYS[top].keys if inner and top in KEYS else {**KEYS, **FOR_ADDRESSES}
    name = inner if inner and top in KEYS else key
    if name not in known:
        near = difflib.get_close_matches(name, list(known), n=1)
        raise ValueError(f"{key}: it is not a key that is read here" + (f'; did you mean "{near[0]}"?' if near else ""))
