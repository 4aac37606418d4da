"""Every address absolute, against the post's permalink: feeds have no base that readers would respect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urljoin, urlsplit

from bot.posts.sanitise import SCHEMES

if TYPE_CHECKING:
    from lxml.etree import _Element

ADDRESSES: Final = ("href", "src", "poster", "cite", "data")
# What an address may hold as it stands (RFC 3986 section 2); the rest, such as spaces, is escaped.
_IN_ADDRESSES: Final = "%:/?#[]@!$&'()*+,;=~"
# A candidate of srcset: an address without spaces, then perhaps a width or density (HTML, "srcset attributes").
_CANDIDATE: Final = re.compile(r"[\s,]*(?P<url>[^\s,]\S*[^\s,]|[^\s,])(?P<rest>[^,]*)(?:,|\Z)")


def absolute(address: str, base: str) -> str | None:
    """The absolute form of an address on a page, escaped as addresses must be.

    None if it leads nowhere that a reader could follow.
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
    """Make all addresses below `tree` absolute; an unusable one loses its attribute."""
    for element in tree.iter("*"):
        for name in ADDRESSES:
            value = element.get(name)
            if value is not None:
                _set(element, name, absolute(value, base))
        srcset = element.get("srcset")
        if srcset is not None:
            _set(element, "srcset", ", ".join(_candidates(srcset, base)))


def _candidates(srcset: str, base: str) -> Iterator[str]:
    for found in _CANDIDATE.finditer(srcset):
        url = absolute(found["url"], base)
        if url:
            yield " ".join([url, *found["rest"].split()])


def _set(element: _Element, name: str, value: str | None) -> None:
    if value:
        element.set(name, value)
    else:
        del element.attrib[name]
