"""The body of a post: Markdown → HTML for the feeds and plain words for the toot. Pure."""

from __future__ import annotations

import html as entities
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from bot.domain import Finding
from bot.domain.errors import PostError
from bot.domain.template_tags import StandIns, Tag, without_tags
from bot.domain.text import join_spaces, truncate
from bot.posts.body.excerpt import Excerpt, find_excerpt
from bot.posts.body.html import ADDRESSES, balance, make_absolute, replace_embeds, sanitise
from bot.posts.body.markdown import find_excess, render_markdown
from bot.posts.body.plaintext import PlainBody, extract_plain_body
from bot.posts.frontmatter.fields import sort_by_line

if TYPE_CHECKING:
    from lxml.etree import _Element


DEEPEST_NESTING: Final = 200  #: nested HTML elements; libxml2 drops content that is nested much deeper
_CODE: Final = ("code", "pre")
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_UNWRAP, _REMOVE = "unwrap-this", "remove-this"


class BodyError(ValueError):
    """A body cannot be rendered; the text says why and is shown to the author."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """A rendered body."""

    html: str  #: sanitised, every address absolute
    excerpt: Excerpt
    plain: PlainBody  #: its paragraphs as plain text; empty unless the caller asked for them
    left_over: tuple[Tag, ...]  #: template tags outside code and comments, in text order


def render_body(text: str, *, permalink: str, in_plain_words: bool = False) -> Body:
    """Render a Markdown text as HTML, and with `in_plain_words` also as plain text. Raises BodyError."""
    reason = find_excess(text)
    if reason:
        raise BodyError(reason)
    stand_ins = StandIns(text)
    raw = render_markdown(stand_ins.text)
    _parse(raw)  # only checks the depth: sanitising very deep markup is slow
    tree = _parse(balance(raw))
    excerpt = find_excerpt(tree, stand_ins)
    plain = extract_plain_body(tree, stand_ins, permalink=permalink) if in_plain_words else PlainBody()
    meant = _drop_comments(tree, stand_ins) | _resolve_tags(tree, stand_ins)
    replace_embeds(tree, permalink)
    make_absolute(tree, permalink)
    _drop_the_pointless(tree)
    _lower_headings(tree)
    return Body(
        html=sanitise(_serialise(tree)).strip(),
        excerpt=excerpt,
        plain=plain,
        left_over=tuple(tag for number, tag in enumerate(stand_ins.tags) if number not in meant),
    )


def _parse(html: str) -> _Element:
    parser = etree.HTMLParser(huge_tree=True, no_network=True)
    body = etree.fromstring(f"<html><body>{html}</body></html>", parser).find("body")
    if body is None:
        raise BodyError("the text cannot be read as HTML.")
    if _depth(body) > DEEPEST_NESTING:
        raise BodyError(f"HTML elements stand within each other over {DEEPEST_NESTING} levels deep.")
    _empty_the_void(body)
    return body


def _depth(body: _Element) -> int:
    deepest = 0
    level: list[_Element] = [body]
    while level and deepest <= DEEPEST_NESTING:
        deepest += 1
        level = [child for element in level for child in element]
    return deepest


def _empty_the_void(body: _Element) -> None:
    # libxml2 parses HTML 4: it treats the siblings after one of these elements as its children.
    for element in list(body.iter("embed", "source", "track", "wbr")):
        parent, swallowed = element.getparent(), list(element)
        if parent is None:
            continue
        tail, element.tail, element.text = element.tail, element.text, None
        for offset, child in enumerate(swallowed, start=1 + parent.index(element)):
            parent.insert(offset, child)
        last = swallowed[-1] if swallowed else element
        last.tail = (last.tail or "") + (tail or "")


def _drop_comments(tree: _Element, stand_ins: StandIns) -> set[int]:
    numbers: set[int] = set()
    for comment in tree.iter(etree.Comment):
        numbers |= stand_ins.numbers(comment.text or "")
    etree.strip_tags(tree, etree.Comment)
    return numbers


def _resolve_tags(tree: _Element, stand_ins: StandIns) -> set[int]:
    """Remove the template tags except those in code, which are content; returns the removed tags' numbers."""
    numbers: set[int] = set()
    if not stand_ins.tags:
        return numbers
    for element in tree.iter("*"):
        _resolve_in_attributes(element, stand_ins)
        parent = element.getparent()
        for owner, name in ((element, "text"), (parent, "tail")):
            words = getattr(element, name)
            if not words or owner is None:
                continue
            if _in_code(owner):
                numbers |= stand_ins.numbers(words)
                setattr(element, name, stand_ins.shown(words))
            elif stand_ins.numbers(words):
                setattr(element, name, stand_ins.dropped(words))
    return numbers


