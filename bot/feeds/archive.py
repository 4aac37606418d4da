"""The complete history as an archived feed of stable pages (RFC 5005 section 4). Pure.

Each entry has a permanent place: its number in the order of releases, counting hidden and deleted posts too. A fixed
number of places makes a page, so a full page changes only when one of its entries does. Entries that do not fill a
page yet are only in the feed itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain import Entry
from bot.feeds.item import Item


@dataclass(frozen=True, kw_only=True)
class ShownEntry:
    """An entry that the feeds may show, and its item."""

    entry: Entry
    item: Item


@dataclass(frozen=True, kw_only=True)
class History:
    """All entries, divided into the feed and its archive."""

    newest: tuple[Item, ...]  #: the feed itself, newest first
    older: tuple[ShownEntry, ...] = ()  #: entries that the feed may show besides its newest ones
    pages: tuple[tuple[Item, ...], ...] = ()  #: the archive, oldest page first, each newest first


class Places:
    """The place of each entry ever released: its number in release order, from 0."""

    def __init__(self) -> None:
        self._released: list[Entry] = []
        self._places: Mapping[str, int] = {}

    def of(self, released: Iterable[Entry]) -> Mapping[str, int]:
        """Post id → place. Caches the last result, because places hardly ever change."""
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


def divide(shown: Sequence[ShownEntry], places: Mapping[str, int], *, entries: int, page_size: int) -> History:
    """Divide the shown entries, newest first, into the feed of the newest and the archive's pages.

    `places` covers all entries ever released. `page_size` 0 means no archive.
    """
    size = min(page_size, entries)  # with larger pages, some posts would be neither in the feed nor in a page
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
    newest: Sequence[ShownEntry], older: Sequence[ShownEntry], places: Mapping[str, int], archived: int
) -> tuple[Item, ...]:
    """The items of the feed itself: the newest, and older ones that subscribers would miss otherwise.

    These were released late and are in no page yet (`archived` are), or edited recently: feed readers do not refetch
    pages of the archive, so RFC 5005 (section 4.1) wants edits in the feed itself too. The feed shows them while they
    are newer than its oldest post, and at most as many as posts.
    """
    if not newest:
        return ()
    since = newest[-1].item.published
    edited = [one for one in older if _is_edited(one) and one.item.updated > since]
    edited.sort(key=lambda one: one.item.updated, reverse=True)
    wanted = {id(one) for one in edited[: len(newest)]}
    also = [one for one in older if places[one.entry.post_id] >= archived or id(one) in wanted]
    return tuple(one.item for one in (*newest, *also))


def _is_edited(one: ShownEntry) -> bool:
    return one.item.updated > one.item.published
