"""What the system's events tell of files: which may have changed, and which of them somebody still writes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from watchdog.events import (
    DirCreatedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
)

from bot.runtime.file_events import FileEvents

A, B = "/site/posts/a.md", "/site/posts/b.md"


@pytest.mark.parametrize(
    ("events", "closed"),
    [
        ([FileModifiedEvent(A)], False),
        ([FileModifiedEvent(A), FileClosedEvent(A)], True),
        ([FileCreatedEvent(A), FileModifiedEvent(A), FileClosedEvent(A)], True),
        ([FileModifiedEvent(A), FileClosedEvent(B)], False),
        ([FileMovedEvent("/site/posts/.a.swp", A)], True),
        ([FileDeletedEvent(A)], True),
        ([DirCreatedEvent("/site/posts/new")], False),
    ],
)
@pytest.mark.parametrize("taken_after", [0, 1, 2, 3])
def test_a_file_is_closed_once_that_is_told_whenever_it_is_taken(
    events: list[FileSystemEvent], closed: bool, taken_after: int
) -> None:
    rung: list[None] = []
    hints, told = FileEvents(lambda: rung.append(None)), frozenset[str]()
    for number, event in enumerate(events):
        if number == taken_after:
            told |= hints.take()
        hints.dispatch(event)
    assert hints.are_closed(told) is closed
    told |= hints.take()
    assert hints.are_closed(told) is closed
    assert rung
    assert told


def test_what_was_written_before_and_never_closed_says_nothing_of_other_files() -> None:
    hints = FileEvents(lambda: None)
    hints.dispatch(FileModifiedEvent(A))
    hints.take()
    hints.dispatch(FileModifiedEvent(B))
    hints.dispatch(FileClosedEvent(B))
    assert hints.are_closed(hints.take())


def test_folders_within_a_tree_take_no_threads_of_their_own_and_their_files_matter(tmp_path: Path) -> None:
    bundles, assets = [tmp_path / f"posts/bundle-{number}" for number in range(20)], tmp_path / "assets"
    for folder in (*bundles, assets):
        folder.mkdir(parents=True)
    before, rang = threading.active_count(), threading.Event()
    hints = FileEvents(rang.set)
    hints.arm([tmp_path / "posts"], [str(folder) for folder in (*bundles, assets)])
    try:
        assert threading.active_count() - before <= 5, "the observer, and two for each folder that is watched"
        (bundles[7] / "cover.png").write_bytes(b"a picture")
        assert rang.wait(5)
        assert str(bundles[7] / "cover.png") in hints.take()
        assert not hints.is_blind()
    finally:
        hints.close()
