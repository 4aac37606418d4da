"""Findings of planning about posts, for `announce check` and the log. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bot.domain import Finding, Override, Post
from bot.domain.wording import reason_words
from bot.planner.builder import published_of
from bot.planner.matching import Matching


def unique_posts(posts: Iterable[Post]) -> tuple[list[Post], list[Finding]]:
    """Return the first post of each id, and a finding for each further post with the same id."""
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


def moved_posts(posts: Iterable[Post], matching: Matching, *, overrides: Mapping[str, Override]) -> Iterator[Finding]:
    """Yield a finding for each released post whose file has another datetime, unless the operator released it early."""
    for post in posts:
        entry = matching.entries.get(post.path)
        if entry is None or entry.published == post.published:
            continue
        override = overrides.get(entry.post_id)
        if override is not None and override.early:
            continue
        released = f"{entry.slug} was released with {entry.published:%Y-%m-%d %H:%M} UTC"
        if published_of(post) <= max(entry.published, entry.released_at):
            if entry.dated is not None:
                continue  # its date comes from the feed that the site had before
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
    """Yield a finding for each post that may be a renamed released one."""
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
