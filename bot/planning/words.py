"""Words on posts that are not released yet, when their identity changes: a hold must not be lost by a rename. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bot.model import Post, Said, Snapshot, Upcoming, Word

#: What a person has forbidden stays forbidden; what was ordered may be ordered again.
_KEPT = (Said.HOLD, Said.SKIP)


def carried_over(snapshot: Snapshot, posts: Sequence[Post]) -> dict[str, Word]:
    """Words that pass to a post which took the place of one that waited: same slug, or same datetime."""
    here = {post.post_id for post in posts}
    found: dict[str, Word] = {}
    for word in snapshot.words.values():
        was = snapshot.upcoming.get(word.post_id)
        if was is None or word.said not in _KEPT or word.post_id in here:
            continue
        for post in posts:
            if _is_new(post, snapshot) and (post.slug == was.slug or post.published == was.due):
                found[post.post_id] = replace(word, post_id=post.post_id)
    return found


def _is_new(post: Post, snapshot: Snapshot) -> bool:
    """Whether nothing is known of it by its id, or by its id that another file had until now."""
    known = snapshot.upcoming.get(post.post_id)
    was_another = known is None or known.slug != post.slug
    return was_another and post.post_id not in snapshot.words and post.post_id not in snapshot.entries


def still_to_come(
    snapshot: Snapshot,
    upcoming: Mapping[str, Upcoming],
    passed_on: Mapping[str, Word],
    *,
    released: Collection[str],
) -> dict[str, Upcoming]:
    """What to remember as upcoming: also held posts whose file is gone for now, so that their return is recognised."""
    moments = {word.at for word in passed_on.values()}
    waiting = {
        post_id: snapshot.upcoming[post_id]
        for post_id, word in snapshot.words.items()
        if word.said in _KEPT
        and post_id in snapshot.upcoming
        and post_id not in snapshot.entries
        and post_id not in released
        and (word.at not in moments or post_id in passed_on)
    }
    return {**waiting, **upcoming}
