"""The address of a post's page: `[site] permalink`, a path with placeholders. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote

#: The placeholders of a permalink, and their meaning.
PLACEHOLDERS: Final = {
    "slug": "the post's name: its file's, or as `slug` in [posts.fields] says",
    "year": "four digits of the publish date, in the site's timezone",
    "month": "two digits",
    "day": "two digits",
    "category": "the category in small letters with hyphens",
    "categories": "all of them in small letters, one folder each",
    "folder": "the folders between the posts folder and the file",
}
_PLACEHOLDER: Final = re.compile(r"\{(\w*)\}")
#: A draft has no date yet; its page's address is not known.
_NO_DATE: Final = {"year": "0000", "month": "00", "day": "00"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """The values for the placeholders of a permalink."""

    slug: str
    day: date | None = None  #: of its publish datetime, in the site's timezone
    categories: Sequence[str] = ()
    folder: str = ""


def fault_of(template: str) -> str:
    """The fault of a permalink; empty if it is valid."""
    unknown = [name for name in _PLACEHOLDER.findall(template) if name not in PLACEHOLDERS]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        return f"{{{unknown[0]}}} is not known in it; it may hold {known}"
    if "{slug}" not in template or not template.startswith("/"):
        return 'it must begin with "/" and hold {slug}, for example "/news/{slug}/"'
    return ""


def path_of(template: str, address: Address) -> str:
    """The escaped path of a page. Empty placeholders leave no gap: "/{category}/{slug}/" may become "/name/"."""
    path = template.replace("{slug}", quote(address.slug))
    if "{" not in path:
        return path
    day = address.day
    dates = {"year": f"{day:%Y}", "month": f"{day:%m}", "day": f"{day:%d}"} if day else _NO_DATE
    first = address.categories[0] if address.categories else ""
    words = {
        **dates,
        "category": quote(re.sub(r"[^\w]+", "-", first.lower()).strip("-")),
        "categories": "/".join(quote(one.lower(), safe="") for one in dict.fromkeys(address.categories)),
        "folder": quote(address.folder),
    }
    for name, value in words.items():
        path = path.replace(f"{{{name}}}", value)
    return re.sub(r"/{2,}", "/", path)
