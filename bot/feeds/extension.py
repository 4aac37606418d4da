"""What feedgen 1.0.0 lacks or breaks, mended by its own means: an extension, and one way to fill a generator.

feedgen drops every attribute but href from the links of Atom entries (lkiesow/python-feedgen#135, #143), so an
enclosure becomes a second link to the post; its media extension knows no media:description, so no alt text; it
writes no change date and no language into RSS items. Importing this module loads feedgen and lxml.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import format_datetime
from typing import Any, Final

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from bot.feeds.channel import GENERATOR
from bot.feeds.clean import plain_for_html
from bot.feeds.document import Document
from bot.feeds.item import Item
from bot.model import Picture

RSS_TYPE: Final = "application/rss+xml"
_ATOM: Final = "http://www.w3.org/2005/Atom"
_MEDIA: Final = "http://search.yahoo.com/mrss/"  # with its final slash, as Media RSS 1.5.1 writes it
_DUBLIN_CORE: Final = "http://purl.org/dc/elements/1.1/"
_HISTORY: Final = "http://purl.org/syndication/history/1.0"  # RFC 5005
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


class NewsExtension(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """Declares namespaces, and adds what feedgen does not know, or knows in Atom only: hubs and the archive."""

    document: Document
    file_name: str
    media_type: str

    @property
    def is_rss(self) -> bool:
        return self.media_type == RSS_TYPE

    def extend_ns(self) -> dict[str, str]:
        spaces = {"media": _MEDIA}
        if self.is_rss:
            spaces["dc"] = _DUBLIN_CORE
        if self.document.archive:
            spaces["fh"] = _HISTORY
        return spaces

    def extend_rss(self, rss: etree._Element) -> etree._Element:
        """Add to the RSS channel, before its items: links to hubs and the archive."""
        channel = rss[0]
        own = channel.find(f"{{{_ATOM}}}link")
        after = channel.index(own) + 1 if own is not None else len(channel)
        for link in reversed(list(self._links())):
            channel.insert(after, etree.Element(f"{{{_ATOM}}}link", link))
        if self.document.archive:
            etree.SubElement(channel, f"{{{_HISTORY}}}archive")
        return rss

    def extend_atom(self, feed: etree._Element) -> etree._Element:
        """Add to the Atom feed, before its entries: links to hubs and the archive."""
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


class NewsEntryExtension(BaseEntryExtension):  # type: ignore[misc]  # feedgen has no types
    """Runs after feedgen has written an entry, and puts right what it wrote."""

    item: Item

    def extend_rss(self, item: etree._Element) -> etree._Element:
        """Add to an RSS item: its dates, the authors, the cover, a language of its own."""
        if self.item.language:
            item.set(_XML_LANG, self.item.language)
        # feedgen would switch the process's locale to write this date.
        etree.SubElement(item, "pubDate").text = format_datetime(self.item.published)
        for name in self.item.authors:  # RSS <author> must be an address: a name is an error there
            etree.SubElement(item, f"{{{_DUBLIN_CORE}}}creator").text = name
        if self.item.updated != self.item.published:
            etree.SubElement(item, f"{{{_ATOM}}}updated").text = self.item.updated.isoformat()
        _add_cover(item, self.item.cover)
        return item

    def extend_atom(self, entry: etree._Element) -> etree._Element:
        """Write the links of an Atom entry, with all their attributes, and add the cover."""
        # feedgen's Atom elements carry no namespace until they are written out, so these must not either.
        if self.item.language:
            entry.set(_XML_LANG, self.item.language)
        _add_link(entry, rel="alternate", type="text/html", href=self.item.url)
        if self.item.enclosure:
            url, media_type, size = self.item.enclosure
            _add_link(entry, rel="enclosure", type=media_type, length=str(size), href=url)
        _add_cover(entry, self.item.cover)
        return entry


def filled_generator(document: Document, *, file_name: str, media_type: str) -> Any:
    """A feedgen FeedGenerator for one XML format, to be written out as it is."""
    channel = document.channel
    generator = FeedGenerator()
    generator.register_extension("news", NewsExtension, NewsEntryExtension)
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
    add = _add_rss_item if media_type == RSS_TYPE else _add_atom_entry
    for item in document.items:
        entry = generator.add_entry(order="append")  # the default would turn the order round
        entry.news.item = item
        entry.guid(item.id, permalink=item.id == item.url)
        entry.title(item.title)
        add(entry, item)
        entry.category([{"term": name} for name in item.categories])
        entry.content(item.html, type="html")
    return generator


def _add_rss_item(entry: Any, item: Item) -> None:
    entry.link(href=item.url, rel="alternate")
    if item.summary:
        # Before content(): it finds this filled, so that the HTML becomes content:encoded, after it.
        entry.description(plain_for_html(item.summary))
    if item.enclosure:
        url, media_type, size = item.enclosure
        entry.enclosure(url, str(size), media_type)


def _add_atom_entry(entry: Any, item: Item) -> None:
    entry.author([{"name": name} for name in item.authors])
    entry.published(item.published)
    entry.updated(item.updated)
    if item.summary:
        entry.summary(item.summary)


def _add_link(entry: etree._Element, **attributes: str) -> None:
    link = etree.SubElement(entry, "link")
    for name, value in attributes.items():
        link.set(name, value)


def _add_cover(parent: etree._Element, cover: Picture | None) -> None:
    # No media:group around it: that is for versions of one thing, and a group of one is an error to the W3C.
    if cover is None:
        return
    content = etree.SubElement(parent, f"{{{_MEDIA}}}content")
    facts = {"type": cover.media_type, "fileSize": cover.size, "width": cover.width, "height": cover.height}
    content.set("url", cover.url)
    content.set("medium", "image")
    for name, value in facts.items():
        if value:
            content.set(name, str(value))
    if cover.alt:
        description = etree.SubElement(content, f"{{{_MEDIA}}}description", type="plain")
        description.text = cover.alt
