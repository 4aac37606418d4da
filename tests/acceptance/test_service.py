"""`announce run` as a process: prompt, quiet, cleanly stopped, and safe to kill."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import psutil
import pytest

from bot.sandbox.faults import Fault
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.project import Project, Running, Timeline
from tests.support.timeouts import patient

#: The times of a bot that takes over soon from one that died.
SOON = {"timeout": "2s", "send_within": "1s", "lease": "4s", "settle": "6s"}


def wait_for(condition: Callable[[], object], *, seconds: float = 20) -> None:
    end = time.monotonic() + patient(seconds)
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@contextmanager
def running(project: Project) -> Iterator[Running]:
    process = project.start("run")
    try:
        wait_for(lambda: "next:" in project.run_log)
        yield process
    finally:
        process.kill()
        process.wait()


def items_in_feed(project: Project) -> int:
    return (project.root / "public/news/rss.xml").read_text(encoding="utf-8").count("<item>")


def local(moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo('America/New_York')):%Y-%m-%d %H:%M:%S}"


def test_a_new_post_is_tooted_within_a_second_of_its_datetime(project: Project, timeline: Timeline) -> None:
    with running(project) as process:
        due = (datetime.now(UTC) + timedelta(seconds=4)).replace(microsecond=0)
        project.write_post("fresh", local(due))
        wait_for(timeline)
        (toot,) = timeline()
        tooted = datetime.fromisoformat(str(toot["created_at"]))
        assert timedelta() <= tooted - due < timedelta(seconds=patient(1))
        wait_for(lambda: items_in_feed(project) == 1)

        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert "sent  fresh" in project.run_log
    assert project.run_log.rstrip().endswith("stopped")


def test_a_post_that_is_due_when_it_is_written_goes_out_at_once(project: Project, timeline: Timeline) -> None:
    with running(project):
        written = time.monotonic()
        project.write_post("at-once", local(datetime.now(UTC) - timedelta(minutes=5)))
        wait_for(timeline)
        assert time.monotonic() - written < patient(2)
        project.write_post("broken", "2024-13-99 25:00")
        wait_for(lambda: "problem" in project.run_log)
        assert "posts/broken.md:3" in project.run_log


def test_a_posts_folder_that_vanishes_is_told_and_its_return_noticed(project: Project, timeline: Timeline) -> None:
    project.write_post("one", local(datetime.now(UTC)))
    with running(project) as process:
        wait_for(lambda: timeline() and items_in_feed(project) == 1)
        feed = (project.root / "public/news/rss.xml").read_bytes()
        (project.root / "posts").rename(project.root / "away")
        wait_for(lambda: "problem  posts: there is no such folder" in project.run_log)
        assert process.poll() is None
        assert (project.root / "public/news/rss.xml").read_bytes() == feed
        (project.root / "away").rename(project.root / "posts")
        wait_for(lambda: "solved  posts: there is no such folder" in project.run_log)
    assert len(timeline()) == 1


def wakes_of(process: psutil.Process) -> int:
    """How often its threads have gone to sleep; 0 where the system does not tell of each thread."""
    found = (path.read_text() for path in Path(f"/proc/{process.pid}/task").glob("*/status"))
    return sum(int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0]) for text in found)


def test_it_is_quiet_with_31_posts(project: Project) -> None:
    """Under 0.1 % of one core over a minute (`make bench`); here over a quarter of one, on a busy machine too."""
    later = datetime.now(UTC) + timedelta(days=30)
    for number in range(31):
        project.write_post(f"post-{number:02}", local(later + timedelta(hours=2 * number)))
    with running(project) as process:
        watched = psutil.Process(process.pid)
        time.sleep(3)
        wakes, before, begun = wakes_of(watched), sum(watched.cpu_times()[:2]), time.monotonic()
        time.sleep(15)
        took = time.monotonic() - begun
        share, rate = (sum(watched.cpu_times()[:2]) - before) / took, (wakes_of(watched) - wakes) / took
        assert share < 0.003, f"{share:.2%} of a core"
        assert rate < 6, f"woken {rate:.1f} times a second: something asks for news instead of waiting for it"


@pytest.mark.crash
@pytest.mark.parametrize("do", ["post-then-hang:60", "post-then-drop"])
def test_killed_between_request_and_answer_it_looks_before_it_sends(
    project: Project, timeline: Timeline, server: FakeMastodon, do: str
) -> None:
    project.set_times(**SOON)
    server.faults.switch([Fault(on="POST /api/v1/statuses", do=do)])
    project.write_post("one", local(datetime.now(UTC) - timedelta(minutes=5)))
    project.write_post("two", local(datetime.now(UTC) - timedelta(minutes=4)))
    first = project.start("run")
    wait_for(timeline)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    server.faults.switch()

    with running(project):
        # The second one is late too, so it keeps the spacing of two minutes: only the first is settled here.
        # Its history tells it, not the log: the first process may have found the toot itself, and died before the line.
        wait_for(lambda: "found on main" in project.announce("explain", "one").stdout, seconds=30)
    (toot,) = timeline()
    assert "/news/one/" in toot["content"]
    seen = httpx.get(f"{server.url}/sandbox/requests", timeout=5).json()
    assert [f"{one['method']} {one['path']}" for one in seen].count("POST /api/v1/statuses") == 1


@pytest.mark.crash
def test_killed_before_the_request_arrives_it_is_sent_once_all_the_same(
    project: Project, timeline: Timeline, server: FakeMastodon
) -> None:
    project.set_times(**SOON)
    server.faults.switch([Fault(on="POST /api/v1/statuses", do="drop")])
    project.write_post("one", local(datetime.now(UTC) - timedelta(minutes=5)))
    first = project.start("run")
    wait_for(lambda: "no answer" in project.run_log)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert timeline() == []

    with running(project):
        wait_for(timeline, seconds=40)
        wait_for(lambda: "sent  one" in project.run_log)
    assert len(timeline()) == 1
