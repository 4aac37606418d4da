"""Fetching from real repositories on disk: what is swapped in, and what leaves the last good posts in force."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import Config
from bot.posts.git.checkout import CheckoutDir, checkout_dir_of
from bot.posts.git.status import LASTS, read_fetch_status
from tests.support.git_repositories import Repository, git
from tests.support.timeouts import patient
from tests.unit.posts.git.conftest import NOW, MakeConfig, Pull

#: Another process that has the lock of the file for half a minute.
HOLDS_A_LOCK = """
import fcntl, sys, time
with open(sys.argv[1], "ab") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held", flush=True)
    time.sleep(30)
"""


@pytest.fixture
def place(config: Config) -> CheckoutDir:
    return checkout_dir_of(config, config.sources[0])


def posts_in(place: CheckoutDir) -> list[str]:
    return sorted(path.name for path in (place.current / "posts").glob("*.md"))


def test_the_first_pull_brings_the_posts(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull
) -> None:
    commit = repository.push_post("one")
    pulled = fetch(config)
    assert (pulled.fault, pulled.changed, pulled.commit) == ("", True, commit)
    assert posts_in(place) == ["one.md"]
    assert place.folder.stat().st_mode & 0o077 == 0, "embargoed posts are nobody else's"
    assert (place.folder.parent / ".gitignore").read_text() == "*\n"
    assert not (place.current / ".git").exists()


def test_a_pull_without_news_changes_nothing(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull
) -> None:
    repository.push_post("one")
    fetch(config)
    before = (place.current / "posts/one.md").stat()
    pulled = fetch(config)
    assert (pulled.fault, pulled.changed) == ("", False)
    assert (place.current / "posts/one.md").stat() == before


def test_only_the_newest_commit_is_fetched(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull
) -> None:
    for slug in ("one", "two", "three"):
        repository.push_post(slug)
    fetch(config)
    repository.push_post("four")
    fetch(config)
    assert posts_in(place) == ["four.md", "one.md", "three.md", "two.md"]
    assert git(place.repository, "rev-list", "--count", "refs/announce/new") == "1"


def test_a_branch_of_its_own(sourced: MakeConfig, repository: Repository, fetch: Pull) -> None:
    repository.push_post("one")
    git(repository.work, "checkout", "--quiet", "-b", "news/2027")
    repository.push_post("two")
    config = sourced({"git": str(repository.bare), "local": True, "branch": "news/2027"})
    assert fetch(config).fault == ""
    assert posts_in(checkout_dir_of(config, config.sources[0])) == ["one.md", "two.md"]


def test_a_rewritten_history_is_followed(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull
) -> None:
    first = repository.push_post("one")
    repository.push_post("two")
    fetch(config)
    git(repository.work, "reset", "--quiet", "--hard", first)
    repository.write("posts/three.md", "---\ntitle: Three\n---\n")
    repository.push(amend=True)
    assert fetch(config).changed
    assert posts_in(place) == ["one.md", "three.md"]


def test_a_push_that_is_taken_back_leads_back(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull
) -> None:
    first = repository.push_post("one")
    fetch(config)
    repository.push_post("two")
    fetch(config)
    git(repository.work, "reset", "--quiet", "--hard", first)
    repository.push(amend=False)
    git(repository.work, "push", "--quiet", "--force", "origin", f"{first}:refs/heads/main")
    pulled = fetch(config)
    assert (pulled.fault, pulled.commit, posts_in(place)) == ("", first, ["one.md"])


def leave_only_links_outside(repository: Repository) -> None:
    (repository.work / "posts/one.md").unlink()
    (repository.work / "posts/two.md").symlink_to("/etc/hostname")
    repository.push()


def remove_the_folder(repository: Repository) -> None:
    git(repository.work, "rm", "-r", "--quiet", "posts")
    repository.write("README.md", "Nothing here.")
    repository.push()


def make_the_folder_a_link_outside(repository: Repository) -> None:
    git(repository.work, "rm", "-r", "--quiet", "posts")
    (repository.work / "posts").symlink_to("/etc")
    repository.push()


def delete_the_branch(repository: Repository) -> None:
    git(repository.work, "push", "--quiet", "origin", "HEAD:refs/heads/other")
    git(repository.bare, "symbolic-ref", "HEAD", "refs/heads/gone")


def move_it_away(repository: Repository) -> None:
    repository.bare.rename(repository.bare.with_name("elsewhere.git"))


def break_its_objects(repository: Repository) -> None:
    repository.push_post("two")
    for path in (repository.bare / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"broken")


@pytest.mark.parametrize(
    ("mishap", "words"),
    [
        (leave_only_links_outside, "it has no folder posts."),
        (remove_the_folder, "it has no folder posts."),
        (make_the_folder_a_link_outside, "it has no folder posts."),
        (delete_the_branch, "it is empty"),
        (move_it_away, "there is no such repository"),
        (break_its_objects, ""),
    ],
)
def test_what_cannot_be_used_leaves_the_last_good_posts_in_force(
    config: Config,
    repository: Repository,
    place: CheckoutDir,
    fetch: Pull,
    mishap: Callable[[Repository], None],
    words: str,
) -> None:
    good = repository.push_post("one")
    fetch(config)
    mishap(repository)
    pulled = fetch(config)
    assert pulled.fault
    assert words in pulled.fault
    assert pulled.first_fault
    assert not pulled.changed
    assert (pulled.commit, posts_in(place)) == (good, ["one.md"])
    assert not fetch(config).first_fault


def test_what_has_come_right_again_is_fetched(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull
) -> None:
    repository.push_post("one")
    fetch(config)
    remove_the_folder(repository)
    fetch(config)
    repository.push_post("two")
    pulled = fetch(config)
    assert (pulled.fault, pulled.recovered, posts_in(place)) == ("", True, ["two.md"])


def test_a_folder_that_is_kept_without_posts_is_meant_so(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull
) -> None:
    repository.push_post("one")
    fetch(config)
    (repository.work / "posts/one.md").unlink()
    repository.write("posts/.gitkeep", "")
    repository.push()
    assert fetch(config).fault == ""
    assert posts_in(place) == []


def test_a_repository_with_nothing_in_it_is_never_put_in_force(
    sourced: MakeConfig, repository: Repository, fetch: Pull
) -> None:
    config = sourced({"git": str(repository.bare), "local": True, "folder": "."})
    repository.write("one.md", "---\ntitle: One\n---\n")
    good = repository.push()
    fetch(config)
    git(repository.work, "rm", "--quiet", "one.md")
    repository.push()
    pulled = fetch(config)
    assert pulled.fault.startswith("there is nothing in it.")
    assert pulled.commit == good


def test_somebody_is_told_when_it_lasts(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull
) -> None:
    repository.push_post("one")
    fetch(config)
    move_it_away(repository)
    fetch(config, now=NOW)
    fetch(config, now=NOW + LASTS / 2)
    status = read_fetch_status(place.status)
    assert status.trouble(NOW + LASTS / 2) == ""
    lasting = status.trouble(NOW + LASTS)
    assert lasting.startswith("not fetched since 2026-03-10 14:00 UTC: there is no such repository")
    assert read_fetch_status(place.status).trouble(NOW + LASTS + timedelta(days=1)) == lasting, "told once"


def test_where_nothing_was_ever_fetched_somebody_is_told_at_once(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull
) -> None:
    move_it_away(repository)
    assert fetch(config).commit == ""
    assert read_fetch_status(place.status).trouble(NOW)


def test_links_are_confined_to_the_checkout(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("---\ntitle: A secret of this machine\n---\n")
    repository.push_post("one")
    work = repository.work
    (work / "posts/inside.md").symlink_to("one.md")
    (work / "posts/absolute.md").symlink_to(secret)
    (work / "posts/climbs.md").symlink_to("../../../../../../../../../../.." + str(secret))
    (work / "posts/chained.md").symlink_to("absolute.md")
    (work / "posts/beside").symlink_to("../../../../..")
    (work / "posts/status.md").symlink_to("../../../status.json")
    (work / "posts/dangling.md").symlink_to("nowhere.md")
    (work / "posts/ring.md").symlink_to("ring.md")
    repository.push()
    assert fetch(config).fault == ""
    assert posts_in(place) == ["inside.md", "one.md"]
    assert not (place.current / "posts/beside").exists()
    assert (place.current / "posts/inside.md").read_text() == (place.current / "posts/one.md").read_text()


def test_no_program_of_a_repository_is_run(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull, tmp_path: Path
) -> None:
    """Not as a hook, not as a filter, not by a submodule, and no settings of it are read."""
    ran = tmp_path / "ran"
    script = f"#!/bin/sh\ntouch {ran}\ncat\n"
    repository.write(".gitattributes", "*.md filter=evil diff=evil merge=evil\n*.bin filter=lfs\n")
    repository.write(".gitconfig", f'[filter "evil"]\n smudge = touch {ran}\n')
    repository.write(".lfsconfig", "[lfs]\n url = http://127.0.0.1:1/\n")
    repository.write("picture.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    repository.write(".gitmodules", '[submodule "x"]\n path = x\n url = ../news.git\n')
    commit = repository.push_post("one")
    git(repository.work, "update-index", "--add", "--cacheinfo", f"160000,{commit},x")
    git(repository.work, "commit", "--quiet", "--message", "submodule")
    git(repository.work, "push", "--quiet", "origin", "HEAD")
    fetch(config)
    assert not any((place.current / "x").iterdir()), "a submodule stays empty"
    # Hooks where our own git would look for them.
    for hook in ("post-checkout", "reference-transaction", "pre-auto-gc", "post-index-change"):
        path = place.repository / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)
    (place.folder / ".gitconfig").write_text(f"[core]\n fsmonitor = touch {ran}\n")
    repository.push_post("two")
    assert fetch(config).fault == ""
    assert posts_in(place) == ["one.md", "two.md"]
    assert not ran.exists()


def test_the_machines_own_settings_of_git_change_nothing(
    config: Config,
    repository: Repository,
    place: CheckoutDir,
    fetch: Pull,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran = tmp_path / "ran"
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f'[filter "evil"]\n smudge = touch {ran}; cat\n[core]\n autocrlf = true\n fsmonitor = touch {ran}\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.autocrlf=true'")
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    repository.write(".gitattributes", "*.md filter=evil\n")
    repository.push_post("one")
    assert fetch(config).fault == ""
    assert b"\r" not in (place.current / "posts/one.md").read_bytes()
    assert not ran.exists()
    assert not (tmp_path / "trace").exists()


def test_what_a_killed_process_left_is_cleared_away(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull
) -> None:
    repository.push_post("one")
    fetch(config)
    for name in ("shallow.lock", "packed-refs.lock", "refs/announce/new.lock"):
        (place.repository / name).parent.mkdir(parents=True, exist_ok=True)
        (place.repository / name).write_text("")
    cut_short = place.repository / "objects/pack/tmp_pack_x"
    cut_short.parent.mkdir(exist_ok=True)
    cut_short.write_text("PACK")
    (place.repository / "objects/tmp_objdir-incoming-x").mkdir()
    half = place.trees / "unfinished-0123"
    (half / "posts").mkdir(parents=True)
    (place.repository / "index.lock").write_text("")
    repository.push_post("two")
    assert fetch(config).fault == ""
    assert posts_in(place) == ["one.md", "two.md"]
    assert not half.exists()
    assert not cut_short.exists()
    assert not (place.repository / "objects/tmp_objdir-incoming-x").exists()


def test_broken_objects_of_our_own_are_fetched_anew(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull
) -> None:
    repository.push_post("one")
    fetch(config)
    for path in place.repository.rglob("*"):
        if path.is_file() and path.name != "HEAD":
            path.chmod(0o600)
            path.write_bytes(b"\0")
    repository.push_post("two")
    faults = [fetch(config).fault for _ in range(2)]
    assert faults[-1] == ""
    assert posts_in(place) == ["one.md", "two.md"]


def test_trees_that_are_no_longer_in_force_stay_for_a_while_and_then_go(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull
) -> None:
    commits = []
    for number in range(9):
        commits.append(repository.push_post(f"n{number}"))
        fetch(config)
    fetch(config)
    assert place.tree(commits[-2]).is_dir(), "somebody may be reading in it"
    assert len(list(place.trees.iterdir())) <= 6
    for tree in place.trees.iterdir():
        os.utime(tree, (0, 0))
    fetch(config)
    assert [tree.name for tree in place.trees.iterdir()] == [commits[-1]]


def test_nothing_is_waited_for_longer_than_the_settings_say(
    sourced: MakeConfig, repository: Repository, fetch: Pull, tmp_path: Path
) -> None:
    repository.push_post("one")
    config = sourced({"git": str(repository.bare), "local": True, "timeout": "1s"})
    place = checkout_dir_of(config, config.sources[0])
    place.make()
    with subprocess.Popen([sys.executable, "-c", HOLDS_A_LOCK, str(place.lock)], stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == b"held\n"
            begun = time.monotonic()
            assert fetch(config).fault == "another process is fetching it, and takes long."
            assert time.monotonic() - begun < patient(5)
        finally:
            other.kill()
    assert fetch(config).fault == ""


def test_two_pulls_at_one_time_both_end_well(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull
) -> None:
    repository.push_post("one")
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(fetch(config).fault)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [""] * 4
    assert posts_in(place) == ["one.md"]


def test_a_folder_that_cannot_be_written_is_told(
    config: Config, repository: Repository, place: CheckoutDir, fetch: Pull
) -> None:
    repository.push_post("one")
    place.folder.parent.mkdir(parents=True)
    place.folder.write_text("in the way")
    assert "cannot be written" in fetch(config).fault


def test_without_git_it_says_what_to_install(
    config: Config, repository: Repository, fetch: Pull, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.push_post("one")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fetch(config).fault.startswith("git is not installed on this machine.")
