"""Embedded players and pages → a link with a poster: feed readers drop what is embedded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from bot.posts.links import absolute
from bot.posts.sanitise import EMBEDS
from bot.posts.text import join_spaces

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


def poster_of(url: str) -> str | None:
    """A still picture of what this player's address shows, where its address is known without asking anybody."""
    parts = urlsplit(url)
    found = _YOUTUBE_PATH.match(parts.path) if _host(url) in _YOUTUBE else None
    return f"https://i.ytimg.com/vi/{found[1]}/hqdefault.jpg" if found and found[1] != "videoseries" else None


def replace_embeds(tree: _Element, base: str) -> None:
    """Put a link, with a still picture if one is known, in the place of each iframe, embed and object below `tree`.

    One without an address goes.
    """
    for element in list(tree.iter(*EMBEDS)):
        address = element.get("src") or element.get("data") or ""
        url = absolute(address, base) if address.strip() else None
        tail, title = element.tail, join_spaces(element.get("title") or "")
        inside_paragraph = any(ancestor.tag == "p" for ancestor in element.iterancestors())
        element.clear()
        element.tail = tail
        if url is None or not url.startswith("http"):
            element.tag = "span"
            continue
        poster, url = poster_of(url), watch_page(url)
        link = element
        if inside_paragraph:
            element.tag = "a"
        else:
            element.tag = "p"
            link = element.makeelement("a")
            element.append(link)
        link.set("href", url)
        words = f"Embedded content: {f'{title}, ' if title else ''}{_host(url)}"
        if poster is None:
            link.text = words
        else:
            # Without alt text of its own: the words beside it say what it is.
            line = link.makeelement("br", {})
            line.tail = words
            link.extend((link.makeelement("img", {"src": poster, "alt": ""}), line))


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
