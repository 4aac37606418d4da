"""The excerpt of a post: the text before its excerpt mark, or else its first real paragraph."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree

from bot.domain.text import join_spaces

if TYPE_CHECKING:
    from lxml.etree import _Element

    from bot.domain.template_tags import StandIns


_MARK: Final = re.compile(r"\s*excerpt\s*", re.IGNORECASE)
SHORTEST: Final = 40  #: characters; a shorter first paragraph is taken for a greeting
_OUTER: Final = frozenset({"html", "body", "div", "section"})
HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
#: Elements without readable words, or with deleted ones (`del`, `s`).
SILENT: Final = frozenset({"audio", "del", "embed", "iframe", "img", "object", "picture", "rp", "s", "video"})
INLINE: Final = SILENT | frozenset(
    re.findall(
        r"\w+",
        """
        a abbr b bdi bdo cite code dfn em i ins kbd mark q rt ruby samp small span strong sub sup time u var wbr
        """,
    )
)
Resolve = Callable[[str, bool], str]  # (text, is it code) → the text to use


@dataclass(frozen=True, kw_only=True, slots=True)
class Excerpt:
    """An excerpt in two forms: with its template tags, and without them."""

    shown: str = ""
    tidy: str = ""  #: without template tags, except those in code
    marked: bool = False  #: whether the author set it with an excerpt mark


def find_excerpt(body: _Element, stand_ins: StandIns) -> Excerpt:
    """The excerpt of a body: plain text on one line; empty if there is no paragraph."""

    def shown(words: str, _: bool) -> str:
        return stand_ins.shown(words)

    def tidy(words: str, code: bool) -> str:
        return stand_ins.shown(words) if code else stand_ins.dropped(words)

    end = find_excerpt_end(body, stand_ins)
    if end is None:
        return Excerpt()
    if is_comment(end):
        return Excerpt(shown=_words(body, shown, until=end), tidy=_words(body, tidy, until=end), marked=True)
    return Excerpt(shown=_words(end, shown), tidy=_words(end, tidy))


def is_comment(node: _Element) -> bool:
    """Whether a node is a comment or a processing instruction rather than an element."""
    return not isinstance(node.tag, str)


def find_excerpt_end(body: _Element, stand_ins: StandIns) -> _Element | None:
    """The node that ends the excerpt: the mark (a comment), or the paragraph used as excerpt; None if there is none."""

    def tidy(words: str, code: bool) -> str:
        return stand_ins.shown(words) if code else stand_ins.dropped(words)

    mark = next((node for node in _comments(body) if _MARK.fullmatch(node.text or "")), None)
    if mark is not None and _words(body, lambda words, _: stand_ins.shown(words), until=mark):
        return mark
    return _first_paragraph(body, tidy)


def _comments(body: _Element) -> Iterator[_Element]:
    yield from body.iter(etree.Comment)


def _first_paragraph(body: _Element, resolve: Resolve) -> _Element | None:
    paragraphs = [(paragraph, len(_words(paragraph, resolve))) for paragraph in body.iter("p")]
    outer = [(p, length) for p, length in paragraphs if all(a.tag in _OUTER for a in p.iterancestors())]
    for candidates, least in ((outer, SHORTEST), (outer, 1), (paragraphs, 1)):
        found = next((p for p, length in candidates if length >= least), None)
        if found is not None:
            return found
    return None


def _words(root: _Element, resolve: Resolve, *, until: _Element | None = None) -> str:
    return join_spaces("".join(_pieces(root, resolve, until)))


def _pieces(root: _Element, resolve: Resolve, until: _Element | None) -> Iterator[str]:
    """The text below `root` in document order, with a space where a block begins or ends."""
    waiting: list[tuple[_Element | str | None, bool]] = [(root, False)]
    while waiting:
        item, code = waiting.pop()
        if isinstance(item, str):
            yield resolve(item, code)
            continue
        if item is None or item is until:
            if item is until and until is not None:
                return
            continue
        if not isinstance(item.tag, str) or item.tag in SILENT or item.tag in HEADINGS:
            continue
        inside = code or item.tag in ("code", "pre")
        gap = "" if item.tag in INLINE else " "
        children = [part for child in item for part in ((child, inside), (child.tail, inside))]
        waiting += reversed([(gap, code), (item.text, inside), *children, (gap, code)])
