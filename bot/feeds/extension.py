"""The feed around its entries, by feedgen, and what that lacks by its own means: an extension.

feedgen 1.0.0 knows hubs and archive links in Atom only, and breaks the entries (`elements`), so these are put in after
it. Importing this module loads feedgen and lxml.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from bot.feeds.channel import GENERATOR
from bot.feeds.document import Document
from bot.feeds.elements import PREFIXES

RSS_TYPE: Final = "application/rss+xml"
_ATOM_LINK: Final = f"{{{PREFIXES['atom']}}}link"
_HISTORY: Final = "http://purl.org/syndication/history/1.0"  # RFC 5005


class NewsExtension(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """Declares namespaces, and adds links to hubs and the archive."""

    document: Document
    file_name: str
    media_type: str

    @property
    def is_rss(self) -> bool:
        return self.media_type == RSS_TYPE

    def extend_ns(self) -> dict[str, str]:
        # feedgen declares the others that the entries use.
        spaces = {name: PREFIXES[name] for name in (("media", "dc") if self.is_rss else ("media",))}
        if self.document.archive:
            spaces["fh"] = _HISTORY
        return spaces

    def extend_rss(self, rss: etree._Element) -> etree._Element:
        """Add to the RSS channel: links to hubs and the archive."""
        channel = rss[0]
        own = channel.find(_ATOM_LINK)
        after = channel.index(own) + 1 if own is not None else len(channel)
        for link in reversed(list(self._links())):
            channel.insert(after, etree.Element(_ATOM_LINK, link))
        if self.document.archive:
            etree.SubElement(channel, f"{{{_HISTORY}}}archive")
        return rss

    def extend_atom(self, feed: etree._Element) -> etree._Element:
        """Add to the Atom feed: links to hubs and the archive."""
        for link in self._links():
            etree.SubElement(feed, "link", link)
        if self.document.archive:
            etree.SubElement(feed, f"{{{_HISTORY}}}archive")
        return feed

    def _links(self) -> Iterator[dict[str, str]]:
        # No next-archive: it would change a page that is complete, at the time when the next one is.
        document, name = self.document, self.file_name
        for hub in document.hubs:
            yield {"href": hub, "rel": "hub"}
        current, previous = document.current_url(name), document.previous_url(name)
        for rel, url in (("current", current), ("prev-archive", previous)):
            if url is not None:
                yield {"href": url, "rel": rel, "type": self.media_type}


def filled_generator(document: Document, *, file_name: str, media_type: str) -> Any:
    """A feedgen FeedGenerator for one XML format: everything but the entries."""
    channel = document.channel
    generator = FeedGenerator()
    generator.register_extension("news", NewsExtension)
    generator.news.document, generator.news.file_name = document, file_name
    generator.news.media_type = media_type
    generator.title(document.title)
    generator.subtitle(channel.description)
    generator.description(channel.description)
    generator.author({"name": channel.author})
    generator.language(channel.language)
    generator.generator(GENERATOR)
    generator.docs("")
    if channel.rights:
        generator.rights(channel.rights)
    generator.updated(document.updated)
    generator.link(href=document.url_of(file_name), rel="self", type=media_type)
    generator.link(href=channel.home_url, rel="alternate", type="text/html")  # last: RSS takes the last link
    return generator


def with_entries(feed: bytes, entries: Iterable[str], *, before: bytes) -> bytes:
    """The feed with its entries, as text, before its end, which begins with `before`."""
    head, end, rest = feed.rpartition(before)
    # Names of categories stand in its title: written as in `elements`, so that they are not taken for HTML.
    head = head.replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;")
    return b"".join((head, "".join(entries).encode(), end, rest))
