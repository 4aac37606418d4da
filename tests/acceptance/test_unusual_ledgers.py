"""A ledger that this version cannot use: each command says so with a remedy, and leaves the file as it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.project import Project, Timeline

COMMANDS = (("run",), ("tick",), ("queue",), ("pause", "--yes"))


def ledger_of(project: Project) -> Path:
    project.write_post("one", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S+00:00}")
    assert project.announce("tick").returncode == 0
    return project.root / "var/ledger.db"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_one_of_a_newer_version_is_refused(project: Project, timeline: Timeline, command: tuple[str, ...]) -> None:
    path = ledger_of(project)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    project.write_post("two", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S+00:00}")
    done = project.announce(*command)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the ledger was written by a newer version of announce (schema 99" in done.stderr
    assert "Install that version again; nothing was changed." in done.stderr
    assert path.read_bytes() == before
    assert len(timeline()) == 1


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_damaged_one_is_recognised_and_adoption_offered(
    project: Project, timeline: Timeline, command: tuple[str, ...]
) -> None:
    path = ledger_of(project)
    # Its first page is whole, as after a disk that lost some of what was written.
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    project.write_post("two", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S+00:00}")
    done = project.announce(*command)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "is damaged" in done.stderr
    assert "announce adopt" in done.stderr
    assert path.read_bytes() == bytes(data)
    assert len(timeline()) == 1


def test_adoption_keeps_a_damaged_one_aside(project: Project, timeline: Timeline) -> None:
    """Also one whose damage shows only when its rows are read."""
    path = ledger_of(project)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    done = project.announce("adopt", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    (aside,) = (project.root / "var").glob("ledger.db.damaged-*[0-9]")  # and SQLite's files beside it, if there are any
    assert aside.read_bytes() == bytes(data)
    assert "adopted  one" in done.stdout
    assert project.announce("tick").returncode == 0
    assert len(timeline()) == 1
