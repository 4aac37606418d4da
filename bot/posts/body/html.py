"""Sanitise HTML, make its addresses absolute, and replace embeds by links, because feed readers drop embeds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import nh3

from bot.domain.text import clean, join_spaces

if TYPE_CHECKING:
    from lxml.etree import _Element


_TAGS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        a abbr audio b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption
        figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p picture pre q rp rt ruby s samp section small source
        span strong sub summary sup table tbody td tfoot th thead time tr track u ul var video wbr
        """,
    )
)
_ATTRIBUTES: Final = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "audio": {"src", "controls", "preload", "loop"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height", "loading"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "q": {"cite"},
    "source": {"src", "srcset", "sizes", "media", "type", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "track": {"src", "kind", "srclang", "label", "default"},
    "video": {"src", "poster", "controls", "preload", "loop", "muted", "width", "height"},
}
#: `replace_embeds` turns these into links, so the first pass keeps them.
EMBEDS: Final = {"iframe": {"src"}, "embed": {"src"}, "object": {"data"}}
#: Removed with their content: it is not text, or it only works on the site's own page.
_WITH_CONTENT: Final = set(
    re.findall(r"\w+", "script style template noscript noembed noframes svg math textarea select button title")
)
SCHEMES: Final = frozenset({"http", "https", "mailto", "tel", "irc", "ircs", "matrix", "webcal", "xmpp"})


def balance(html: str) -> str:
    """Clean HTML that parses as in a browser; embeds and comments are kept for the later steps."""
    return _clean(html, tags=_TAGS | EMBEDS.keys(), attributes=_ATTRIBUTES | EMBEDS, comments=True)


def sanitise(html: str) -> str:
    """HTML reduced to the allowed elements and attributes."""
    return _clean(html, tags=_TAGS, attributes=_ATTRIBUTES, comments=False)


def _clean(html: str, *, tags: frozenset[str], attributes: dict[str, set[str]], comments: bool) -> str:
    return clean(
        nh3.clean(
            html,
            tags=set(tags),
            attributes=attributes,
            clean_content_tags=_WITH_CONTENT,
            strip_comments=not comments,
            link_rel=None,
            url_schemes=set(SCHEMES),
        )
    )


ADDRESSES: Final = ("href", "src", "poster", "cite", "data")
# Characters that an address may contain unescaped (RFC 3986 section 2); the others, such as spaces, are escaped.
_IN_ADDRESSES: Final = "%:/?#[]@!$&'()*+,;=~"
# One candidate of srcset: an address without spaces, then an optional width or density (HTML, "srcset attributes").
_CANDIDATE: Final = re.compile(r"[\s,]*(?P<url>[^\s,]\S*[^\s,]|[^\s,])(?P<rest>[^,]*)(?:,|\Z)")


def to_absolute(address: str, base: str) -> str | None:
    """The absolute, escaped form of an address on a page.

    None if a feed reader could not follow it.
    """
    try:
        joined = urljoin(base, address.strip())
        parts = urlsplit(joined)
    except ValueError:
        return None
    if parts.scheme not in SCHEMES or (parts.scheme in ("http", "https") and not parts.netloc):
        return None
    return quote(joined, safe=_IN_ADDRESSES) if parts.netloc.isascii() else joined


def make_absolute(tree: _Element, base: str) -> None:
    """Make all addresses below `tree` absolute; remove the attribute of an unusable one."""
    for element in tree.iter("*"):
        for name in ADDRESSES:
            value = element.get(name)
            if value is not None:
                _set(element, name, to_absolute(value, base))
        srcset = element.get("srcset")
        if srcset is not None:
            _set(element, "srcset", ", ".join(_candidates(srcset, base)))


def _candidates(srcset: str, base: str) -> Iterator[str]:
    for found in _CANDIDATE.finditer(srcset):
        url = to_absolute(found["url"], base)
        if url:
            yield " ".join([url, *found["rest"].split()])


def _set(element: _Element, name: str, value: str | None) -> None:
    if value:
        element.set(name, value)
    else:
        del element.attrib[name]


_YOUTUBE: Final = frozenset({"youtube.com", "m.youtube.com", "youtube-nocookie.com"})
_YOUTUBE_PATH: Final = re.compile(r"/(?:embed|v|shorts)/([\w-]+)")
_VIMEO_PATH: Final = re.compile(r"/video/(\d+)")


def find_watch_page(url: str) -> str:
    """The page to watch the video that this player shows; the player's own address if no page is known."""
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


def find_poster(url: str) -> str | None:
    """The address of a video's preview picture, if it can be derived without a request; else None."""
    parts = urlsplit(url)
    found = _YOUTUBE_PATH.match(parts.path) if _host(url) in _YOUTUBE else None
    return f"https://i.ytimg.com/vi/{found[1]}/hqdefault.jpg" if found and found[1] != "videoseries" else None


def replace_embeds(tree: _Element, base: str) -> None:
    """Replace each iframe, embed and object below `tree` by a link, with a preview picture if one is known.

    Elements without an address are removed.
    """
    for element in list(tree.iter(*EMBEDS)):
        address = element.get("src") or element.get("data") or ""
        url = to_absolute(address, base) if address.strip() else None
        tail, title = element.tail, join_spaces(element.get("title") or "")
        inside_paragraph = any(ancestor.tag == "p" for ancestor in element.iterancestors())
        element.clear()
        element.tail = tail
        if url is None or not url.startswith("http"):
            element.tag = "span"
            continue
        poster, url = find_poster(url), find_watch_page(url)
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
            # Empty alt text: the link's text beside it already describes it.
            line = link.makeelement("br", {})
            line.tail = words
            link.extend((link.makeelement("img", {"src": poster, "alt": ""}), line))


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
