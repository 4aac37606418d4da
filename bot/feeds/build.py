"""Build all feeds: choose and order the entries, and divide them into documents: all news, archive, topics. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, SupportsBytes

from bot.config import Feeds, Site
from bot.domain import Entry
from bot.domain.errors import OutputError
from bot.feeds import atom, jsonfeed, rss
from bot.feeds.archive import History, Places, ShownEntry, divide
from bot.feeds.channel import Channel, channel_of, folder_of
from bot.feeds.document import Document, FeedFile, Format
from bot.feeds.item import Item, item_of
from bot.feeds.page import FILE_NAME as PAGE
from bot.feeds.page import LATEST, FeedsPage

FORMATS: Final[tuple[Format, ...]] = (rss, atom, jsonfeed)
ARCHIVE: Final = "archive"
_DIVIDED: Final = (ARCHIVE, "category", "tag")


@dataclass(frozen=True, kw_only=True)
class FeedBuild:
    """The inputs and documents of one build."""

    channel: Channel
    settings: Feeds
    shown: tuple[ShownEntry, ...]  #: newest first
    places: Mapping[str, int]
    history: History
    documents: tuple[Document, ...]  #: the feed of all news is the first
    page: FeedsPage

    @property
    def archive(self) -> str:
        """The folder of the archive's pages."""
        return str(folder_of(self.settings) / ARCHIVE)


@dataclass(frozen=True, kw_only=True)
class FeedFiles:
    """The files of the feeds, and a message for each entry that was left out."""

    files: Mapping[str, SupportsBytes]  #: path below the public folder, e.g. "news/rss.xml" → the file's content
    faults: tuple[OutputError, ...] = ()
    folders: tuple[str, ...] = ()  #: the bot's files in these folders that are not in `files` are obsolete
    archive: str = ""  #: the folder of the archive's pages
    built: FeedBuild = field(compare=False)  #: for `update_feeds`


class ItemCache:
    """Caches the item of each entry, so that a build only makes those of changed entries."""

    def __init__(self) -> None:
        self._channel: Channel | None = None
        self._shown: dict[str, ShownEntry] = {}
        self.places: Final = Places()

    def begin(self, channel: Channel) -> None:
        """Call before each build; clears the cache if the settings have changed."""
        if channel != self._channel:
            self._channel, self._shown = channel, {}

    def shown(self, entry: Entry, channel: Channel) -> ShownEntry:
        """The entry with its item. Raises what `item_of` raises."""
        known = self._shown.get(entry.post_id)
        if known is None or (known.entry is not entry and known.entry != entry):
            known = self._shown[entry.post_id] = ShownEntry(entry=entry, item=item_of(entry, channel))
        return known

    def keep_only(self, shown: Iterable[ShownEntry]) -> None:
        """Remove all other entries from the cache."""
        self._shown = {one.entry.post_id: one for one in shown}


def render_feeds(
    entries: Iterable[Entry],
    *,
    site: Site,
    feeds: Feeds,
    released: Iterable[Entry] | None = None,
    cache: ItemCache | None = None,
) -> FeedFiles:
    """Render the feeds in all formats, newest first and without hidden entries, and the page that explains them.

    `released` are all entries ever released, for the archive; by default `entries`. An entry that cannot be shown is
    left out of all formats, so that they agree, and reported in `faults`.
    """
    given = list(entries)
    every = {entry.post_id: entry for entry in [*(given if released is None else released), *given]}
    channel, cache = channel_of(site, feeds), cache or ItemCache()
    shown, faults = _presentable(given, channel, cache)
    places = cache.places.of(every.values())
    history = divide(shown, places, entries=feeds.entries, page_size=feeds.archive)
    items = [one.item for one in shown]
    categories = find_categories(items) if feeds.categories else ()
    tags = find_tags(items) if feeds.tags else ()
    documents = tuple(_documents(channel, history, (*categories, *tags), feeds.entries))
    page = FeedsPage(
        channel=channel,
        items=tuple(items[:LATEST]),
        categories=tuple((topic.name, topic.folder) for topic in categories),
        tags=tuple((topic.name, topic.folder) for topic in tags),
        timezone=site.timezone,
        formats=tuple((kind.FILE_NAME, kind.MEDIA_TYPE) for kind in FORMATS),
    )
    built = FeedBuild(
        channel=channel,
        settings=feeds,
        shown=tuple(shown),
        places=places,
        history=history,
        documents=documents,
        page=page,
    )
    folder = folder_of(feeds)
    return FeedFiles(
        files=files_of(documents, page, feeds=feeds),
        faults=tuple(faults),
        folders=tuple(str(folder / name) for name in _DIVIDED),
        archive=built.archive,
        built=built,
    )


def files_of(documents: Iterable[Document], page: FeedsPage | None, *, feeds: Feeds) -> dict[str, SupportsBytes]:
    """Path below the public folder → the file's content."""
    folder = folder_of(feeds)
    files: dict[str, SupportsBytes] = {
        str(folder / document.name_of(kind.FILE_NAME)): FeedFile(document, kind)
        for document in documents
        for kind in FORMATS
    }
    if page is not None:
        files[str(folder / PAGE)] = page
    return files


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


def _presentable(
    entries: Iterable[Entry], channel: Channel, cache: ItemCache
) -> tuple[list[ShownEntry], list[OutputError]]:
    found: list[ShownEntry] = []
    faults: list[OutputError] = []
    cache.begin(channel)
    for entry in entries:
        if entry.hidden:
            continue
        try:
            found.append(cache.shown(entry, channel))
        except Exception as error:  # noqa: BLE001 - any fault of one entry: it must not block the others
            faults.append(_fault(entry, str(error)))
    cache.keep_only(found)
    # The tie-breakers make the result independent of the input order.
    found.sort(key=lambda one: (one.item.published, one.entry.post_id, one.item.updated, one.item.url), reverse=True)
    shown: dict[str, ShownEntry] = {}
    for one in found:
        first = shown.setdefault(one.item.id, one)
        if first is not one:
            reason = f'"{first.entry.slug}" has the same id, {one.item.id}; give one of them another'
            faults.append(_fault(one.entry, reason))
    return list(shown.values()), sorted(faults, key=str)


def _fault(entry: Entry, reason: str) -> OutputError:
    return OutputError(f"{entry.slug}: left out of the feeds: {reason.rstrip('.')}.", subject=entry.slug)


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


def find_categories(items: Sequence[Item]) -> tuple[Topic, ...]:
    """The categories of the entries (newest first), in the order of their folders."""
    return _find_topics("category", items, lambda item: (item.category,) if item.category else ())


def find_tags(items: Sequence[Item]) -> tuple[Topic, ...]:
    """The tags of the entries (newest first), in the order of their folders."""
    return _find_topics("tag", items, lambda item: item.tags)


def topic_slug(name: str) -> str:
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


def _find_topics(kind: str, items: Sequence[Item], names: Callable[[Item], Iterable[str]]) -> tuple[Topic, ...]:
    found: dict[str, tuple[str, list[Item]]] = {}
    for item in reversed(items):  # oldest first, because the oldest entry decides the spelling
        for slug, name in {topic_slug(name): name for name in names(item)}.items():
            found.setdefault(slug, (name, []))[1].append(item)
    return tuple(
        Topic(kind=kind, name=name, slug=slug, items=tuple(reversed(held)))
        for slug, (name, held) in sorted(found.items())
    )
