"""Checks a whole project: reads it, plans, runs all checks, and selects the findings. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.check.registry import CHECKS, Check, run_checks
from bot.check.subject import Subject
from bot.check.suppressions import Suppressed, suppress
from bot.config import Config
from bot.domain import Finding, Post, Snapshot
from bot.domain.errors import PostError
from bot.planner.plan import Plan
from bot.posts.folder import Scan
from bot.posts.git.folders import open_posts
from bot.posts.reader import read_bytes
from bot.runtime.planning import decide, make_composer


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """The findings, and the files they are about; limited to the paths that the caller named."""

    findings: tuple[Finding, ...]  #: by file and line
    suppressed: tuple[Suppressed, ...] = ()  #: those that an author or the operator accepts, with the reason
    posts: tuple[Post, ...]
    faults: tuple[PostError, ...]  #: files that are no usable posts; they are among the findings too
    subject: Subject  #: the whole project

    @property
    def plan(self) -> Plan:
        """What is due, and what comes next."""
        return self.subject.plan

    @property
    def count(self) -> int:
        """How many files were checked."""
        return len(self.posts) + len(self.faults)


def check_project(
    config: Config,
    snapshot: Snapshot,
    *,
    now: datetime,
    environ: Mapping[str, str],
    paths: Sequence[Path] = (),
    checks: Sequence[Check] = CHECKS,
    scan: Scan | None = None,
) -> CheckResult:
    """Check posts (of `scan`, if the caller has one) and settings; `paths` limits the findings to files there.

    Uses no network, unless one of the `checks` does.
    """
    subject = read_subject(config, snapshot, now=now, environ=environ, scan=scan)
    return select_findings(subject, run_checks(subject, checks=checks), paths=paths)


def select_findings(subject: Subject, findings: Iterable[Finding], *, paths: Sequence[Path] = ()) -> CheckResult:
    """The findings about files below `paths`, without the suppressed ones."""
    config = subject.config
    asked = [finding for finding in findings if is_selected(finding.path, paths, config)]
    reported, suppressed = suppress(asked, subject.posts, config.check.allow)
    return CheckResult(
        findings=tuple(reported),
        suppressed=tuple(suppressed),
        posts=tuple(post for post in subject.posts if is_selected(post.path, paths, config)),
        faults=tuple(fault for fault in subject.faults if is_selected(fault.path, paths, config)),
        subject=subject,
    )


def read_subject(
    config: Config, snapshot: Snapshot, *, now: datetime, environ: Mapping[str, str], scan: Scan | None = None
) -> Subject:
    """Read the posts (or take the caller's `scan`), and plan."""
    scan = open_posts(config).scan() if scan is None else scan
    return Subject(
        config=config,
        posts=scan.posts,
        faults=scan.faults,
        plan=decide(config, scan, snapshot, now=now),
        compose=make_composer(config, snapshot),
        snapshot=snapshot,
        now=now,
        environ=environ,
        texts={path: _read_text(config.root / path) for path in _paths(scan)},
    )


def _paths(scan: Scan) -> Iterator[Path]:
    yield from (post.path for post in scan.posts)
    yield from (fault.path for fault in scan.faults)


def is_selected(path: Path, paths: Sequence[Path], config: Config) -> bool:
    """Whether a file is one of `paths`, or lies below one; without paths every file is selected."""
    whole = (config.root / path).absolute()
    return not paths or any(whole == one or whole.is_relative_to(one) for one in (path.absolute() for path in paths))


def _read_text(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8", "replace")
    except OSError:  # it was deleted after the scan
        return ""
