"""Links and pictures in a post's Markdown, each with its place in the file. Pure.

The Markdown parser decides what is a link; code, comments and template tags contain none.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from bot.posts.body.markdown import parse_markdown
from bot.posts.frontmatter.source import Source

if TYPE_CHECKING:
    from markdown_it.token import Token

_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG: Final = re.compile(r"<(?P<name>a|img)\b(?P<inside>[^>]*)>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(
    r"""(?<![\w-])(?P<name>href|src|alt)\s*=\s*(?P<quote>["'])(?P<value>.*?)(?P=quote)""", re.I | re.S
)
_TEMPLATE: Final = re.compile(r"\{\{|\{%|%7B%7B|%7B%25")


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """An address in a post's text."""

    address: str  #: as it is written, entities resolved
    line: int  #: of the file, from 1
    column: int | None
    is_picture: bool = False
    alt: str | None = None  #: of a picture; None if there is none


def find_markdown_links(source: Source) -> Iterator[Link]:
    """The links and pictures of a post's text in order, except those with template tags."""
    # Comments become spaces, so that positions stay.
    body = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), source.body)
    locator = _Locator(body, source.body_line)
    for token in parse_markdown(body):
        if token.map is None:
            continue
        locator.begin(token.map[0])
        for found in _in_block(token):
            if found[0] and not _TEMPLATE.search(found[0]):
                yield locator.locate(*found)


def _in_block(token: Token) -> Iterator[tuple[str, bool, str | None]]:
    """Address, whether it is a picture, and its alt text."""
    if token.type == "html_block":
        yield from _in_html(token.content)
    for child in token.children or () if token.type == "inline" else ():
        if child.type == "link_open":
            yield str(child.attrs.get("href", "")), False, None
        elif child.type == "image":
            yield str(child.attrs.get("src", "")), True, child.content.strip() or None
        elif child.type == "html_inline":
            yield from _in_html(child.content)


def _in_html(text: str) -> Iterator[tuple[str, bool, str | None]]:
    for tag in _TAG.finditer(text):
        values = {one["name"].lower(): html.unescape(one["value"]) for one in _ATTRIBUTE.finditer(tag["inside"])}
        is_picture = tag["name"].lower() == "img"
        address = values.get("src" if is_picture else "href", "").strip()
        yield address, is_picture, values.get("alt") if is_picture else None


class _Locator:
    """Finds the position of each address, starting after the previous one."""

    def __init__(self, body: str, first_line: int) -> None:
        self._body = body
        self._first_line = first_line
        self._starts = [0, *(found.end() for found in re.finditer("\n", body))]
        self._block = self._at = 0

    def begin(self, line: int) -> None:
        """A block begins on this line of the body, from 0."""
        self._block = self._starts[min(line, len(self._starts) - 1)]
        self._at = max(self._at, self._block)

    def locate(self, address: str, is_picture: bool, alt: str | None) -> Link:
        at = self._find(address)
        if at is None:
            line = self._body.count("\n", 0, self._block)
            return Link(address=address, line=self._first_line + line, column=None, is_picture=is_picture, alt=alt)
        line = self._body.count("\n", 0, at)
        return Link(
            address=address,
            line=self._first_line + line,
            column=at - self._starts[line] + 1,
            is_picture=is_picture,
            alt=alt,
        )

    def _find(self, address: str) -> int | None:
        # As the parser returns it, or as the author may have written it: with characters that the parser escapes.
        for written in dict.fromkeys((address, unquote(address), html.escape(address), html.escape(unquote(address)))):
            found = self._body.find(written, self._at)
            if found >= 0:
                self._at = found + len(written)
                return found
            found = self._body.find(written)  # a reference, whose definition may be anywhere: [name]: address
            if found >= 0:
                return found
        return None
