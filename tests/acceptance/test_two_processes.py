"""Two `announce run` on one ledger: each toot once, each release told once; and if one dies, the other takes over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bot.sandbox.faults import Fault
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.project import Project, Running, Timeline

pytestmark = pytest.mark.crash
POST = "POST /api/v1/statuses"


@pytest.fixture(autouse=True)
def without_spacing(project: Project) -> None:
    settings = project.root / "config/bot.toml"
    text = settings.read_text(encoding="utf-8")
    text = text.replace('spacing = "2m"', 'spacing = "off"').replace("brake = 4", "brake = 99")
    settings.write_text(text, encoding="utf-8")
    # Long enough that a busy machine does not run into them while a test looks, and no longer: they are waited for.
    project.set_times(timeout="5s", send_within="1s", lease="7s", settle="7s")


@contextmanager
def running(project: Project, name: str) -> Iterator[tuple[Running, Path]]:
    """A bot that is up, and its log."""
    path = project.root / f"{name}.log"
    process = project.start("run", log=path.name)
    try:
        wait_for(lambda: b"next:" in path.read_bytes())
        yield process, path
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], object], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def stop(process: Running) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0


def requests_that_arrived(server: FakeMastodon) -> list[str]:
    seen = httpx.get(f"{server.url}/sandbox/requests", timeout=10).json()
    return [f"{one['method']} {one['path']}" for one in seen if "timelines" not in one["path"]]


def posts_that_arrived(server: FakeMastodon) -> int:
    return requests_that_arrived(server).count(POST)


def history(project: Project) -> Counter[tuple[str, str]]:
    events = json.loads(project.announce("log", "--json", "--limit", "1000").stdout)
    return Counter((event["what"], event["slug"]) for event in events)


def moment(seconds: float) -> str:
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}+00:00"


def test_each_toot_and_each_release_happens_once(project: Project, timeline: Timeline, server: FakeMastodon) -> None:
    project.write_post("first", moment(-60), title="The first")
    with running(project, "one") as (one, one_log), running(project, "two") as (two, two_log):
        wait_for(lambda: len(timeline()) == 1)
        due = moment(6)
        for number in range(8):
            # All at one instant, so that both processes wake for the same release.
            project.write_post(f"post-{number}", due, title=f"Number {number}")
        wait_for(lambda: len(timeline()) == 9)
        # Both have looked once more since.
        project.write_post("last", moment(-30), title="The last")
        wait_for(lambda: len(timeline()) == 10)
        stop(one)
        stop(two)
    slugs = ["first", "last", *(f"post-{number}" for number in range(8))]
    said = one_log.read_text(encoding="utf-8") + two_log.read_text(encoding="utf-8")
    assert {slug: said.count(f"released  {slug}  ") for slug in slugs} == dict.fromkeys(slugs, 1)
    assert posts_that_arrived(server) == len(timeline()) == len(slugs)
    told = history(project)
    assert {key: count for key, count in told.items() if count > 1} == {}
    assert {slug for what, slug in told if what == "released"} == set(slugs)
    assert {slug for what, slug in told if what == "sent"} == set(slugs)
    feed = (project.root / "public/news/rss.xml").read_text(encoding="utf-8")
    assert feed.count("<item>") == len(slugs)
    toots = json.loads((project.root / "public/news/syndication.json").read_text(encoding="utf-8"))["posts"]
    assert len(toots) == len(slugs)


def test_two_first_ticks_at_once_tell_the_archive_once(project: Project, timeline: Timeline) -> None:
    for number in range(1, 8):
        project.write_post(f"old-{number}", f"2024-07-1{number} 06:00:00", title=f"Old {number}")
    project.write_post("fresh", moment(-30))
    both = [
        subprocess.Popen(
            project.command("tick"),
            cwd=project.root,
            env={**project.environ, "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert "".join(said).count("released  fresh") == 1, said
    assert len(timeline()) == 1
    told = history(project)
    assert (told["released", ""], told["released", "fresh"], told["sent", "fresh"]) == (1, 1, 1)


@pytest.mark.parametrize("do", ["post-then-hang:60", "hang:60"])
def test_when_the_one_that_sends_is_killed_the_other_takes_over_after_the_lease(
    project: Project, timeline: Timeline, server: FakeMastodon, do: str
) -> None:
    """With "post-then-hang" the toot was made and nobody knows; with "hang" it never was."""
    server.faults.switch([Fault(on="POST /api/v1/statuses", do=do)])
    with running(project, "one") as (one, one_log), running(project, "two") as (two, two_log):
        project.write_post("keynote", moment(-30))
        wait_for(lambda: posts_that_arrived(server) == 1)
        logs = {one.pid: one_log, two.pid: two_log}
        holder = lease_holder(project)
        assert holder in logs, "one of them holds the lease while it waits for an answer"
        os.kill(holder, signal.SIGKILL)
        (survivor,) = set(logs) - {holder}
        time.sleep(1)
        assert requests_that_arrived(server)[-1] == POST, "the lease keeps the other away, even from looking"
        outcome = b"found  keynote" if do.startswith("post") else b"sent  keynote"
        wait_for(lambda: outcome in logs[survivor].read_bytes())
    assert len(timeline()) == 1
    told = history(project)
    assert (told["released", "keynote"], told["sent", "keynote"] + told["found", "keynote"]) == (1, 1)


def lease_holder(project: Project) -> int:
    """The process id that the ledger names as the owner of the account's lease."""
    import sqlite3

    with sqlite3.connect(project.root / "var/ledger.db") as db:
        (owner,) = db.execute("SELECT lease_owner FROM account").fetchone()
    db.close()
    return int(str(owner).rpartition(" ")[2])


OTHER = b"another `announce run` is at work on this ledger: process "


def test_the_second_one_says_who_is_there_and_a_dead_one_does_not_count(project: Project) -> None:
    with running(project, "one") as (one, one_log), running(project, "two") as (two, two_log):
        assert OTHER not in one_log.read_bytes()
        assert two_log.read_bytes().count(OTHER + str(one.pid).encode() + b" on ") == 1
        one.kill()
        one.wait()
        two.kill()
        two.wait()
        with running(project, "three") as (_, three_log):
            assert OTHER not in three_log.read_bytes()


def test_the_warning_goes_where_errors_go(project: Project) -> None:
    with running(project, "one") as (one, _):
        two = subprocess.Popen(
            project.command("run"),
            cwd=project.root,
            env={**project.environ, "TZ": "UTC", "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert two.stdout is not None
        while b"next:" not in two.stdout.readline():
            assert two.poll() is None
        two.send_signal(signal.SIGTERM)
        said, errors = two.communicate(timeout=30)
    assert errors.count(OTHER + str(one.pid).encode()) == 1
    assert OTHER not in said
