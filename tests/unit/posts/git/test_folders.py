"""The local folder and several sources as one scan."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from bot.config import Config
from bot.domain.errors import PostError
from bot.posts.folder import PostFolder, Scan
from bot.posts.git.checkout import checkout_dir_of
from bot.posts.git.folders import JoinedFolders, open_posts
from bot.posts.git.sync import sync_checkout
from tests.support.git_repositories import Repository, post_text
from tests.unit.posts.git.conftest import NOW, MakeConfig


@pytest.fixture
def public(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "forge", name="site")


@pytest.fixture
def private(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "forge", name="secret-news")


@pytest.fixture
def config(sourced: MakeConfig, public: Repository, private: Repository) -> Config:
    return sourced(
        {"git": str(public.bare), "local": True, "assets": "static"},
        {"git": str(private.bare), "local": True, "folder": ".", "assets": "."},
    )


def fetch_all(config: Config) -> None:
    for source in config.sources:
        sync_checkout(config, source, environ={}, now=lambda: NOW)


def slugs(folders: JoinedFolders) -> list[str]:
    return [post.slug for post in folders.scan().posts]


def write_local(config: Config, slug: str, **words: str) -> Path:
    config.posts_folder.mkdir(parents=True, exist_ok=True)
    path = config.posts_folder / f"{slug}.md"
    path.write_text(post_text(**words))
    return path


def test_without_sources_it_is_the_plain_folder(sourced: MakeConfig) -> None:
    assert isinstance(open_posts(sourced()), PostFolder)


def test_posts_of_all_come_together_and_no_local_folder_is_needed(
    config: Config, public: Repository, private: Repository
) -> None:
    public.push_post("one")
    private.write("two.md", post_text())
    private.push()
    fetch_all(config)
    folders = JoinedFolders(config)
    scan = folders.scan()
    assert ([post.slug for post in scan.posts], scan.faults, scan.complete) == (["one", "two"], (), True)
    assert folders.scan().signature == scan.signature
    write_local(config, "three")
    assert slugs(folders) == ["three", "one", "two"]


def test_a_post_keeps_its_path_from_commit_to_commit(config: Config, public: Repository, private: Repository) -> None:
    public.push_post("one")
    private.push()
    fetch_all(config)
    folders = JoinedFolders(config)
    before = folders.scan()
    public.push_post("two")
    fetch_all(config)
    after = folders.scan()
    assert after.signature != before.signature
    assert [post.path for post in after.posts][:1] == [post.path for post in before.posts]
    assert str(after.posts[0].path) == f"{config.sources[0].checkout}/current/posts/one.md"


def test_pictures_are_found_in_the_checkout_of_their_own_post(
    config: Config, public: Repository, private: Repository
) -> None:
    for repository, folder in ((public, "static"), (private, ".")):
        path = repository.write(f"{folder}/assets/cover.png", b"")
        Image.new("RGB", (7, 5) if repository is public else (3, 2)).save(path)
        cover = "cover:\n    url: /assets/cover.png\n    alt: A drawing\n"
        name = "posts/one.md" if repository is public else "two.md"
        repository.write(name, post_text(more=cover))
        repository.push()
    fetch_all(config)
    one, two = JoinedFolders(config).scan().posts
    assert one.cover is not None
    assert two.cover is not None
    assert (one.cover.width, two.cover.width) == (7, 3)
    private.write("three.md", post_text())
    private.push()
    fetch_all(config)
    again = JoinedFolders(config).scan().posts[-1]
    assert again.cover is not None
    assert again.cover.path == two.cover.path
    assert two.cover.path == config.root / config.sources[1].checkout / "current/assets/cover.png"
    assert not any(finding.field.startswith("cover") for post in (one, two) for finding in post.findings)


def test_a_link_in_a_repository_shows_no_picture_of_this_machine(
    config: Config, public: Repository, private: Repository, tmp_path: Path
) -> None:
    Image.new("RGB", (7, 5)).save(tmp_path / "private.png")
    (public.work / "static").mkdir(parents=True)
    (public.work / "static/cover.png").symlink_to(tmp_path / "private.png")
    public.write("posts/one.md", post_text(more="cover:\n    url: /cover.png\n    alt: A drawing\n"))
    public.push()
    private.push()
    fetch_all(config)
    (one,) = JoinedFolders(config).scan().posts
    assert one.cover is not None
    assert one.cover.path is None
    assert "there is no file" in one.cover.problem


def test_two_sources_never_share_an_address_and_the_fault_names_both_files(
    config: Config, public: Repository, private: Repository
) -> None:
    public.push_post("one")
    private.write("one.md", post_text(title="Another"))
    private.push()
    fetch_all(config)
    scan = JoinedFolders(config).scan()
    (kept,), (fault,) = scan.posts, scan.faults
    assert str(kept.path).startswith("var/sources/site-")
    assert str(fault.path).startswith("var/sources/secret-news-")
    assert f"has the same name as {kept.path}" in str(fault)


def test_the_local_folder_comes_first(config: Config, public: Repository, private: Repository) -> None:
    public.push_post("one")
    private.push()
    fetch_all(config)
    write_local(config, "one", title="Local")
    scan = JoinedFolders(config).scan()
    assert [post.title for post in scan.posts] == ["Local"]
    assert "has the same name as posts/one.md" in str(scan.faults[0])


def test_two_sources_never_share_an_id(config: Config, public: Repository, private: Repository) -> None:
    public.write("posts/one.md", post_text(more="id: tag:conf.example,2026:x\n"))
    public.push()
    private.write("two.md", post_text(more="id: tag:conf.example,2026:x\n"))
    private.push()
    fetch_all(config)
    scan = JoinedFolders(config).scan()
    assert [post.slug for post in scan.posts] == ["one"]
    assert "two.md" in str(scan.faults[0])
    assert f"has the same id as {scan.posts[0].path}" in str(scan.faults[0])


def test_a_broken_file_of_one_source_keeps_its_address(config: Config, public: Repository, private: Repository) -> None:
    public.write("posts/one.md", "---\ntitle: a: b\n---\n")
    public.push()
    private.write("one.md", post_text(title="Another"))
    private.push()
    fetch_all(config)
    scan = JoinedFolders(config).scan()
    assert scan.posts == ()
    assert len(scan.faults) == 2


def test_a_source_that_was_never_fetched_is_one_fault_and_nothing_counts_as_gone(
    config: Config, public: Repository
) -> None:
    public.push_post("one")
    sync_checkout(config, config.sources[0], environ={}, now=lambda: NOW)
    folders = JoinedFolders(config)
    scan = folders.scan()
    assert [post.slug for post in scan.posts] == ["one"]
    assert not scan.complete
    assert "nothing was fetched yet from" in str(scan.faults[0])
    assert folders.scan().signature == scan.signature


def test_a_local_folder_that_vanishes_under_our_eyes_is_a_mishap(
    config: Config, public: Repository, private: Repository
) -> None:
    public.push_post("one")
    private.push()
    fetch_all(config)
    folders = JoinedFolders(config)
    write_local(config, "two")
    assert slugs(folders) == ["two", "one"]
    config.posts_folder.rename(config.posts_folder.with_name("elsewhere"))
    with pytest.raises(PostError, match="there is no such folder"):
        folders.scan()


def test_a_tree_that_is_swapped_during_a_look_is_looked_at_again(
    config: Config, public: Repository, private: Repository
) -> None:
    """What is seen is one commit, never half of one and half of the next."""
    for name in ("one", "two"):
        public.write(f"posts/{name}.md", post_text(title="First"))
    first = public.push()
    private.push()
    fetch_all(config)
    for name in ("one", "two"):
        public.write(f"posts/{name}.md", post_text(title="Second"))
    second = public.push()
    fetch_all(config)
    place = checkout_dir_of(config, config.sources[0])
    swaps = [first, second]

    class Swapping(PostFolder):
        """The tree is swapped before the first look and swapped back after it."""

        def scan(self) -> Scan:
            if not swaps:
                return super().scan()
            place.switch_to(swaps.pop(0))
            scan = super().scan()
            place.switch_to(swaps.pop(0))
            return scan

    folders = JoinedFolders(config, reader=Swapping)
    assert {post.title for post in folders.scan().posts} == {"Second"}
    assert swaps == []


def test_what_changes_without_end_is_a_fault_and_not_half_a_truth(
    config: Config, public: Repository, private: Repository
) -> None:
    commits = [public.push_post("one")]
    private.push()
    fetch_all(config)
    commits.append(public.push_post("two"))
    fetch_all(config)
    place = checkout_dir_of(config, config.sources[0])

    class Restless(PostFolder):
        """Another tree is put in force at each look."""

        def scan(self) -> Scan:
            scan = super().scan()
            commits.reverse()
            place.switch_to(commits[0])
            return scan

    scan = JoinedFolders(config, reader=Restless).scan()
    assert not scan.complete
    assert "changes faster than it can be read" in str(scan.faults[0])
