"""Slug, permalink and categories of a post, from its front matter and its file name."""

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


#: "2027-03-01-title": Jekyll, Eleventy, Hugo (`:filename`) and Pelican all support this form.
_DATED: Final = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})[-_](?P<slug>.+)")
_INDEX: Final = "index"


def name_of(path: str | Path) -> str:
    """The name of a post: the file name without its suffix; for `FOLDER/index.md`, a page bundle, the folder name."""
    folder, file = os.path.split(path)
    name = file.removesuffix(".md")
    return os.path.basename(folder) or name if name == _INDEX else name


def slug_of(path: str | Path, *, dated: bool) -> str:
    """The slug derived from the file name; if names are `dated`, the date is removed."""
    return split_date(name_of(path))[1] if dated else name_of(path)


def split_date(name: str) -> tuple[str, str]:
    """Split a name into its leading date (empty if there is none) and the rest."""
    found = _DATED.fullmatch(name)
    return (found["day"], found["slug"]) if found else ("", name)


def folders_of(path: str | Path, below: str | Path) -> str:
    """The folders between `below` and a post's file, such as "2027/spring", without a page bundle's own folder."""
    folder, file = os.path.split(path)
    if file == f"{_INDEX}.md":
        folder = os.path.dirname(folder)
    inside = os.path.relpath(folder, below)
    return "" if inside == os.curdir or inside.startswith(os.pardir) else inside.replace(os.sep, "/")


_IN_PATHS: Final = "/%:@!$&'()*+,;=~"  # RFC 3986 section 3.3; "%" keeps existing escapes


def read_slug(fields: Fields) -> str | None:
    """The value of `slug:`; None if it is missing. Raises PostError if it is not usable."""
    slug = fields.text("slug")
    if slug is not None and (not re.fullmatch(r"[^\s/]+", slug) or find_tags(slug)):
        raise fields.fault("slug", f'"{slug}" is not the last part of an address.', "Write for example slug: tickets.")
    return slug


def read_permalink(fields: Fields) -> str | None:
    """The escaped path of the page that the front matter sets; None if it sets none. Raises PostError."""
    written = fields.text("permalink")
    if written is None:
        return None
    path = written.replace("index.html", "") if written.endswith("/index.html") else written
    if not path.startswith("/") or path.startswith("//") or find_tags(path) or "/:" in path:
        problem = f'"{written}" is not the path of a page, so nobody knows where its link leads.'
        raise fields.fault("permalink", problem, "Write it from the site's root, for example /news/tickets/.")
    return quote(path, safe=_IN_PATHS)


def categories_of(fields: Fields, names: Sequence[str]) -> tuple[str, ...]:
    """The categories under the first of these keys that the post has. Raises PostError."""
    return next(filter(None, (fields.texts(name) for name in names)), ())
