"""Replacing a person's file: whole, with its mode, through links, and never over somebody else's change."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from bot.domain.errors import OutputError
from bot.files.atomic import rewrite


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
