"""What `announce preview` shows: which post, and as a page or a picture."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.check.subject import Subject
    from bot.config import Config
    from bot.domain import Finding, Post, Snapshot
    from bot.posts.folder import Scan

STANDARD_INPUT = "-"


def find_post(config: Config, name: str) -> Post:
    """The post with this slug or path. Raises PostError for a broken one, UsageError if there is none."""
    import difflib

    from bot.domain.errors import UsageError
    from bot.posts.addresses import slug_of
    from bot.posts.git.folders import open_posts
    from bot.posts.reader import read_post

    path = Path(name)
    if path.suffix == ".md" and path.is_file():
        return _usable(read_post(path.absolute(), config=config), name)
    scan = open_posts(config).scan()
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


def post_from_input(config: Config, name: str) -> Post:
    """The post on standard input, as if it lay in the posts folder as `name`. Raises PostError, UsageError."""
    from bot.domain.errors import UsageError
    from bot.posts.addresses import name_of
    from bot.posts.frontmatter.source import LARGEST_FILE
    from bot.posts.reader import parse_post

    if Path(name).name != name or not name.endswith(".md") or name.startswith((".", "_")):
        raise UsageError(f"--name: {name} is no name of a post file.", remedy="Write for example --name tickets.md.")
    data = sys.stdin.buffer.read(LARGEST_FILE + 1)
    path = config.posts_folder / name
    return _usable(parse_post(data, path=path, slug=name_of(path), config=config), "standard input")


def _usable(post: Post | None, name: str) -> Post:
    from bot.domain.errors import UsageError

    if post is None:
        raise UsageError(f"{name} has no front matter, so it is not a post.", remedy="Begin it with a line ---.")
    return post


def page_of(config: Config, post: Post, snapshot: Snapshot, fates: Mapping[str, str], now: datetime) -> str:
    """The post as a page in one file, with everything that the checks find in it."""
    from bot.report.offline import embed_picture, make_embedder, make_offline
    from bot.report.page import Page, render_page
    from bot.report.view import make_views

    subject, findings = _checked(config, post, snapshot, now)
    (view,) = make_views(
        [post],
        among=subject.posts,
        plan=subject.plan,
        compose=subject.compose,
        accounts=subject.accounts,
        findings=findings,
    )
    return render_page(
        Page(
            site=config.site.title,
            zone=config.site.timezone,
            now=now,
            view=view,
            fates=fates,
            body=make_offline(post.html, make_embedder(config, post)),
            picture=embed_picture,
            servers={account.address(name): account.server for name, account in config.accounts.items()},
        )
    )


def _checked(config: Config, post: Post, snapshot: Snapshot, now: datetime) -> tuple[Subject, tuple[Finding, ...]]:
    """All posts with this one among them, and what is found about it."""
    from bot.check.project import read_subject
    from bot.check.registry import run_checks

    subject = read_subject(config, snapshot, now=now, environ=os.environ, scan=with_post(config, post))
    return subject, tuple(finding for finding in run_checks(subject) if finding.path == post.path)


def with_post(config: Config, post: Post) -> Scan:
    """What the folder holds, with this post in the place of the one of its name."""
    from dataclasses import replace

    from bot.posts.addresses import slug_of
    from bot.posts.git.folders import open_posts
    from bot.runtime.planning import scan_posts

    scan = scan_posts(open_posts(config))
    others = [other for other in scan.posts if other.path != post.path and other.slug != post.slug]
    dated = config.posts.dated_names
    faults = [fault for fault in scan.faults if slug_of(fault.path, dated=dated) != post.slug]
    return replace(scan, posts=(*others, post), faults=tuple(faults))


def write_page(html: str, path: Path) -> None:
    """Write the page as a file of its own. Raises OutputError."""
    _write(html.encode("utf-8"), path)


def write_picture(html: str, path: Path) -> None:
    """Write a picture of the page. Raises UsageError without a browser, OutputError."""
    from bot.report.screenshot import find_browser, take_screenshot

    _write(take_screenshot(html, browser=find_browser()), path)


def _write(data: bytes, path: Path) -> None:
    from bot.domain.errors import OutputError

    try:
        path.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error
