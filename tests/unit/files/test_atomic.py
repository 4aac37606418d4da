"""A file is replaced as a whole or not at all; a person's file keeps its mode, its links and every other change."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from bot.domain.errors import OutputError
from bot.files.atomic import PRIVATE, replace_file, replace_link, rewrite


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_bytes(b"one")
    file.chmod(0o640)
    rewrite(file, before=b"one", after=b"two")
    assert file.read_bytes() == b"two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a.md"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real/a.md", tmp_path / "a.md"
    target.write_bytes(b"one")
    link.symlink_to(target)
    rewrite(link, before=b"one", after=b"two")
    assert link.is_symlink()
    assert target.read_bytes() == b"two"


def test_what_was_changed_in_the_meantime_stays(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_bytes(b"mine")
    with pytest.raises(OutputError, match="changed in the meantime"):
        rewrite(file, before=b"one", after=b"two")
    assert file.read_bytes() == b"mine"


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written: No such file"):
        rewrite(tmp_path / "a.md", before=b"one", after=b"two")
    assert os.listdir(tmp_path) == []


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    replace_file(path, b"new")
    assert (path.read_bytes(), names(tmp_path)) == (b"new", ["a"])


def test_a_private_file_stays_private_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        replace_file(tmp_path / "a", b"secret", mode=PRIVATE)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_an_exclusive_write_leaves_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    replace_file(path, b"first", exclusive=True)
    with pytest.raises(FileExistsError):
        replace_file(path, b"second", exclusive=True)
    assert (path.read_bytes(), names(tmp_path)) == (b"first", ["a"])


def test_what_stands_in_the_way_stays_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="irectory"):
        replace_file(tmp_path / "a", b"new")
    with pytest.raises(OSError, match="irectory"):
        replace_link(tmp_path / "a", Path("elsewhere"))
    assert names(tmp_path) == ["a"]


def test_a_link_is_replaced(tmp_path: Path) -> None:
    replace_link(tmp_path / "current", Path("one"))
    replace_link(tmp_path / "current", Path("two"))
    assert (os.readlink(tmp_path / "current"), names(tmp_path)) == ("two", ["current"])
