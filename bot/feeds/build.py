"""All feeds of one build, together: which entries they show, in which order, and in which documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, SupportsBytes

from bot.config import Feeds, Site
from bot.feeds import atom, jsonfeed, rss
from bot.feeds.archive import History, Shown, divide
from bot.feeds.channel import Channel, channel_of, folder_of
from bot.feeds.document import Document, FeedFile, Format
from bot.feeds.item import Item, item_of
from bot.feeds.page import FILE_NAME as PAGE
from bot.feeds.page import LATEST, Page
from bot.feeds.topics import Topic, categories_of, tags_of
from bot.model import Entry

FORMATS: Final[tuple[Format, ...]] = (rss, atom, jsonfeed)
ARCHIVE: Final = "archive"
_DIVIDED: Final = (ARCHIVE, "category", "tag")


@dataclass(frozen=True, kw_only=True)
class FeedFiles:
    """The feeds, ready to be written, and a sentence for each entry that had to be left out."""

    files: Mapping[str, SupportsBytes]  #: path below the public folder, e.g. "news/rss.xml" → the file's content
    faults: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()  #: what of ours lies in these and is not among `files` is out of date
    archive: str = ""  #: the folder of the archive's pages


class ItemShelf:
    """What was made of each entry the last time, so that only what has changed is made again."""

    def __init__(self) -> None:
        self._channel: Channel | None = None
        self._items: dict[str, tuple[Entry, Item]] = {}

    def begin(self, channel: Channel) -> None:
        """To be called before the items of a build are asked for; other settings empty the shelf."""
        if channel != self._channel:
            self._channel, self._items = channel, {}

    def item_of(self, entry: Entry, channel: Channel) -> Item:
        """The entry's item. Raises what `item_of` raises."""
        known = self._items.get(entry.post_id)
        if known is not None and (known[0] is entry or known[0] == entry):
            return known[1]
        item = item_of(entry, channel)
        self._items[entry.post_id] = (entry, item)
        return item

    def keep_only(self, post_ids: Iterable[str]) -> None:
        """Forget all others."""
        self._items = {post_id: self._items[post_id] for post_id in post_ids if post_id in self._items}


def render_feeds(
    entries: Iterable[Entry],
    *,
    site: Site,
    feeds: Feeds,
    released: Iterable[Entry] | None = None,
    shelf: ItemShelf | None = None,
) -> FeedFiles:
    """The feeds in every format, newest first and without the hidden entries, and the page that explains them.

    `released` are all entries ever released, for the order of the archive; if not given, `entries` are all. An entry
    that cannot be shown is left out of all formats, so that they agree, and named in `faults`.
    """
    given = list(entries)
    every = {entry.post_id: entry for entry in [*(given if released is None else released), *given]}
    channel = channel_of(site, feeds)
    shown, faults = _presentable(given, channel, shelf or ItemShelf())
    history = divide(shown, every.values(), entries=feeds.entries, page_size=feeds.archive)
    items = [one.item for one in shown]
    categories = categories_of(items) if feeds.categories else ()
    tags = tags_of(items) if feeds.tags else ()
    folder = folder_of(feeds)
    files: dict[str, SupportsBytes] = {
        str(folder / document.name_of(kind.FILE_NAME)): FeedFile(document, kind)
        for document in _documents(channel, history, (*categories, *tags), feeds.entries)
        for kind in FORMATS
    }
    files[str(folder / PAGE)] = Page(
        channel=channel,
        items=tuple(items[:LATEST]),
        categories=tuple((topic.name, topic.folder) for topic in categories),
        tags=tuple((topic.name, topic.folder) for topic in tags),
        timezone=site.timezone,
        formats=tuple((kind.FILE_NAME, kind.MEDIA_TYPE) for kind in FORMATS),
    )
    return FeedFiles(
        files=files,
        faults=tuple(faults),
        folders=tuple(str(folder / name) for name in _DIVIDED),
        archive=str(folder / ARCHIVE),
    )


def _documents(channel: Channel, history: History, topics: Sequence[Topic], entries: int) -> Iterator[Document]:
    folders = [f"{ARCHIVE}/{number}" for number, _ in enumerate(history.pages, start=1)]
    before = [None, *folders]
    yield Document(channel=channel, title=channel.title, items=history.newest, previous=before[-1])
    for folder, previous, items in zip(folders, before, history.pages, strict=False):
        yield Document(
            channel=channel, title=channel.title, items=items, folder=folder, archive=True, previous=previous
        )
    for topic in topics:
        title = f"{channel.title}: {topic.name}"
        yield Document(channel=channel, title=title, items=topic.items[:entries], folder=topic.folder)


def _presentable(entries: Iterable[Entry], channel: Channel, shelf: ItemShelf) -> tuple[list[Shown], list[str]]:
    found: list[Shown] = []
    faults: list[str] = []
    shelf.begin(channel)
    for entry in entries:
        if entry.hidden:
            continue
        try:
            found.append(Shown(entry=entry, item=shelf.item_of(entry, channel)))
        except Exception as error:  # noqa: BLE001 - whatever it holds: it must not keep the others from being read
            faults.append(_fault(entry, str(error)))
    shelf.keep_only(one.entry.post_id for one in found)
    # The tie-breaks make the order independent of the order in which the entries came.
    found.sort(key=lambda one: (one.item.published, one.entry.post_id, one.item.updated, one.item.url), reverse=True)
    shown: dict[str, Shown] = {}
    for one in found:
        first = shown.setdefault(one.item.id, one)
        if first is not one:
            reason = f'"{first.entry.slug}" has the same id, {one.item.id}; give one of them another'
            faults.append(_fault(one.entry, reason))
    return list(shown.values()), sorted(faults)


def _fault(entry: Entry, reason: str) -> str:
    return f"{entry.slug}: left out of the feeds: {reason.rstrip('.')}."
