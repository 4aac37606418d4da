"""Categories and tags with feeds of their own, and the names of their folders. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from bot.feeds.item import Item

_LONGEST: Final = 60  #: characters of a folder's name
_GAPS: Final = re.compile(r"[\s_-]+")
_OTHERS: Final = re.compile(r"[^a-z0-9-]+")


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A category or a tag with its entries."""

    kind: str  #: "category" or "tag": the folder above
    name: str  #: as its oldest entry writes it
    slug: str
    items: tuple[Item, ...]  #: newest first

    @property
    def folder(self) -> str:
        return f"{self.kind}/{self.slug}"


def categories_of(items: Sequence[Item]) -> tuple[Topic, ...]:
    """The categories of the entries (newest first), in the order of their folders."""
    return _topics("category", items, lambda item: (item.category,) if item.category else ())


def tags_of(items: Sequence[Item]) -> tuple[Topic, ...]:
    """The tags of the entries (newest first), in the order of their folders."""
    return _topics("tag", items, lambda item: item.tags)


def slug_of(name: str) -> str:
    """The folder name of a topic: lower-case letters, digits and hyphens; never empty.

    Names that differ only in case, spaces and hyphens share a folder. If other characters are removed, a few digits of
    a hash distinguish "C" from "C++", independent of the other topics.
    """
    folded = _GAPS.sub("-", unicodedata.normalize("NFKC", name).casefold()).strip("-")
    plain = _OTHERS.sub("", unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()).strip("-")
    if plain == folded and 0 < len(plain) <= _LONGEST:
        return plain
    mark = sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return "-".join(filter(None, (plain[:_LONGEST].strip("-"), mark)))


def _topics(kind: str, items: Sequence[Item], names: Callable[[Item], Iterable[str]]) -> tuple[Topic, ...]:
    found: dict[str, tuple[str, list[Item]]] = {}
    for item in reversed(items):  # oldest first, because the oldest entry decides the spelling
        for slug, name in {slug_of(name): name for name in names(item)}.items():
            found.setdefault(slug, (name, []))[1].append(item)
    return tuple(
        Topic(kind=kind, name=name, slug=slug, items=tuple(reversed(held)))
        for slug, (name, held) in sorted(found.items())
    )
