"""Where a post's file holds prose: everything else is hidden, so that no repair touches it. Pure.

Hidden are code, addresses, HTML, template tags and, in front matter, all keys and every value that nobody reads as a
sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.posts.frontmatter import Source
from bot.posts.markdown import parse_markdown

#: Stands for a hidden character.
HIDDEN: Final = "\0"
#: Front matter that people read.
PROSE: Final = frozenset({"title", "summary", "cover.alt", "mastodon.text", "mastodon.content_warning"})

_NO_PROSE: Final = re.compile(
    r"(?P<ticks>`+).+?(?P=ticks)"
    r"|<!--.*?-->"
    r"|<(?P<tag>code|kbd|pre|samp|script|style|var)\b.*?</(?P=tag)\s*>"
    r"|<[^<>]*>"
    r"|\{\{.*?\}\}|\{%.*?%\}"
    r"|\]\([^()]*(?:\([^()]*\)[^()]*)*\)"
    r"|^[ >]*\[[^\]]+\]:[^\n]*"
    r"|[\w.+-]+@[\w.-]+|[a-z][\w+.-]*://\S+|\bwww\.\S+",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_KEY: Final = re.compile(r"\s*(?:-\s+)?[\"']?[\w-]+[\"']?\s*[:=]\s*")


def prose_of(text: str, source: Source) -> list[str]:
    """The lines of a file, without their line feeds, with everything hidden that is no prose.

    `source` is the same text, taken apart. All lines have the length that they have in the file.
    """
    lines = text.split("\n")
    if "\r" in text.replace("\r\n", "\n"):
        return [HIDDEN * len(line) for line in lines]  # lines that end as on old Macs: places would not be right
    shown = [HIDDEN * len(line) for line in lines]
    for first, after in _of_body(source):
        block = _NO_PROSE.sub(_hidden, "\n".join(lines[first:after]))
        shown[first:after] = block.split("\n")
    for first, after in _of_front_matter(source):
        lead = _KEY.match(lines[first])
        block = "\n".join(lines[first:after])
        at = lead.end() if lead else 0
        shown[first:after] = (HIDDEN * at + _NO_PROSE.sub(_hidden, block[at:])).split("\n")
    return shown


def _of_body(source: Source) -> Iterator[tuple[int, int]]:
    for token in parse_markdown(source.body):
        if token.type == "inline" and token.map is not None:
            yield source.body_line - 1 + token.map[0], source.body_line - 1 + token.map[1]


def _of_front_matter(source: Source) -> Iterator[tuple[int, int]]:
    begins = sorted({*source.lines.values(), source.body_line - 1})
    for name, line in source.lines.items():
        if name in PROSE:
            after = next((one for one in begins if one > line), line + 1)
            yield line - 1, max(line, after - 1)


def _hidden(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", HIDDEN, found[0])
