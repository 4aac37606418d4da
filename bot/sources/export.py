"""A commit → a folder with its files, whole and confined to itself."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Final

from bot.config import Source
from bot.errors import SourceError
from bot.sources.git import Git
from bot.sources.place import Place, sync_folder

UNFINISHED: Final = "unfinished-"  #: how the name of a tree begins that is not whole yet


def export(git: Git, place: Place, commit: str) -> None:
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
    """Remove a tree, whatever is in it."""
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
