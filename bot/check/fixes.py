"""Safe fixes for `announce check --fix`: garbled text, typographic slips and, on request, wrong offsets. Pure.

Every other byte stays: line ends, a byte order mark, spaces, keys of other programs.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.check.subject import Subject
from bot.check.typography import fix_mojibake, fix_slips
from bot.domain import Post
from bot.domain.errors import PostError
from bot.posts.frontmatter.dates import format_offset
from bot.posts.frontmatter.source import Source, read_source

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


WORDS: Final = "words"
OFFSETS: Final = "offsets"
_DATETIME: Final = "published_datetime"
_OFFSET: Final = re.compile(
    r"[:=]\s*[\"']?"  # after the key, which sites name differently
    r"(?P<wall>\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|[ \t]+)\d{1,2}:\d{2}(?::\d{2})?)"
    r"(?:[.,]\d+)?[ \t]*(?P<offset>[Zz]|[+-]\d{1,2}(?::?\d{2})?)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fix:
    """A proposed fix of one file."""

    path: Path  #: as it is shown
    before: str  #: the whole file
    after: str
    notes: tuple[str, ...] = ()  #: what a person should know besides the diff

    @property
    def diff(self) -> str:
        """A unified diff."""
        lines = difflib.unified_diff(
            _visible_lines(self.before), _visible_lines(self.after), f"a/{self.path}", f"b/{self.path}", lineterm=""
        )
        return "\n".join(lines)


def find_fixes(subject: Subject, posts: Collection[Post], kinds: Collection[str]) -> Iterator[Fix]:
    """The fixes of these posts' files. `kinds`: WORDS, OFFSETS or both."""
    fresh = {post.path for post in subject.fresh}
    for post in posts:
        before = after = subject.texts.get(post.path, "")
        notes: list[str] = []
        if not before or "\ufffd" in before:  # bytes that were not UTF-8
            continue
        if WORDS in kinds:
            after = fix_mojibake(after)
            source = _source(after, post) if post.path in fresh else None
            after = after if source is None else fix_slips(after, source)
        if OFFSETS in kinds and post.path not in subject.released:
            after, note = _with_right_offset(after, post, zone=subject.config.site.timezone)
            notes += [note] if note else []
        if after != before and post.path in subject.released:
            notes.append(f"{post.path} is released: the feed follows, and so does its toot while it may be edited.")
        if after != before and _source(after, post) is not None:
            yield Fix(path=post.path, before=before, after=after, notes=tuple(notes))


def _source(text: str, post: Post) -> Source | None:
    try:
        return read_source(text.encode(), path=post.path)
    except PostError:
        return None


def _with_right_offset(text: str, post: Post, *, zone: ZoneInfo) -> tuple[str, str]:
    """The text with the zone's offset at the written time, and a note; both unchanged and empty if nothing is wrong."""
    number = post.lines.get(_DATETIME, 0) - 1
    asked = any(one.rule == "datetime-offset" and one.line == post.lines.get(_DATETIME) for one in post.findings)
    lines = text.split("\n")
    found = _OFFSET.search(lines[number]) if asked and 0 <= number < len(lines) else None
    if found is None or post.published is None:
        return text, ""
    wall = _wall(found["wall"])
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    offset, other = first.utcoffset(), second.utcoffset()
    if offset is None or offset != other:  # the clocks skip this time, or it comes twice: a person decides
        return text, ""
    then = wall.replace(tzinfo=timezone(offset)).astimezone(UTC)
    written = _spelt_like(found["offset"], offset)
    lines[number] = lines[number][: found.start("offset")] + written + lines[number][found.end("offset") :]
    note = (
        f"{post.path}: {wall:%Y-%m-%d %H:%M} stays, its offset becomes that of {zone.key}: "
        f"{found['offset']} was {post.published:%Y-%m-%d %H:%M} UTC, {written} is {then:%Y-%m-%d %H:%M} UTC."
    )
    return "\n".join(lines), note


def _wall(text: str) -> datetime:
    year, month, day, hour, minute, second = (int(part) for part in (*re.findall(r"\d+", text), "0")[:6])
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - a wall clock time, in no zone yet


def _spelt_like(written: str, offset: timedelta) -> str:
    shown = format_offset(offset)
    return shown.replace(":", "") if ":" not in written and len(written) == 5 else shown


def _visible_lines(text: str) -> list[str]:
    """Lines without line feeds, with invisible characters escaped, so that a diff shows their changes."""
    lines = text.removesuffix("\n").split("\n")
    return [
        "".join(c if c.isprintable() or c == "\t" else f"\\u{ord(c):04x}" for c in line.removesuffix("\r"))
        for line in lines
    ]
