"""A cover on another host: its host is asked for type and size after the release, beside the work, and never before."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from tests.support.listeners import Page, web_server
from tests.support.project import Project, Timeline

COVER = Page(body=b"x" * 4711, headers={"Content-Type": "image/jpeg"})


@dataclass
class Pictures:
    """A host of pictures, and what it was asked for."""

    address: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def pictures(project: Project) -> Iterator[Pictures]:
    host = Pictures(pages={"/now.jpg": COVER, "/later.jpg": COVER})
    path = project.root / "config/bot.toml"
    path.write_text(path.read_text().replace("[site]", "[site]\nprivate_addresses = true"))
    with web_server(host.pages, asked=host.asked) as host.address:
        yield host


def wait_for(condition: Callable[[], object], *, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def write_post(project: Project, slug: str, published: datetime, cover: str) -> None:
    project.write_post(slug, f"{published:%Y-%m-%d %H:%M:%S}+00:00", cover=f"{{url: '{cover}', alt: 'A pier'}}")


def tick(project: Project) -> None:
    # It may exit with 1: a toot goes without a picture that is not at an https address, and says so.
    done = project.announce("tick")
    assert "wrote" in done.stdout or "nothing new" in done.stdout, done.stderr
    assert not done.stderr


def feed(project: Project) -> str:
    path = project.root / "public/news/atom.xml"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def lengths(project: Project) -> list[str]:
    return re.findall(r'<link rel="enclosure" type="image/jpeg" length="(\d+)"', feed(project))


def test_a_tick_asks_once_and_a_build_from_its_ledger_has_the_same_bytes(project: Project, pictures: Pictures) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    write_post(project, "now", now - timedelta(minutes=1), f"{pictures.address}/now.jpg")
    write_post(project, "later", now + timedelta(days=1), f"{pictures.address}/later.jpg")
    tick(project)
    assert lengths(project) == ["4711"]
    first = feed(project)
    tick(project)
    assert project.announce("build", "--out", "elsewhere").returncode == 0
    assert feed(project) == first == (project.root / "elsewhere/news/atom.xml").read_text(encoding="utf-8")
    assert pictures.asked == ["HEAD /now.jpg"]


def test_a_build_alone_asks_nobody(project: Project, pictures: Pictures) -> None:
    write_post(project, "now", datetime.now(UTC) - timedelta(minutes=1), f"{pictures.address}/now.jpg")
    assert project.announce("build").returncode == 0
    assert f'url="{pictures.address}/now.jpg"' in feed(project)
    assert (lengths(project), pictures.asked) == ([], [])


def test_what_its_host_does_not_know_is_no_enclosure_and_no_failure(project: Project, pictures: Pictures) -> None:
    write_post(project, "now", datetime.now(UTC) - timedelta(minutes=1), f"{pictures.address}/gone.jpg")
    for _ in range(2):
        tick(project)
        assert lengths(project) == []
    assert pictures.asked == ["HEAD /gone.jpg", "GET /gone.jpg"], "again tomorrow"


def test_a_host_that_hangs_delays_neither_feed_nor_toot_nor_the_stop(
    project: Project, pictures: Pictures, timeline: Timeline
) -> None:
    let_go = Event()

    def hanging() -> Iterator[bytes]:
        let_go.wait(30)
        yield b"x"

    pictures.pages["/now.jpg"] = Page(chunks=hanging(), headers=COVER.headers, refuses_head=True)
    process = project.start("run")
    try:
        write_post(project, "now", datetime.now(UTC), f"{pictures.address}/now.jpg")
        wait_for(lambda: "/news/now/" in feed(project))
        wait_for(timeline)
        wait_for(lambda: "GET /now.jpg" in pictures.asked)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    finally:
        let_go.set()
        process.kill()
        process.wait()


def test_while_it_runs_the_enclosure_comes_by_itself_and_no_date_moves(project: Project, pictures: Pictures) -> None:
    process = project.start("run")
    try:
        due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
        write_post(project, "now", due, f"{pictures.address}/now.jpg")
        wait_for(lambda: lengths(project) == ["4711"])
        assert datetime.now(UTC) >= due
        assert set(re.findall("<updated>(.*?)</updated>", feed(project))) == {due.isoformat()}
        assert pictures.asked == ["HEAD /now.jpg"]
    finally:
        process.kill()
        process.wait()


def test_a_rehearsal_asks_nobody_for_its_releases_are_pretended(project: Project, pictures: Pictures) -> None:
    write_post(project, "later", datetime.now(UTC) + timedelta(days=9), f"{pictures.address}/later.jpg")
    process = project.start("rehearse", "--port", "0")
    atom = project.root / "var/rehearsal/public/news/atom.xml"
    try:
        wait_for(lambda: atom.exists() and "/news/later/" in atom.read_text(encoding="utf-8"), seconds=60)
        wait_for(lambda: "over" in project.run_log or "sent" in project.run_log, seconds=60)
        assert pictures.asked == []
    finally:
        process.kill()
        process.wait()
