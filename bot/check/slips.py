"""Typographic slips that are slips in every language and can be mended without knowing what is meant. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.check.findings import about
from bot.check.prose import HIDDEN, prose_of
from bot.check.subject import Subject
from bot.model import Finding
from bot.posts.frontmatter import Source

#: What is wrong → what stands there instead, and what it is called. Groups 1 and 2 stay.
_SLIPS: Final = (
    (re.compile(rf"([\w{HIDDEN})\]\"'”’])[ \t]+,()(?=\s|$)"), ",", "a space before a comma"),
    (re.compile(rf"([\w{HIDDEN})\]\"'”’])[ \t]+\.()(?=\s|$)"), ".", "a space before a full stop"),
    (re.compile(r"(\w),,+()(?=\s|$)"), ",", "two commas"),
    (re.compile(r"(?<![\w-])([Tt]he)[ \t]+the()(?![\w-])"), "", 'a doubled "the"'),
    (re.compile(r"(?<![\w-])([Aa]nd)[ \t]+and()(?![\w-])"), "", 'a doubled "and"'),
    # Invisible, and come along when text is copied. Between letters of scripts without spaces the first has a meaning.
    (re.compile(r"([\0-\u024f]|^)\u200b+([\0-\u024f]|$)"), "", "an invisible space"),
    (re.compile(r"()\ufeff+()"), "", "an invisible mark"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Slip:
    """One slip in a file."""

    line: int  #: from 0
    start: int  #: characters, from 0
    end: int
    instead: str
    name: str


def slips_of(text: str, source: Source) -> Iterator[Slip]:
    """The slips in a file's prose, line by line."""
    for number, shown in enumerate(prose_of(text, source)):
        for pattern, sign, name in _SLIPS:
            for found in pattern.finditer(shown.removesuffix("\r")):
                yield Slip(
                    line=number,
                    start=found.end(1),
                    end=found.start(2),
                    instead=sign,
                    name=name,
                )


def check_slips(subject: Subject) -> Iterator[Finding]:
    """Of posts whose wording can still be chosen."""
    for post in subject.fresh:
        text, source = subject.texts.get(post.path, ""), subject.source(post)
        for slip in slips_of(text, source) if source else ():
            line = text.split("\n")[slip.line]
            near = line[max(0, slip.start - 12) : slip.end + 8].strip()
            shown = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in near)
            problem = f'{slip.name}: "{shown}".'
            yield about(
                post,
                "typography",
                problem,
                "`announce check --fix` mends it.",
                line=slip.line + 1,
                column=slip.start + 1,
            )


def without_slips(text: str, source: Source) -> str:
    """The text without its slips; not a character else is changed."""
    lines = text.split("\n")
    for slip in sorted(slips_of(text, source), key=lambda slip: (slip.line, -slip.start)):
        line = lines[slip.line]
        lines[slip.line] = line[: slip.start] + slip.instead + line[slip.end :]
    return "\n".join(lines)
