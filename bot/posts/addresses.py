"""What front matter says of the address of a post's page, where `[posts.fields]` has it read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from bot.posts.tags import find_tags

if TYPE_CHECKING:
    from bot.posts.fields import Fields

_IN_PATHS: Final = "/%:@!$&'()*+,;=~"  # RFC 3986 section 3.3; what is escaped already stays


def own_slug(fields: Fields) -> str | None:
    """`slug:`; None if there is none. Raises PostError."""
    slug = fields.text("slug")
    if slug is not None and (not re.fullmatch(r"[^\s/]+", slug) or find_tags(slug)):
        raise fields.fault("slug", f'"{slug}" is not the last part of an address.', "Write for example slug: tickets.")
    return slug


def own_permalink(fields: Fields) -> str | None:
    """The path that the post's page has by its own words, escaped; None if it says nothing. Raises PostError."""
    written = fields.text("permalink")
    if written is None:
        return None
    path = written.replace("index.html", "") if written.endswith("/index.html") else written
    if not path.startswith("/") or path.startswith("//") or find_tags(path) or "/:" in path:
        problem = f'"{written}" is not the path of a page, so nobody knows where its link leads.'
        raise fields.fault("permalink", problem, "Write it from the site's root, for example /news/tickets/.")
    return quote(path, safe=_IN_PATHS)


def categories_of(fields: Fields, names: Sequence[str]) -> tuple[str, ...]:
    """All categories, from the first of these keys that a post has. Raises PostError."""
    return next(filter(None, (fields.texts(name) for name in names)), ())
