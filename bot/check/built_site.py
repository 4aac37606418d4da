"""Find traces of posts to come and of drafts in the files of a built site."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

from bot.check.findings import about_settings
from bot.check.leaks import LeakScanner, leak_patterns_of
from bot.check.subject import Subject
from bot.domain import Finding, Post
from bot.posts.reader import shown_path

#: Files reported for one post; a sidebar on every page would name it ten thousand times.
FILES_NAMED: Final = 10
#: Bytes of a file that are in memory at a time.
PIECE: Final = 4 * 1024 * 1024
#: Bytes by which two pieces overlap, so that nothing is missed between them.
OVERLAP: Final = 4096
#: Never opened; other files are skipped if there is a null byte near their beginning.
_BINARY: Final = re.compile(
    r"\.(avif|br|bz2|eot|gif|gz|heic|ico|jpe?g|m4a|mov|mp[34]|og[gv]|otf|pdf|png|tiff?|ttf|wasm|wav|web[mp]|woff2?|xz"
    r"|zip|zst)$",
    re.IGNORECASE,
)
_REMEDY: Final = "Leave it out of the built site until its release: docs/site-embargo.md."


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteScan:
    """The findings, and how much was searched."""

    findings: tuple[Finding, ...]
    files: int  #: that were read
    posts: int  #: that were searched for


def scan_site(
    folder: Path, posts: Sequence[Post], *, asked: Sequence[Post], released: Collection[str], now: datetime
) -> SiteScan:
    """Find traces of posts to come and of drafts in a built site.

    `asked` are those of the `posts` to search for; `released` are the ids of released posts, even if their files have
    another datetime now. Binary files are skipped. Raises OSError if something cannot be read.
    """
    kept = {post.path for post in posts if _is_secret(post, now) and post.post_id not in released}
    secret = [post for post in asked if post.path in kept]
    scanner = LeakScanner(leak_patterns_of(secret, others=[post for post in posts if post.path not in kept]))
    found: dict[Path, list[tuple[Path, str]]] = {post.path: [] for post in secret}
    url = secret[0].url if secret else ""
    count = 0
    for file in _files(folder):
        name = file.relative_to(folder).as_posix()
        for path, how in _revealed_by(file, name, scanner, url).items():
            found[path].append((file, how))
        count += 1
    findings = [finding for post in secret for finding in _findings_of(post, found[post.path], folder)]
    return SiteScan(findings=tuple(findings), files=count, posts=len(secret))


def _is_secret(post: Post, now: datetime) -> bool:
    return (post.published is None or post.published > now) and post.withdrawn is None


def _files(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        yield from (Path(parent, name) for name in sorted(names) if not _BINARY.search(name))


def _revealed_by(file: Path, name: str, scanner: LeakScanner, url: str) -> Mapping[Path, str]:
    """The posts that a file reveals, by path, and the evidence."""
    revealed: dict[Path, str] = {}
    by_name = scanner.find_by_path(f"/{name}")
    if by_name is not None:
        revealed[by_name[0].path] = by_name[1]
    at = urljoin(url, f"/{name}")
    for data in _pieces(file) if url else ():
        for post, how in scanner.find_in_text(data, at=at):
            revealed.setdefault(post.path, how)
    return revealed


def _pieces(file: Path) -> Iterator[bytes]:
    if not file.is_file():  # a pipe, or a dangling link
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
    """The findings of `announce check --site` for the folder in the settings; a site that was not built yet is fine."""
    config = subject.config
    folder = config.root / config.check.site if config.check.site is not None else None
    if folder is None or not folder.is_dir():
        return
    if config.posts_folder.resolve().is_relative_to(folder.resolve()):
        problem = "holds the posts themselves, so it is no built site; it is not looked through."
        yield about_settings(config, "site-unusable", problem, "Name the folder that is built.", field="check.site")
        return
    released = subject.snapshot.entries.keys()
    scan = scan_site(folder, subject.posts, asked=subject.posts, released=released, now=subject.now)
    for finding in scan.findings:
        yield replace(finding, path=shown_path(finding.path, config.root))


def _leak(file: Path, post: Post, problem: str) -> Finding:
    return Finding(rule="site-embargo", path=file, problem=problem, remedy=_REMEDY, others=(post.path,))
