"""Update the feeds for one changed entry: renders only the documents that show it, for speed. Pure.

Gives the same bytes as a whole build. Changes of order or topics are left to a whole build.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import is_
from typing import SupportsBytes

from bot.domain import Entry
from bot.feeds.archive import History, ShownEntry, newest_of
from bot.feeds.build import FeedBuild, files_of
from bot.feeds.document import Document
from bot.feeds.item import Item, item_of


@dataclass(frozen=True, kw_only=True)
class ChangedFeeds:
    """A build with one updated entry, and the changed files."""

    built: FeedBuild
    newest: Mapping[str, SupportsBytes]  #: the feed of all news, and the page about it
    others: Mapping[str, SupportsBytes]  #: pages of the archive, categories, tags


def update_feeds(built: FeedBuild, entry: Entry) -> ChangedFeeds | None:
    """Replace the entry of a post in a build by `entry`; None if a whole build is needed."""
    place = next((place for place, one in enumerate(built.shown) if one.entry.post_id == entry.post_id), None)
    after = _shown_entry(entry, built)
    if place is None or after is None:
        return None
    before = built.shown[place]
    if not _has_the_same_place(before.item, after.item, built):
        return None
    shown = (*built.shown[:place], after, *built.shown[place + 1 :])
    history = _history(built, shown, before, after)
    newest = replace(built.documents[0], items=history.newest)
    others = tuple(_with(document, before.item, after.item) for document in built.documents[1:])
    changed = [new for new, old in zip(others, built.documents[1:], strict=True) if new is not old]
    page = replace(built.page, items=_swapped(built.page.items, before.item, after.item))
    return ChangedFeeds(
        built=replace(built, shown=shown, history=history, documents=(newest, *others), page=page),
        newest=files_of([newest], page, feeds=built.settings),
        others=files_of(changed, None, feeds=built.settings),
    )


def _history(built: FeedBuild, shown: Sequence[ShownEntry], before: ShownEntry, after: ShownEntry) -> History:
    """The history's newest; its pages are in the documents."""
    entries, size = built.settings.entries, min(built.settings.entries, built.settings.archive)
    newest, older = shown[:entries], built.history.older
    if not size:
        return History(newest=tuple(one.item for one in newest))
    if not any(one is after for one in newest):
        others = (one for one in older if one is not before)
        older = tuple(sorted((*others, after), key=lambda one: (one.item.published, one.entry.post_id), reverse=True))
    archived = len(built.places) // size * size
    return History(newest=newest_of(newest, older, built.places, archived), older=older)


def _shown_entry(entry: Entry, built: FeedBuild) -> ShownEntry | None:
    if entry.hidden:
        return None
    try:
        return ShownEntry(entry=entry, item=item_of(entry, built.channel))
    except Exception:  # noqa: BLE001 - any fault of the entry: the whole build reports it
        return None


def _has_the_same_place(before: Item, after: Item, built: FeedBuild) -> bool:
    """Whether order and topics are unchanged."""
    if (before.id, before.published) != (after.id, after.published):
        return False
    settings = built.settings
    same_category = not settings.categories or before.category == after.category
    return same_category and (not settings.tags or before.tags == after.tags)


def _with(document: Document, before: Item, after: Item) -> Document:
    if not _shows(document.items, before):
        return document
    return replace(document, items=_swapped(document.items, before, after))


def _shows(items: Sequence[Item], item: Item) -> bool:
    return any(map(partial(is_, item), items))


def _swapped(items: Sequence[Item], before: Item, after: Item) -> tuple[Item, ...]:
    return tuple(after if one is before else one for one in items)
