"""Public files: replaced as a whole, only when they differ, and never a stranger's."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.files.public_folder import MANIFEST, PublicFolder, Written

PROJECT = Path(__file__).resolve().parents[3]
FEEDS = {"news/rss.xml": b"<rss/>", "news/atom.xml": b"<feed/>", "news/feed.json": b"{}"}


def owned_names(folder: Path) -> list[str]:
    names: list[str] = json.loads((folder / MANIFEST).read_text())["files"]
    return names


def one_fault(written: Written) -> str:
    (fault,) = written.faults
    return str(fault)


def everything_in(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file below the folder → inode, time of change, bytes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_files_are_written_with_their_folders_and_listed_as_ours(tmp_path: Path) -> None:
    folder = tmp_path / "site" / "public"
    written = PublicFolder(folder).write(FEEDS)
    assert written == Written(changed=tuple(sorted(FEEDS)))
    assert {name: (folder / name).read_bytes() for name in FEEDS} == FEEDS
    assert owned_names(folder) == sorted(FEEDS)
    assert {path.name for path in folder.rglob("*")} == {MANIFEST, "news", "rss.xml", "atom.xml", "feed.json"}


def test_the_same_bytes_are_not_written_again(tmp_path: Path) -> None:
    public = PublicFolder(tmp_path)
    public.write(FEEDS)
    before = everything_in(tmp_path)
    assert public.write(FEEDS) == Written()
    assert everything_in(tmp_path) == before


def test_only_what_differs_is_replaced(tmp_path: Path) -> None:
    public = PublicFolder(tmp_path)
    public.write(FEEDS)
    before = everything_in(tmp_path)
    assert public.write({**FEEDS, "news/rss.xml": b"<rss>new</rss>"}).changed == ("news/rss.xml",)
    changed = {name for name, facts in everything_in(tmp_path).items() if before[name] != facts}
    assert changed == {str(tmp_path / "news/rss.xml")}


def test_many_files_are_written_as_few_are(tmp_path: Path) -> None:
    files = {f"{number % 7}/{number}.xml": b"%d" % number for number in range(200)}
    public = PublicFolder(tmp_path, gzip=True)
    assert public.write(files) == Written(changed=tuple(sorted(files)))
    for name, content in files.items():
        assert (tmp_path / name).read_bytes() == content == gzip.decompress((tmp_path / f"{name}.gz").read_bytes())
    assert public.write(files) == Written()
    assert [path for path in tmp_path.rglob("*") if path.name.endswith(".tmp")] == []


def test_a_file_that_vanished_is_written_again_and_one_not_named_stays(tmp_path: Path) -> None:
    public = PublicFolder(tmp_path)
    public.write(FEEDS)
    (tmp_path / "news/rss.xml").unlink()
    assert public.write({"news/rss.xml": b"<rss/>"}).changed == ("news/rss.xml",)
    assert (tmp_path / "news/atom.xml").read_bytes() == b"<feed/>"
    assert owned_names(tmp_path) == sorted(FEEDS)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o000, 0o644)])
def test_files_are_readable_for_all_as_far_as_the_umask_allows(tmp_path: Path, umask: int, mode: int) -> None:
    # In a process of its own: the umask belongs to the whole process.
    program = (
        "import os, sys; from pathlib import Path; from bot.files.public_folder import PublicFolder; "
        f"os.umask({umask}); assert PublicFolder(Path(sys.argv[1])).write({{'a.xml': b'a'}}).changed"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=PROJECT, check=True, timeout=60)
    assert (tmp_path / "a.xml").stat().st_mode & 0o777 == mode
    assert (tmp_path / MANIFEST).stat().st_mode & 0o777 == mode


def test_a_strangers_file_is_kept_and_named_and_the_others_are_written(tmp_path: Path) -> None:
    (tmp_path / "news").mkdir()
    (tmp_path / "news/rss.xml").write_bytes(b"by hand")
    written = PublicFolder(tmp_path).write(FEEDS)
    assert written.changed == ("news/atom.xml", "news/feed.json")
    assert (tmp_path / "news/rss.xml").read_bytes() == b"by hand"
    assert one_fault(written) == (
        f"{tmp_path}/news/rss.xml: a file is there that announce did not write, so it was left as it is. "
        "Move it away or delete it, or choose another [feeds] folder."
    )
    assert owned_names(tmp_path) == ["news/atom.xml", "news/feed.json"]


def test_a_file_with_the_same_bytes_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"same")
    public = PublicFolder(tmp_path)
    before = (tmp_path / "a.xml").stat().st_ino
    assert public.write({"a.xml": b"same"}) == Written()
    assert (tmp_path / "a.xml").stat().st_ino == before
    assert public.write({"a.xml": b"new"}).changed == ("a.xml",)


@pytest.mark.parametrize(
    "name", ["../a.xml", "/etc/a.xml", "a/../../b.xml", "", ".", "a//b", "./a", MANIFEST, ".announce-1.tmp", "a\0b"]
)
def test_a_name_outside_of_the_folder_or_kept_for_us_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "public"
    written = PublicFolder(folder).write({name: b"x", "good.xml": b"good"})
    assert written.changed == ("good.xml",)
    assert "is not a name for a public file" in one_fault(written)
    assert {path.name for path in tmp_path.rglob("*")} == {"public", "good.xml", MANIFEST}


@pytest.mark.parametrize("owned", [False, True])
def test_a_symbolic_link_in_the_files_place_is_refused(tmp_path: Path, owned: bool) -> None:
    public, stranger = PublicFolder(tmp_path / "public"), tmp_path / "stranger.txt"
    stranger.write_bytes(b"theirs")
    if owned:
        public.write({"a.xml": b"old"})
        (tmp_path / "public/a.xml").unlink()
    else:
        (tmp_path / "public").mkdir()
    (tmp_path / "public/a.xml").symlink_to(stranger)
    assert "a symbolic link is in the file's place" in one_fault(public.write({"a.xml": b"new"}))
    assert (stranger.read_bytes(), (tmp_path / "public/a.xml").is_symlink()) == (b"theirs", True)


def test_a_linked_folder_that_leads_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "public").mkdir()
    (tmp_path / "public/news").symlink_to(tmp_path / "elsewhere")
    written = PublicFolder(tmp_path / "public").write({"news/deep/a.xml": b"a"})
    assert "leads out of" in one_fault(written)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_public_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "release-1").mkdir()
    (tmp_path / "public").symlink_to("release-1")
    assert PublicFolder(tmp_path / "public").write(FEEDS).changed == tuple(sorted(FEEDS))
    assert (tmp_path / "release-1/news/rss.xml").read_bytes() == b"<rss/>"


def test_a_file_where_a_folder_is_needed_stops_only_what_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "news").write_bytes(b"a page")
    written = PublicFolder(tmp_path).write({"news/rss.xml": b"x", "blog/rss.xml": b"y"})
    assert written.changed == ("blog/rss.xml",)
    fault = one_fault(written)
    assert fault.startswith(f"{tmp_path}/news/rss.xml: cannot be written: ")
    assert "A file stands where a folder is needed" in fault
    assert owned_names(tmp_path) == ["blog/rss.xml"]


def test_a_file_in_the_public_folders_own_place_is_a_fault_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "public").write_bytes(b"a page")
    written = PublicFolder(tmp_path / "public").write(FEEDS)
    assert written.changed == ()
    assert "A file stands where a folder is needed" in one_fault(written)
    assert (tmp_path / "public").read_bytes() == b"a page"


def test_a_folder_in_the_files_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xml").mkdir()
    assert "something that is no file" in one_fault(PublicFolder(tmp_path).write({"a.xml": b"a"}))


def test_a_name_too_long_for_the_disk_leaves_the_others(tmp_path: Path) -> None:
    written = PublicFolder(tmp_path).write({"x" * 300: b"a", "good.xml": b"good"})
    assert written.changed == ("good.xml",)
    assert "cannot be written: File name too long." in one_fault(written)


def test_leftovers_of_a_run_that_died_are_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "news").mkdir()
    leftovers = [tmp_path / ".announce-0123.tmp", tmp_path / "news/.announce-abc.tmp"]
    others = [tmp_path / "other.tmp", tmp_path / "news/.announce-notes.txt"]
    for path in (*leftovers, *others):
        path.write_bytes(b"half a fee")
    PublicFolder(tmp_path).write(FEEDS)
    assert [path.exists() for path in (*leftovers, *others)] == [False, False, True, True]


DAMAGES = [b"", b"{", b"[]", b'"files"', b"\xff\xfe", b'{"files": null}', b'{"files": [1]}', b'{"files": {"a": 1}}']


@pytest.mark.parametrize("damage", DAMAGES)
def test_without_its_list_no_file_is_ours_but_equal_bytes_are_taken_over(tmp_path: Path, damage: bytes) -> None:
    public = PublicFolder(tmp_path)
    public.write({"a.xml": b"a", "b.xml": b"b"})
    (tmp_path / MANIFEST).write_bytes(damage)
    written = public.write({"a.xml": b"a", "b.xml": b"new"})
    fault = one_fault(written)
    assert written.changed == ()
    assert (tmp_path / "b.xml").read_bytes() == b"b"
    assert f"{tmp_path / MANIFEST}, cannot be used" in fault
    assert "delete it: the next run writes it, and the list, anew" in fault
    assert owned_names(tmp_path) == ["a.xml"]


def test_the_remedy_for_a_damaged_list_works(tmp_path: Path) -> None:
    public = PublicFolder(tmp_path)
    public.write({"a.xml": b"a"})
    (tmp_path / MANIFEST).write_bytes(b"{")
    assert public.write({"a.xml": b"new"}).changed == ()
    (tmp_path / "a.xml").unlink()
    assert public.write({"a.xml": b"new"}) == Written(changed=("a.xml",))
    assert owned_names(tmp_path) == ["a.xml"]


def test_where_the_list_cannot_be_kept_only_known_files_are_written(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).mkdir()
    written = PublicFolder(tmp_path).write(FEEDS)
    assert written.changed == ()
    assert f"{tmp_path / MANIFEST}: is not a file, so nothing new was written." in one_fault(written)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_list_is_on_the_disk_before_the_first_new_file(tmp_path: Path) -> None:
    """The process dies at the moment when the file would take its place; the list already names it."""
    program = (
        "import os, sys; from pathlib import Path; from bot.files.public_folder import PublicFolder\n"
        "replace = os.replace\n"
        "def die(source, target):\n"
        "    os._exit(9) if Path(target).name == 'a.xml' else replace(source, target)\n"
        "os.replace = die\n"
        "PublicFolder(Path(sys.argv[1])).write({'a.xml': b'a'})"
    )
    run = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=PROJECT, check=False, timeout=60)
    assert (run.returncode, owned_names(tmp_path)) == (9, ["a.xml"])
    assert PublicFolder(tmp_path).write({"a.xml": b"a"}) == Written(changed=("a.xml",))
    assert {path.name for path in tmp_path.iterdir()} == {"a.xml", MANIFEST}


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    public, path = PublicFolder(tmp_path, gzip=True), tmp_path / "a.xml"
    versions = [letter * 400_000 for letter in (b"a", b"b")]
    public.write({"a.xml": versions[0]})
    done, seen, copies = threading.Event(), set[bytes](), set[bytes]()

    def read_on() -> None:
        while not done.is_set():
            seen.add(path.read_bytes())
            copies.add(path.with_name("a.xml.gz").read_bytes())

    reader = threading.Thread(target=read_on)
    reader.start()
    try:
        for number in range(60):
            assert public.write({"a.xml": versions[(number + 1) % 2]}).changed == ("a.xml",)
    finally:
        done.set()
        reader.join(timeout=30)
    assert seen <= set(versions)
    assert {gzip.decompress(copy) for copy in copies} <= set(versions)


def test_two_processes_writing_at_once_lose_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from bot.files.public_folder import PublicFolder\n"
        "for number in range(20):\n"
        "    name = f'{sys.argv[2]}{number}.xml'\n"
        "    assert PublicFolder(Path(sys.argv[1])).write({name: b'x', 'both.xml': name.encode()}).faults == ()"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), who], cwd=PROJECT, env={**os.environ})
        for who in "pq"
    ]
    assert [run.wait(timeout=60) for run in runs] == [0, 0]
    expected = sorted(["both.xml", *(f"{who}{number}.xml" for who in "pq" for number in range(20))])
    assert owned_names(tmp_path) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([MANIFEST, *expected])


def test_a_disk_that_takes_no_more_keeps_the_last_good_file(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a full disk: the write fails half-way in the same manner."""
    PublicFolder(tmp_path).write({"a.xml": b"good", "b.xml": b"good"})
    program = (
        "import resource, signal, sys; from pathlib import Path; from bot.files.public_folder import PublicFolder\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "written = PublicFolder(Path(sys.argv[1])).write({'a.xml': b'x' * 9000, 'b.xml': b'new'})\n"
        "assert written.changed == ('b.xml',), written\n"
        "assert 'a.xml: cannot be written: File too large.' in str(written.faults[0]), written"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=PROJECT, check=True, timeout=60)
    assert [(tmp_path / name).read_bytes() for name in ("a.xml", "b.xml")] == [b"good", b"new"]
    assert {path.name for path in tmp_path.iterdir()} == {"a.xml", "b.xml", MANIFEST}


