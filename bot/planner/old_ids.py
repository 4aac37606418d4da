"""Matches posts to the entries of a feed that the site had before. Pure.

Feed readers identify an entry by its id alone, so a post that was in the old feed keeps its id and dates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from bot.domain import Entry, OldEntry, Post
from bot.planner.builder import published_of

#: Old feeds often hold the right day with a wrong zone, so a title counts within this distance.
SAME_TIME: Final = timedelta(hours=24)
_INDEX: Final = ("index.html", "index.htm", "index.php")


def match_old(
    posts: Iterable[Post], old_entries: Iterable[OldEntry], *, taken: Collection[str] = ()
) -> dict[Path, OldEntry]:
    """Map post files to their entries in the old feed: by `id:`, by link, or by title and date.

    `taken` are the ids that are in use already. An ambiguous match is none: only one post with one entry counts. The
    caller passes only posts whose datetime has come, because upcoming ones must not influence anything.
    """
    rest = list(posts)
    left = {old.feed_id: old for old in old_entries if old.feed_id not in taken}
    found: dict[Path, OldEntry] = {}
    for fits in (_same_id, _same_link, _same_title):
        # Only one-to-one matches count.
        pairs = [(post, old) for post in rest for old in left.values() if fits(post, old)]
        of_post, of_old = Counter(post.path for post, _ in pairs), Counter(old.feed_id for _, old in pairs)
        for post, old in pairs:
            if of_post[post.path] == 1 and of_old[old.feed_id] == 1:
                found[post.path] = left.pop(old.feed_id)
        rest = [post for post in rest if post.path not in found]
    return found


def due_for_old_ids(posts: Iterable[Post], *, known: Collection[Path], now: datetime) -> list[Post]:
    """Return the posts that may be released now for the first time."""
    return [post for post in posts if post.path not in known and published_of(post) <= now]


def ids_in_use(entries: Mapping[str, Entry]) -> frozenset[str]:
    """Return the ids that the feeds already show, which no other entry may take."""
    return frozenset(entry.feed_id or entry.post_id for entry in entries.values())


def taken_over(entry: Entry, old: OldEntry, post: Post, *, now: datetime) -> Entry:
    """Return a new entry with the id and dates of the old feed; dates in the future are ignored."""
    published = old.published if old.published is not None and old.published <= now else entry.published
    changed = old.updated if old.updated is not None and published <= old.updated <= now else published
    return replace(
        entry,
        feed_id=old.feed_id,
        published=published,
        updated=max(post.updated or changed, published),
        # The file is matched by its own datetime.
        dated=post.published if published != post.published else entry.dated,
    )


def normal_link(url: str) -> str:
    """Return a link without scheme, "www.", index file, trailing slash and query, to compare addresses of one page."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:  # an old feed may hold any text
        return url.strip()
    host = (parts.hostname or "").removeprefix("www.")
    folder, _, name = unquote(parts.path).rpartition("/")
    path = folder if name.lower() in _INDEX else f"{folder}/{name}"
    return host + path.rstrip("/").removesuffix(".html")


def _same_id(post: Post, old: OldEntry) -> bool:
    return post.explicit_id is not None and old.feed_id == post.explicit_id


def _same_link(post: Post, old: OldEntry) -> bool:
    # An `id:` that the author wrote excludes every other match.
    by_link = post.explicit_id is None and bool(old.link)
    return by_link and normal_link(old.link) == normal_link(post.url)


def _same_title(post: Post, old: OldEntry) -> bool:
    if post.explicit_id is not None or old.published is None or not old.title:
        return False
    near = abs(old.published - published_of(post)) <= SAME_TIME
    return near and _plain(old.title) == _plain(post.title)


def _plain(title: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in title.casefold()).split())
