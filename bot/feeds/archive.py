"""The complete history in pages that stay as they are (RFC 5005 section 4). Pure.

Each entry has its place for good: posts are counted in the order of their release, those that are hidden or gone
too, and every so many fill a page. So a page that is full changes only when an entry in it does. Posts that fill no
page yet stand in the feed itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain import Entry
from bot.feeds.item import Item


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An entry that the feeds may show, and what they show of it."""

    entry: Entry
    item: Item


@dataclass(frozen=True, kw_only=True)
class History:
    """All entries, divided."""

    newest: tuple[Item, ...]  #: the feed itself, newest first
    older: tuple[Shown, ...] = ()  #: those that may stand in the feed besides its newest ones
    pages: tuple[tuple[Item, ...], ...] = ()  #: the archive, oldest page first, each newest first


class Places:
    """The place of each entry that was ever released: its number in the order of the releases, from 0."""

    def __init__(self) -> None:
        self._released: list[Entry] = []
        self._places: Mapping[str, int] = {}

    def of(self, released: Iterable[Entry]) -> Mapping[str, int]:
        """Post id → place. What was found out the last time is kept: hardly anything of it ever changes."""
        entries = list(released)
        if len(entries) != len(self._released) or not all(map(_of_one_release, entries, self._released)):
            order = sorted(entries, key=lambda entry: (entry.released_at, entry.published, entry.post_id))
            self._places = {entry.post_id: place for place, entry in enumerate(order)}
        self._released = entries
        return self._places


def _of_one_release(one: Entry, other: Entry) -> bool:
    if one is other:
        return True
    return (one.post_id, one.published, one.released_at) == (other.post_id, other.published, other.released_at)


def divide(shown: Sequence[Shown], places: Mapping[str, int], *, entries: int, page_size: int) -> History:
    """Divide the entries to be shown, newest first, into the feed of the newest and the archive's pages.

    `places` are those of all entries that were ever released. `page_size` 0 means no archive.
    """
    size = min(page_size, entries)  # more would leave posts that stand neither in the feed nor in a page
    if not size:
        return History(newest=tuple(one.item for one in shown[:entries]))
    full = len(places) // size
    pages: list[list[Item]] = [[] for _ in range(full)]
    for one in shown:
        page = places[one.entry.post_id] // size
        if page < full:
            pages[page].append(one.item)
    older = tuple(one for one in shown[entries:] if _is_edited(one) or places[one.entry.post_id] >= full * size)
    return History(
        newest=newest_of(shown[:entries], older, places, full * size), older=older, pages=tuple(map(tuple, pages))
    )


def newest_of(
    newest: Sequence[Shown], older: Sequence[Shown], places: Mapping[str, int], archived: int
) -> tuple[Item, ...]:
    """The feed itself: the newest, and those older ones that subscribers would miss.

    Released late, so in no page yet (`archived` stand in one), or edited of late: a page of the archive that a reader
    has is not fetched again, so RFC 5005 (section 4.1) wants edits to stand in the feed itself too. Here for as long as
    they are newer than the oldest post there, and at most as many as posts.
    """
    if not newest:
        return ()
    since = newest[-1].item.published
    edited = [one for one in older if _is_edited(one) and one.item.updated > since]
    edited.sort(key=lambda one: one.item.updated, reverse=True)
    wanted = {id(one) for one in edited[: len(newest)]}
    also = [one for one in older if places[one.entry.post_id] >= archived or id(one) in wanted]
    return tuple(one.item for one in (*newest, *also))


def _is_edited(one: Shown) -> bool:
    return one.item.updated > one.item.published
