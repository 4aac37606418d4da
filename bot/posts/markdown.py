"""Markdown → HTML, not yet sanitised: CommonMark with tables and strikethrough, raw HTML let through."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


@cache
def _renderer() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def render_markdown(text: str) -> str:
    """The HTML of a Markdown text. It holds whatever the text holds: sanitise it."""
    html: str = _renderer().render(_flatten_comments(text))
    return html


def parse_markdown(text: str) -> list[Token]:
    """The blocks of a Markdown text, each with its lines; links and pictures are among their children."""
    tokens: list[Token] = _renderer().parse(text)
    return tokens


def _flatten_comments(text: str) -> str:
    # In the midst of a paragraph CommonMark ends a comment at a blank line and shows the rest to everyone.
    # On one line it stays a comment. Code keeps its lines.
    spans = [(start, end) for start, end in _comments(text) if "\n" in text[start:end]]
    if not spans:
        return text
    code = _lines_of_code(text)
    pieces, position = [], 0
    for start, end in spans:
        comment = text[start:end]
        inside_code = text.count("\n", 0, start) in code
        pieces += [text[position:start], comment if inside_code else comment.replace("\n", " ")]
        position = end
    return "".join([*pieces, text[position:]])


def _comments(text: str) -> list[tuple[int, int]]:
    spans = []
    position = 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        position = end + 3
        if text[start - 1 : start] != "`":  # as code, a comment's beginning is only talked about
            spans.append((start, position))
    return spans


def _lines_of_code(text: str) -> set[int]:
    tokens = _renderer().parse(text)
    blocks = (token.map for token in tokens if token.type in ("fence", "code_block") and token.map)
    return {line for first, after in blocks for line in range(first, after)}
