"""What front matter says of the address of a post's page, where `[posts.fields]` has it read."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from bot.domain.template_tags import find_tags

if TYPE_CHECKING:
    from bot.posts.frontmatter.fields import Fields


#: Jekyll, Eleventy, Hugo (`:filename`) and Pelican all know this shape.
_DATED: Final = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})[-_](?P<slug>.+)")
_INDEX: Final = "index"


def name_of(path: str | Path) -> str:
    """A post's own name: its file's without the ending; of `FOLDER/index.md`, a page bundle, the folder's."""
    folder, file = os.path.split(path)
    name = file.removesuffix(".md")
    return os.path.basename(folder) or name if name == _INDEX else name


def slug_of(path: str | Path, *, dated: bool) -> str:
    """The slug that a file gives its post: its name, and if names are `dated`, without the date."""
    return parted(name_of(path))[1] if dated else name_of(path)


def parted(name: str) -> tuple[str, str]:
    """The date at the beginning of a name, empty if there is none, and what follows."""
    found = _DATED.fullmatch(name)
    return (found["day"], found["slug"]) if found else ("", name)


def folders_of(path: str | Path, below: str | Path) -> str:
    """The folders between `below` and a post's file, such as "2027/spring"; a bundle's own does not count."""
    folder, file = os.path.split(path)
    if file == f"{_INDEX}.md":
        folder = os.path.dirname(folder)
    inside = os.path.relpath(folder, below)
    return "" if inside == os.curdir or inside.startswith(os.pardir) else inside.replace(os.sep, "/")


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
