"""The complete history in pages that stay as they are (RFC 5005 section 4). Pure.

Each entry has its place for good: posts are counted in the order of their release, those that are hidden or gone
too, and every so many fill a page. So a page that is full changes only when an entry in it does. Posts that fill no
page yet stand in the feed itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.feeds.item import Item
from bot.model import Entry


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An entry that the feeds may show, and what they show of it."""

    entry: Entry
    item: Item


@dataclass(frozen=True, kw_only=True)
class History:
    """All entries, divided."""

    newest: tuple[Item, ...]  #: the feed itself, newest first
    pages: tuple[tuple[Item, ...], ...] = ()  #: the archive, oldest page first, each newest first


def divide(shown: Sequence[Shown], released: Iterable[Entry], *, entries: int, page_size: int) -> History:
    """Divide the entries to be shown, newest first, into the feed of the newest and the archive's pages.

    `released` are all entries that were ever released. `page_size` 0 means no archive.
    """
    newest = shown[:entries]
    size = min(page_size, entries)  # more would leave posts that stand neither in the feed nor in a page
    if not size:
        return History(newest=tuple(one.item for one in newest))
    places = _places(released)
    full = len(places) // size
    pages: list[list[Item]] = [[] for _ in range(full)]
    for one in shown:
        page = places[one.entry.post_id] // size
        if page < full:
            pages[page].append(one.item)
    return History(
        newest=tuple(one.item for one in [*newest, *_also(shown[entries:], newest, places, full * size)]),
        pages=tuple(tuple(page) for page in pages),
    )


def _places(released: Iterable[Entry]) -> Mapping[str, int]:
    order = sorted(released, key=lambda entry: (entry.released_at, entry.published, entry.post_id))
    return {entry.post_id: place for place, entry in enumerate(order)}


def _also(older: Sequence[Shown], newest: Sequence[Shown], places: Mapping[str, int], archived: int) -> Iterable[Shown]:
    """Older entries that subscribers would miss: released late, so in no page yet, or edited of late.

    A page of the archive that a reader has is not fetched again, so RFC 5005 (section 4.1) wants edits to stand in the
    feed itself too: here for as long as they are newer than the oldest post there, and at most as many as posts.
    """
    if not newest:
        return []
    since = newest[-1].item.published
    edited = [one for one in older if one.item.updated > max(since, one.item.published)]
    edited.sort(key=lambda one: one.item.updated, reverse=True)
    wanted = {id(one) for one in edited[: len(newest)]}
    return [one for one in older if places[one.entry.post_id] >= archived or id(one) in wanted]
