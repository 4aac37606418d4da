"""The folder of a source's checkout, and the tree in it that is current.

var/sources/news-1a2b3c4d/
    git/              the bare, shallow repository
    trees/<commit>/   one complete checked out commit
    current           a link to the current tree; replaced by one rename, so readers never see a partial tree
    status.json       the time of the last fetch, and since when fetching has failed
    lock              held by the fetching process
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.config import Config, Source
from bot.domain.errors import SourceError
from bot.files.atomic import replace_link, sync_folder
from bot.posts.git.command import Git

_TREES: Final = "trees"


@dataclass(frozen=True, kw_only=True)
class CheckoutDir:
    """The paths of one source's checkout."""

    folder: Path

    @property
    def repository(self) -> Path:
        return self.folder / "git"

    @property
    def trees(self) -> Path:
        return self.folder / _TREES

    @property
    def current(self) -> Path:
        return self.folder / "current"

    @property
    def status(self) -> Path:
        return self.folder / "status.json"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    def commit(self) -> str:
        """The current commit; empty if nothing was fetched yet."""
        try:
            return Path(os.readlink(self.current)).name
        except OSError:
            return ""

    def mark(self) -> object:
        """A value that changes whenever another tree becomes current, even for a moment."""
        try:
            found = self.current.lstat()
        except OSError:
            return None
        return found.st_ino, found.st_ctime_ns

    def tree(self, commit: str) -> Path:
        """The folder of a checked out commit."""
        return self.trees / commit

    def make(self) -> None:
        """Make the folder, private to this user because it holds embargoed posts. Raises OSError."""
        self.trees.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        # Keeps these files out of the site's repository, even if its own .gitignore does not.
        ignore = self.folder.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")

    def switch_to(self, commit: str) -> None:
        """Point `current` to a complete tree. Raises OSError."""
        replace_link(self.current, Path(_TREES) / commit)


def checkout_dir_of(config: Config, source: Source) -> CheckoutDir:
    """The checkout folder of this source."""
    return CheckoutDir(folder=config.root / source.checkout)


def config_of(config: Config, source: Source) -> Config:
    """The settings for the posts of this source: its folders replace the local ones."""
    current = checkout_dir_of(config, source).current
    folders = {"posts": current / source.folder, "assets": current / source.assets}
    return config.model_copy(update={"site": config.site.model_copy(update=folders)})


UNFINISHED: Final = "unfinished-"  #: name prefix of a tree that is not complete yet


def export(git: Git, checkout: CheckoutDir, commit: str) -> None:
    """Check out a commit beside the current one. Raises SourceError, OSError."""
    new = checkout.trees / f"{UNFINISHED}{commit}"
    discard(new)
    new.mkdir(mode=0o700)
    index = checkout.repository / "index"
    index.unlink(missing_ok=True)
    try:
        # No hooks and no submodules; filters do not run, because our git settings define no filter program.
        environ = {"GIT_INDEX_FILE": str(index), "GIT_WORK_TREE": str(new)}
        git.run("read-tree", commit, environ=environ)
        git.run("checkout-index", "--all", "--force", f"--prefix={new}/", environ=environ)
        confine(new)
        examine(new, git.source)
        _sync(new / git.source.folder)
        os.replace(new, checkout.tree(commit))
        sync_folder(checkout.trees)
    except BaseException:
        discard(new)
        raise
    finally:
        index.unlink(missing_ok=True)


def confine(tree: Path) -> None:
    """Remove each link that leads out of the tree or is broken. Raises OSError.

    Only the bot writes into the tree, and never again after this, so the check stays valid.
    """
    root = os.path.realpath(tree)
    for folder, folders, files in os.walk(tree):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                continue
            target = os.path.realpath(path)
            if not target.startswith(root + os.sep) or not os.path.exists(target):
                os.unlink(path)


def examine(tree: Path, source: Source) -> None:
    """Raises SourceError for a tree that must not become current: its folder of posts is missing or empty.

    A folder without posts that holds another file (`.gitkeep`) is accepted: the author meant it. The planner decides
    about posts that are gone.
    """
    folder = tree / source.folder
    if not folder.is_dir() or not any(folder.iterdir()):
        problem = "there is nothing in it" if source.folder == Path() else f"it has no folder {source.folder}"
        raise SourceError(
            f"{problem}.", remedy="Mend the repository, or `folder` of the source; a file .gitkeep keeps a folder."
        )


def discard(tree: Path) -> None:
    """Delete a tree and its content."""
    shutil.rmtree(tree, ignore_errors=True)


def _sync(folder: Path) -> None:
    # Posts must be on disk first: after a power cut, half a post would be released. Half a picture is detected later.
    for current, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(current, name)
            if name.endswith(".md") and stat.S_ISREG(os.lstat(path).st_mode):
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        sync_folder(Path(current))
