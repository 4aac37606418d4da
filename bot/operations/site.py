"""A site as it stands at one moment: its settings, posts and ledger, and the plan that follows from them.

Every operation that shows something begins with `open_site`. Nothing is written, and no server is asked.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bot.config import Config
from bot.domain import Post, Snapshot
from bot.domain.clock import Clock
from bot.domain.errors import UsageError
from bot.ledger import read_snapshot
from bot.planner.plan import Plan
from bot.posts.addresses import name_of, slug_of
from bot.posts.folder import Scan
from bot.posts.git.folders import open_posts
from bot.posts.reader import parse_post, read_post
from bot.runtime.planning import decide


@dataclass(frozen=True, kw_only=True)
class SiteState:
    """What is known of a site, and what the bot would do."""

    config: Config
    scan: Scan
    snapshot: Snapshot
    plan: Plan
    now: datetime  #: the moment that the plan is made for

    @property
    def account_names(self) -> Mapping[str, str]:
        """The accounts' names in the settings, by address."""
        return {address: name for name, address in self.config.account_addresses().items()}


def open_site(
    config: Config,
    clock: Clock,
    *,
    now: datetime | None = None,
    scan: Scan | None = None,
    snapshot: Snapshot | None = None,
) -> SiteState:
    """Read the posts and the ledger, and plan as of `now` (the clock's time, if None).

    A `scan` or `snapshot` that the caller has read is taken as it is. Raises PostError if the posts folder cannot be
    read, LedgerError if the ledger cannot.
    """
    scan = open_posts(config).scan() if scan is None else scan
    snapshot = read_snapshot(config, clock) if snapshot is None else snapshot
    moment = clock.now() if now is None else now
    plan = decide(config, scan, snapshot, now=moment)
    return SiteState(config=config, scan=scan, snapshot=snapshot, plan=plan, now=moment)


def find_post(config: Config, name: str, *, scan: Scan | None = None) -> Post:
    """The post with this slug or path, in a `scan` that the caller has made, else in a new one.

    Raises PostError for a broken one, or if the posts folder cannot be read; UsageError if there is none.
    """
    path = Path(name)
    if path.suffix == ".md" and _is_file(path):
        return _with_front_matter(read_post(path.absolute(), config=config), name)
    scan = open_posts(config).scan() if scan is None else scan
    if not scan.signature and scan.faults:  # the folder itself
        raise scan.faults[0]
    named = [post for post in scan.posts if post.slug == name]
    if len(named) > 1:
        paths = ", ".join(str(post.path) for post in named)
        raise UsageError(f"there are {len(named)} posts {name}: {paths}.", remedy="Name the file instead.")
    if named:
        return named[0]
    for fault in scan.faults:
        if slug_of(fault.path, dated=config.posts.dated_names) == name:
            raise fault
    near = difflib.get_close_matches(name, [post.slug for post in scan.posts], n=1)
    remedy = f'Did you mean "{near[0]}"?' if near else "`announce queue --all` lists the posts."
    raise UsageError(f"there is no post {name}.", remedy=remedy)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # the name is too long, or its folder cannot be read
        return False


def post_from_bytes(config: Config, data: bytes, name: str) -> Post:
    """The post in `data`, as if it lay in the posts folder as the file `name`. Raises PostError, UsageError."""
    if Path(name).name != name or not name.endswith(".md") or name.startswith((".", "_")):
        raise UsageError(f"--name: {name} is no name of a post file.", remedy="Write for example --name tickets.md.")
    path = config.posts_folder / name
    return _with_front_matter(parse_post(data, path=path, slug=name_of(path), config=config), "standard input")


def _with_front_matter(post: Post | None, name: str) -> Post:
    if post is None:
        raise UsageError(f"{name} has no front matter, so it is not a post.", remedy="Begin it with a line ---.")
    return post


def scan_with(config: Config, post: Post, scan: Scan) -> Scan:
    """The posts of a scan, with this one in place of the file that has its path or slug."""
    others = [other for other in scan.posts if other.path != post.path and other.slug != post.slug]
    dated = config.posts.dated_names
    faults = [fault for fault in scan.faults if slug_of(fault.path, dated=dated) != post.slug]
    return replace(scan, posts=(*others, post), faults=tuple(faults))
