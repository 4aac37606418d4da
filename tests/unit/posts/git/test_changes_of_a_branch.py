"""What a branch changes, in real repositories; and what is said where git cannot tell."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from bot.domain.errors import UsageError
from bot.posts.git.changes import FileChange, changes_since, read_old_bytes
from tests.support.git_repositories import git

LONG = "These words are long enough for git to see that it is the same file under another name.\n" * 5


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A repository with a post on `main`, and a branch `news` that is checked out."""
    root = tmp_path / "site"
    (root / "posts").mkdir(parents=True)
    git(root, "init", "--quiet", "--initial-branch=main")
    write(root, "posts/old.md", LONG)
    commit(root)
    git(root, "checkout", "--quiet", "-b", "news")
    return root


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "news")


def changed(root: Path, since: str = "main") -> dict[str, FileChange]:
    return {str(path): change for path, change in changes_since(since, root=root).files.items()}


def test_new_changed_renamed_and_deleted_files_are_told_apart(site: Path) -> None:
    git(site, "checkout", "--quiet", "main")
    for name in ("changes", "goes", "moves"):
        write(site, f"posts/{name}.md", f"{name}\n{LONG}")
    commit(site)
    git(site, "checkout", "--quiet", "-B", "news")
    write(site, "posts/changes.md", f"changed\n{LONG}")
    write(site, "posts/new.md", "new\n")
    git(site, "rm", "--quiet", "posts/goes.md")
    git(site, "mv", "posts/moves.md", "posts/moved.md")
    commit(site)
    assert changed(site) == {
        "posts/changes.md": FileChange(path=Path("posts/changes.md"), old_path=Path("posts/changes.md")),
        "posts/new.md": FileChange(path=Path("posts/new.md")),
        "posts/goes.md": FileChange(path=Path("posts/goes.md"), old_path=Path("posts/goes.md"), deleted=True),
        "posts/moved.md": FileChange(path=Path("posts/moved.md"), old_path=Path("posts/moves.md")),
    }


def test_what_is_not_committed_counts_and_what_is_ignored_does_not(site: Path) -> None:
    write(site, ".gitignore", "*.tmp\n")
    write(site, "posts/draft.md", "draft\n")
    write(site, "posts/old.md", f"{LONG}more\n")
    write(site, "posts/x.tmp", "left\n")
    assert set(changed(site)) == {".gitignore", "posts/draft.md", "posts/old.md"}


def test_what_happened_on_main_since_then_is_none_of_the_branch(site: Path) -> None:
    write(site, "posts/ours.md", "ours\n")
    commit(site)
    git(site, "checkout", "--quiet", "main")
    write(site, "posts/theirs.md", "theirs\n")
    commit(site)
    git(site, "checkout", "--quiet", "news")
    assert set(changed(site)) == {"posts/ours.md"}


def test_old_words_are_those_of_the_place_where_the_branch_began(site: Path) -> None:
    write(site, "posts/old.md", "changed\n")
    commit(site)
    changes = changes_since("main", root=site)
    assert read_old_bytes(changes, Path("posts/old.md"), root=site) == LONG.encode()
    with pytest.raises(UsageError, match="git says"):
        read_old_bytes(changes, Path("posts/never.md"), root=site)


def test_a_project_in_a_folder_of_the_repository_counts_from_there(site: Path) -> None:
    write(site, "conf/posts/new.md", "new\n")
    write(site, "conf/posts/untracked.md", "new\n")
    git(site, "add", "conf/posts/new.md")
    write(site, "posts/old.md", "changed\n")
    found = changed(site / "conf")
    assert set(found) == {"posts/new.md", "posts/untracked.md", "../posts/old.md"}
    assert read_old_bytes(changes_since("main", root=site / "conf"), Path("../posts/old.md"), root=site / "conf")


def test_names_may_hold_anything(site: Path) -> None:
    name = 'posts/größe "quoted" with\ttab and\nline.md'
    write(site, name, "new\n")
    commit(site)
    assert set(changed(site)) == {name}


@pytest.mark.parametrize("setting", ["diff.relative=true", "diff.renames=false", "core.quotePath=true"])
def test_settings_of_the_machine_change_nothing(site: Path, setting: str) -> None:
    git(site, "config", *setting.split("="))
    git(site, "mv", "posts/old.md", "posts/größe.md")
    commit(site)
    assert changed(site) == {"posts/größe.md": FileChange(path=Path("posts/größe.md"), old_path=Path("posts/old.md"))}


@pytest.mark.parametrize("hook", ["core.fsmonitor", "diff.external"])
def test_no_program_that_a_repository_names_is_run(site: Path, hook: str) -> None:
    program = site / "program.sh"
    program.write_text(f"#!/bin/sh\ntouch '{site}/was-run'\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    git(site, "config", hook, str(program))
    write(site, "posts/old.md", "changed\n")
    changed(site)
    assert not (site / "was-run").exists()


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "-h", "", "main..news", "HEAD~7"])
def test_an_unknown_revision_is_said_to_be_one(site: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="there is no revision") as caught:
        changes_since(revision, root=site)
    assert "fetch-depth" not in str(caught.value)
    assert not (site / "x").exists()


def test_without_a_repository_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not in a git repository"):
        changes_since("main", root=tmp_path)


@pytest.mark.parametrize("since", ["origin/main", "HEAD~1"])
def test_a_shallow_copy_says_what_to_do(site: Path, tmp_path: Path, since: str) -> None:
    write(site, "posts/new.md", "new\n")
    commit(site)
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=news", site.as_uri(), str(copy))
    with pytest.raises(UsageError, match="fetch-depth: 0"):
        changes_since(since, root=copy)


def test_a_shallow_copy_with_both_ends_and_nothing_between_says_so_too(site: Path, tmp_path: Path) -> None:
    write(site, "posts/new.md", "new\n")
    commit(site)
    git(site, "checkout", "--quiet", "main")
    write(site, "posts/other.md", "other\n")
    commit(site)
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", "--branch=news", site.as_uri(), str(copy))
    with pytest.raises(UsageError, match=r"no commit in common.*as far as this shallow copy.*\n?.*fetch-depth: 0"):
        changes_since("origin/main", root=copy)


def test_two_histories_have_nothing_in_common(site: Path) -> None:
    git(site, "checkout", "--quiet", "--orphan", "other")
    write(site, "posts/other.md", "other\n")
    commit(site)
    with pytest.raises(UsageError, match="no commit in common") as caught:
        changes_since("main", root=site)
    assert "shallow" not in str(caught.value)


def test_git_that_is_missing_or_hangs_is_told(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binaries = tmp_path / "bin"
    binaries.mkdir()
    monkeypatch.setenv("PATH", str(binaries))
    with pytest.raises(UsageError, match="git is not installed"):
        changes_since("main", root=site)
    hanging = binaries / "git"
    hanging.write_text("#!/bin/sh\nexec /bin/sleep 30\n", encoding="utf-8")
    hanging.chmod(0o755)
    with pytest.raises(UsageError, match="took longer than"):
        changes_since("main", root=site, within=0.2)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_has_a_remedy(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # pytest's folders may lie in a home where every folder is declared safe.
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for path in (site, *site.rglob("*")):
        os.chown(path, 12345, 12345)
    with pytest.raises(UsageError, match=r"safe\.directory"):
        changes_since("main", root=site)
