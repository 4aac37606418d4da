"""What was recognised of a site: its generator, where posts are, and what its settings say."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

PLAIN: Final = "plain"


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """What a site's own settings say; empty where they say nothing."""

    generator: str = PLAIN  #: "Jekyll", "Hugo", "Eleventy", "Pelican" or "plain"
    settings: str = ""  #: the file that says so
    title: str = ""
    url: str = ""
    description: str = ""
    timezone: str = ""
    language: str = ""
    search: tuple[str, ...] = ("",)  #: folders to look for posts in, from the site's
    posts: str = ""  #: the folder of the posts, where it is known for sure
    assets: tuple[str, ...] = (".",)  #: folders that the site's root is made of, the likeliest first
    dated_names: bool = False  #: whether the generator takes a date off file names
    reads_naive_as_utc: bool = False
    slug_key: bool = False  #: whether `slug:` in a post makes its address
    permalink_key: str = ""  #: the key that holds a post's whole path
    publishes: str = ""  #: why the bot's own folders would be published with the site; empty: they are not
    from_title: bool = False  #: whether addresses are made of titles, where a post names none


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """The permalink that a site builds."""

    permalink: str = ""  #: in our words; empty: it cannot be known
    why: str = ""  #: what it follows from, or why it cannot be known


def text_of(path: Path) -> str:
    """A file's text; empty if there is none that can be read."""
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def table_of(path: Path) -> Mapping[str, Any]:
    """What a TOML, YAML or JSON file holds; empty if it holds no table."""
    text = text_of(path)
    try:
        if path.suffix == ".toml":
            return tomllib.loads(text)
        found = yaml.safe_load(text)  # JSON is YAML
    except (ValueError, yaml.YAMLError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def word(table: Mapping[str, Any], *names: str) -> str:
    """The first of these entries that is a text."""
    lower = {str(key).lower(): value for key, value in table.items()}
    found = (lower.get(name.lower()) for name in names)
    return next((value.strip() for value in found if isinstance(value, str) and value.strip()), "")
