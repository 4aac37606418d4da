"""One look at a whole project: read it, plan, and let all checks look. Writes nothing."""

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
class Checked:
    """What was found, and in what. Of `posts`, `faults` and findings only those that were asked for."""

    findings: tuple[Finding, ...]  #: by file and line
    suppressed: tuple[Suppressed, ...] = ()  #: those that an author or the operator accepts, with the reason
    posts: tuple[Post, ...]
    faults: tuple[PostError, ...]  #: files that are no usable posts; they are among the findings too
    subject: Subject  #: everything that was looked at, asked for or not

    @property
    def plan(self) -> Plan:
        """What is due, and what comes next, as of the look."""
        return self.subject.plan

    @property
    def count(self) -> int:
        """How many files were looked at."""
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
) -> Checked:
    """Look at posts (or at the `scan` that is there) and settings; with `paths` only at what lies there.

    Contacts nobody, unless one of the `checks` does.
    """
    subject = look_at(config, snapshot, now=now, environ=environ, scan=scan)
    return checked(subject, run_checks(subject, checks=checks), paths=paths)


def checked(subject: Subject, findings: Iterable[Finding], *, paths: Sequence[Path] = ()) -> Checked:
    """Of these findings those that were asked for, without the silenced ones."""
    config = subject.config
    asked = [finding for finding in findings if is_asked_for(finding.path, paths, config)]
    reported, suppressed = suppress(asked, subject.posts, config.check.allow)
    return Checked(
        findings=tuple(reported),
        suppressed=tuple(suppressed),
        posts=tuple(post for post in subject.posts if is_asked_for(post.path, paths, config)),
        faults=tuple(fault for fault in subject.faults if is_asked_for(fault.path, paths, config)),
        subject=subject,
    )


def look_at(
    config: Config, snapshot: Snapshot, *, now: datetime, environ: Mapping[str, str], scan: Scan | None = None
) -> Subject:
    """Read the posts (or take the `scan` that is there), and plan."""
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
        texts={path: _text(config.root / path) for path in _paths(scan)},
    )


def _paths(scan: Scan) -> Iterator[Path]:
    yield from (post.path for post in scan.posts)
    yield from (fault.path for fault in scan.faults)


def is_asked_for(path: Path, paths: Sequence[Path], config: Config) -> bool:
    """Whether a file is one of `paths`, or lies below one; without any, every file is."""
    whole = (config.root / path).absolute()
    return not paths or any(whole == one or whole.is_relative_to(one) for one in (path.absolute() for path in paths))


def _text(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8", "replace")
    except OSError:  # it went while it was looked at
        return ""
