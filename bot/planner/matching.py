"""Matches post files to released entries. Pure.

Identity comes first: `id:`, the permalink, the slug. A renamed file keeps its entry if it has the same datetime and
the same title or body as an entry whose file is gone; in case of doubt the operator decides.
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
    """Return the entries that the feeds may show: their file exists, or disappeared less than a day ago."""
    return [entry for entry in entries if entry.missing_since is None or now < entry.missing_since + GONE_AFTER]


#: A post with the slug of an entry, but another permalink and a datetime this far away, is another post.
REUSED_AFTER: Final = timedelta(days=180)


@dataclass(frozen=True, kw_only=True, slots=True)
class Matching:
    """The result of matching posts with entries."""

    entries: Mapping[Path, Entry] = field(default_factory=dict)  #: by the file of the released post
    unclear: Mapping[Path, Reason] = field(default_factory=dict)  #: the reason to hold a post that may be a renamed one
    vanished: tuple[Entry, ...] = ()  #: entries without a file


def match(posts: Iterable[Post], entries: Mapping[str, Entry], *, broken: Collection[str]) -> Matching:
    """Find the entry of each post. `entries` are keyed by post id; `broken` are the slugs of files with faults."""
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
    # A file that exists but cannot be read at the moment is not gone.
    gone = [entry for entry in entries.values() if entry.post_id not in taken and entry.slug not in broken]
    # Unambiguous cases first: the entries that they take no longer make other posts ambiguous.
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
    # An entry that was released early is matched by the datetime in its file.
    return [
        entry for entry in gone if (entry.dated or entry.published) == post.published and entry.post_id not in taken
    ]


def entry_by_name(post: Post, entries: Mapping[str, Entry]) -> Entry | None:
    """Return the entry with the post's id, permalink or slug; None if there is none."""
    for name, candidates in _named(entries):
        entry = candidates.get(name(post))
        if entry is not None and _could_be(post, entry):
            return entry
    return None


def _could_be(post: Post, entry: Entry) -> bool:
    """Whether a post and an entry with the same slug may be the same.

    The same id or permalink always is. The same slug alone is not enough if the datetimes are far apart: next year's
    conference uses it again, in another folder.
    """
    if entry.post_id in (post.post_id, post.url) or entry.url == post.url or post.published is None:
        return True
    return abs(post.published - (entry.dated or entry.published)) < REUSED_AFTER


def _named(entries: Mapping[str, Entry]) -> Iterator[tuple[Callable[[Post], str], Mapping[str, Entry]]]:
    """Yield the getter of each kind of name, the strongest first, with the entries by that name."""
    yield attrgetter("post_id"), entries
    yield attrgetter("url"), entries
    yield attrgetter("slug"), {entry.slug: entry for entry in sorted(entries.values(), key=attrgetter("published"))}


def _alike(post: Post, entry: Entry) -> bool:
    return entry.title == (without_tags(post.title) or post.title) or (bool(entry.html) and entry.html == post.html)


def _doubt(candidates: list[Entry]) -> Reason:
    names = tuple(sorted(entry.slug for entry in candidates))
    return Reason(code=ReasonCode.PERHAPS_RENAMED, names=names, text=candidates[0].post_id)
