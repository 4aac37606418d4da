"""Where the checkout of a source lies, and what is in force there.

var/sources/news-1a2b3c4d/
    git/              the bare, shallow repository
    trees/<commit>/   a checked out commit, whole
    current           a link to the tree that is in force; replaced by one rename, so it is never half of anything
    status.json       when it was last fetched, and since when that has failed
    lock              held by the process that fetches
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
    """The folder of one source."""

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
        """The commit in force; empty if nothing was fetched yet."""
        try:
            return Path(os.readlink(self.current)).name
        except OSError:
            return ""

    def mark(self) -> object:
        """Equal if no other tree was put in force meanwhile, not even for a moment."""
        try:
            found = self.current.lstat()
        except OSError:
            return None
        return found.st_ino, found.st_ctime_ns

    def tree(self, commit: str) -> Path:
        """Where a commit is checked out."""
        return self.trees / commit

    def make(self) -> None:
        """Make the folder, private to this user: embargoed posts lie in it. Raises OSError."""
        self.trees.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        # Whatever the project's own rules say: nothing in here enters a repository.
        ignore = self.folder.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")

    def put_in_force(self, commit: str) -> None:
        """Let `current` lead to a tree that is whole. Raises OSError."""
        replace_link(self.current, Path(_TREES) / commit)


def checkout_dir_of(config: Config, source: Source) -> CheckoutDir:
    """Where this source is checked out."""
    return CheckoutDir(folder=config.root / source.place)


def config_of(config: Config, source: Source) -> Config:
    """The settings as the posts of this source see them: its folders instead of the local ones."""
    current = checkout_dir_of(config, source).current
    folders = {"posts": current / source.folder, "assets": current / source.assets}
    return config.model_copy(update={"site": config.site.model_copy(update=folders)})


UNFINISHED: Final = "unfinished-"  #: how the name of a tree begins that is not whole yet


def export(git: Git, place: CheckoutDir, commit: str) -> None:
    """Check a commit out beside the one in force. Raises SourceError, OSError."""
    new = place.trees / f"{UNFINISHED}{commit}"
    discard(new)
    new.mkdir(mode=0o700)
    index = place.repository / "index"
    index.unlink(missing_ok=True)
    try:
        # No hooks, no submodules; a filter needs a program that only the settings could name, and they name none.
        environ = {"GIT_INDEX_FILE": str(index), "GIT_WORK_TREE": str(new)}
        git.run("read-tree", commit, environ=environ)
        git.run("checkout-index", "--all", "--force", f"--prefix={new}/", environ=environ)
        confine(new)
        examine(new, git.source)
        _sync(new / git.source.folder)
        os.replace(new, place.tree(commit))
        sync_folder(place.trees)
    except BaseException:
        discard(new)
        raise
    finally:
        index.unlink(missing_ok=True)


def confine(tree: Path) -> None:
    """Remove each link that leads out of the tree, or nowhere. Raises OSError.

    The tree is ours alone and is not changed any more, so what is inside now stays so.
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
    """Raises SourceError for a tree that must not be swapped in: without the folder of posts, or nothing at all in it.

    A folder that somebody keeps without a post (`.gitkeep`) is meant so; what the plan makes of posts that are gone is
    decided there.
    """
    folder = tree / source.folder
    if not folder.is_dir() or not any(folder.iterdir()):
        problem = "there is nothing in it" if source.folder == Path() else f"it has no folder {source.folder}"
        raise SourceError(
            f"{problem}.", remedy="Mend the repository, or `folder` of the source; a file .gitkeep keeps a folder."
        )


def discard(tree: Path) -> None:
    """Remove a tree with all its content."""
    shutil.rmtree(tree, ignore_errors=True)


def _sync(folder: Path) -> None:
    # Half a post after a power cut would be released as it is; half a picture is found by its end.
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
