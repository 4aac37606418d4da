"""Embedded players and pages → a plain link: feed readers drop what is embedded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from bot.posts.links import absolute
from bot.posts.sanitise import EMBEDS

if TYPE_CHECKING:
    from lxml.etree import _Element

_YOUTUBE: Final = frozenset({"youtube.com", "m.youtube.com", "youtube-nocookie.com"})
_YOUTUBE_PATH: Final = re.compile(r"/(?:embed|v|shorts)/([\w-]+)")
_VIMEO_PATH: Final = re.compile(r"/video/(\d+)")


def watch_page(url: str) -> str:
    """The page on which people watch what this player's address shows; the address itself if none is known."""
    parts = urlsplit(url)
    host, query = _host(url), parse_qs(parts.query)
    found = _YOUTUBE_PATH.match(parts.path) if host in _YOUTUBE else None
    if found and found[1] == "videoseries":
        return f"https://www.youtube.com/playlist?list={query['list'][0]}" if "list" in query else url
    if found:
        start = query.get("start", [""])[0]
        return f"https://www.youtube.com/watch?v={found[1]}" + (f"&t={start}s" if start.isdecimal() else "")
    film = _VIMEO_PATH.match(parts.path) if host == "player.vimeo.com" else None
    return f"https://vimeo.com/{film[1]}" if film else url


def replace_embeds(tree: _Element, base: str) -> None:
    """Put a link in the place of each iframe, embed and object below `tree`; one without an address goes."""
    for element in list(tree.iter(*EMBEDS)):
        address = element.get("src") or element.get("data") or ""
        url = absolute(address, base) if address.strip() else None
        tail = element.tail
        inside_paragraph = any(ancestor.tag == "p" for ancestor in element.iterancestors())
        element.clear()
        element.tail = tail
        if url is None or not url.startswith("http"):
            element.tag = "span"
            continue
        url = watch_page(url)
        link = element
        if inside_paragraph:
            element.tag = "a"
        else:
            element.tag = "p"
            link = element.makeelement("a")
            element.append(link)
        link.set("href", url)
        link.text = f"Embedded content: {_host(url)}"


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
