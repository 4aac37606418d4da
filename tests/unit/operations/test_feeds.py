"""Building the feeds, and telling the hubs: on a site, a hub and a public folder of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import Config
from bot.domain import Event
from bot.domain.clock import ManualClock
from bot.domain.errors import UsageError
from bot.operations.feeds import HubsResult, build_site, tell_hubs
from bot.runtime.app import make_bot
from tests.support.listeners import Page, web_server
from tests.support.websub_hub import Hub, listening_hub

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
POST = "---\ntitle: Doors\npublished_datetime: {when}\n---\n\nThe hall opens its doors for everybody, at nine.\n"


class Stage:
    """A released post, a site that shows what was deployed, and a hub."""

    def __init__(self, config: Config, pages: dict[str, Page], hub: Hub) -> None:
        self.config, self.pages, self.hub = config, pages, hub
        self.clock = ManualClock(NOW)
        self.events: list[Event] = []
        self.naps: list[float] = []
        config.posts_folder.mkdir()
        (config.posts_folder / "doors.md").write_text(POST.format(when="2026-03-10 13:59:00+00:00"), encoding="utf-8")
        bot = make_bot(config, environ={}, clock=self.clock, emit=self.events.append)
        try:
            bot.cycle_once()
        finally:
            bot.close()

    def deploy(self) -> None:
        for file in self.config.public_folder.rglob("*.*"):
            self.pages[f"/{file.relative_to(self.config.public_folder)}"] = Page(body=file.read_bytes())

    def tell(self, *, wait: timedelta, during: Callable[[], None] = lambda: None) -> HubsResult:
        def sleep(seconds: float) -> None:
            self.naps.append(seconds)
            self.clock.advance(timedelta(seconds=seconds))
            during()

        return tell_hubs(self.config, wait=wait, environ={}, clock=self.clock, emit=self.events.append, sleep=sleep)


@pytest.fixture
def stage(site_config: Callable[..., Config]) -> Iterator[Stage]:
    pages: dict[str, Page] = {}
    with web_server(pages) as address, listening_hub() as hub:
        config = site_config(feeds=f'hubs = ["{hub.url}"]')
        site = config.site.model_copy(update={"url": address, "private_addresses": True})
        yield Stage(config.model_copy(update={"site": site}), pages, hub)


def test_hubs_are_told_of_the_feeds_that_the_site_shows(stage: Stage) -> None:
    stage.deploy()
    assert stage.tell(wait=timedelta(minutes=5)) == HubsResult(is_complete=True, troubles=())
    assert {topic.rpartition("/")[2] for topic in stage.hub.topics} >= {"rss.xml", "atom.xml", "feed.json"}
    assert stage.naps == []
    told = len(stage.hub.topics)
    assert stage.tell(wait=timedelta(minutes=5)).is_complete
    assert len(stage.hub.topics) == told, "what the hub knows is not told again"


def test_a_site_that_lags_behind_is_waited_for(stage: Stage) -> None:
    assert stage.tell(wait=timedelta(minutes=5), during=stage.deploy).is_complete
    assert stage.naps
    assert stage.hub.topics


def test_it_gives_up_after_the_wait(stage: Stage) -> None:
    assert not stage.tell(wait=timedelta(seconds=30)).is_complete
    assert sum(stage.naps) < 30
    assert stage.hub.topics == []


@pytest.mark.parametrize("inside", [".", "news", ".."])
def test_a_build_of_a_later_day_stays_out_of_the_public_folder(stage: Stage, inside: str) -> None:
    before = {path: path.read_bytes() for path in stage.config.public_folder.rglob("*.*")}
    later = NOW + timedelta(days=1)
    with pytest.raises(UsageError, match="must not show what is not released"):
        build_site(stage.config, now=later, out=stage.config.public_folder / inside, environ={}, clock=stage.clock)
    assert {path: path.read_bytes() for path in stage.config.public_folder.rglob("*.*")} == before


def test_a_build_of_a_later_day_goes_into_a_folder_of_its_own(stage: Stage, tmp_path: Path) -> None:
    (stage.config.posts_folder / "later.md").write_text(POST.format(when="2026-03-10 20:00:00+00:00"), encoding="utf-8")
    later, folder = NOW + timedelta(days=1), tmp_path / "elsewhere"
    built = build_site(stage.config, now=later, out=folder, environ={}, clock=stage.clock)
    assert (built.faults, built.unfetched) == ((), ())
    assert b"/news/later/" in (folder / "news" / "rss.xml").read_bytes()
