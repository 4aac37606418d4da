"""Markdown → HTML: CommonMark with tables and strikethrough; raw HTML passes through and is not sanitised."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


MOST_BRACKETS: Final = 10_000
MOST_BARS: Final = 20_000
MOST_MARKS: Final = 30_000
#: Lines of the text multiplied by the depth of its deepest quote.
MOST_LINES: Final = 30_000
_QUOTES: Final = re.compile(r"^[ \t]*(?:>[ \t]*)+", re.MULTILINE)


def find_excess(text: str) -> str:
    """Why rendering this text would take too long; empty if it would not. Cheap to call."""
    if len(text) <= MOST_BRACKETS and ">" not in text:  # too short for any of the limits below
        return ""
    if text.count("[") > MOST_BRACKETS:
        return f"there are over {MOST_BRACKETS} opening brackets in it."
    if text.count("|") > MOST_BARS:
        return f"there are over {MOST_BARS} vertical bars in it."
    if sum(text.count(mark) for mark in "*_~`") > MOST_MARKS:
        return f"there are over {MOST_MARKS} marks of emphasis and code in it."
    deepest = max((quotes.count(">") for quotes in _QUOTES.findall(text)), default=0) if ">" in text else 0
    if text.count("\n") * (deepest + 1) > MOST_LINES:
        within = f", with quotes {deepest} levels deep" if deepest else ""
        return f"it has too many lines{within}."
    return ""


@cache
def _renderer() -> MarkdownIt:
    from markdown_it import MarkdownIt  # imported here: it takes 32 ms, and a cached body needs none

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def render_markdown(text: str) -> str:
    """Render a Markdown text. The HTML is not safe: the caller must sanitise it."""
    html: str = _renderer().render(_flatten_comments(text))
    return html


def parse_markdown(text: str) -> list[Token]:
    """Parse a Markdown text into block tokens with line numbers; links and pictures are among their children."""
    tokens: list[Token] = _renderer().parse(text)
    return tokens


def _flatten_comments(text: str) -> str:
    # Inside a paragraph, CommonMark ends a comment at a blank line and would publish the rest of it.
    # Joined on one line it stays a comment. Code keeps its lines.
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
        if text[start - 1 : start] != "`":  # after a backtick, "<!--" is code and not a comment
            spans.append((start, position))
    return spans


def _lines_of_code(text: str) -> set[int]:
    tokens = _renderer().parse(text)
    blocks = (token.map for token in tokens if token.type in ("fence", "code_block") and token.map)
    return {line for first, after in blocks for line in range(first, after)}
