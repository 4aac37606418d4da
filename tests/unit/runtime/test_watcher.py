"""Waiting for files that change and hold still: real folders, and hints that a test gives by hand."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from bot.config import Config
from bot.domain.clock import ShiftedClock, monotonic_seconds
from bot.posts.folder import PostFolder
from bot.runtime.watcher import Stillness, Watch


class ByHand:
    """Hints that the test gives."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.open: set[str] = set()  #: those that somebody still writes
        self.are_told_of_closing = False

    def arm(self, trees: Collection[Path], folders: Collection[str] = ()) -> None:
        """Nothing to watch."""

    def are_closed(self, taken: Collection[str]) -> bool:
        return self.are_told_of_closing and self.open.isdisjoint(taken) and self.open.isdisjoint(self.paths)

    def is_blind(self) -> bool:
        return False

    def take(self) -> frozenset[str]:
        paths, self.paths = frozenset(self.paths), set()
        return paths


class WaitingWatch:
    def __init__(self, config: Config, stillness: Stillness) -> None:
        self.hints, self.wake_event, self.stop = ByHand(), Event(), Event()
        self.posts = PostFolder(config)
        self.clock = ShiftedClock(datetime.now(UTC))
        self.watch = Watch(
            config,
            posts=self.posts,
            clock=self.clock,
            hints=self.hints,
            wake_event=self.wake_event,
            stop=self.stop,
            stillness=stillness,
        )
        self.posts.scan()

    def tell(self, *paths: Path) -> None:
        self.hints.paths |= {str(path) for path in paths}
        self.wake_event.set()

    def wait(self, due: datetime | None = None) -> float:
        """How long it waited, in seconds."""
        begun = monotonic_seconds()
        self.watch.wait(due=due)
        self.wake_event.clear()
        return monotonic_seconds() - begun

    def titles(self) -> list[str]:
        return [post.title for post in self.posts.scan().posts]


def write(config: Config, name: str, title: str) -> Path:
    path = config.posts_folder / name
    path.write_text(f"---\ntitle: {title}\n---\nWords\n")
    return path


@pytest.fixture
def waiting(site_config: Callable[..., Config], request: pytest.FixtureRequest) -> tuple[Config, WaitingWatch]:
    """With the usual `Stillness`, or the one that the test is parametrized with."""
    stillness = getattr(request, "param", Stillness())
    config = site_config()
    config.posts_folder.mkdir(exist_ok=True)
    for name in ("a.md", "b.md"):
        path = write(config, name, name[0])
        os.utime(path, (1, 1))
    if stillness.written >= timedelta(seconds=1):
        time.sleep(1.1)  # files younger than a second must hold still already when the watch is made
    return config, WaitingWatch(config, stillness)


def test_what_is_told_is_looked_at_and_read_alone(waiting: tuple[Config, WaitingWatch]) -> None:
    config, it = waiting
    it.tell(write(config, "a.md", "changed"))
    write(config, "b.md", "changed unseen")  # the hint says nothing of it; the next look at everything will
    assert it.wait() < 5
    assert it.titles() == ["changed", "b"]
    it.wait()
    assert it.titles() == ["changed", "changed unseen"]


def test_without_hints_a_change_is_found_by_looking(waiting: tuple[Config, WaitingWatch]) -> None:
    config, it = waiting
    write(config, "c.md", "new")
    (config.posts_folder / "b.md").unlink()
    it.wait()
    assert it.titles() == ["a", "new"]


def test_a_file_that_is_still_written_is_not_read(waiting: tuple[Config, WaitingWatch]) -> None:
    config, it = waiting
    path = write(config, "a.md", "half of")
    whole = Event()

    def goes_on() -> None:
        for number in range(12):
            whole.wait(0.02)
            write(config, "a.md", f"half of {number}")
            it.tell(path)
        write(config, "a.md", "whole")
        it.tell(path)

    writer = threading.Thread(target=goes_on)
    it.tell(path)
    writer.start()
    it.wait()
    seen = it.titles()
    writer.join()
    assert seen == ["whole", "b"]


@pytest.mark.parametrize("waiting", [Stillness(written=timedelta(seconds=60))], indirect=True)
def test_a_file_that_is_closed_need_not_hold_still_for_long(
    waiting: tuple[Config, WaitingWatch],
) -> None:
    # So long that it would be noticed: the file was told of while it was written, and a moment later of its end.
    config, it = waiting
    it.hints.are_told_of_closing = True
    path = write(config, "a.md", "half of")
    it.hints.open.add(str(path))
    it.tell(path)

    def ends() -> None:
        threading.Event().wait(0.2)
        write(config, "a.md", "whole")
        it.hints.open.clear()
        it.tell(path)

    thread = threading.Thread(target=ends)
    thread.start()
    assert it.wait() < 50
    thread.join()
    assert it.titles() == ["whole", "b"]


