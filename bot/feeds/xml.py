"""Item → its XML in RSS and Atom, as text.

feedgen 1.0.0 could make it, but with faults: it drops every attribute but href from the links of Atom entries
(lkiesow/python-feedgen#135, #143), so an enclosure becomes a second link to the post; its media extension has no
media:description, so no alt text; it writes no change date and no language into RSS items. As text for speed: an
archive has thousands of entries, and `FeedFile.check` parses each file before it is written anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.utils import format_datetime
from typing import Any, Final

from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from bot.domain import Picture
from bot.feeds.channel import GENERATOR
from bot.feeds.document import Document
from bot.feeds.item import Item
from bot.feeds.text import escape_for_html, looks_like_html

#: The prefixes that these texts use; the document declares them.
PREFIXES: Final = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",  # with its final slash, as Media RSS 1.5.1 writes it
}


def render_rss_item(item: Item) -> str:
    """The <item> of an RSS channel, indented, with a line end."""
    return _element("    ", f"item{_language(item)}", _rss_parts(item))


def render_atom_entry(item: Item) -> str:
    """The <entry> of an Atom feed, indented, with a line end."""
    return _element("  ", f"entry{_language(item)}", _atom_parts(item))


def _rss_parts(item: Item) -> list[str]:
    # RSS cannot declare a title as plain text. Most feed readers parse it as HTML and would drop an end tag.
    title = escape_for_html(item.title) if looks_like_html(item.title) else item.title
    parts = [f"<title>{_plain(title)}</title>", f"<link>{_escape_text(item.url)}</link>"]
    if item.summary:
        # The full text comes second: some feed readers use the last of the two.
        parts.append(f"<description>{_escape_text(escape_for_html(item.summary))}</description>")
        parts.append(f"<content:encoded>{_escape_text(item.html)}</content:encoded>")
    else:
        parts.append(f"<description>{_escape_text(item.html)}</description>")
    parts.append(f'<guid isPermaLink="{"true" if item.id == item.url else "false"}">{_escape_text(item.id)}</guid>')
    parts += [f"<category>{_plain(name)}</category>" for name in item.categories]
    if enclosure := item.enclosure:
        url, media_type, size = enclosure
        parts.append(f'<enclosure url="{_quoted(url)}" length="{size}" type="{_quoted(media_type)}"/>')
    parts.append(f"<pubDate>{format_datetime(item.published)}</pubDate>")
    # RSS <author> must be an e-mail address; a name is invalid.
    parts += [f"<dc:creator>{_plain(name)}</dc:creator>" for name in item.authors]
    if item.updated != item.published:
        parts.append(f"<atom:updated>{item.updated.isoformat()}</atom:updated>")
    return parts + _cover(item.cover)


def _atom_parts(item: Item) -> list[str]:
    parts = [
        f"<id>{_escape_text(item.id)}</id>",
        _construct("title", item.title),
        f"<updated>{item.updated.isoformat()}</updated>",
    ]
    for name in item.authors:
        parts += ["<author>", f"  <name>{_plain(name)}</name>", "</author>"]
    parts.append(f'<content type="html">{_escape_text(item.html)}</content>')
    if item.summary:
        parts.append(_construct("summary", item.summary))
    parts += [f'<category term="{_quoted(name)}"/>' for name in item.categories]
    parts.append(f"<published>{item.published.isoformat()}</published>")
    parts.append(f'<link rel="alternate" type="text/html" href="{_quoted(item.url)}"/>')
    if enclosure := item.enclosure:
        url, media_type, size = enclosure
        attributes = f'type="{_quoted(media_type)}" length="{size}" href="{_quoted(url)}"'
        parts.append(f'<link rel="enclosure" {attributes}/>')
    return parts + _cover(item.cover)


def _cover(cover: Picture | None) -> list[str]:
    # Without media:group, which is for several versions: the W3C validator rejects a group of one.
    if cover is None:
        return []
    facts = (("fileSize", cover.size), ("width", cover.width), ("height", cover.height))
    media_type = f' type="{_quoted(cover.media_type)}"' if cover.media_type else ""
    numbers = "".join(f' {name}="{number}"' for name, number in facts if number)
    start = f'<media:content url="{_quoted(cover.url)}" medium="image"{media_type}{numbers}'
    if not cover.alt:
        return [f"{start}/>"]
    alt = _construct("media:description", cover.alt, plain=' type="plain"')
    return [f"{start}>", f"  {alt}", "</media:content>"]


def _element(margin: str, start: str, parts: list[str]) -> str:
    line = f"\n{margin}  "
    return f"{margin}<{start}>{line}{line.join(parts)}\n{margin}</{start.partition(' ')[0]}>\n"


def _language(item: Item) -> str:
    return f' xml:lang="{_quoted(item.language)}"' if item.language else ""


def _construct(name: str, text: str, *, plain: str = "") -> str:
    """Plain text in an element with a `type`; as HTML if the validator would report undeclared HTML."""
    if looks_like_html(text):
        return f'<{name} type="html">{_escape_text(_escape_text(text))}</{name}>'
    return f"<{name}{plain}>{_plain(text)}</{name}>"


def _plain(text: str) -> str:
    """Plain text, escaped as the RSS Advisory Board's profile recommends to distinguish it from HTML."""
    return text.replace("&", "&#x26;").replace("<", "&#x3C;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    return _escape_text(text).replace('"', "&quot;")


def _escape_text(text: str) -> str:
    # XML 1.0 section 2.4; ">" only matters in "]]>".
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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
        # No next-archive link: it would change a complete page once the next one exists.
        document, name = self.document, self.file_name
        for hub in document.hubs:
            yield {"href": hub, "rel": "hub"}
        current, previous = document.current_url(name), document.previous_url(name)
        for rel, url in (("current", current), ("prev-archive", previous)):
            if url is not None:
                yield {"href": url, "rel": rel, "type": self.media_type}


def make_generator(document: Document, *, file_name: str, media_type: str) -> Any:
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


def insert_entries(feed: bytes, entries: Iterable[str], *, before: bytes) -> bytes:
    """Insert the entries as text into the feed, before its end, which begins with `before`."""
    head, end, rest = feed.rpartition(before)
    # Names of categories stand in its title: written as by `_plain`, so that they are not taken for HTML.
    head = head.replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;")
    return b"".join((head, "".join(entries).encode(), end, rest))
