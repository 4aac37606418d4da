"""Words that were read in a wrong encoding somewhere on their way ("haven‚Äôt"), and what they would be. Pure.

Only said; mended by `--fix`, when a person asks for it: what looks garbled may be meant, in a post about encodings.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from bot.model import Finding, Post, Severity
from bot.posts.text import shorten

_LONGEST: Final = 60  #: characters that are shown


def check_mojibake(post: Post, source: str) -> Iterator[Finding]:
    """A finding for each line of the post's file that looks garbled; `source` is the file's text."""
    for number, (line, mended) in enumerate(_mended_lines(source), start=1):
        if mended == line:
            continue
        garbled, meant = _different(line, mended)
        yield Finding(
            rule="mojibake",
            severity=Severity.WARNING,
            path=post.path,
            line=number,
            problem=f'"{_shown(garbled)}" looks like words that were read in a wrong encoding.',
            remedy=f'If so, write what it would be: "{_shown(meant)}". `announce check --fix` does that.',
        )


def without_mojibake(source: str) -> str:
    """The file's text with those lines mended, and no other character changed."""
    return "\n".join(mended for _, mended in _mended_lines(source))


def _mended_lines(source: str) -> Iterator[tuple[str, str]]:
    """Each line, and what it would be."""
    if source.isascii():
        yield from ((line, line) for line in source.split("\n"))
        return
    from ftfy import fix_encoding  # takes a tenth of a second to load

    for line in source.split("\n"):
        yield line, line if line.isascii() else fix_encoding(line)


def _different(line: str, mended: str) -> tuple[str, str]:
    """The words that differ, from the first to the last."""
    same = _in_common(line, mended)
    tail = _in_common(line[same:][::-1], mended[same:][::-1])
    start = line.rfind(" ", 0, same) + 1
    rest = line[len(line) - tail :]
    tail = len(rest) - len(rest.partition(" ")[0])
    return line[start : len(line) - tail], mended[start : len(mended) - tail]


def _in_common(one: str, other: str) -> int:
    """How many characters at their beginnings are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _shown(words: str) -> str:
    # Control characters would reach the terminal.
    return shorten("".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in words.strip()), _LONGEST)
