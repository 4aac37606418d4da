"""The feeds with one entry shown anew: only the documents that show it, for a change that is to be seen at once. Pure.

The same bytes as a whole build makes. What would take one (another order, other topics) is left to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import is_
from typing import SupportsBytes, TypeVar

from bot.feeds.archive import Shown, newest_of
from bot.feeds.build import Built, files_of
from bot.feeds.document import Document
from bot.feeds.item import Item, item_of
from bot.model import Entry

_Shows = TypeVar("_Shows", Item, Shown)


def shown_again(built: Built, entry: Entry) -> tuple[Built, Mapping[str, SupportsBytes]] | None:
    """The build with `entry` in the place of the one of its post, and the files that this changes, newest news first.

    None if a whole build is needed.
    """
    before = next((one for one in built.shown if one.entry.post_id == entry.post_id), None)
    after = _shown(entry, built)
    if before is None or after is None or not _has_the_same_place(before.item, after.item, built):
        return None
    shown = _swapped(built.shown, before, after)
    size = {"entries": built.settings.entries, "page_size": built.settings.archive}
    newest = replace(built.documents[0], items=newest_of(shown, built.places, **size))
    others = [_with(document, before.item, after.item) for document in built.documents[1:]]
    page = replace(built.page, items=_swapped(built.page.items, before.item, after.item))
    again = replace(built, shown=shown, documents=(newest, *others), page=page)
    changed = [new for new, old in zip(again.documents, built.documents, strict=True) if new is not old]
    return again, files_of(changed, page if _shows(built.page.items, before.item) else None, feeds=built.settings)


def _shown(entry: Entry, built: Built) -> Shown | None:
    if entry.hidden:
        return None
    try:
        return Shown(entry=entry, item=item_of(entry, built.channel))
    except Exception:  # noqa: BLE001 - whatever it holds: a whole build names it
        return None


def _has_the_same_place(before: Item, after: Item, built: Built) -> bool:
    """Whether order and topics stay as they are."""
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


def _swapped(items: tuple[_Shows, ...], before: _Shows, after: _Shows) -> tuple[_Shows, ...]:
    return tuple(after if one is before else one for one in items)