def _in_code(element: _Element) -> bool:
    return element.tag in _CODE or any(ancestor.tag in _CODE for ancestor in element.iterancestors())


def _resolve_in_attributes(element: _Element, stand_ins: StandIns) -> None:
    for key in list(element.attrib):
        name, value = str(key), element.get(key) or ""
        if not stand_ins.numbers(value):
            continue
        if name in (*ADDRESSES, "srcset"):
            del element.attrib[name]
        else:
            element.set(name, stand_ins.dropped(value))


def _drop_the_pointless(tree: _Element) -> None:
    for element in tree.iter("a", "img", "source", "track"):
        if element.tag == "a" and not element.get("href"):
            element.tag = _UNWRAP
        elif element.tag != "a" and not element.get("src") and not element.get("srcset"):
            element.tag = _REMOVE
    etree.strip_elements(tree, _REMOVE, with_tail=False)
    etree.strip_tags(tree, _UNWRAP)
    for element in tree.iter("p", *_HEADINGS):
        if not len(element) and not (element.text or "").strip():
            element.tag = _REMOVE
    etree.strip_elements(tree, _REMOVE, with_tail=False)


def _lower_headings(tree: _Element) -> None:
    # The post's title is the only first-level heading.
    if tree.find(".//h1") is None:
        return
    for element in tree.iter(*_HEADINGS[:-1]):
        element.tag = f"h{int(element.tag[1]) + 1}"


def _serialise(tree: _Element) -> str:
    inner = (etree.tostring(child, encoding="unicode", method="html") for child in tree)
    return entities.escape(tree.text or "", quote=False) + "".join(inner)


SUMMARY_LENGTH: Final = 300  #: characters of a summary in the feeds


@dataclass(frozen=True, kw_only=True, slots=True)
class BodyText:
    """The source text of a body, and the values needed to render it."""

    text: str
    line: int  #: the line in the file on which the body begins
    path: Path
    permalink: str
    summary: str | None  #: the front matter's summary
    in_plain_words: bool
    findings: tuple[Finding, ...]  #: about the front matter

    def render(self) -> dict[str, Any]:
        """The fields of Post that come from the body. Raises PostError."""
        body = self._body()
        summary = self.summary
        from_body = body.excerpt.marked or not summary
        # The same order as for the toot, so that a marked excerpt is used in both.
        short = body.excerpt.tidy if from_body else join_spaces(without_tags(summary or ""))
        return {
            "excerpt": body.excerpt.shown if from_body else join_spaces(summary or ""),
            "summary": truncate(short, SUMMARY_LENGTH),
            "html": body.html,
            "paragraphs": body.plain.paragraphs,
            "unsaid": body.plain.unsaid if from_body else body.plain.paragraphs,
            "findings": sort_by_line([*self.findings, *self._left_over(body)]),
        }

    def _body(self) -> Body:
        try:
            return render_body(self.text, permalink=self.permalink, in_plain_words=self.in_plain_words)
        except BodyError as error:
            raise PostError(
                self.path, str(error), rule="body-unusable", line=self.line, remedy="Simplify the text there."
            ) from None

    def _left_over(self, body: Body) -> list[Finding]:
        if not body.left_over:
            return []
        first, count = body.left_over[0], len(body.left_over)
        more = f", the first of {count}" if count > 1 else ""
        shown = truncate(join_spaces(first.text), 60)
        problem = f"{shown} is a template tag{more}; nothing resolves it here, so readers get the words without it."
        line = self.line + self.text.count("\n", 0, first.start)
        remedy = "Write the address or the words themselves."
        return [
            Finding(
                rule="template-tag",
                path=self.path,
                line=line,
                problem=problem,
                remedy=remedy,
            )
        ]
