"""Template tags that a site generator should have resolved: `{{ … }}` and `{% … %}`.

While Markdown is rendered, each tag is replaced by a stand-in: a plain word that Markdown, URLs and HTML leave
unchanged. After rendering, the stand-in shows where the tag was: in code, in an address, or in running text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

_OPEN: Final = re.compile(r"\{\{\{|\{\{|\{%")
_CLOSE: Final = {"{{{": "}}}", "{{": "}}", "{%": "%}"}
_BLANK_LINE: Final = re.compile(r"\n[ \t]*\n")
_LONGEST: Final = 500  #: characters between the braces; a longer span is taken for unrelated braces
_TIGHT: Final = ".,;:!?)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """A template tag in a text."""

    start: int  #: characters from the beginning of the text
    end: int
    text: str  #: including the braces


def find_tags(text: str) -> tuple[Tag, ...]:
    """Return all template tags of a text, in order."""
    tags = []
    position = 0
    while opened := _OPEN.search(text, position):
        start, inside = opened.span()
        closer = _CLOSE[opened[0]]
        closed = text.find(closer, inside, inside + _LONGEST)
        if closed < 0 or _BLANK_LINE.search(text, inside, closed):
            position = start + 1
            continue
        position = closed + len(closer)
        tags.append(Tag(start=start, end=position, text=text[start:position]))
    return tuple(tags)


def without_tags(text: str) -> str:
    """Remove the template tags, and the spaces that would be left over."""
    if "{" not in text:
        return text
    return _cut(text, [(tag.start, tag.end) for tag in find_tags(text)])


class StandIns:
    """The stand-ins for the template tags of one text."""

    def __init__(self, text: str) -> None:
        self.tags = find_tags(text)
        # A hash of the text: the text cannot contain it, and the same text always gives the same stand-ins.
        self._mark = "tag" + sha256(text.encode()).hexdigest()[:16]
        self._pattern = re.compile(rf"{self._mark}x(\d+)x")
        pieces, position = [], 0
        for number, tag in enumerate(self.tags):
            pieces += [text[position : tag.start], f"{self._mark}x{number}x"]
            position = tag.end
        self.text: str = "".join([*pieces, text[position:]])  #: the text with stand-ins

    def numbers(self, text: str) -> set[int]:
        """Return the numbers of the tags whose stand-ins are in this text."""
        return {int(found[1]) for found in self._pattern.finditer(text)} if self.tags else set()

    def shown(self, text: str) -> str:
        """Replace the stand-ins by the original tags."""
        return self._pattern.sub(lambda found: self.tags[int(found[1])].text, text) if self.tags else text

    def dropped(self, text: str) -> str:
        """Remove the stand-ins, and the spaces that would be left over."""
        return _cut(text, [found.span() for found in self._pattern.finditer(text)]) if self.tags else text


def _cut(text: str, spans: Sequence[tuple[int, int]]) -> str:
    pieces, position = [], 0
    for start, end in spans:
        before, following = text[position:start], text[end : end + 1]
        loose = following.isspace() or (following and following in _TIGHT)
        pieces.append(before.rstrip(" \t") if loose else before)
        position = end
    return "".join([*pieces, text[position:]])