@pytest.mark.parametrize("waiting", [Stillness(written=timedelta(seconds=1))], indirect=True)
def test_a_file_that_somebody_still_writes_is_waited_for_whatever_else_is_closed(
    waiting: tuple[Config, WaitingWatch],
) -> None:
    config, it = waiting
    it.hints.are_told_of_closing = True
    one, other = write(config, "a.md", "half of"), config.posts_folder / "b.md"
    it.hints.open.add(str(one))
    it.tell(one)

    def another() -> None:
        threading.Event().wait(0.1)
        write(config, "b.md", "whole")
        it.tell(other)

    thread = threading.Thread(target=another)
    thread.start()
    assert it.wait() >= 1
    thread.join()


def test_a_release_is_not_delayed_by_somebody_who_saves(waiting: tuple[Config, WaitingWatch]) -> None:
    config, it = waiting
    over = Event()

    def saves() -> None:
        while not over.wait(0.01):
            it.tell(write(config, "a.md", f"again {monotonic_seconds()}"))

    writer = threading.Thread(target=saves)
    writer.start()
    try:
        it.wait(due=datetime.now(UTC) + timedelta(seconds=0.4))
        assert it.titles() == ["a", "b"], "what was agreed on before"
    finally:
        over.set()
        writer.join()
    it.wait()
    assert it.titles()[0].startswith("again"), "and afterwards what was saved"


@pytest.mark.parametrize("waiting", [Stillness(longest=timedelta(seconds=0.5))], indirect=True)
def test_what_never_holds_still_does_not_keep_the_rest_waiting(
    waiting: tuple[Config, WaitingWatch],
) -> None:
    config, it = waiting
    over = Event()

    def saves() -> None:
        while not over.wait(0.01):
            it.tell(write(config, "a.md", f"again {monotonic_seconds()}"))

    it.tell(write(config, "b.md", "quiet"))
    writer = threading.Thread(target=saves)
    writer.start()
    try:
        it.wait()
        assert it.titles() == ["a", "quiet"]
    finally:
        over.set()
        writer.join()


@pytest.mark.parametrize("name", ["config/bot.toml", "config/people.toml", "config/templates/main/keynote.txt"])
def test_settings_people_and_templates_are_reasons_too(waiting: tuple[Config, WaitingWatch], name: str) -> None:
    config, it = waiting
    path = config.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# new\n")
    assert it.wait() < 10


def test_a_replacement_of_the_same_length_within_one_tick_of_the_clock_is_noticed(
    waiting: tuple[Config, WaitingWatch],
) -> None:
    """Size, times and inode are those of before: only the content tells (git calls it racily clean)."""
    config, it = waiting
    path = write(config, "a.md", "first")
    it.wait()
    assert it.titles() == ["first", "b"]
    state = it.posts.take_snapshot().files[str(path)]
    assert len(state) == 5, "known by its content"
    before = path.stat()
    with path.open("r+b") as file:
        file.write(path.read_bytes().replace(b"first", b"other"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    again = it.posts.take_snapshot().files[str(path)]
    assert again[4:] != state[4:]


@pytest.mark.parametrize("step", [timedelta(hours=-3), timedelta(hours=3)])
def test_a_clock_that_is_set_is_a_reason(waiting: tuple[Config, WaitingWatch], step: timedelta) -> None:
    _, it = waiting
    threading.Timer(0.2, lambda: it.clock.step_to(it.clock.now() + step)).start()
    assert it.wait() < 10


def test_what_the_library_of_hints_says_of_itself_is_not_told_to_people(tmp_path: Path) -> None:
    """At a stop in the wrong moment it complains of its own thread, which is nobody's business."""
    code = (
        "import logging, pathlib; from bot.runtime.file_events import FileEvents\n"
        "hints = FileEvents(lambda: None); hints.arm([pathlib.Path('.')])\n"
        "hints.arm([pathlib.Path('..')]); hints.close()\n"
        "assert len(logging.getLogger('watchdog').handlers) == 1\n"
        "logging.getLogger('watchdog.observers.inotify').error('called when the thread is inactive')\n"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True, timeout=60)
    assert (told.stdout, told.stderr) == (b"", b"")


def test_while_it_waits_it_shows_every_second_that_it_is_awake(site_config: Callable[..., Config]) -> None:
    """Passes of a large site are minutes apart; a health page goes by this."""
    config, turns = site_config(), list[float]()
    config.posts_folder.mkdir(exist_ok=True)
    watch = Watch(
        config,
        posts=PostFolder(config),
        clock=ShiftedClock(datetime.now(UTC)),
        hints=ByHand(),
        wake_event=Event(),
        stop=Event(),
        on_wait=lambda: turns.append(monotonic_seconds()),
    )
    watch.wait(sweep=timedelta(seconds=2.5))
    assert len(turns) >= 3
