"""Which files a branch changes, by the system's git in the working tree: for `announce check --changed-since`.

What is not committed yet counts too: a person wants to know before the commit.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.domain.errors import UsageError

WITHIN: Final = 30.0  #: seconds for each question to git
_LARGEST: Final = 20_000_000  #: bytes of an answer: names of some hundred thousand files
#: No program that a repository's settings name is run, and nothing is fetched or written.
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
    """A file that is not as it was. Paths are relative to the project root."""

    path: Path
    old_path: Path | None = None  #: where it was; None: it is new
    deleted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What lies between a revision and the files as they are."""

    since: str  #: the revision as the person named it
    base: str  #: the commit where the branch began
    files: Mapping[Path, FileChange] = field(default_factory=dict)  #: by path; of a deleted file its old one


def changes_since(revision: str, *, root: Path, within: float = WITHIN) -> Changes:
    """What the branch in `root` changes, from the place where it left `revision`. Raises UsageError."""
    git = _Git(root, within)
    # `root` may be a folder inside of the repository.
    prefix = git.text("rev-parse", "--show-prefix")
    base = _base(git, revision)
    told = git.run("diff", "--name-status", "-z", *_PLAIN, base)
    files = {change.path: change for change in _read(told.decode("utf-8", "replace"), prefix)}
    for name in git.run("ls-files", "--others", "--exclude-standard", "-z").decode("utf-8", "replace").split("\0"):
        if name:
            files.setdefault(Path(name), FileChange(path=Path(name)))
    return Changes(since=revision, base=base, files=files)


def old_bytes(changes: Changes, path: Path, *, root: Path, within: float = WITHIN) -> bytes:
    """What a file held at the base. Raises UsageError if it was not there."""
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


def _read(told: str, prefix: str) -> list[FileChange]:
    """The records of `git diff --name-status -z`: "M", path; "R087", old path, new path."""
    words = iter(told.split("\0"))
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
    """A path of git's, which counts from the top of the repository, as it is seen from the project root."""
    return Path(name.removeprefix(prefix)) if name.startswith(prefix) else Path(os.path.relpath(name, prefix))


@dataclass(frozen=True)
class _Git:
    root: Path
    within: float

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """What git says; raises UsageError if it cannot be asked at all."""
        environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_TRACE")}
        try:
            done = subprocess.run(  # noqa: S603 — no shell; what a person gave is never taken for an option
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
        said = done.stderr.decode("utf-8", "replace")
        if "not a git repository" in said:
            raise UsageError(
                f"--changed-since: {self.root} is not in a git repository.", remedy="Run it in a clone of the site."
            )
        if "dubious ownership" in said:
            raise UsageError(
                f"--changed-since: git does not read {self.root}, for it belongs to another user.",
                remedy=f"If it is yours: git config --global --add safe.directory {self.root}",
            )
        return done

    def run(self, *arguments: str) -> bytes:
        """What git answers. Raises UsageError if it says no."""
        done = self.ask(*arguments)
        if done.returncode != 0 or len(done.stdout) > _LARGEST:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["its answer is too long"]
            shown = "".join(letter for letter in said[-1] if letter.isprintable())[:200].rstrip(".")
            raise UsageError(f"--changed-since: git says: {shown}.")
        return done.stdout

    def text(self, *arguments: str) -> str:
        """The one line that git answers."""
        return self.run(*arguments).decode("utf-8", "replace").strip("\n")
