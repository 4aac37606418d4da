"""Checking a site: its posts and settings, what a branch changes of them, and a site that was built from them.

Asks no server unless the caller wants that, and writes nothing but the repairs of `repair`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bot.check.built_site import scan_site
from bot.check.findings import finding_from_fault
from bot.check.fixes import OFFSETS, Fix, find_fixes
from bot.check.online import check_online
from bot.check.registry import CHECKS, Check, run_checks
from bot.check.subject import Subject
from bot.check.suppressions import Suppressed, suppress
from bot.config import Config
from bot.domain import Finding, Post, Snapshot
from bot.domain.clock import Clock
from bot.domain.errors import PostError, UsageError
from bot.files.atomic import rewrite
from bot.ledger import read_snapshot
from bot.operations.branch import Branch, assume_released, findings_about, read_branch
from bot.operations.site import SiteState, open_site
from bot.posts.folder import Scan
from bot.posts.git.folders import open_posts
from bot.posts.reader import read_bytes
from bot.runtime.planning import make_composer


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What was found, and in what. Posts, faults and findings are those that the caller asked for."""

    findings: tuple[Finding, ...]  #: by file and line
    suppressed: tuple[Suppressed, ...]  #: findings that the author has silenced, with the reason
    posts: tuple[Post, ...]
    faults: tuple[PostError, ...]  #: files that are no usable posts; they are among the findings too
    subject: Subject  #: the whole site
    branch: Branch | None = None  #: what the branch changes, if the caller asked for that alone
    is_ledger_assumed: bool = False  #: there was no ledger: what was due before the branch counts as out

    @property
    def count(self) -> int:
        """How many files were checked."""
        return len(self.posts) + len(self.faults)


def check_project(
    config: Config,
    *,
    clock: Clock,
    environ: Mapping[str, str],
    paths: Sequence[Path] = (),
    since: str | None = None,
    online: bool = False,
) -> CheckResult:
    """Check the posts and settings; with `paths` what lies there, with `since` what the branch changes since then.

    With `online` the servers of the settings are asked too. Raises UsageError, PostError, LedgerError.
    """
    checks: Sequence[Check] = (*CHECKS, partial(check_online, clock=clock)) if online else CHECKS
    if since is None:
        return check_posts(open_site(config, clock), environ=environ, paths=paths, checks=checks)
    scan, snapshot, now = open_posts(config).scan(), read_snapshot(config, clock), clock.now()
    branch = read_branch(config, since, scan, now=now)
    is_assumed = snapshot == Snapshot()
    if is_assumed:
        snapshot = assume_released(
            branch.base_posts,
            accounts=list(config.account_addresses().values()),
            compose=make_composer(config, snapshot),
            now=now,
            tag_ids=config.feeds.ids == "tag",
        )
    site = open_site(config, clock, now=now, scan=scan, snapshot=snapshot)
    whole = check_posts(site, environ=environ, paths=paths, checks=checks)
    return replace(
        whole,
        findings=tuple(findings_about(whole.findings, branch.changed)),
        suppressed=tuple(one for one in whole.suppressed if one.finding.path in branch.changed),
        posts=tuple(post for post in whole.posts if post.path in branch.changed),
        faults=tuple(fault for fault in whole.faults if fault.path in branch.changed),
        branch=branch,
        is_ledger_assumed=is_assumed,
    )


def check_posts(
    site: SiteState, *, environ: Mapping[str, str], paths: Sequence[Path] = (), checks: Sequence[Check] = CHECKS
) -> CheckResult:
    """Run the checks over a site; with `paths` report only what lies there."""
    subject, config = subject_of(site, environ), site.config
    asked = [finding for finding in run_checks(subject, checks=checks) if is_selected(finding.path, paths, config)]
    reported, suppressed = suppress(asked, subject.posts, config.check.allow)
    return CheckResult(
        findings=tuple(reported),
        suppressed=tuple(suppressed),
        posts=tuple(post for post in subject.posts if is_selected(post.path, paths, config)),
        faults=tuple(fault for fault in subject.faults if is_selected(fault.path, paths, config)),
        subject=subject,
    )


