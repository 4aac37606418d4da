"""Which post file belongs to which released entry. Pure.

By identity first: `id:`, the permalink, the slug. A file that was renamed keeps its entry if it has the same datetime
and the same title or body as an entry whose file is gone; where that is doubtful, a person decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Final

from bot.domain import Entry, Post, Reason, ReasonCode
from bot.domain.template_tags import without_tags

#: The entry of a file that has disappeared stays in the feeds for this long.
GONE_AFTER: Final = timedelta(days=1)


def entries_shown(entries: Iterable[Entry], *, now: datetime) -> list[Entry]:
    """The entries that may stand in the feeds: those whose file is there, or went less than a day ago."""
    return [entry for entry in entries if entry.missing_since is None or now < entry.missing_since + GONE_AFTER]


#: A post with the slug of an entry, another permalink, and a datetime so far from it is another post.
REUSED_AFTER: Final = timedelta(days=180)


@dataclass(frozen=True, kw_only=True, slots=True)
class Matching:
    """Posts and entries, side by side."""

    entries: Mapping[Path, Entry] = field(default_factory=dict)  #: of the posts that were released before
    unclear: Mapping[Path, Reason] = field(default_factory=dict)  #: posts that may be renamed ones: the reason
    vanished: tuple[Entry, ...] = ()  #: entries without a file


def match(posts: Iterable[Post], entries: Mapping[str, Entry], *, broken: Collection[str]) -> Matching:
    """Find each post's entry. `entries` are keyed by post id; `broken` are the slugs of files with faults."""
    found: dict[Path, Entry] = {}
    rest = list(posts)
    taken: set[str] = set()
    # The strongest identity first, so that a new file with the old name of a renamed one does not take its entry.
    for name, candidates in _named(entries):
        unnamed, rest = rest, []
        for post in unnamed:
            entry = candidates.get(name(post))
            if entry is None or entry.post_id in taken or not _could_be(post, entry):
                rest.append(post)
            else:
                taken.add(entry.post_id)
                found[post.path] = entry
    # A file that cannot be read at the moment is not gone.
    gone = [entry for entry in entries.values() if entry.post_id not in taken and entry.slug not in broken]
    # Clear cases first: what they take leaves nothing doubtful for the others.
    for post in rest:
        alike = [entry for entry in _of_its_time(post, gone, taken) if _alike(post, entry)]
        if len(alike) == 1:
            taken.add(alike[0].post_id)
            found[post.path] = alike[0]
    doubtful = {post.path: _of_its_time(post, gone, taken) for post in rest if post.path not in found}
    unclear = {path: _doubt(candidates) for path, candidates in doubtful.items() if candidates}
    vanished = tuple(entry for entry in gone if entry.post_id not in taken)
    return Matching(entries=found, unclear=unclear, vanished=vanished)


def _of_its_time(post: Post, gone: Iterable[Entry], taken: Collection[str]) -> list[Entry]:
    # One that was released early is known by the datetime in its file.
    return [
        entry for entry in gone if (entry.dated or entry.published) == post.published and entry.post_id not in taken
    ]


def entry_by_name(post: Post, entries: Mapping[str, Entry]) -> Entry | None:
    """The entry that carries one of the post's names; None if there is none."""
    for name, candidates in _named(entries):
        entry = candidates.get(name(post))
        if entry is not None and _could_be(post, entry):
            return entry
    return None


def _could_be(post: Post, entry: Entry) -> bool:
    """Whether the slug alone may tell that they are the same: next year's conference uses it again, in other folders.

    By id or permalink they are the same whatever their datetimes.
    """
    if entry.post_id in (post.post_id, post.url) or entry.url == post.url or post.published is None:
        return True
    return abs(post.published - (entry.dated or entry.published)) < REUSED_AFTER


def _named(entries: Mapping[str, Entry]) -> Iterator[tuple[Callable[[Post], str], Mapping[str, Entry]]]:
    """A post's names, the strongest first, each with the entries by it."""
    yield attrgetter("post_id"), entries
    yield attrgetter("url"), entries
    yield attrgetter("slug"), {entry.slug: entry for entry in sorted(entries.values(), key=attrgetter("published"))}


def _alike(post: Post, entry: Entry) -> bool:
    return entry.title == (without_tags(post.title) or post.title) or (bool(entry.html) and entry.html == post.html)


def _doubt(candidates: list[Entry]) -> Reason:
    names = tuple(sorted(entry.slug for entry in candidates))
    return Reason(code=ReasonCode.PERHAPS_RENAMED, names=names, text=candidates[0].post_id)
