"""Releases that wait for their page, by the real process, with a conference's site on loopback."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.conference_site import ConferenceSite, Shown, conference_site
from tests.support.project import Project, Timeline
from tests.support.timeouts import patient

SECOND = timedelta(seconds=1)


@pytest.fixture
def site() -> Iterator[ConferenceSite]:
    with conference_site() as running:
        yield running


@pytest.fixture
def waiting(project: Project, site: ConferenceSite) -> Callable[[str], Project]:
    """The project with that site; its releases wait so long for their pages."""

    def make(wait_for_page: str) -> Project:
        path = project.root / "config/bot.toml"
        text = path.read_text(encoding="utf-8").replace("https://2024.djangocon.us", site.url)
        text = text.replace("[site]", "[site]\nprivate_addresses = true")
        more = f'wait_for_page = "{wait_for_page}"\ndeploy_hook = "env:DEPLOY_HOOK"\ndeploy_body = {{ ref = "main" }}'
        path.write_text(text.replace('wait_for_page = "off"', more), encoding="utf-8")
        project.environ["DEPLOY_HOOK"] = f"{site.url}/hooks/S3CRET"
        return project

    return make


def wait_for(condition: Callable[[], object], *, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def write(project: Project, slug: str, due: datetime, **extra: str) -> None:
    project.write_post(slug, f"{due:%Y-%m-%d %H:%M:%S}+00:00", title=slug.title(), **extra)


def tooted(timeline: Timeline) -> list[str]:
    return [status["content"].partition("<p>")[2].partition("</p>")[0].partition("<")[0] for status in timeline()]


def in_the_feed(project: Project) -> list[str]:
    path = project.root / "public/news/feed.json"
    return [item["title"] for item in json.loads(path.read_bytes())["items"]] if path.exists() else []


def test_feed_and_toot_come_with_the_page_once_though_the_bot_is_killed_meanwhile(
    waiting: Callable[[str], Project], site: ConferenceSite, timeline: Timeline
) -> None:
    project = waiting("10m")
    process = project.start("run")
    wait_for(lambda: "next:" in project.run_log)
    due = (datetime.now(UTC) + 3 * SECOND).replace(microsecond=0)
    site.on_call = lambda: site.show("second", "first")
    write(project, "late", due)
    write(project, "second", due, order="2")
    write(project, "first", due, order="1")
    wait_for(lambda: len(timeline()) == 2)
    assert tooted(timeline) == ["First", "Second"], project.run_log
    wait_for(lambda: sorted(in_the_feed(project)) == ["First", "Second"])
    assert len(site.calls) == 1, "one call for three posts"
    assert due <= site.calls[0].at <= site.asked[0][0], "the site is built first, and nothing is asked before the time"
    assert site.calls[0].said == {"ref": "main"}
    assert set(site.paths()) == {"/news/first/", "/news/second/", "/news/late/"}

    process.kill()
    process.wait()
    queue = project.announce("queue")
    assert " Late " in queue.stdout
    assert "feeds  waiting" in queue.stdout
    assert "answered 404" in queue.stdout
    site.show("late")
    again = project.start("run")
    wait_for(lambda: len(timeline()) == 3)
    again.send_signal(signal.SIGTERM)
    assert again.wait(timeout=10) == 0
    assert tooted(timeline) == ["First", "Second", "Late"]
    assert len(site.calls) == 1
    assert "S3CRET" not in project.run_log
    assert "Traceback" not in project.run_log


@pytest.mark.needs("faketime")
def test_a_tick_asks_once_and_the_one_after_the_deadline_holds(
    waiting: Callable[[str], Project], site: ConferenceSite, timeline: Timeline
) -> None:
    project = waiting("60s")
    due = datetime.now(UTC) - 5 * SECOND

    def later(minutes: int) -> str:
        return f"{due + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}"

    site.show("there")
    write(project, "there", due)
    write(project, "missing", due)
    first = project.announce("tick")
    assert first.returncode == 0, "waiting is no trouble"
    assert "missing: waits for its page, until" in first.stdout
    assert tooted(timeline) == ["There"]
    assert (site.paths().count("/news/missing/"), len(site.calls)) == (1, 1)
    second = project.announce("tick", at=later(3))
    assert second.returncode == 1, "somebody should look"
    assert "its page is missing" in second.stdout
    third = project.announce("tick", at=later(4))
    assert (third.returncode, site.paths().count("/news/missing/")) == (0, 2)
    assert project.announce("release", "missing", "--yes", at=later(5)).returncode == 0
    assert project.announce("tick", at=later(6)).returncode == 0
    assert tooted(timeline) == ["There", "Missing"]
    assert len(site.calls) == 1


def test_a_site_that_is_dead_delays_neither_the_stop_nor_what_needs_no_page(
    waiting: Callable[[str], Project], site: ConferenceSite, timeline: Timeline
) -> None:
    project = waiting("10m")
    for number in range(12):
        site.pages[f"/news/slow-{number}/"] = Shown(slow=60)
        write(project, f"slow-{number}", datetime.now(UTC) - SECOND)
    site.show("quick")
    process = project.start("run")
    wait_for(lambda: len(site.asked) >= 8)
    write(project, "quick", datetime.now(UTC) - SECOND)
    wait_for(timeline)
    before = site.paths()[: site.paths().index("/news/quick/")]
    assert len(before) == len(set(before)), "no page is asked for again before one that never was"
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    assert time.monotonic() - asked < patient(4)
