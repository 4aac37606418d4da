"""The data of summaries and previews: each post with its toots, neighbours and findings. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.compose.announcement import make_reminder_post
from bot.compose.composer import Composer, Toots, compose_toots
from bot.domain import Entry, Finding, Post
from bot.feeds.entry import entry_of
from bot.operations.branch import DeletedPost
from bot.operations.check import CheckResult
from bot.planner.builder import turn_of
from bot.report.outlook import Outlook, outlook_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """The post released just before or after another."""

    title: str
    path: Path
    gap: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class PostView:
    """A post as it will go out."""

    post: Post
    is_new: bool = False  #: the base of the branch does not have it
    old_path: Path | None = None  #: of a renamed file
    old_url: str = ""
    outlook: Outlook
    toots: Toots  #: by account
    reminders: Mapping[str, Toots]  #: by id, then by account
    entry: Entry | None = None  #: None for drafts and hidden posts
    earlier: Neighbour | None = None
    later: Neighbour | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """Everything that a summary shows."""

    site: str  #: its title
    zone: ZoneInfo
    now: datetime
    posts: tuple[PostView, ...] = ()
    gone: tuple[DeletedPost, ...] = ()
    findings: tuple[Finding, ...] = ()  #: about other files than these posts
    since: str = ""  #: the revision of `--changed-since`
    assumed: bool = False  #: there was no ledger: what is due on the base counts as sent
    wording_files: tuple[Path, ...] = ()  #: templates, people and settings that the branch changes


def make_views(result: CheckResult) -> tuple[PostView, ...]:
    """The posts of a check in the order of their release, drafts last."""
    subject, branch, around = result.subject, result.branch, _neighbours(result.subject.posts)
    views = []
    for post in sorted(result.posts, key=_in_order):
        own = tuple(sorted((one for one in result.findings if one.path == post.path), key=_by_severity))
        toots = _toots(post, subject.compose, subject.accounts) if post.is_tooted else {}
        before = branch.before.get(post.path) if branch is not None else None
        old_path = branch.old_paths.get(post.path) if branch is not None else None
        earlier, later = around.get(post.path, (None, None))
        views.append(
            PostView(
                post=post,
                is_new=branch is not None and before is None,
                old_path=old_path if old_path != post.path else None,
                old_url=before.url if before is not None and before.url != post.url else "",
                outlook=outlook_of(
                    post, subject.plan, toots=toots, exceeds_burst_limit=any(one.rule == "brake" for one in own)
                ),
                toots=toots,
                reminders=compose_reminders(post, subject.compose, subject.accounts) if post.is_tooted else {},
                entry=future_entry(post),
                earlier=earlier,
                later=later,
                findings=own,
            )
        )
    return tuple(views)


def summarise(result: CheckResult) -> Summary:
    """The summary of a check."""
    subject, branch, views = result.subject, result.branch, make_views(result)
    shown = {view.post.path for view in views}
    return Summary(
        site=subject.config.site.title,
        zone=subject.config.site.timezone,
        now=subject.now,
        posts=views,
        gone=branch.gone if branch is not None else (),
        findings=tuple(finding for finding in result.findings if finding.path not in shown),
        since=branch.since if branch is not None else "",
        assumed=result.is_ledger_assumed,
        wording_files=branch.wording_files if branch is not None else (),
    )


def _toots(post: Post, compose: Composer, accounts: Iterable[str]) -> Toots:
    # The summary names the post's file already.
    return {
        address: toot.removeprefix(f"{post.path}: ") if isinstance(toot, str) else toot
        for address, toot in compose_toots(post, compose, accounts).items()
    }


def compose_reminders(post: Post, compose: Composer, accounts: Sequence[str]) -> dict[str, Toots]:
    """The toots of each reminder, by its id."""
    return {one.reminder_id: _toots(make_reminder_post(post, one), compose, accounts) for one in post.reminders}


def future_entry(post: Post) -> Entry | None:
    """The post's entry in the feeds; None if it has none."""
    if post.published is None or post.hidden:
        return None
    return entry_of(post, released_at=post.published)


def _neighbours(posts: Iterable[Post]) -> dict[Path, tuple[Neighbour | None, Neighbour | None]]:
    queue = sorted((post for post in posts if post.published is not None and not post.hidden), key=turn_of)
    earlier = {later.path: _neighbour(before, later) for before, later in pairwise(queue)}
    later = {before.path: _neighbour(after, before) for before, after in pairwise(queue)}
    return {post.path: (earlier.get(post.path), later.get(post.path)) for post in queue}


def _neighbour(post: Post, of: Post) -> Neighbour:
    assert post.published is not None
    assert of.published is not None
    return Neighbour(title=post.title, path=post.path, gap=abs(post.published - of.published))


def _in_order(post: Post) -> tuple[bool, datetime | None, int, str]:
    # Two drafts are compared by order and slug: their datetimes are both None.
    return post.published is None, post.published, post.order, post.slug


def _by_severity(finding: Finding) -> tuple[int, int]:
    return finding.severity.rank, finding.line or 0
