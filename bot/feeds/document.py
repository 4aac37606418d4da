"""One feed document, whatever its format: all news, one category's, one tag's, or a page of the archive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.feeds.channel import EMPTY_UPDATED, Channel
from bot.feeds.item import Item


@dataclass(frozen=True, kw_only=True)
class Document:
    """What a feed document holds; equal documents have equal bytes in every format."""

    channel: Channel
    title: str
    items: tuple[Item, ...]  #: newest first
    folder: str = ""  #: below the feeds' folder, e.g. "category/travel"; empty for the feed of all news
    archive: bool = False  #: a page of the archive (RFC 5005 section 4) of the feed of all news
    previous: str | None = None  #: the folder of the archive's page before this one

    @property
    def updated(self) -> datetime:
        """When its most recently updated entry was, never the time of the build."""
        return max((item.updated for item in self.items), default=EMPTY_UPDATED)

    @property
    def hubs(self) -> tuple[str, ...]:
        """None for pages of the archive: those do not change."""
        return () if self.archive else self.channel.hubs

    def name_of(self, file_name: str) -> str:
        """The path of the document's file, below the feeds' folder."""
        return f"{self.folder}/{file_name}" if self.folder else file_name

    def url_of(self, file_name: str) -> str:
        """The document's own address in the format of this file: its "self" link."""
        return self.channel.url_of(self.name_of(file_name))

    def identity(self, file_name: str) -> str:
        """What the feed is known by: its address; a page of the archive belongs to the feed of all news."""
        return self.channel.url_of(file_name) if self.archive else self.url_of(file_name)

    def current_url(self, file_name: str) -> str | None:
        """The feed whose archive this is a page of."""
        return self.channel.url_of(file_name) if self.archive else None

    def previous_url(self, file_name: str) -> str | None:
        """The page of the archive with older entries."""
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

    Equal files have equal bytes, so a file that has not changed need not be made again.
    """

    document: Document
    format: Format

    def __bytes__(self) -> bytes:
        """The file's content. Raises BrokenFeedError if it would not be a sound feed."""
        content = self.made()
        self.check(content)
        return content

    def made(self) -> bytes:
        """The file's content, not checked yet."""
        return self.format.render(self.document)

    def check(self, content: bytes) -> None:
        """Raises BrokenFeedError if this content would not be a sound feed."""
        from bot.feeds.sound import check

        check(content, self)
