"""The folder of posts: what is read, what is read again, and what is a fault."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bot.config import Config
from bot.domain.errors import PostError
from bot.posts.folder import PostFolder
from bot.posts.frontmatter.source import LARGEST_FILE
from bot.posts.listing import FolderSnapshot
from bot.posts.reader import read_bytes


def write(folder: Path, name: str, text: str = "---\ntitle: A\n---\nText\n") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def slugs(folder: PostFolder) -> list[str]:
    return [post.slug for post in folder.scan().posts]


@pytest.fixture
def posts(config: Config) -> Path:
    return config.posts_folder


@pytest.fixture
def folder(config: Config) -> PostFolder:
    return PostFolder(config)


def test_posts_come_in_the_order_of_their_paths(folder: PostFolder, posts: Path) -> None:
    for name in ("b.md", "a.md", "2024/c.md", "_hidden.md", ".x.md", "_drafts/d.md", ".git/e.md", "notes.txt", "f.md~"):
        write(posts, name)
    write(posts, "README.md", "# How to write posts\n")
    scan = folder.scan()
    assert [str(post.path) for post in scan.posts] == ["posts/2024/c.md", "posts/a.md", "posts/b.md"]
    assert scan.faults == ()


def test_an_empty_folder_is_fine(folder: PostFolder) -> None:
    scan = folder.scan()
    assert (scan.posts, scan.faults) == ((), ())
    assert folder.take_snapshot().signature == scan.signature


def test_one_fault_stays_one_fault(folder: PostFolder, posts: Path) -> None:
    write(posts, "a.md", "---\ntitle: A: B\n---\n")
    write(posts, "b.md")
    (posts / "c.md").write_bytes(b"---\ntitle: \xff\n---\n")
    scan = folder.scan()
    assert [post.slug for post in scan.posts] == ["b"]
    assert [(str(fault.path), fault.line) for fault in scan.faults] == [("posts/a.md", 2), ("posts/c.md", 2)]
    assert folder.scan() == scan


@pytest.mark.parametrize("made", ["nothing", "a file"])
def test_a_missing_folder_is_an_error_that_names_the_setting(config: Config, folder: PostFolder, made: str) -> None:
    config.posts_folder.rmdir()
    if made == "a file":
        config.posts_folder.write_text("")
    with pytest.raises(PostError, match=r"posts: .*\[site\] posts") as caught:
        folder.scan()
    assert str(folder.take_snapshot().fault) == str(caught.value)


def test_only_what_has_changed_is_read_again(folder: PostFolder, posts: Path) -> None:
    write(posts, "a.md")
    write(posts, "b.md")
    before = folder.scan().posts
    write(posts, "b.md", "---\ntitle: Another\n---\n")
    after = folder.scan().posts
    assert after[0] is before[0]
    assert [post.title for post in after] == ["A", "Another"]


def changed(posts: Path) -> None:
    write(posts, "a.md", "---\ntitle: Changed\n---\n")


def changed_in_place(posts: Path) -> None:
    # Same size, same time of change: as a tool leaves it that sets times back.
    path = posts / "a.md"
    times = path.stat()
    path.write_text("---\ntitle: B\n---\nText\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def replaced(posts: Path) -> None:
    write(posts, "new").rename(posts / "a.md")


def added(posts: Path) -> None:
    write(posts, "sub/b.md")


def removed(posts: Path) -> None:
    (posts / "a.md").unlink()


def renamed(posts: Path) -> None:
    (posts / "a.md").rename(posts / "c.md")


def cover_removed(posts: Path) -> None:
    (posts.parent / "a.png").unlink()


def cover_changed(posts: Path) -> None:
    Image.new("RGB", (30, 20)).save(posts.parent / "a.png")


def link_target_changed(posts: Path) -> None:
    write(posts.parent, "elsewhere.md", "---\ntitle: Changed\n---\n")


@pytest.mark.parametrize(
    "change",
    [
        changed,
        changed_in_place,
        replaced,
        added,
        removed,
        renamed,
        cover_removed,
        cover_changed,
        link_target_changed,
    ],
)
def test_any_change_changes_the_signature_and_the_scan_follows(
    config: Config, folder: PostFolder, posts: Path, change: Callable[[Path], None]
) -> None:
    write(posts, "a.md")
    write(posts, "cover.md", "---\ntitle: A\ncover: /a.png\n---\n")
    (posts / "link.md").symlink_to(write(posts.parent, "elsewhere.md"))
    Image.new("RGB", (6, 4)).save(posts.parent / "a.png")
    before = folder.scan()
    assert folder.take_snapshot().signature == before.signature == folder.scan().signature
    change(posts)
    assert folder.take_snapshot().signature != before.signature
    after = folder.scan()
    assert after.posts == PostFolder(config).scan().posts
    assert folder.take_snapshot().signature == after.signature


def test_a_cover_that_comes_later_is_found(folder: PostFolder, posts: Path) -> None:
    write(posts, "a.md", "---\ntitle: A\ncover:\n  url: /a.png\n  alt: A\n---\n")
    before = folder.scan()
    assert [finding.rule for finding in before.posts[0].findings] == ["cover-missing"]
    Image.new("RGB", (6, 4)).save(posts.parent / "a.png")
    assert folder.take_snapshot().signature != before.signature
    assert folder.scan().posts[0].findings == ()


def test_nothing_but_the_listing_is_needed_for_a_stamp(folder: PostFolder, posts: Path) -> None:
    path = write(posts, "a.md")
    path.chmod(0o000)
    assert len(folder.take_snapshot().signature) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("---\ntitle: A\n---\n", "---\ntitle: B\n---\n"),
        ("---\ntitle: A: B\n---\n", "---\ntitle: B\n---\n"),
        ("---\ntitle: A\ndraft: true\n---\n", "---\ntitle: B\n---\n"),
    ],
    ids=["two posts", "the first has a fault", "the first is a draft"],
)
def test_two_files_of_one_name_never_share_an_address(folder: PostFolder, posts: Path, first: str, second: str) -> None:
    write(posts, "a/news.md", first)
    write(posts, "b/news.md", second)
    scan = folder.scan()
    assert "posts/b/news.md" not in [str(post.path) for post in scan.posts]
    fault = scan.faults[-1]
    assert fault.path == Path("posts/b/news.md")
    assert "posts/a/news.md" in fault.problem
    (posts / "a" / "news.md").unlink()
    assert slugs(folder) == ["news"]


def test_a_readme_in_each_folder_is_no_clash(folder: PostFolder, posts: Path) -> None:
    write(posts, "a/README.md", "# A\n")
    write(posts, "b/README.md", "# B\n")
    assert folder.scan().faults == ()


def test_two_posts_of_one_id_are_a_fault(folder: PostFolder, posts: Path) -> None:
    write(posts, "a.md", "---\ntitle: A\nid: x\n---\n")
    write(posts, "b.md", "---\ntitle: B\nid: x\n---\n")
    write(posts, "c.md", "---\ntitle: C\nid: https://heron.example/news/d/\n---\n")
    write(posts, "d.md")
    scan = folder.scan()
    assert [post.slug for post in scan.posts] == ["a", "c"]
    assert [(fault.path.name, fault.field, fault.line) for fault in scan.faults] == [
        ("b.md", "id", 3),
        ("d.md", "id", None),
    ]


def test_links_are_followed_and_rings_do_no_harm(folder: PostFolder, posts: Path) -> None:
    (posts / "linked.md").symlink_to(write(posts.parent, "elsewhere.md"))
    write(posts, "sub/b.md")
    (posts / "sub" / "ring").symlink_to(posts)
    (posts / "again").symlink_to(posts / "sub")
    (posts / "self.md").symlink_to("self.md")
    (posts / "dangling.md").symlink_to("nowhere.md")
    write(posts.parent, "other/c.md")
    (posts / "zone").symlink_to(posts.parent / "other")
    scan = folder.scan()
    assert [str(post.path) for post in scan.posts] == ["posts/linked.md", "posts/sub/b.md", "posts/zone/c.md"]
    assert scan.faults == ()


def test_what_is_no_file_is_left_alone(folder: PostFolder, posts: Path) -> None:
    (posts / "folder.md").mkdir()
    os.mkfifo(posts / "pipe.md")
    assert folder.scan().posts == ()


@pytest.mark.parametrize("name", ["a.md", "sub"])
def test_what_may_not_be_read_is_a_fault_until_it_may(folder: PostFolder, posts: Path, name: str) -> None:
    write(posts, "a.md")
    write(posts, "sub/b.md")
    (posts / name).chmod(0o000)
    try:
        if os.access(posts / name, os.R_OK):
            pytest.skip("this user may read everything")
        scan = folder.scan()
        assert [str(fault.path) for fault in scan.faults] == [f"posts/{name}"]
        assert len(scan.posts) == 1
    finally:
        (posts / name).chmod(0o755)
    assert folder.take_snapshot().signature != scan.signature
    assert slugs(folder) == ["a", "b"]


def test_a_file_that_vanishes_while_others_are_read_is_left_out(config: Config, posts: Path) -> None:
    class Vanishing(PostFolder):
        def take_snapshot(self) -> FolderSnapshot:
            look = super().take_snapshot()
            (posts / "b.md").unlink()
            return look

    write(posts, "a.md")
    write(posts, "b.md")
    scan = Vanishing(config).scan()
    assert [post.slug for post in scan.posts] == ["a"]
    assert scan.faults == ()
    assert PostFolder(config).take_snapshot().signature != scan.signature


@pytest.mark.parametrize("size", [0, 5, 32 * 1024, 32 * 1024 + 1, 64 * 1024, LARGEST_FILE])
def test_a_file_of_any_size_is_read_whole(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.md"
    path.write_bytes((b"words " * size)[:size])
    assert read_bytes(path) == path.read_bytes()


def test_of_a_file_that_is_no_post_for_its_size_only_a_part_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"x" * 4 * LARGEST_FILE)
    assert LARGEST_FILE < len(read_bytes(path)) < 2 * LARGEST_FILE


def with_words(title: str, *more: str) -> str:
    return "\n".join(["---", f"title: {title}", *more, "---", "Text"]) + "\n"


@pytest.mark.parametrize("agreed", [True, False])
def test_news_are_the_posts_that_the_next_scan_would_read_anew(folder: PostFolder, posts: Path, agreed: bool) -> None:
    write(posts, "a.md")
    write(posts, "b.md")
    if agreed:
        folder.use_snapshot(folder.take_snapshot())
    before = folder.scan()
    assert folder.read_changes() == []
    write(posts, "b.md", with_words("New"))
    if agreed:
        assert folder.read_changes() == []  # nobody has agreed to it
        folder.use_snapshot(folder.take_snapshot())
    news = folder.read_changes()
    assert news is not None
    ((was, now),) = news
    assert was is before.posts[1]
    assert now.title == "New"
    assert folder.read_changes() == []
    after = folder.scan()
    assert after.posts[0] is before.posts[0]
    assert after.posts[1] is now  # read once
    assert after.signature == folder.take_snapshot().signature


@pytest.mark.parametrize(
    "what", ["new", "gone", "broken", "no post", "was broken", "cover", "picture", "many", "moved"]
)
def test_more_than_new_words_are_no_news_but_the_next_scan_s(folder: PostFolder, posts: Path, what: str) -> None:
    picture = posts.parent / "cover.png"
    Image.new("RGB", (8, 6)).save(picture)
    for name in "abcdef":
        write(posts, f"{name}.md", with_words("A", "cover: {url: /cover.png, alt: A}"))
    write(posts, "z.md", "---\ntitle: A: B\n---\n")
    folder.scan()
    if what == "new":
        write(posts, "new.md")
    elif what == "gone":
        (posts / "a.md").unlink()
    elif what == "broken":
        write(posts, "a.md", "---\ntitle: A: B\n---\n")
    elif what == "no post":
        write(posts, "a.md", "Text\n")
    elif what == "was broken":
        write(posts, "z.md")
    elif what == "cover":
        write(posts, "a.md", with_words("A", "cover: {url: /other.png, alt: A}"))
    elif what == "picture":
        Image.new("RGB", (80, 60)).save(picture)
        write(posts, "a.md", with_words("New"))
    elif what == "many":
        for name in "abcdef":
            write(posts, f"{name}.md", with_words("New", "cover: {url: /cover.png, alt: A}"))
    else:
        (posts / "a.md").rename(posts / "y.md")
    assert folder.read_changes() is None
    again, fresh = folder.scan(), PostFolder(folder._config).scan()
    assert (again.posts, list(map(str, again.faults))) == (fresh.posts, list(map(str, fresh.faults)))


def test_a_folder_that_is_gone_has_no_news(folder: PostFolder, posts: Path) -> None:
    assert folder.read_changes() == []
    posts.rmdir()
    assert folder.read_changes() is None
