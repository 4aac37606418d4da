"""The files that a branch changes, from git in the working tree: for `announce check --changed-since`.

Uncommitted changes count too, because authors run the check before they commit.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.domain.errors import UsageError

WITHIN: Final = 30.0  #: seconds for each git command
_LARGEST: Final = 20_000_000  #: bytes of output: the names of a few hundred thousand files
#: git must run no program named in the repository's settings, and fetch or write nothing.
_SETTINGS: Final = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "core.quotePath=false")
_PLAIN: Final = ("--no-ext-diff", "--no-relative", "--ignore-submodules", "--find-renames")
_ENVIRON: Final = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_LITERAL_PATHSPECS": "1",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class FileChange:
    """A changed file. Paths are relative to the project root."""

    path: Path
    old_path: Path | None = None  #: its path at the base; None for a new file
    deleted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """The changes between a revision and the working tree."""

    since: str  #: the revision as the user named it
    base: str  #: the merge base of the branch
    files: Mapping[Path, FileChange] = field(default_factory=dict)  #: by path; a deleted file by its old path


def changes_since(revision: str, *, root: Path, within: float = WITHIN) -> Changes:
    """The changes of the branch in `root` since its merge base with `revision`. Raises UsageError."""
    git = _Git(root, within)
    # `root` may be a subfolder of the repository.
    prefix = git.text("rev-parse", "--show-prefix")
    base = _base(git, revision)
    diff = git.run("diff", "--name-status", "-z", *_PLAIN, base)
    files = {change.path: change for change in _read(diff.decode("utf-8", "replace"), prefix)}
    for name in git.run("ls-files", "--others", "--exclude-standard", "-z").decode("utf-8", "replace").split("\0"):
        if name:
            files.setdefault(Path(name), FileChange(path=Path(name)))
    return Changes(since=revision, base=base, files=files)


def read_old_bytes(changes: Changes, path: Path, *, root: Path, within: float = WITHIN) -> bytes:
    """The content of a file at the base. Raises UsageError if it did not exist."""
    return _Git(root, within).run("cat-file", "blob", f"{changes.base}:./{path.as_posix()}")


def _base(git: _Git, revision: str) -> str:
    known = git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if known.returncode != 0 or not revision:
        raise UsageError(
            f"--changed-since: there is no revision {revision} in this repository.",
            remedy=_DEEPER if _is_shallow(git) else "Fetch it, or name another: a branch, a tag or a commit.",
        )
    commit = known.stdout.decode().strip()
    common = git.ask("merge-base", commit, "HEAD")
    if common.returncode == 0:
        return common.stdout.decode().strip()
    raise UsageError(
        f"--changed-since: {revision} and this branch have no commit in common"
        + (", as far as this shallow copy goes." if _is_shallow(git) else "."),
        remedy=_DEEPER if _is_shallow(git) else "Name the revision that the branch was made from.",
    )


_DEEPER: Final = (
    "This copy holds only a part of the history: give actions/checkout `fetch-depth: 0`, or `git fetch --unshallow`."
)


def _is_shallow(git: _Git) -> bool:
    return git.text("rev-parse", "--is-shallow-repository") == "true"


def _read(diff: str, prefix: str) -> list[FileChange]:
    """Parse the records of `git diff --name-status -z`: "M", path; "R087", old path, new path."""
    words = iter(diff.split("\0"))
    found: list[FileChange] = []
    for status in words:
        if not status:
            continue
        path = _inside(next(words), prefix)
        if status[0] in "RC":
            old, path = path, _inside(next(words), prefix)
            found.append(FileChange(path=path, old_path=old if status[0] == "R" else None))
        elif status[0] == "D":
            found.append(FileChange(path=path, old_path=path, deleted=True))
        else:
            found.append(FileChange(path=path, old_path=None if status[0] == "A" else path))
    return found


def _inside(name: str, prefix: str) -> Path:
    """Convert a path relative to the top of the repository into one relative to the project root."""
    return Path(name.removeprefix(prefix)) if name.startswith(prefix) else Path(os.path.relpath(name, prefix))


@dataclass(frozen=True)
class _Git:
    root: Path
    within: float

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run git and return the completed process; raises UsageError if it cannot run."""
        environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_TRACE")}
        try:
            done = subprocess.run(  # noqa: S603 — no shell; user input is never parsed as an option
                ["git", *_SETTINGS, *arguments],  # noqa: S607 — the system's git
                cwd=self.root,
                env={**environ, **_ENVIRON},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self.within,
                check=False,
            )
        except FileNotFoundError:
            raise UsageError(
                "--changed-since: git is not installed on this machine.", remedy="Install it: `apt install git`."
            ) from None
        except subprocess.TimeoutExpired:
            raise UsageError(f"--changed-since: git took longer than {self.within:.0f} seconds.") from None
        message = done.stderr.decode("utf-8", "replace")
        if "not a git repository" in message:
            raise UsageError(
                f"--changed-since: {self.root} is not in a git repository.", remedy="Run it in a clone of the site."
            )
        if "dubious ownership" in message:
            raise UsageError(
                f"--changed-since: git does not read {self.root}, for it belongs to another user.",
                remedy=f"If it is yours: git config --global --add safe.directory {self.root}",
            )
        return done

    def run(self, *arguments: str) -> bytes:
        """Run git and return its output. Raises UsageError if it fails."""
        done = self.ask(*arguments)
        if done.returncode != 0 or len(done.stdout) > _LARGEST:
            message = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["its answer is too long"]
            shown = "".join(letter for letter in message[-1] if letter.isprintable())[:200].rstrip(".")
            raise UsageError(f"--changed-since: git says: {shown}.")
        return done.stdout

    def text(self, *arguments: str) -> str:
        """Run git and return its output as one line."""
        return self.run(*arguments).decode("utf-8", "replace").strip("\n")
