"""One feed document in any format: all news, one category, one tag, or a page of the archive."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from lxml import etree

from bot.feeds.channel import EMPTY_UPDATED, GENERATOR, Channel
from bot.feeds.item import Item

if TYPE_CHECKING:
    from lxml.etree import _Element


_ATOM: Final = "{http://www.w3.org/2005/Atom}"


class BrokenFeedError(ValueError):
    """The rendered document is not a valid feed; the text says why."""


def _read_json(content: bytes) -> tuple[list[str], Any]:
    feed = json.loads(content.decode("utf-8"))
    return [item["id"] for item in feed["items"]], feed["feed_url"]


def _read_xml(content: bytes) -> tuple[list[str], str | None]:
    root = etree.fromstring(content, etree.XMLParser(huge_tree=True, no_network=True, resolve_entities=False))
    parent, entry, name = _anchors(root)
    own = [link.get("href") for link in parent.findall(f"{_ATOM}link") if link.get("rel") == "self"]
    generator = parent.findtext("generator") or parent.findtext(f"{_ATOM}generator")
    if len(own) != 1 or generator != GENERATOR:
        raise BrokenFeedError("its channel is not complete")
    return [one.findtext(name) or "" for one in parent.iterchildren(entry)], own[0]


def _anchors(root: _Element) -> tuple[_Element, str, str]:
    """The element that contains the entries, the tag of an entry, and the tag of its id."""
    if root.tag == f"{_ATOM}feed":
        return root, f"{_ATOM}entry", f"{_ATOM}id"
    channel = root.find("channel")
    if root.tag != "rss" or channel is None:
        raise BrokenFeedError(f"it begins with <{root.tag}>")
    return channel, "item", "guid"


@dataclass(frozen=True, kw_only=True)
class Document:
    """The content of a feed document; equal documents give equal bytes in every format."""

    channel: Channel
    title: str
    items: tuple[Item, ...]  #: newest first
    folder: str = ""  #: below the feeds' folder, e.g. "category/travel"; empty for the feed of all news
    archive: bool = False  #: a page of the archive (RFC 5005 section 4) of the feed of all news
    previous: str | None = None  #: the folder of the archive's page before this one

    @property
    def updated(self) -> datetime:
        """The latest `updated` of its entries, never the time of the build."""
        return max((item.updated for item in self.items), default=EMPTY_UPDATED)

    @property
    def hubs(self) -> tuple[str, ...]:
        """The WebSub hubs; empty for pages of the archive, which do not change."""
        return () if self.archive else self.channel.hubs

    def name_of(self, file_name: str) -> str:
        """The path of the document's file, below the feeds' folder."""
        return f"{self.folder}/{file_name}" if self.folder else file_name

    def url_of(self, file_name: str) -> str:
        """The document's own address in the format of this file: its "self" link."""
        return self.channel.url_of(self.name_of(file_name))

    def identity(self, file_name: str) -> str:
        """The feed's id: its URL; a page of the archive has that of the feed of all news."""
        return self.channel.url_of(file_name) if self.archive else self.url_of(file_name)

    def current_url(self, file_name: str) -> str | None:
        """The URL of the feed to which this page of the archive belongs."""
        return self.channel.url_of(file_name) if self.archive else None

    def previous_url(self, file_name: str) -> str | None:
        """The URL of the archive's page with older entries."""
        return None if self.previous is None else self.channel.url_of(f"{self.previous}/{file_name}")


class Format(Protocol):
    """A module that writes documents in one format."""

    @property
    def MEDIA_TYPE(self) -> str: ...

    @property
    def FILE_NAME(self) -> str: ...

    def render(self, document: Document) -> bytes:
        """The document's bytes, its items in their order."""


@dataclass(frozen=True)
class FeedFile:
    """A document in one format. `bytes()` makes and checks its content.

    Equal files have equal bytes, so an unchanged file need not be rendered again.
    """

    document: Document
    format: Format

    def __bytes__(self) -> bytes:
        """The file's content. Raises BrokenFeedError if it is not a valid feed."""
        content = self.render()
        self.check(content)
        return content

    def render(self) -> bytes:
        """Render the file's content, without the check."""
        return self.format.render(self.document)

    def check(self, content: bytes) -> None:
        """Parse the content. Raises BrokenFeedError unless it is a feed with exactly these entries and its own URL."""
        own_url = self.document.url_of(self.format.FILE_NAME)
        ids = [item.id for item in self.document.items]
        try:
            found, own = _read_json(content) if content.startswith(b"{") else _read_xml(content)
        except Exception as error:
            raise BrokenFeedError(f"it cannot be read back: {error}") from error
        if own != own_url:
            raise BrokenFeedError(f"it names {own} as its own address instead of {own_url}")
        if found != ids:
            raise BrokenFeedError(f"it holds {len(found)} entries that are not the {len(ids)} meant, in their order")
