"""Titles, text in a wrong encoding, and typographic slips. Pure.

Only slips that are wrong in every language and can be fixed without knowing what the author means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from bot.check.findings import about
from bot.check.subject import Subject
from bot.domain import Finding, Post
from bot.domain.text import truncate
from bot.posts.body.markdown import parse_markdown
from bot.posts.frontmatter.source import Source

#: Stands in for a character that is not prose.
HIDDEN: Final = "\0"
#: Front matter fields that readers see.
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


def prose_lines(text: str, source: Source) -> list[str]:
    """The lines of a file, without line feeds; everything that is no prose is replaced by HIDDEN.

    `source` is the same text, parsed. Every line keeps its length.
    """
    lines = text.split("\n")
    if "\r" in text.replace("\r\n", "\n"):
        return [HIDDEN * len(line) for line in lines]  # line ends of old Macs: columns would be wrong
    shown = [HIDDEN * len(line) for line in lines]
    for first, after in _of_body(source):
        block = _NO_PROSE.sub(_hide, "\n".join(lines[first:after]))
        shown[first:after] = block.split("\n")
    for first, after in _of_front_matter(source):
        lead = _KEY.match(lines[first])
        block = "\n".join(lines[first:after])
        at = lead.end() if lead else 0
        shown[first:after] = (HIDDEN * at + _NO_PROSE.sub(_hide, block[at:])).split("\n")
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


def _hide(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", HIDDEN, found[0])


LONGEST: Final = 100  #: characters; lists, link cards and feed readers cut what is longer
#: A title shouts if it has at least so many letters, and so many of them, in percent, are capitals.
LOUD_LETTERS: Final = 12
LOUD_SHARE: Final = 70

_LONG_CAPITALS: Final = re.compile(r"\b[^\W\d_]{4,}\b")
_MARKS: Final = re.compile(r"[!?！？]{2,}")


def check_titles(subject: Subject) -> Iterator[Finding]:
    """Long and shouting titles, of posts whose wording can still be chosen."""
    for post in subject.fresh:
        if len(post.title) > LONGEST:
            problem = f"has {len(post.title)} characters; lists and feed readers cut what is over {LONGEST}."
            yield about(post, "title-long", problem, "Say the news; the text has room for the rest.", field="title")
        shouted = _shouted(post.title)
        if shouted:
            problem = f'shouts: "{shouted}".'
            remedy = "Write it as a sentence; a single exclamation mark is enough."
            yield about(post, "title-shouting", problem, remedy, field="title")


def _shouted(title: str) -> str:
    """The part of a title that shouts, if any. One word of capitals does not: it may be an acronym."""
    marks = _MARKS.search(title)
    if marks:
        return marks[0]
    letters = [letter for letter in title if letter.isalpha()]
    capitals = sum(letter.isupper() for letter in letters)
    loud = [word for word in _LONG_CAPITALS.findall(title) if word.isupper()]
    is_loud = len(letters) >= LOUD_LETTERS and 100 * capitals >= LOUD_SHARE * len(letters) and len(loud) >= 2
    return " ".join(loud) if is_loud else ""


_LONGEST_QUOTE: Final = 60  #: characters of a garbled text in a finding


def check_mojibake(post: Post, source: str) -> Iterator[Finding]:
    """A finding for each garbled line of the post's file; `source` is the file's text."""
    for number, (line, fixed) in enumerate(_fix_lines(source), start=1):
        if fixed == line:
            continue
        garbled, meant = _different(line, fixed)
        problem = f'"{_printable(garbled)}" looks like words that were read in a wrong encoding.'
        remedy = f'If so, write what it would be: "{_printable(meant)}". `announce check --fix` does that.'
        yield about(post, "mojibake", problem, remedy, line=number)


def fix_mojibake(source: str) -> str:
    """The file's text with the garbled lines fixed, and no other character changed."""
    return "\n".join(fixed for _, fixed in _fix_lines(source))


def _fix_lines(source: str) -> Iterator[tuple[str, str]]:
    """Each line, and its fixed version."""
    if source.isascii():
        yield from ((line, line) for line in source.split("\n"))
        return
    from ftfy import fix_encoding  # imported here: it takes 0.1 s

    for line in source.split("\n"):
        yield line, line if line.isascii() else fix_encoding(line)


def _different(line: str, fixed: str) -> tuple[str, str]:
    """The words from the first to the last difference, in both versions."""
    same = _shared_length(line, fixed)
    tail = _shared_length(line[same:][::-1], fixed[same:][::-1])
    start = line.rfind(" ", 0, same) + 1
    rest = line[len(line) - tail :]
    tail = len(rest) - len(rest.partition(" ")[0])
    return line[start : len(line) - tail], fixed[start : len(fixed) - tail]


def _shared_length(one: str, other: str) -> int:
    """The length of the common beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _printable(words: str) -> str:
    # Control characters must not reach the terminal.
    return truncate("".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in words.strip()), _LONGEST_QUOTE)


#: A pattern, its replacement, and the name of the slip. Groups 1 and 2 of the pattern stay.
_SLIPS: Final = (
    (re.compile(rf"([\w{HIDDEN})\]\"'”’])[ \t]+,()(?=\s|$)"), ",", "a space before a comma"),
    (re.compile(rf"([\w{HIDDEN})\]\"'”’])[ \t]+\.()(?=\s|$)"), ".", "a space before a full stop"),
    (re.compile(r"(\w),,+()(?=\s|$)"), ",", "two commas"),
    (re.compile(r"(?<![\w-])([Tt]he)[ \t]+the()(?![\w-])"), "", 'a doubled "the"'),
    (re.compile(r"(?<![\w-])([Aa]nd)[ \t]+and()(?![\w-])"), "", 'a doubled "and"'),
    # Invisible characters that are copied along with text. In scripts without spaces the first has a meaning.
    (re.compile(r"([\0-\u024f]|^)\u200b+([\0-\u024f]|$)"), "", "an invisible space"),
    (re.compile(r"()\ufeff+()"), "", "an invisible mark"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Slip:
    """A typographic slip in a file."""

    line: int  #: from 0
    start: int  #: characters, from 0
    end: int
    replacement: str
    name: str


def find_slips(text: str, source: Source) -> Iterator[Slip]:
    """The slips in a file's prose, line by line."""
    for number, shown in enumerate(prose_lines(text, source)):
        for pattern, sign, name in _SLIPS:
            for found in pattern.finditer(shown.removesuffix("\r")):
                yield Slip(
                    line=number,
                    start=found.end(1),
                    end=found.start(2),
                    replacement=sign,
                    name=name,
                )


def check_slips(subject: Subject) -> Iterator[Finding]:
    """Typographic slips, in posts whose wording can still be chosen."""
    for post in subject.fresh:
        text, source = subject.texts.get(post.path, ""), subject.source(post)
        for slip in find_slips(text, source) if source else ():
            line = text.split("\n")[slip.line]
            near = line[max(0, slip.start - 12) : slip.end + 8].strip()
            shown = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in near)
            problem = f'{slip.name}: "{shown}".'
            yield about(
                post,
                "typography",
                problem,
                "`announce check --fix` corrects it.",
                line=slip.line + 1,
                column=slip.start + 1,
            )


def fix_slips(text: str, source: Source) -> str:
    """The text with its slips fixed, and no other character changed."""
    lines = text.split("\n")
    for slip in sorted(find_slips(text, source), key=lambda slip: (slip.line, -slip.start)):
        line = lines[slip.line]
        lines[slip.line] = line[: slip.start] + slip.replacement + line[slip.end :]
    return "\n".join(lines)