@pytest.mark.parametrize("content", [b"x" * 9000, random.Random(1).randbytes(4999)], ids=["the file", "its copy"])
def test_a_file_and_its_compressed_copy_are_replaced_together_or_not_at_all(tmp_path: Path, content: bytes) -> None:
    """One of the two is too large for the disk. In step, so that all see the same news, whatever they ask for."""
    PublicFolder(tmp_path, gzip=True).write({"a.xml": b"good"})
    before = everything_in(tmp_path)
    program = (
        "import resource, signal, sys; from pathlib import Path; from bot.files.public_folder import PublicFolder\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "written = PublicFolder(Path(sys.argv[1]), gzip=True).write({'a.xml': sys.stdin.buffer.read()})\n"
        "assert written.changed == (), written\n"
        "assert 'a.xml: cannot be written: File too large.' in str(*written.faults), written"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    subprocess.run(command, cwd=PROJECT, input=content, check=True, timeout=60)
    assert everything_in(tmp_path) == before


def test_a_compressed_copy_stands_beside_each_file_and_goes_with_it(tmp_path: Path) -> None:
    public = PublicFolder(tmp_path, gzip=True)
    written = public.write(FEEDS)
    assert written == Written(changed=tuple(sorted(FEEDS)))
    for name, content in FEEDS.items():
        assert gzip.decompress((tmp_path / f"{name}.gz").read_bytes()) == content
    before = everything_in(tmp_path)
    assert PublicFolder(tmp_path, gzip=True).write(FEEDS) == Written()
    assert everything_in(tmp_path) == before, "nothing is written twice, nor compressed anew"
    public.write({**FEEDS, "news/rss.xml": b"<rss>new</rss>"})
    assert gzip.decompress((tmp_path / "news/rss.xml.gz").read_bytes()) == b"<rss>new</rss>"
    changed = {name for name, facts in everything_in(tmp_path).items() if before[name] != facts}
    assert changed == {str(tmp_path / "news/rss.xml"), str(tmp_path / "news/rss.xml.gz")}


def test_a_compressed_copy_tells_no_time(tmp_path: Path) -> None:
    PublicFolder(tmp_path, gzip=True).write({"a.xml": b"a"})
    assert (tmp_path / "a.xml.gz").read_bytes()[4:8] == b"\0\0\0\0"  # RFC 1952: MTIME 0, no time is given


@pytest.mark.parametrize("spoil", [lambda path: path.unlink(), lambda path: path.write_bytes(b"x")], ids=["gone", "x"])
def test_a_compressed_copy_that_is_not_in_step_is_made_anew(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    public = PublicFolder(tmp_path, gzip=True)
    public.write({"a.xml": b"a"})
    good = (tmp_path / "a.xml.gz").read_bytes()
    spoil(tmp_path / "a.xml.gz")
    assert public.write({"a.xml": b"a"}) == Written()
    assert (tmp_path / "a.xml.gz").read_bytes() == good


def test_what_is_compressed_quickly_is_the_same_once_unpacked(tmp_path: Path) -> None:
    words = " ".join(f"{number * number}" for number in range(4000)).encode()
    public = PublicFolder(tmp_path, gzip=True)
    public.write({"a.xml": words, "old/a.xml": words}, quickly=("old",))
    usual, quick = (tmp_path / "a.xml.gz").read_bytes(), (tmp_path / "old/a.xml.gz").read_bytes()
    assert gzip.decompress(quick) == gzip.decompress(usual) == words
    assert len(usual) < len(quick) < len(words)
    assert public.write({"a.xml": words, "old/a.xml": words}, quickly=("old",)) == Written()


def test_a_strangers_compressed_copy_is_kept_and_named(tmp_path: Path) -> None:
    (tmp_path / "a.xml.gz").write_bytes(b"by hand")
    written = PublicFolder(tmp_path, gzip=True).write({"a.xml": b"a"})
    assert written.changed == ("a.xml",)
    assert one_fault(written).startswith(f"{tmp_path}/a.xml.gz: a file is there that announce did not write")
    assert (tmp_path / "a.xml.gz").read_bytes() == b"by hand"


@pytest.mark.parametrize("theirs", ["a file", "a link"])
def test_beside_a_strangers_file_no_compressed_copy_is_put_that_servers_would_send_instead(
    tmp_path: Path, theirs: str
) -> None:
    if theirs == "a file":
        (tmp_path / "a.xml").write_bytes(b"by hand")
    else:
        (tmp_path / "a.xml").symlink_to("by-hand.xml")
    written = PublicFolder(tmp_path, gzip=True).write({"a.xml": b"a", "b.xml": b"b"})
    assert written.changed == ("b.xml",)
    assert one_fault(written).startswith(f"{tmp_path}/a.xml: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == [MANIFEST, "a.xml", "b.xml", "b.xml.gz"]


def test_where_copies_are_no_longer_wanted_the_old_ones_go_for_they_would_show_old_news(tmp_path: Path) -> None:
    PublicFolder(tmp_path, gzip=True).write({"a.xml": b"a"})
    assert owned_names(tmp_path) == ["a.xml", "a.xml.gz"]
    (tmp_path / "by-hand.xml.gz").write_bytes(b"x")
    assert PublicFolder(tmp_path).write({"a.xml": b"new", "by-hand.xml": b"y"}).faults == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == [MANIFEST, "a.xml", "by-hand.xml", "by-hand.xml.gz"]


def test_what_is_ours_and_no_longer_named_is_removed_where_that_is_selected(tmp_path: Path) -> None:
    public = PublicFolder(tmp_path, gzip=True)
    public.write({"tag/one/a.xml": b"1", "tag/two/a.xml": b"2", "other/a.xml": b"3"})
    (tmp_path / "tag/one/by-hand.txt").write_bytes(b"mine")
    written = public.write({"tag/three/a.xml": b"4"}, retire_in=("tag",))
    assert written == Written(changed=("tag/three/a.xml",), removed=("tag/one/a.xml", "tag/two/a.xml"))
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert left == [
        MANIFEST,
        *("other/a.xml", "other/a.xml.gz"),
        "tag/one/by-hand.txt",
        *("tag/three/a.xml", "tag/three/a.xml.gz"),
    ]
    assert not (tmp_path / "tag/two").exists()
    assert owned_names(tmp_path) == ["other/a.xml", "other/a.xml.gz", "tag/three/a.xml", "tag/three/a.xml.gz"]
    assert public.write({"tag/three/a.xml": b"4"}, retire_in=("tag",)) == Written()


def test_without_its_list_nothing_is_removed(tmp_path: Path) -> None:
    public = PublicFolder(tmp_path)
    public.write({"tag/one/a.xml": b"1"})
    (tmp_path / MANIFEST).write_bytes(b"{")
    assert public.write({"b.xml": b"b"}, retire_in=("tag",)).removed == ()
    assert (tmp_path / "tag/one/a.xml").read_bytes() == b"1"


@dataclass
class Dear:
    """A content that is dear to make: counts how often it is."""

    text: str
    made: list[str] = field(default_factory=list, compare=False)
    broken: bool = field(default=False, compare=False)

    def __bytes__(self) -> bytes:
        self.made.append(self.text)
        if self.broken:
            raise ValueError("it came out wrong")
        return self.text.encode()


def test_an_equal_content_is_not_made_again_while_its_file_is_as_it_was_left(tmp_path: Path) -> None:
    public = PublicFolder(tmp_path, gzip=True)
    first, equal, other = Dear("a"), Dear("a"), Dear("b")
    assert public.write({"a.xml": first}).changed == ("a.xml",)
    assert public.write({"a.xml": equal}) == Written()
    assert (first.made, equal.made) == (["a"], [])
    assert public.write({"a.xml": other}).changed == ("a.xml",)
    assert public.write({"a.xml": equal}).changed == ("a.xml",)
    assert (tmp_path / "a.xml").read_bytes() == b"a"


@pytest.mark.parametrize("name", ["a.xml", "a.xml.gz", MANIFEST])
def test_an_equal_content_is_made_again_if_somebody_touched_a_file(tmp_path: Path, name: str) -> None:
    public, content = PublicFolder(tmp_path, gzip=True), Dear("a")
    public.write({"a.xml": content})
    (tmp_path / name).unlink()
    public.write({"a.xml": content})
    assert content.made == ["a", "a"]
    assert gzip.decompress((tmp_path / "a.xml.gz").read_bytes()) == (tmp_path / "a.xml").read_bytes() == b"a"
    assert owned_names(tmp_path) == ["a.xml", "a.xml.gz"]


def test_a_content_that_cannot_be_made_leaves_the_file_and_is_tried_again(tmp_path: Path) -> None:
    public, content = PublicFolder(tmp_path), Dear("new", broken=True)
    public.write({"a.xml": b"good"})
    for _ in range(2):
        written = public.write({"a.xml": content, "b.xml": b"b"})
        assert "it was left as it is, for its new content would be broken: it came out wrong" in one_fault(written)
    assert content.made == ["new", "new"]
    assert (tmp_path / "a.xml").read_bytes() == b"good"
    assert (tmp_path / "b.xml").read_bytes() == b"b"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


def test_a_reader_never_sees_half_a_compressed_copy(tmp_path: Path) -> None:
    public, path = PublicFolder(tmp_path, gzip=True), tmp_path / "a.xml.gz"
    versions = [os.urandom(200_000) for _ in range(2)]
    public.write({"a.xml": versions[0]})
    done, seen = threading.Event(), set[bytes]()

    def read_on() -> None:
        while not done.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read_on)
    reader.start()
    try:
        for number in range(30):
            public.write({"a.xml": versions[(number + 1) % 2]})
    finally:
        done.set()
        reader.join(timeout=30)
    assert {gzip.decompress(copy) for copy in seen} <= set(versions)


@dataclass
class Counted:
    """A content that counts how often it is made; equal to any other of the same words."""

    words: bytes
    made: list[bytes] = field(default_factory=list, compare=False)

    def __bytes__(self) -> bytes:
        self.made.append(self.words)
        return self.words


def test_files_that_are_not_named_this_time_are_known_the_next_time(tmp_path: Path) -> None:
    public, made = PublicFolder(tmp_path, gzip=True), list[bytes]()
    both = {"a.xml": Counted(b"a", made), "b.xml": Counted(b"b", made)}
    public.write(both)
    public.write({"a.xml": Counted(b"new a", made)}, at_once=True)
    made.clear()
    assert public.write({**both, "a.xml": Counted(b"new a", made)}) == Written()
    assert made == []


@pytest.mark.parametrize("in_threads", [True, False])
def test_files_that_are_written_at_once_are_written_as_others_are(tmp_path: Path, in_threads: bool) -> None:
    public = PublicFolder(tmp_path, gzip=True)
    public.in_threads = in_threads
    assert public.write(FEEDS, at_once=True) == Written(changed=tuple(sorted(FEEDS)))
    for name, content in FEEDS.items():
        assert (tmp_path / name).read_bytes() == content == gzip.decompress((tmp_path / f"{name}.gz").read_bytes())


def test_a_folder_that_becomes_a_link_is_found_out_each_time(tmp_path: Path) -> None:
    public = PublicFolder(tmp_path / "public")
    files = {"news/archive/1/rss.xml": b"<rss/>", **FEEDS}
    assert public.write(files).faults == ()
    (tmp_path / "public/news/archive").rename(tmp_path / "elsewhere")
    (tmp_path / "public/news/archive").symlink_to(tmp_path / "elsewhere")
    assert "a symbolic link leads out of" in one_fault(public.write({**files, "news/archive/1/rss.xml": b"<new/>"}))
    assert (tmp_path / "elsewhere/1/rss.xml").read_bytes() == b"<rss/>"
