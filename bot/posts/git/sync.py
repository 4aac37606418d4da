"""Update one checkout: query the host, fetch, check out a new tree, then switch to it or keep the old one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bot.config import Config, Source
from bot.config.secrets import secret_of, trouble_of
from bot.domain.errors import SourceError
from bot.files.locks import try_lock
from bot.posts.git.checkout import UNFINISHED, CheckoutDir, checkout_dir_of, discard, examine, export
from bot.posts.git.command import Git, OddGitError, check_version
from bot.posts.git.status import read_fetch_status, write_fetch_status

#: A tree that is no longer current is kept this long, because a reader may still use it.
KEPT: Final = timedelta(hours=1)
KEPT_AT_MOST: Final = 5
_NEW: Final = "refs/announce/new"
_POLL_INTERVAL: Final = 0.1  #: seconds between two attempts to take the lock


@dataclass(frozen=True, kw_only=True, slots=True)
class SyncResult:
    """The result of one pull."""

    source: Source
    commit: str  #: the current commit; empty if there is none
    changed: bool = False
    fault: str = ""  #: why the update failed; empty if it succeeded
    first_fault: bool = False  #: this pull failed and the one before it succeeded
    recovered: bool = False  #: this pull succeeded and the one before it failed


def sync_checkout(
    config: Config,
    source: Source,
    *,
    environ: Mapping[str, str],
    now: Callable[[], datetime],
    stopping: Callable[[], bool] = lambda: False,
) -> SyncResult:
    """Fetch the branch and make its commit current. Never raises: after a failure the old tree stays current.

    Takes at most the source's `timeout`, plus the time to write the files.
    """
    checkout = checkout_dir_of(config, source)
    before, changed, fault = checkout.commit(), False, ""
    known = read_fetch_status(checkout.status)
    try:
        changed = _pull(config, source, checkout, environ=environ, stopping=stopping)
    except SourceError as error:
        fault = str(error)
    except OSError as error:
        fault = f"{checkout.folder.relative_to(config.root)} cannot be written: {error.strerror or error}."
    if fault and stopping():
        return SyncResult(source=source, commit=before)
    write_fetch_status(checkout.status, known.after_failure(fault, now()) if fault else known.after_success(now()))
    failed_before = known.failing_since is not None
    return SyncResult(
        source=source,
        commit=checkout.commit(),
        changed=changed,
        fault=fault,
        first_fault=bool(fault) and not failed_before,
        recovered=not fault and failed_before,
    )


def _pull(
    config: Config, source: Source, checkout: CheckoutDir, *, environ: Mapping[str, str], stopping: Callable[[], bool]
) -> bool:
    missing = trouble_of(source.token, environ)
    if missing:
        raise SourceError(f"{missing}, so there is no token.", remedy="Set it, or take `token` out of the source.")
    checkout.make()
    git = Git(
        source=source,
        repository=checkout.repository,
        token=secret_of(source.token, environ),
        until=time.monotonic() + source.timeout.total_seconds(),
        stopping=stopping,
    )
    with _locked(checkout, git):
        try:
            return _refresh(git, checkout, address=str(config.root / source.git) if source.local else source.git)
        except OddGitError:
            # A power cut may have damaged our objects: the next pull clones again.
            discard(checkout.repository)
            raise


@contextmanager
def _locked(checkout: CheckoutDir, git: Git) -> Iterator[None]:
    """Hold the lock of the checkout; the system releases it if the process dies."""
    descriptor = os.open(checkout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not try_lock(descriptor):
            if git.stopping() or time.monotonic() >= git.until:
                raise SourceError("another process is fetching it, and takes long.")
            time.sleep(_POLL_INTERVAL)
        yield
    finally:
        os.close(descriptor)


def _refresh(git: Git, checkout: CheckoutDir, *, address: str) -> bool:
    _tidy(checkout)
    if not (checkout.repository / "HEAD").exists():
        discard(checkout.repository)
        check_version(git)
        git.run("init", "--quiet", "--bare", "--template=")
    wanted = f"refs/heads/{git.source.branch}" if git.source.branch else "HEAD"
    if _offered(git, address, wanted) == checkout.commit() and checkout.current.exists():
        return False
    commit = _fetched(git, address, wanted)
    before = checkout.commit()
    if checkout.tree(commit).is_dir():
        # The tree already exists: the branch went back to an earlier commit.
        examine(checkout.tree(commit), git.source)
    else:
        export(git, checkout, commit)
    checkout.switch_to(commit)
    if before:
        with suppress(OSError):
            os.utime(checkout.tree(before))  # marks the time at which it stopped being current
    with suppress(SourceError):
        git.run("gc", "--auto", "--quiet")
    return commit != before


def _offered(git: Git, address: str, wanted: str) -> str:
    """The branch's current commit on the host."""
    for line in git.run("ls-remote", "--quiet", "--", address, wanted).splitlines():
        commit, _, name = line.partition("\t")
        if name == wanted:
            return commit
    if git.source.branch:
        raise SourceError(f"there is no branch {git.source.branch}.", remedy="See `branch` of the source.")
    raise SourceError("it is empty: there is no commit in it yet.")


def _fetched(git: Git, address: str, wanted: str) -> str:
    """Fetch and return the commit. By force, because an author may rewrite the history."""
    shallow = ("--depth=1", "--no-tags", "--force", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-gc")
    git.run("fetch", "--quiet", *shallow, "--", address, f"+{wanted}:{_NEW}")
    return git.run("rev-parse", "--verify", f"{_NEW}^{{commit}}").strip()


def _tidy(checkout: CheckoutDir) -> None:
    """Remove leftovers of killed processes, and old trees without readers. The caller holds the lock."""
    for stale in checkout.repository.rglob("*.lock"):
        stale.unlink(missing_ok=True)
    # Left by an aborted fetch: it may be large, and the next fetch makes a new one.
    for half in (*checkout.repository.glob("objects/pack/tmp_*"), *checkout.repository.glob("objects/tmp_objdir-*")):
        discard(half) if half.is_dir() else half.unlink(missing_ok=True)
    current, old = checkout.commit(), list[tuple[float, Path]]()
    for tree in checkout.trees.iterdir():
        if tree.name.startswith(UNFINISHED):
            discard(tree)
        elif tree.name != current:
            old.append((tree.stat().st_mtime, tree))
    oldest_kept = time.time() - KEPT.total_seconds()
    for number, (since, tree) in enumerate(sorted(old, reverse=True)):
        if number >= KEPT_AT_MOST or since < oldest_kept:
            discard(tree)