def check_post(site: SiteState, post: Post, *, environ: Mapping[str, str]) -> CheckResult:
    """Check one post among those of the site, and tell also what its author has silenced."""
    subject = subject_of(site, environ)
    findings = tuple(finding for finding in run_checks(subject) if finding.path == post.path)
    return CheckResult(findings=findings, suppressed=(), posts=(post,), faults=(), subject=subject)


def subject_of(site: SiteState, environ: Mapping[str, str]) -> Subject:
    """What the checks look at."""
    return Subject(
        config=site.config,
        posts=site.scan.posts,
        faults=site.scan.faults,
        plan=site.plan,
        compose=make_composer(site.config, site.snapshot),
        snapshot=site.snapshot,
        now=site.now,
        environ=environ,
        texts={path: _read_text(site.config.root / path) for path in _paths(site.scan)},
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


@dataclass(frozen=True, kw_only=True)
class Repairs:
    """What can be repaired in the posts of a check; `repair` does it."""

    root: Path
    fixes: tuple[Fix, ...]
    foreign: int  #: posts of other repositories, which are left alone
    offsets_left: int  #: wrong offsets whose repair the caller did not ask for


def propose_repairs(result: CheckResult, kinds: Collection[str]) -> Repairs:
    """The repairs of the site's own posts that were checked. `kinds`: what may be repaired, WORDS or OFFSETS."""
    config = result.subject.config
    folder = config.posts_folder.resolve()
    own = [post for post in result.posts if (config.root / post.path).resolve().is_relative_to(folder)]
    wrong_offsets = sum(finding.rule == "datetime-offset" for finding in result.findings)
    return Repairs(
        root=config.root,
        fixes=tuple(find_fixes(result.subject, own, kinds)),
        foreign=len(result.posts) - len(own),
        offsets_left=0 if OFFSETS in kinds else wrong_offsets,
    )


def repair(repairs: Repairs) -> Iterator[Path]:
    """Rewrite the files, and give the path of each. Raises OutputError if one has changed meanwhile."""
    for fix in repairs.fixes:
        rewrite(repairs.root / fix.path, before=fix.before.encode(), after=fix.after.encode())
        yield fix.path


@dataclass(frozen=True, kw_only=True)
class BuiltSiteResult:
    """What was found in a built site of posts that are still to come."""

    findings: tuple[Finding, ...]
    posts: int  #: how many posts to come were searched for
    files: int  #: in how many files


def search_built_site(config: Config, built: Path, *, paths: Sequence[Path], clock: Clock) -> BuiltSiteResult:
    """Search the folder of a built site for posts to come. Raises UsageError if it cannot be that, LedgerError."""
    if config.posts_folder.resolve().is_relative_to(built.resolve()):
        raise UsageError(
            f"{built} holds the posts themselves, so it is no built site.",
            remedy="Name the folder that the site's generator writes, such as _site, public or output.",
        )
    scan = open_posts(config).scan()
    # What is in a file that cannot be read cannot be searched for: that must not look like a clean site.
    faults = [finding_from_fault(fault) for fault in scan.faults if is_selected(fault.path, paths, config)]
    released = read_snapshot(config, clock).entries.keys()
    asked = [post for post in scan.posts if is_selected(post.path, paths, config)]
    try:
        found = scan_site(built, scan.posts, asked=asked, released=released, now=clock.now())
    except OSError as error:
        raise UsageError(f"the built site cannot be read: {error}.") from error
    if not found.files:
        remedy = "Build the site first, or name another folder."
        raise UsageError(f"there is no file to read in {built}.", remedy=remedy)
    return BuiltSiteResult(findings=(*faults, *found.findings), posts=found.posts, files=found.files)
