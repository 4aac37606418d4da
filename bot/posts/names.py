"""What a file's name says of its post: the slug, perhaps a date, and the folders that an address may show. Pure."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

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
