"""How `announce check` looks at a branch, and shows what it found: for people, programs, and GitHub."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.progress import progress

if TYPE_CHECKING:
    from datetime import datetime

    from bot.check.project import CheckResult
    from bot.check.registry import Check
    from bot.check.suppressions import Suppressed
    from bot.config import Config
    from bot.domain import Finding, Post, Snapshot
    from bot.domain.clock import Clock
    from bot.report.branch import Branch
    from bot.report.view import Summary


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What was looked at, and what was found."""

    checked: CheckResult
    findings: tuple[Finding, ...]
    posts: tuple[Post, ...]  #: those that were asked for
    branch: Branch | None = None  #: with `--changed-since`
    assumed: bool = False  #: whether the ledger was made up from the base

    @property
    def suppressed(self) -> tuple[Suppressed, ...]:
        """The suppressed findings about what was checked."""
        quiet = self.checked.suppressed
        return quiet if self.branch is None else tuple(one for one in quiet if one.finding.path in self.branch.changed)

    @property
    def count(self) -> int:
        """How many files were looked at."""
        if self.branch is None:
            return self.checked.count
        return len(self.posts) + sum(fault.path in self.branch.changed for fault in self.checked.faults)


@progress("Looking through the posts")
def look(
    config: Config, paths: Sequence[Path], *, clock: Clock, since: str | None = None, online: bool = False
) -> Looked:
    """Check the project, or what a branch changes of it; `online` asks servers too. Raises UsageError, PostError."""
    from functools import partial

    from bot.check.online import check_online
    from bot.check.project import check_project
    from bot.check.registry import CHECKS
    from bot.domain import Snapshot
    from bot.ledger import read_snapshot
    from bot.posts.git.folders import open_posts
    from bot.report.branch import read_branch
    from bot.report.view import findings_about

    now, snapshot = clock.now(), read_snapshot(config, clock)
    checks: Sequence[Check] = (*CHECKS, partial(check_online, clock=clock)) if online else CHECKS
    if since is None:
        checked = check_project(config, snapshot, now=now, environ=os.environ, paths=paths, checks=checks)
        return Looked(checked=checked, findings=checked.findings, posts=checked.posts)
    scan = open_posts(config).scan()
    branch = read_branch(config, since, scan, now=now)
    assumed = snapshot == Snapshot()
    if assumed:
        snapshot = _assumed(config, branch, snapshot, now)
    checked = check_project(config, snapshot, now=now, environ=os.environ, paths=paths, checks=checks, scan=scan)
    return Looked(
        checked=checked,
        findings=tuple(findings_about(checked.findings, branch.changed)),
        posts=tuple(post for post in checked.posts if post.path in branch.changed),
        branch=branch,
        assumed=assumed,
    )


def _assumed(config: Config, branch: Branch, empty: Snapshot, now: datetime) -> Snapshot:
    from bot.report.branch import assume_released
    from bot.runtime.planning import make_composer

    return assume_released(
        branch.base_posts,
        accounts=list(config.account_addresses().values()),
        compose=make_composer(config, empty),
        now=now,
        tag_ids=config.feeds.ids == "tag",
    )


def annotated(config: Config, findings: Sequence[Finding], branch: Branch | None = None) -> Iterator[str]:
    """The findings as workflow commands, with paths as they lie in the repository."""
    from bot.report.github import render_annotations, workflow_command

    workspace = _top_of_repository()

    def path_of(path: Path) -> str:
        whole = (config.root / path).resolve()
        return whole.relative_to(workspace).as_posix() if whole.is_relative_to(workspace) else str(path)

    yield from render_annotations(findings, path_of=path_of)
    for one in branch.gone if branch is not None else ():
        yield workflow_command("notice", f"{one.path}: {one.says}", title="announce: deleted")


def summarised(config: Config, looked: Looked, *, pictures: str) -> str:
    """The Markdown for a pull request; `pictures` is the address at which the repository's files are online."""
    from bot.report.markdown import picture_in_repository, render_summary

    address = picture_in_repository(pictures, _top_of_repository())
    return render_summary(summary_of(config, looked), picture_address=address)


def summary_of(config: Config, looked: Looked) -> Summary:
    """What the summary tells."""
    from bot.report.view import Summary, make_views

    checked, branch = looked.checked, looked.branch
    views = make_views(
        looked.posts,
        among=checked.subject.posts,
        plan=checked.plan,
        compose=checked.subject.compose,
        accounts=checked.subject.accounts,
        findings=looked.findings,
        before=branch.before if branch is not None else None,
        old_paths=branch.old_paths if branch is not None else None,
    )
    shown = {view.post.path for view in views}
    return Summary(
        site=config.site.title,
        zone=config.site.timezone,
        now=checked.plan.now,
        posts=views,
        gone=branch.gone if branch is not None else (),
        findings=tuple(finding for finding in looked.findings if finding.path not in shown),
        since=branch.since if branch is not None else "",
        assumed=looked.assumed,
        wording_files=branch.wording_files if branch is not None else (),
    )


def _top_of_repository() -> Path:
    """GitHub runs jobs at the top of the repository, and says so."""
    return Path(os.environ.get("GITHUB_WORKSPACE") or ".").resolve()
