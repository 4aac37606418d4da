"""Posts to come, and drafts, in the files of a built site: what the site's generator let through."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

from bot.check.findings import about_settings, shown_path
from bot.check.leaks import Lookout, traces_of
from bot.check.subject import Subject
from bot.domain import Finding, Post

#: Of one post so many files are named; a list beside every page would name it ten thousand times.
FILES_NAMED: Final = 10
#: A file is read in pieces of so many bytes, so that none is ever whole in memory.
PIECE: Final = 4 * 1024 * 1024
#: Pieces overlap by so much, so that nothing is missed between two.
OVERLAP: Final = 4096
#: Not opened; any other file is passed over if a null byte stands near its beginning.
_BINARY: Final = re.compile(
    r"\.(avif|br|bz2|eot|gif|gz|heic|ico|jpe?g|m4a|mov|mp[34]|og[gv]|otf|pdf|png|tiff?|ttf|wasm|wav|web[mp]|woff2?|xz"
    r"|zip|zst)$",
    re.IGNORECASE,
)
_REMEDY: Final = "Leave it out of the built site until its release: docs/site-embargo.md."


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteLook:
    """What was found, and how much was looked at."""

    findings: tuple[Finding, ...]
    files: int  #: that were read
    posts: int  #: that were looked for


def check_site(
    folder: Path, posts: Sequence[Post], *, asked: Sequence[Post], released: Collection[str], now: datetime
) -> SiteLook:
    """Find what a built site gives away of posts to come and of drafts.

    `asked` are those of the `posts` to look for; `released` are the ids of posts that are out already, whatever their
    files say now. Files that are no text are passed over. Raises OSError if something cannot be read.
    """
    kept = {post.path for post in posts if _is_secret(post, now) and post.post_id not in released}
    secret = [post for post in asked if post.path in kept]
    lookout = Lookout(traces_of(secret, others=[post for post in posts if post.path not in kept]))
    found: dict[Path, list[tuple[Path, str]]] = {post.path: [] for post in secret}
    url = secret[0].url if secret else ""
    count = 0
    for file in _files(folder):
        name = file.relative_to(folder).as_posix()
        for path, how in _told_by(file, name, lookout, url).items():
            found[path].append((file, how))
        count += 1
    findings = [finding for post in secret for finding in _findings_of(post, found[post.path], folder)]
    return SiteLook(findings=tuple(findings), files=count, posts=len(secret))


def _is_secret(post: Post, now: datetime) -> bool:
    return (post.published is None or post.published > now) and post.withdrawn is None


def _files(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        yield from (Path(parent, name) for name in sorted(names) if not _BINARY.search(name))


def _told_by(file: Path, name: str, lookout: Lookout, url: str) -> Mapping[Path, str]:
    """The posts that a file gives away, by path, and how."""
    told: dict[Path, str] = {}
    by_name = lookout.named_by(f"/{name}")
    if by_name is not None:
        told[by_name[0].path] = by_name[1]
    at = urljoin(url, f"/{name}")
    for data in _pieces(file) if url else ():
        for post, how in lookout.named_in(data, at=at):
            told.setdefault(post.path, how)
    return told


def _pieces(file: Path) -> Iterator[bytes]:
    if not file.is_file():  # a pipe, or a link that leads nowhere
        return
    with file.open("rb") as opened:
        before = b""
        while piece := opened.read(PIECE):
            if not before and b"\0" in piece[:8192]:
                return
            yield before + piece
            before = piece[-OVERLAP:]


def _findings_of(post: Post, files: Sequence[tuple[Path, str]], folder: Path) -> Iterator[Finding]:
    what = f"{post.slug} ({post.path})"
    when = f"to come on {post.published:%Y-%m-%d %H:%M} UTC" if post.published else "a draft"
    for file, how in files[:FILES_NAMED]:
        yield _leak(file, post, f"{how}: {what} is {when}.")
    if len(files) > FILES_NAMED:
        yield _leak(folder, post, f"{len(files) - FILES_NAMED} more files name {what}, which is {when}.")


def check_built_site(subject: Subject) -> Iterator[Finding]:
    """What `announce check --site` finds, in the folder of the settings; a site that was not built yet is no fault."""
    config = subject.config
    folder = config.root / config.check.site if config.check.site is not None else None
    if folder is None or not folder.is_dir():
        return
    if config.posts_folder.resolve().is_relative_to(folder.resolve()):
        problem = "holds the posts themselves, so it is no built site; it is not looked through."
        yield about_settings(config, "site-unusable", problem, "Name the folder that is built.", field="check.site")
        return
    released = subject.snapshot.entries.keys()
    look = check_site(folder, subject.posts, asked=subject.posts, released=released, now=subject.now)
    for finding in look.findings:
        yield replace(finding, path=shown_path(finding.path, config.root))


def _leak(file: Path, post: Post, problem: str) -> Finding:
    return Finding(rule="site-embargo", path=file, problem=problem, remedy=_REMEDY, others=(post.path,))
