"""A feed that the site had before, in RSS, Atom or JSON: its ids and dates, which feed readers remember. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from bot.domain import OldEntry, OldFeed
from bot.domain.errors import OldFeedError

if TYPE_CHECKING:
    from lxml.etree import _Element


#: Bytes. No news feed is larger; a larger file is something else.
LARGEST: Final = 50 * 1024 * 1024


def read_old_feed(content: bytes, *, source: str) -> OldFeed:
    """The feed's entries that have an id. Raises OldFeedError if it is not a feed or has no entries."""
    text = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    unique: dict[str, OldEntry] = {}
    for entry in _from_json(text, source) if text.startswith(b"{") else _from_xml(text, source):
        unique.setdefault(entry.feed_id, entry)  # the first is the newest
    if not unique:
        raise OldFeedError(f"{source}: there is no entry with an id in it.")
    return OldFeed(source=source, entries=tuple(unique.values()))


def _from_json(text: bytes, source: str) -> Iterator[OldEntry]:
    try:
        items = json.loads(text)["items"]
    except (ValueError, KeyError, TypeError, RecursionError):
        items = None
    if not isinstance(items, list):
        raise OldFeedError(f"{source}: it is no JSON feed: there is no list of items in it.")
    for item in items:
        if isinstance(item, dict):
            yield from _entry(
                _word(item.get("id")),
                link=_word(item.get("url")),
                title=_word(item.get("title")),
                published=_word(item.get("date_published")),
                updated=_word(item.get("date_modified")),
            )


def _from_xml(text: bytes, source: str) -> Iterator[OldEntry]:
    # No network, no external entities, no entity expansion.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise OldFeedError(f"{source}: it is neither a JSON feed nor sound XML: {error}.") from None
    for node in root.iter("{*}item", "{*}entry"):
        yield from _of_item(node) if _local(node) == "item" else _of_entry(node)


def _of_item(item: _Element) -> Iterator[OldEntry]:
    link = _child_text(item, "link")
    # Without a guid, feed readers identify an item by its link.
    identity = _child_text(item, "guid") or link
    permalink = _child_text(item, "guid") if _attribute(item, "guid", "isPermaLink", "true") == "true" else ""
    link = link or (permalink if permalink.startswith("http") else "")
    published = _child_text(item, "pubDate", "date", "published")
    yield from _entry(
        identity, link=link, title=_child_text(item, "title"), published=published, updated=_child_text(item, "updated")
    )


def _of_entry(entry: _Element) -> Iterator[OldEntry]:
    links = [node for node in entry if _local(node) == "link" and node.get("rel", "alternate") == "alternate"]
    updated = _child_text(entry, "updated", "modified")
    yield from _entry(
        _child_text(entry, "id"),
        link=links[0].get("href", "") if links else "",
        title=_child_text(entry, "title"),
        published=_child_text(entry, "published", "issued") or updated,
        updated=updated,
    )


def _entry(feed_id: str, *, link: str, title: str, published: str, updated: str) -> Iterable[OldEntry]:
    if not feed_id:
        return ()
    return (
        OldEntry(
            feed_id=feed_id,
            link=link,
            title=" ".join(title.split()),
            published=_moment(published),
            updated=_moment(updated),
        ),
    )


def _moment(text: str) -> datetime | None:
    """Parse a feed's date (RFC 3339 or RFC 822) to UTC; None if it is invalid."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except (ValueError, TypeError, IndexError):
            continue
        try:
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except OverflowError:
            return None
    return None


def _child_text(node: _Element, *names: str) -> str:
    for name in names:
        for child in node:
            if _local(child) == name:
                words = "".join(str(part) for part in child.itertext()).strip()
                if words:
                    return words
    return ""


def _attribute(node: _Element, child: str, name: str, default: str) -> str:
    return next((one.get(name, default) for one in node if _local(one) == child), default)


def _local(node: _Element) -> str:
    # Comments and processing instructions have no tag name.
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _word(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()
