"""The real bot on a disk that is full or read-only. Without the ledger nothing is sent; a feed is no toot."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from tests.crash.conftest import CrashSite, is_up, wait_for, went_out
from tests.support import failing_files
from tests.support.project import Running
from tests.support.small_disk import SmallDisk, small_disk, under_permissions
from tests.support.tcp_relay import Wire

pytestmark = pytest.mark.crash
NOT_PERMITTED = "no disk can be mounted here; its stand-in is tested all the same"


@pytest.fixture
def ledger_disk(site: CrashSite) -> Iterator[SmallDisk]:
    with small_disk(site.project.root / "var", kilobytes=768) as disk:
        if disk is None:
            pytest.skip(NOT_PERMITTED)
        yield disk
        site.kill_what_runs()


@pytest.fixture
def public_disk(site: CrashSite) -> Iterator[SmallDisk]:
    with small_disk(site.project.root / "public", kilobytes=256) as disk:
        if disk is None:
            pytest.skip(NOT_PERMITTED)
        yield disk
        site.kill_what_runs()


def post_now(site: CrashSite, slug: str) -> str:
    site.write_post(slug, datetime.now(UTC) - timedelta(seconds=1))
    return slug


def ended_aloud(site: CrashSite, process: Running) -> None:
    """The process ends with a code for whoever restarts it, and one line says why and what to do."""
    assert process.wait(timeout=30) == 1
    last = site.log.splitlines()[-1]
    assert last.startswith("announce: the ledger ")
    assert "nothing is sent without it" in last
    assert "Traceback" not in site.log


def test_a_full_disk_under_the_ledger_stops_before_the_send(site: CrashSite, ledger_disk: SmallDisk) -> None:
    process = site.start()
    went_out(site, [post_now(site, "one")])
    ledger_disk.fill()
    post_now(site, "two")
    ended_aloud(site, process)
    ended_aloud(site, site.start())
    assert site.slugs() == ["one"]
    ledger_disk.make_room()
    process = site.start()
    went_out(site, ["one", "two"])
    site.stop(process)


def test_a_disk_that_fills_up_during_a_send_is_no_second_send(site: CrashSite, ledger_disk: SmallDisk) -> None:
    with Wire(site.server.port) as wire:
        settings = site.project.root / "config/bot.toml"
        settings.write_text(settings.read_text().replace(site.server.url, wire.url))
        process = site.start()
        went_out(site, [post_now(site, "one")])
        wire.at_send(1, ledger_disk.fill)
        post_now(site, "two")
        ended_aloud(site, process)
        assert site.slugs() == ["one", "two"], "it was sent, and could not be written down"
        ledger_disk.make_room()
        process = site.start()
        wait_for(lambda: "found  two" in site.log, site)
        went_out(site, ["one", "two"])
        site.stop(process)


def test_a_ledger_that_may_not_grow_stops_before_the_send(site: CrashSite) -> None:
    """The same without mounting: no file may grow any more."""
    limited = subprocess.Popen(
        [*site.project.command("run")],
        cwd=site.project.root,
        env={**site.project.environ, "TZ": "UTC", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    slugs = [post_now(site, "one")]
    try:
        while site.slugs() != slugs or not site.at_rest():
            assert limited.poll() is None
        psutil.Process(limited.pid).rlimit(psutil.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        post_now(site, "two")
        said, _ = limited.communicate(timeout=30)
    finally:
        limited.kill()
        limited.wait()
    assert limited.returncode == 1
    assert "announce: the ledger " in said.splitlines()[-1]
    assert site.slugs() == slugs
    process = site.start()
    went_out(site, ["one", "two"])
    site.stop(process)


@pytest.mark.needs("setpriv")
@pytest.mark.parametrize("way", ["disk", "bits"])
def test_a_ledger_that_cannot_be_written_stops_before_the_send(
    site: CrashSite, way: str, request: pytest.FixtureRequest
) -> None:
    disk = request.getfixturevalue("ledger_disk") if way == "disk" else None
    command = under_permissions(site.project.command("run"))
    process = site.start(*command)
    went_out(site, [post_now(site, "one")])
    site.stop(process)
    var = site.project.root / "var"
    lock(var, disk, yes=True)
    post_now(site, "two")
    ended_aloud(site, site.start(*command))
    assert site.slugs() == ["one"]
    lock(var, disk, yes=False)
    process = site.start(*command)
    went_out(site, ["one", "two"])
    site.stop(process)


def lock(folder: Path, disk: SmallDisk | None, *, yes: bool) -> None:
    if disk is not None:
        disk.make_read_only(yes)
        return
    taken = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode & ~taken if yes else mode | stat.S_IWUSR)


def feeds(site: CrashSite) -> dict[str, bytes]:
    folder = site.project.root / "public/news"
    return {name: (folder / name).read_bytes() for name in ("rss.xml", "atom.xml", "feed.json")}


@pytest.mark.parametrize(
    "way",
    [
        *(pytest.param(way, marks=pytest.mark.needs("setpriv")) for way in ("full disk", "read-only disk", "bits")),
        "failing files",
    ],
)
def test_a_public_folder_that_cannot_be_written_keeps_its_feed_and_no_toot(
    site: CrashSite, way: str, request: pytest.FixtureRequest
) -> None:
    disk: SmallDisk | None = request.getfixturevalue("public_disk") if "disk" in way else None
    public, mark = site.project.root / "public", site.project.root / "full"
    failing = [sys.executable, failing_files.__file__, str(public), str(mark), "run"]
    command = failing if way == "failing files" else under_permissions(site.project.command("run"))
    process = site.start(*command, environ={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
    went_out(site, [post_now(site, "one")])
    wait_for(lambda: b"/news/one/" in feeds(site)["rss.xml"], site)
    good = feeds(site)

    if way == "full disk" and disk is not None:
        disk.fill()
    elif way == "failing files":
        mark.touch()
    else:
        lock(public, disk, yes=True)
    post_now(site, "two")
    went_out(site, ["one", "two"])
    wait_for(lambda: "cannot be written" in site.log, site)
    assert feeds(site) == good, "the last good feed stays"
    assert is_up(process)

    if way == "full disk" and disk is not None:
        disk.make_room()
    elif way == "failing files":
        mark.unlink()
    else:
        lock(public, disk, yes=False)
    post_now(site, "three")
    went_out(site, ["one", "two", "three"])
    wait_for(lambda: all(b"/news/two/" in feed and b"/news/three/" in feed for feed in feeds(site).values()), site)
    site.stop(process)


def test_a_full_disk_under_the_log_stops_nothing(site: CrashSite) -> None:
    slugs = site.write_posts(2)
    with Path("/dev/full").open("w") as full:
        process = subprocess.Popen(
            site.project.command("run"),
            cwd=site.project.root,
            env={**site.project.environ, "TZ": "UTC", "PYTHONUNBUFFERED": "1"},
            stdout=full,
            stderr=full,
        )
    try:
        (site.project.root / "run.log").touch()
        went_out(site, slugs)
        process.terminate()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
