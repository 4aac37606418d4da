"""A post's body for a page without network: its pictures embedded, everything else that would be fetched named. Pure.

The HTML is the sanitised one of the feeds; nothing is added to it but pictures as data and words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lxml.html import HtmlElement

#: From a picture's address to its bytes as a `data:` address; empty if it is not here.
Embed = Callable[[str], str]

_FETCHED: Final = {"video": "Film", "audio": "Sound"}
_HEADINGS: Final = {f"h{level}": f"h{min(level + 3, 6)}" for level in range(1, 7)}


def offline(html: str, embed: Embed) -> str:
    """The same body below a third heading. A picture that is not here shows its alt text and its address."""
    from lxml.html import fragment_fromstring, tostring

    if not html.strip():
        return ""
    root = fragment_fromstring(html, create_parent="div")
    for element in list(root.iter()):
        tag = element.tag
        if not isinstance(tag, str):
            continue
        if tag == "img":
            _picture(element, embed)
        elif tag in _FETCHED:
            address = element.get("src") or next((one.get("src", "") for one in element.iter("source")), "")
            _say(element, f"{_FETCHED[tag]}: {address}")
        elif tag == "picture":
            # Its one `img` stands for all of its sources.
            for source in list(element.iter("source")):
                source.drop_tree()
        elif tag in _HEADINGS:
            element.tag = _HEADINGS[tag]
    made: str = tostring(root, encoding="unicode")
    return made.removeprefix("<div>").removesuffix("</div>")


def _picture(element: HtmlElement, embed: Embed) -> None:
    address, alt = element.get("src", ""), element.get("alt", "")
    data = embed(address)
    if not data:
        _say(element, f"Picture: {alt or 'no alt text'} ({address})")
        return
    for name in ("srcset", "sizes", "loading"):
        element.attrib.pop(name, None)
    element.set("src", data)


def _say(element: HtmlElement, said: str) -> None:
    """Put words in the place of something that would be fetched."""
    for child in list(element):
        element.remove(child)
    element.attrib.clear()
    element.tag = "span"
    element.set("class", "left-out")
    element.text = said
