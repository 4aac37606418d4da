"""A last look at a feed's bytes before they replace those that readers have: they parse and hold what they should."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from bot.feeds.channel import GENERATOR

if TYPE_CHECKING:
    from lxml.etree import _Element

    from bot.feeds.document import FeedFile

_ATOM: Final = "{http://www.w3.org/2005/Atom}"


class BrokenFeedError(ValueError):
    """What was made is no sound feed; says why."""


def check(content: bytes, file: FeedFile) -> None:
    """Read the content back. Raises BrokenFeedError unless it is a feed with these very entries and its own address."""
    own_url = file.document.url_of(file.format.FILE_NAME)
    ids = [item.id for item in file.document.items]
    try:
        found, own = _read_json(content) if content.startswith(b"{") else _read_xml(content)
    except Exception as error:
        raise BrokenFeedError(f"it cannot be read back: {error}") from error
    if own != own_url:
        raise BrokenFeedError(f"it names {own} as its own address instead of {own_url}")
    if found != ids:
        raise BrokenFeedError(f"it holds {len(found)} entries that are not the {len(ids)} meant, in their order")


def _read_json(content: bytes) -> tuple[list[str], Any]:
    feed = json.loads(content.decode("utf-8"))
    return [item["id"] for item in feed["items"]], feed["feed_url"]


def _read_xml(content: bytes) -> tuple[list[str], str | None]:
    from lxml import etree

    root = etree.fromstring(content, etree.XMLParser(huge_tree=True, no_network=True, resolve_entities=False))
    parent, entry, name = _anchors(root)
    own = [link.get("href") for link in parent.findall(f"{_ATOM}link") if link.get("rel") == "self"]
    generator = parent.findtext("generator") or parent.findtext(f"{_ATOM}generator")
    if len(own) != 1 or generator != GENERATOR:
        raise BrokenFeedError("its channel is not complete")
    return [one.findtext(name) or "" for one in parent.iterchildren(entry)], own[0]


def _anchors(root: _Element) -> tuple[_Element, str, str]:
    """The element that holds the entries, the entries' name, and that of their id."""
    if root.tag == f"{_ATOM}feed":
        return root, f"{_ATOM}entry", f"{_ATOM}id"
    channel = root.find("channel")
    if root.tag != "rss" or channel is None:
        raise BrokenFeedError(f"it begins with <{root.tag}>")
    return channel, "item", "guid"
