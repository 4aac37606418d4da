"""Repairs that are safe: garbled words, typographic slips and, when asked for, wrong offsets. Pure: text → text.

Every byte that is not repaired stays: line ends, a byte order mark, spaces, keys that are not ours.
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
from bot.check.text import without_mojibake, without_slips
from bot.domain import Post
from bot.domain.errors import PostError
from bot.posts.frontmatter.dates import show_offset
from bot.posts.frontmatter.source import Source, read_source

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


WORDS: Final = "words"
OFFSETS: Final = "offsets"
_DATETIME: Final = "published_datetime"
_OFFSET: Final = re.compile(
    r"[:=]\s*[\"']?"  # behind the key, whatever a site calls it
    r"(?P<wall>\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|[ \t]+)\d{1,2}:\d{2}(?::\d{2})?)"
    r"(?:[.,]\d+)?[ \t]*(?P<offset>[Zz]|[+-]\d{1,2}(?::?\d{2})?)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mend:
    """A repair of one file that nobody has made yet."""

    path: Path  #: as it is shown
    before: str  #: the whole file
    after: str
    says: tuple[str, ...] = ()  #: what a person should know besides the difference

    @property
    def diff(self) -> str:
        """A unified diff."""
        lines = difflib.unified_diff(
            _lines(self.before), _lines(self.after), f"a/{self.path}", f"b/{self.path}", lineterm=""
        )
        return "\n".join(lines)


def mends_of(subject: Subject, posts: Collection[Post], kinds: Collection[str]) -> Iterator[Mend]:
    """The repairs of these posts' files. `kinds`: WORDS, OFFSETS or both."""
    fresh = {post.path for post in subject.fresh}
    for post in posts:
        before = after = subject.texts.get(post.path, "")
        says: list[str] = []
        if not before or "\ufffd" in before:  # perhaps bytes that could not be read
            continue
        if WORDS in kinds:
            after = without_mojibake(after)
            source = _source(after, post) if post.path in fresh else None
            after = after if source is None else without_slips(after, source)
        if OFFSETS in kinds and post.path not in subject.released:
            after, said = _with_right_offset(after, post, zone=subject.config.site.timezone)
            says += [said] if said else []
        if after != before and post.path in subject.released:
            says.append(f"{post.path} is released: the feed follows, and so does its toot while it may be edited.")
        if after != before and _source(after, post) is not None:
            yield Mend(path=post.path, before=before, after=after, says=tuple(says))


def _source(text: str, post: Post) -> Source | None:
    try:
        return read_source(text.encode(), path=post.path)
    except PostError:
        return None


def _with_right_offset(text: str, post: Post, *, zone: ZoneInfo) -> tuple[str, str]:
    """The text with the zone's offset at the time that is written, and what that means; the text as it is else."""
    number = post.lines.get(_DATETIME, 0) - 1
    asked = any(one.rule == "datetime-offset" and one.line == post.lines.get(_DATETIME) for one in post.findings)
    lines = text.split("\n")
    found = _OFFSET.search(lines[number]) if asked and 0 <= number < len(lines) else None
    if found is None or post.published is None:
        return text, ""
    wall = _wall(found["wall"])
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    offset, other = first.utcoffset(), second.utcoffset()
    if offset is None or offset != other:  # a time that the clocks skip, or that comes twice: a person decides
        return text, ""
    then = wall.replace(tzinfo=timezone(offset)).astimezone(UTC)
    written = _like(found["offset"], offset)
    lines[number] = lines[number][: found.start("offset")] + written + lines[number][found.end("offset") :]
    said = (
        f"{post.path}: {wall:%Y-%m-%d %H:%M} stays, its offset becomes that of {zone.key}: "
        f"{found['offset']} was {post.published:%Y-%m-%d %H:%M} UTC, {written} is {then:%Y-%m-%d %H:%M} UTC."
    )
    return "\n".join(lines), said


def _wall(text: str) -> datetime:
    year, month, day, hour, minute, second = (int(part) for part in (*re.findall(r"\d+", text), "0")[:6])
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - a reading, in no zone yet


def _like(written: str, offset: timedelta) -> str:
    shown = show_offset(offset)
    return shown.replace(":", "") if ":" not in written and len(written) == 5 else shown


def _lines(text: str) -> list[str]:
    """Lines without line feeds; the rest of what is invisible is named, so that a change of it is seen."""
    lines = text.removesuffix("\n").split("\n")
    return [
        "".join(c if c.isprintable() or c == "\t" else f"\\u{ord(c):04x}" for c in line.removesuffix("\r"))
        for line in lines
    ]
