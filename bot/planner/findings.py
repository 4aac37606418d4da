"""What planning finds odd about posts, for `check` and the log. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bot.domain import Finding, Override, Post
from bot.domain.wording import reason_words
from bot.planner.builder import published_of
from bot.planner.matching import Matching


def unique_posts(posts: Iterable[Post]) -> tuple[list[Post], list[Finding]]:
    """The posts with an id of their own, and a finding for each of the others."""
    first: dict[str, Post] = {}
    findings: list[Finding] = []
    for post in posts:
        other = first.setdefault(post.post_id, post)
        if other is not post:
            findings.append(
                Finding(
                    rule="same-id",
                    path=post.path,
                    line=post.lines.get("id"),
                    field="id",
                    problem=f"{other.path} has the same id, so this file is left out.",
                    remedy="Give each post an `id:` of its own, or remove one of the files.",
                    others=(other.path,),
                )
            )
    return list(first.values()), findings


def moved_posts(posts: Iterable[Post], matching: Matching, *, words: Mapping[str, Override]) -> Iterator[Finding]:
    """Files that belong to a released post and have another datetime, though nobody released it early."""
    for post in posts:
        entry = matching.entries.get(post.path)
        if entry is None or entry.published == post.published:
            continue
        word = words.get(entry.post_id)
        if word is not None and word.early:
            continue
        released = f"{entry.slug} was released with {entry.published:%Y-%m-%d %H:%M} UTC"
        if published_of(post) <= max(entry.published, entry.released_at):
            if entry.dated is not None:
                continue  # its date is that of the feed that the site had before
            yield _datetime_finding(
                post,
                rule="datetime-moved",
                problem=f"{released}, which stays its date.",
                remedy="A released post cannot be moved; write a new post for a new announcement.",
            )
        else:
            yield _datetime_finding(
                post,
                rule="identity-taken",
                problem=f"{released} and has the same name or id, so this file is neither released nor tooted.",
                remedy="Give a new post another name and no `id:`; for the old one put its datetime back.",
            )


def renamed_posts(posts: Iterable[Post], matching: Matching) -> Iterator[Finding]:
    """Posts that may be renamed ones."""
    for post in posts:
        if post.path in matching.unclear:
            reason = reason_words(matching.unclear[post.path])
            yield _datetime_finding(post, rule="renamed", problem=f"the post is held: {reason}", remedy="")


def _datetime_finding(post: Post, *, rule: str, problem: str, remedy: str) -> Finding:
    return Finding(
        rule=rule,
        path=post.path,
        line=post.lines.get("published_datetime"),
        field="published_datetime",
        problem=problem,
        remedy=remedy,
    )
