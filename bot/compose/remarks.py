"""What a person should know of a toot that can be composed: what is left out, or not as it was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bot.compose.announcement import compose, split_texts
from bot.compose.templates import Templates
from bot.config import Account, Release, Site
from bot.errors import ComposeError
from bot.model import Finding, Limits, Post, Severity


@dataclass
class _Recorder:
    """Asks somebody else for handles, and notes the names for which there is none."""

    templates: Templates
    missing: list[str] = field(default_factory=list)

    def handle_of(self, name: str) -> str | None:
        handle = next(iter(self.templates.handles_of([name])), None)
        if handle is None and name not in self.missing:
            self.missing.append(name)
        return handle


def remarks(
    post: Post, *, account: Account, site: Site, release: Release, limits: Limits, templates: Templates
) -> Iterator[Finding]:
    """The findings about a post's toot on one account. Raises ComposeError if it cannot be composed."""
    recorder = _Recorder(templates)

    def composed(post: Post, templates: Templates = templates) -> bool:
        toot = compose(post, account=account, site=site, release=release, limits=limits, templates=templates)
        return bool(toot.pictures)

    def would_show_pictures() -> bool:
        try:
            return composed(replace(post, mastodon=replace(post.mastodon, poll=None)))
        except ComposeError:  # something about the pictures, which are not shown
            return False

    shows_pictures = composed(post, templates.asking(recorder))
    for name in recorder.missing:
        yield _finding(
            post,
            "handle-missing",
            "speakers" if name in post.speakers or name not in post.authors else "author",
            f"{name} has no handle in people.toml, so the toot gives the name alone.",
            "Add it there, if the person wants to be mentioned.",
        )
    if post.mastodon.poll and not shows_pictures and would_show_pictures():
        yield _finding(
            post,
            "poll-without-picture",
            "mastodon.poll",
            "the server takes no picture beside a poll, so the toot goes without it.",
            "Put the poll into a post of its own, if the picture matters.",
        )
    if post.mastodon.quote_policy and limits.software and not limits.quote_policy:
        yield _finding(
            post,
            "quote-policy-unknown",
            "mastodon.quote_policy",
            f"the server ({limits.software}) knows no such rule; anybody may quote.",
            "",
        )
    for number in split_texts(post, account=account, site=site, release=release, limits=limits, templates=templates):
        yield _finding(
            post,
            "thread-text-split",
            "mastodon.thread",
            f"text {number} does not fit into a toot of {limits.characters} characters and goes on in another.",
            "Look at it with `announce preview`.",
        )


def _finding(post: Post, rule: str, name: str, problem: str, remedy: str) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.WARNING,
        path=post.path,
        line=post.lines.get(name),
        field=name,
        problem=problem,
        remedy=remedy,
    )
