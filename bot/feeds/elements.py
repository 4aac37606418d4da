"""Item → its XML in RSS and Atom, as text.

feedgen 1.0.0 could make it, but not as it should be: it drops every attribute but href from the links of Atom entries
(lkiesow/python-feedgen#135, #143), so an enclosure becomes a second link to the post; its media extension knows no
media:description, so no alt text; it writes no change date and no language into RSS items. As text, because an archive
holds thousands of entries, and each document is parsed and looked at anyway before it is written (`sound`).
"""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import format_datetime
from typing import Final

from bot.feeds.clean import looks_like_html, plain_for_html
from bot.feeds.item import Item
from bot.model import Picture

#: The prefixes that these texts use; the document declares them.
PREFIXES: Final = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",  # with its final slash, as Media RSS 1.5.1 writes it
}


def rss_item(item: Item) -> str:
    """The <item> of an RSS channel, indented, with a line end."""
    return _element("    ", f"item{_language(item)}", _rss_parts(item))


def atom_entry(item: Item) -> str:
    """The <entry> of an Atom feed, indented, with a line end."""
    return _element("  ", f"entry{_language(item)}", _atom_parts(item))


def _rss_parts(item: Item) -> Iterator[str]:
    # RSS cannot say that a title is plain text. Most readers take it for HTML, and would lose an element's end.
    yield f"<title>{_plain(plain_for_html(item.title) if looks_like_html(item.title) else item.title)}</title>"
    yield f"<link>{_text(item.url)}</link>"
    if item.summary:
        # The full text after it: some readers take the last of the two that they see.
        yield f"<description>{_text(plain_for_html(item.summary))}</description>"
        yield f"<content:encoded>{_text(item.html)}</content:encoded>"
    else:
        yield f"<description>{_text(item.html)}</description>"
    yield f'<guid isPermaLink="{"true" if item.id == item.url else "false"}">{_text(item.id)}</guid>'
    for name in item.categories:
        yield f"<category>{_plain(name)}</category>"
    if item.enclosure:
        url, media_type, size = item.enclosure
        yield f"<enclosure{_attributes(url=url, length=size, type=media_type)}/>"
    yield f"<pubDate>{format_datetime(item.published)}</pubDate>"
    for name in item.authors:  # RSS <author> must be an address: a name is an error there
        yield f"<dc:creator>{_plain(name)}</dc:creator>"
    if item.updated != item.published:
        yield f"<atom:updated>{item.updated.isoformat()}</atom:updated>"
    if item.cover:
        yield from _cover(item.cover)


def _atom_parts(item: Item) -> Iterator[str]:
    yield f"<id>{_text(item.id)}</id>"
    yield _construct("title", item.title)
    yield f"<updated>{item.updated.isoformat()}</updated>"
    for name in item.authors:
        yield "<author>"
        yield f"  <name>{_plain(name)}</name>"
        yield "</author>"
    yield f'<content type="html">{_text(item.html)}</content>'
    if item.summary:
        yield _construct("summary", item.summary)
    for name in item.categories:
        yield f"<category{_attributes(term=name)}/>"
    yield f"<published>{item.published.isoformat()}</published>"
    yield f"<link{_attributes(rel='alternate', type='text/html', href=item.url)}/>"
    if item.enclosure:
        url, media_type, size = item.enclosure
        yield f"<link{_attributes(rel='enclosure', type=media_type, length=size, href=url)}/>"
    if item.cover:
        yield from _cover(item.cover)


def _cover(cover: Picture) -> Iterator[str]:
    # No media:group around it: that is for versions of one thing, and a group of one is an error to the W3C.
    facts = {"type": cover.media_type, "fileSize": cover.size, "width": cover.width, "height": cover.height}
    known = {name: value for name, value in facts.items() if value}
    start = f"<media:content{_attributes(url=cover.url, medium='image', **known)}"
    if cover.alt:
        yield f"{start}>"
        yield "  " + _construct("media:description", cover.alt, plain=' type="plain"')
        yield "</media:content>"
    else:
        yield f"{start}/>"


def _element(margin: str, start: str, parts: Iterator[str]) -> str:
    line = f"\n{margin}  "
    return f"{margin}<{start}>{line}{line.join(parts)}\n{margin}</{start.partition(' ')[0]}>\n"


def _language(item: Item) -> str:
    return f' xml:lang="{_quoted(item.language)}"' if item.language else ""


def _attributes(**attributes: str | int) -> str:
    return "".join(f' {name}="{_quoted(str(value))}"' for name, value in attributes.items())


def _construct(name: str, text: str, *, plain: str = "") -> str:
    """Plain text in an element that can say what it holds; as HTML if it would be taken for undeclared HTML."""
    if looks_like_html(text):
        return f'<{name} type="html">{_text(_text(text))}</{name}>'
    return f"<{name}{plain}>{_plain(text)}</{name}>"


def _plain(text: str) -> str:
    """Plain text as the RSS Advisory Board's profile writes it: so it is told from HTML."""
    return text.replace("&", "&#x26;").replace("<", "&#x3C;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    return _text(text).replace('"', "&quot;")


def _text(text: str) -> str:
    # XML 1.0 section 2.4; ">" only matters in "]]>".
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
