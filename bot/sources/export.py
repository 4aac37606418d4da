"""A commit → a folder with its files, whole and confined to itself."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Final

from bot.config import Source
from bot.errors import SourceError
from bot.posts.listing import list_files
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
        examine(new, git.source, place)
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
            # An absolute link would lead back to where the tree lies at the moment, not into it.
            inside = target.startswith(root + os.sep) and not os.path.isabs(os.readlink(path))
            if not inside or not os.path.exists(target):
                os.unlink(path)


def examine(tree: Path, source: Source, place: Place) -> None:
    """Raises SourceError for a tree that must not be swapped in: without posts where there were some."""
    folder = tree / source.folder
    if not folder.is_dir():
        raise SourceError(
            f"it has no folder {source.folder}.",
            remedy="Mend the repository, or `folder` of the source in the settings.",
        )
    now = place.current / source.folder
    if not list_files(folder).files and now.is_dir() and list_files(now).files:
        raise SourceError(
            f"its folder {source.folder} is empty, and was not before.",
            remedy="Bring the posts back. If they are meant to be gone, take the source out of the settings.",
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
