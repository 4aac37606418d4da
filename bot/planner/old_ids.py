"""Which entry of a feed that the site had before belongs to which post. Pure.

Readers know an entry by its id alone, so a post that was in the old feed keeps the id and the dates that it had there.
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
    """Post file → its entry in the old feed: by `id:`, by link, or by title and date. `taken` ids are given out.

    What fits several posts, or several entries, is nobody's. Only posts that are released at this moment, or long
    since, may be given: one to come must not decide anything.
    """
    rest = list(posts)
    left = {old.feed_id: old for old in old_entries if old.feed_id not in taken}
    found: dict[Path, OldEntry] = {}
    for fits in (_same_id, _same_link, _same_title):
        # One to one, or not at all.
        pairs = [(post, old) for post in rest for old in left.values() if fits(post, old)]
        of_post, of_old = Counter(post.path for post, _ in pairs), Counter(old.feed_id for _, old in pairs)
        for post, old in pairs:
            if of_post[post.path] == 1 and of_old[old.feed_id] == 1:
                found[post.path] = left.pop(old.feed_id)
        rest = [post for post in rest if post.path not in found]
    return found


def due_for_old_ids(posts: Iterable[Post], *, known: Collection[Path], now: datetime) -> list[Post]:
    """The posts that could be released now for the first time."""
    return [post for post in posts if post.path not in known and published_of(post) <= now]


def ids_in_use(entries: Mapping[str, Entry]) -> frozenset[str]:
    """The ids that the feeds already show, which are nobody else's."""
    return frozenset(entry.feed_id or entry.post_id for entry in entries.values())


def taken_over(entry: Entry, old: OldEntry, post: Post, *, now: datetime) -> Entry:
    """A new entry with the id and the dates that its readers know. A date to come is not believed."""
    published = old.published if old.published is not None and old.published <= now else entry.published
    changed = old.updated if old.updated is not None and published <= old.updated <= now else published
    return replace(
        entry,
        feed_id=old.feed_id,
        published=published,
        updated=max(post.updated or changed, published),
        # The file is known by its own datetime.
        dated=post.published if published != post.published else entry.dated,
    )


def normal_link(url: str) -> str:
    """A link without what differs between two addresses of one page: scheme, "www.", index file, end slash, query."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:  # whatever stands in an old feed
        return url.strip()
    host = (parts.hostname or "").removeprefix("www.")
    folder, _, name = unquote(parts.path).rpartition("/")
    path = folder if name.lower() in _INDEX else f"{folder}/{name}"
    return host + path.rstrip("/").removesuffix(".html")


def _same_id(post: Post, old: OldEntry) -> bool:
    return post.explicit_id is not None and old.feed_id == post.explicit_id


def _same_link(post: Post, old: OldEntry) -> bool:
    # What a person wrote counts.
    by_link = post.explicit_id is None and bool(old.link)
    return by_link and normal_link(old.link) == normal_link(post.url)


def _same_title(post: Post, old: OldEntry) -> bool:
    if post.explicit_id is not None or old.published is None or not old.title:
        return False
    near = abs(old.published - published_of(post)) <= SAME_TIME
    return near and _plain(old.title) == _plain(post.title)


def _plain(title: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in title.casefold()).split())
