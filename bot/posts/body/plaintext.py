"""The body of a post as plain text, for the replies of a thread: paragraphs, headings, lists, quotes, tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from bot.domain.text import join_spaces
from bot.posts.body.excerpt import HEADINGS, INLINE, SHORTEST, SILENT, find_excerpt_end, is_comment
from bot.posts.body.html import to_absolute

if TYPE_CHECKING:
    from lxml.etree import _Element

    from bot.domain.template_tags import StandIns


_SKIPPED: Final = SILENT | {"figure"}  # a caption means little without its picture
_LEAF: Final = frozenset({"p", "pre", "dt", "dd", "caption", "summary"}) | HEADINGS
_LINE_BREAK: Final = "\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlainBody:
    """The paragraphs of a body as plain text."""

    paragraphs: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()  #: those after the excerpt, without a greeting before it


@dataclass(frozen=True, kw_only=True, slots=True)
class _Block:
    text: str
    joins: bool = False  #: belongs to the line before it: a list item or a table row
    leads: bool = False  #: belongs to the line after it: a heading, or text that ends in a colon
    in_excerpt: bool = False  #: already part of the excerpt


def extract_plain_body(body: _Element, stand_ins: StandIns, *, permalink: str) -> PlainBody:
    """The paragraphs of a body, in order. Links stand behind their words as absolute URLs.

    A list item has its own line and begins with "•" or its number; a quotation is put in quotation marks; a heading
    stays with the paragraph after it. Pictures, embeds and deleted words are left out; template tags stay, so that
    the checks report them. Pure.
    """
    blocks = list(_Walk(stand_ins, permalink, find_excerpt_end(body, stand_ins)).blocks(body))
    return PlainBody(
        paragraphs=tuple(block.text for block in _joined(blocks)),
        unsaid=tuple(block.text for block in _joined(block for block in blocks if not block.in_excerpt)),
    )


def _joined(blocks: Iterable[_Block]) -> Iterator[_Block]:
    waiting: _Block | None = None
    for block in blocks:
        if waiting is None:
            waiting = block
        elif waiting.leads or block.joins:
            waiting = replace(waiting, text=f"{waiting.text}{_LINE_BREAK}{block.text}", leads=block.leads)
        else:
            yield waiting
            waiting = block
    if waiting is not None:
        yield waiting


class _Walk:
    """The state of one traversal of a body."""

    def __init__(self, stand_ins: StandIns, permalink: str, end: _Element | None) -> None:
        self._stand_ins = stand_ins
        self._permalink = permalink
        self._end = end  #: the node that ends the excerpt: its mark, or the paragraph itself
        self._marked = end is not None and is_comment(end)
        self._before = end is not None  #: whether the traversal is still before the end of the excerpt
        self._within = False  #: whether the traversal is inside the paragraph that is the excerpt
        self._deep = 0  #: how many lists and quotations enclose the current element

    def blocks(self, element: _Element) -> Iterator[_Block]:
        if is_comment(element):
            self._before = self._before and element is not self._end
            return
        if element.tag in _SKIPPED:
            return
        if element is self._end:
            self._before, self._within = False, True
        if element.tag in ("ul", "ol", "blockquote"):
            self._deep += 1
            inside = list(self._inside(element) if element.tag == "blockquote" else self._list(element))
            self._deep -= 1
            yield from _quoted(inside) if element.tag == "blockquote" else inside
        elif element.tag == "table":
            yield from self._table(element)
        elif element.tag in _LEAF:
            yield from self._leaf(element)
        else:
            yield from self._inside(element)
        if element is self._end:
            self._within = False

    def _inside(self, element: _Element) -> Iterator[_Block]:
        """The blocks of an element, and the text between them."""
        loose = [self._resolve(element.text)]
        for child in element:
            if not is_comment(child) and child.tag in INLINE:
                loose.append(self._inline(child))
            else:
                yield from self._block("".join(loose))
                loose.clear()
                yield from self.blocks(child)
            loose.append(self._resolve(child.tail))
        yield from self._block("".join(loose))

    def _leaf(self, element: _Element) -> Iterator[_Block]:
        if element is not self._end and any(node is self._end for node in element.iter()):
            self._before = False  # the mark is in the middle of this paragraph
        if element.tag == "pre":
            text = "\n".join(
                line.rstrip() for line in self._stand_ins.shown(_all_text(element)).strip("\n").split("\n")
            )
            if text.strip():
                yield _Block(text=text, in_excerpt=self._is_in_excerpt(text))
        else:
            leads = element.tag in HEADINGS or element.tag in ("dt", "caption", "summary")
            yield from self._block(self._inner(element), leads=leads, greets=element.tag in HEADINGS | {"p"})

    def _block(self, words: str, *, joins: bool = False, leads: bool = False, greets: bool = False) -> Iterator[_Block]:
        text = _lines(words)
        if text:
            yield _Block(
                text=text,
                joins=joins,
                leads=leads or text.endswith(":"),
                in_excerpt=self._is_in_excerpt(text, greets=greets),
            )

    def _is_in_excerpt(self, text: str, *, greets: bool = False) -> bool:
        """Whether the excerpt contains this, or it is a heading or greeting before the excerpt."""
        passed_over = greets and not self._deep and len(text) < SHORTEST
        return self._within or (self._before and (self._marked or passed_over))

    def _list(self, element: _Element) -> Iterator[_Block]:
        number = int(start) if (start := element.get("start") or "1").isdecimal() else 1
        first = True
        for item in element:
            if item.tag != "li":
                continue
            mark = f"{number}." if element.tag == "ol" else "•"
            number += 1
            for position, block in enumerate(self._inside(item)):
                text = f"{mark} {block.text}" if position == 0 else block.text
                yield replace(block, text=text, joins=not first, leads=False)
                first = False

    def _table(self, element: _Element) -> Iterator[_Block]:
        for caption in element.iter("caption"):
            yield from self._leaf(caption)
        first = True
        for row in element.iter("tr"):
            cells = [_lines(self._inner(cell)).replace("\n", " ") for cell in row if cell.tag in ("td", "th")]
            for block in self._block(" · ".join(filter(None, cells)), joins=not first):
                yield block
                first = False

    def _inner(self, element: _Element) -> str:
        pieces = [self._resolve(element.text)]
        for child in element:
            pieces += [self._inline(child), self._resolve(child.tail)]
        return "".join(pieces)

    def _inline(self, element: _Element) -> str:
        if element.tag == "br":
            return _LINE_BREAK
        if is_comment(element) or element.tag in _SKIPPED:
            return ""
        words = self._inner(element)
        if element.tag == "q":
            return f"“{words}”"
        return self._with_address(words, element.get("href")) if element.tag == "a" else words

    def _with_address(self, words: str, address: str | None) -> str:
        if not address or self._stand_ins.numbers(address):
            return words
        url = to_absolute(address, self._permalink)
        bare = words.strip()
        if url is not None and url.startswith(("mailto:", "tel:")):
            url = unquote(url.partition(":")[2].partition("?")[0])
        if not url:
            return words
        if not bare or bare.rstrip("/") in (url.rstrip("/"), url.partition("://")[2].rstrip("/")):
            return url
        return f"{words} ({url})"

    def _resolve(self, words: str | None) -> str:
        # Line breaks in the source are mere white space; only <br> makes one in the text.
        return " ".join(self._stand_ins.shown(words or "").split("\n"))


def _quoted(blocks: list[_Block]) -> Iterator[_Block]:
    """Put the blocks in quotation marks, unless the first already begins with one."""
    if blocks and blocks[0].text[0] not in "\"“„«‘'":
        blocks[0] = replace(blocks[0], text=f"“{blocks[0].text}")
        blocks[-1] = replace(blocks[-1], text=f"{blocks[-1].text}”")
    yield from blocks


def _lines(words: str) -> str:
    return "\n".join(filter(None, (join_spaces(line) for line in words.split(_LINE_BREAK))))


def _all_text(element: _Element) -> str:
    return "".join(str(piece) for piece in element.itertext())
