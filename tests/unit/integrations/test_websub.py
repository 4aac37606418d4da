"""Pinging a real hub on loopback: after each change, once the feed's address serves it, with tries that outlive us."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config import Feeds, Site
from bot.domain import Entry, Event
from bot.domain.clock import ManualClock
from bot.feeds.build import render_feeds
from bot.http.client import WebClient
from bot.http.policy import ConnectPolicy, anywhere
from bot.integrations.websub import BACKOFF, REPORT_AFTER, WebSubPings, topics_of
from bot.ledger.contract import Ledger
from bot.ledger.sqlite import SqliteLedger
from tests.support.listeners import Page, web_server
from tests.support.scratch_ledger import ScratchLedger
from tests.support.websub_hub import Hub, listening_hub

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with listening_hub() as listening:
        yield listening


@dataclass
class Stage:
    """A public folder, a site that may lag behind it, a ledger, and the pings."""

    public: Path
    address: str
    pages: dict[str, Page]
    hubs: tuple[str, ...]
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    said: list[Event] = field(default_factory=list)
    ledger: Ledger = field(init=False)
    pings: WebSubPings = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = ScratchLedger(self.clock)
        self.restart()

    def restart(self, **changes: Any) -> None:
        options: dict[str, Any] = {
            "web": WebClient(ConnectPolicy(may_reach=anywhere, schemes=("http",))),
            "hubs": self.hubs,
        }
        self.pings = WebSubPings(
            public=self.public, ledger=self.ledger, clock=self.clock, emit=self.said.append, **{**options, **changes}
        )

    def write(self, name: str, content: bytes, *, deployed: bool = True) -> None:
        (self.public / name).write_bytes(content)
        if deployed:
            self.deploy()

    def deploy(self) -> None:
        for path in self.public.iterdir():
            self.pages[f"/{path.name}"] = Page(body=path.read_bytes())

    def send(self) -> timedelta | None:
        return self.pings.send({f"{self.address}/{path.name}": path.name for path in sorted(self.public.iterdir())})

    def later(self, by: timedelta | None) -> timedelta | None:
        assert by is not None
        self.clock.advance(by)
        return self.send()


@pytest.fixture
def stage(tmp_path: Path, hub: Hub) -> Iterator[Stage]:
    (tmp_path / "public").mkdir()
    pages: dict[str, Page] = {}
    with web_server(pages) as address:
        yield Stage(public=tmp_path / "public", address=address, pages=pages, hubs=(hub.url,))


def test_each_change_is_told_once_for_each_feed(stage: Stage, hub: Hub) -> None:
    stage.write("rss.xml", b"one")
    stage.write("atom.xml", b"one")
    assert stage.send() is None
    assert hub.pings == [
        {"hub.mode": "publish", "hub.url": f"{stage.address}/atom.xml"},
        {"hub.mode": "publish", "hub.url": f"{stage.address}/rss.xml"},
    ]
    assert stage.send() is None
    stage.write("rss.xml", b"two")
    assert stage.send() is None
    assert hub.topics[2:] == [f"{stage.address}/rss.xml"]
    assert [event.detail for event in stage.said] == [f"{hub.url}: 2 feeds", f"{hub.url}: 1 feed"]
    assert stage.ledger.events(limit=9) == tuple(stage.said)


def test_nothing_is_told_before_the_address_serves_the_new_bytes(stage: Stage, hub: Hub) -> None:
    seen: list[bytes] = []
    hub.on_ping = lambda _: seen.append(stage.pages["/rss.xml"].body)
    stage.write("rss.xml", b"old")
    stage.send()
    stage.write("rss.xml", b"new", deployed=False)
    again = stage.send()
    assert (again, seen) == (BACKOFF.first, [b"old"])
    again = stage.later(again)
    stage.deploy()
    assert stage.send() is not None, "in a pause nothing is asked"
    assert stage.later(again) is None
    assert seen == [b"old", b"new"]


@pytest.mark.parametrize(
    "page",
    [Page(status=404), Page(status=503), Page(body=b"new "), Page(body=b""), Page(body=b"x" * 3_000_000)],
    ids=["404", "503", "more", "less", "far more"],
)
def test_whatever_else_the_address_shows_is_not_the_feed(stage: Stage, hub: Hub, page: Page) -> None:
    stage.write("rss.xml", b"new")
    stage.pages["/rss.xml"] = page
    again = stage.send()
    assert hub.pings == []
    stage.deploy()
    stage.later(again)
    assert len(hub.pings) == 1


def test_one_feed_that_lags_behind_does_not_hold_up_the_others(stage: Stage, hub: Hub) -> None:
    stage.write("atom.xml", b"one")
    stage.write("rss.xml", b"one", deployed=False)
    assert stage.send() is not None
    assert hub.topics == [f"{stage.address}/atom.xml"]


def test_new_bytes_are_looked_for_at_once_after_a_long_wait(stage: Stage, hub: Hub) -> None:
    stage.write("rss.xml", b"one", deployed=False)
    again = stage.send()
    for _ in range(9):
        again = stage.later(again)
    assert again == BACKOFF.longest
    stage.write("rss.xml", b"two")
    assert stage.send() is None
    assert len(hub.pings) == 1


@pytest.mark.parametrize("answer", [500, 503, 429, 400, 404, 301, 307])
def test_a_hub_that_refuses_is_tried_again_later(stage: Stage, hub: Hub, answer: int) -> None:
    hub.answers = [answer, answer]
    stage.write("rss.xml", b"one")
    first = stage.send()
    assert (first, hub.pings) == (BACKOFF.first, [])
    second = stage.later(first)
    assert second == 2 * BACKOFF.first
    assert stage.later(second) is None
    assert len(hub.pings) == 1


def test_a_hub_that_hangs_up_is_tried_again(stage: Stage, hub: Hub) -> None:
    hub.hangs_up = True
    stage.write("rss.xml", b"one")
    again = stage.send()
    hub.hangs_up = False
    assert stage.later(again) is None
    assert len(hub.pings) == 1


def test_pauses_grow_to_the_longest_and_the_trouble_is_told_once(stage: Stage, hub: Hub) -> None:
    hub.answers = [503] * 99
    stage.write("rss.xml", b"one")
    pauses = [stage.send()]
    while sum((pause for pause in pauses if pause), timedelta()) < 4 * REPORT_AFTER:
        pauses.append(stage.later(pauses[-1]))
    assert pauses[-1] == BACKOFF.longest
    assert pauses == sorted(pause for pause in pauses if pause)
    (trouble,) = stage.said
    assert (trouble.kind.value, "503" in trouble.detail, hub.url in trouble.detail) == ("problem", True, True)
    assert stage.ledger.events(limit=9) == (trouble,)


def test_a_hub_that_does_not_want_one_feed_gets_the_others(stage: Stage, hub: Hub) -> None:
    hub.refuses = "atom"
    stage.write("atom.xml", b"one")
    stage.write("rss.xml", b"one")
    assert stage.send() is not None
    assert hub.topics == [f"{stage.address}/rss.xml"]


def test_one_hub_that_is_down_does_not_keep_the_other_waiting(stage: Stage, hub: Hub) -> None:
    stage.restart(hubs=("http://127.0.0.1:9/", hub.url))
    stage.write("rss.xml", b"one")
    again = stage.send()
    assert len(hub.pings) == 1
    stage.later(again)
    assert len(hub.pings) == 1, "who knows it is not told again"


def test_what_is_owed_outlives_the_process(stage: Stage, hub: Hub, tmp_path: Path) -> None:
    stage.ledger = SqliteLedger(tmp_path / "ledger.db", stage.clock)
    stage.restart()
    stage.write("rss.xml", b"one")
    hub.answers = [503]
    assert stage.send() is not None
    stage.ledger.close()
    stage.ledger = SqliteLedger(tmp_path / "ledger.db", stage.clock)
    stage.restart()
    assert stage.send() is None
    assert len(hub.pings) == 1
    stage.ledger.close()
    stage.ledger = SqliteLedger(tmp_path / "ledger.db", stage.clock)
    stage.restart()
    assert stage.send() is None
    assert len(hub.pings) == 1, "what it knows is remembered"
    stage.ledger.close()


def test_private_addresses_are_not_asked_unless_the_settings_allow_them(stage: Stage, hub: Hub) -> None:
    stage.restart(web=WebClient(ConnectPolicy(schemes=("http",))))
    stage.write("rss.xml", b"one")
    assert stage.send() is not None
    assert hub.pings == []
    assert "private network" in stage.pings.troubles()[0]


def test_a_private_hub_is_not_asked_though_the_site_is_public(stage: Stage, hub: Hub) -> None:
    port = hub.url.split(":")[2].split("/")[0]
    private = f"http://hub.example:{port}/publish/"
    # By the resolver the site is at a public address; 127.0.0.1 stands for it here.
    web = WebClient(
        ConnectPolicy(may_reach=lambda address: address == "127.0.0.1", schemes=("http",)),
        resolve=lambda host, _port: ["10.1.2.3"] if host == "hub.example" else ["127.0.0.1"],
    )
    stage.restart(web=web, hubs=(private,))
    stage.write("rss.xml", b"one")
    assert stage.send() is not None
    assert "private network" in stage.pings.troubles()[0]


def test_nothing_new_is_begun_once_it_is_to_stop(stage: Stage, hub: Hub) -> None:
    stage.restart(stopping=lambda: True)
    stage.write("rss.xml", b"one")
    assert stage.send() == BACKOFF.first
    assert hub.pings == []


def test_without_hubs_nobody_is_asked(stage: Stage) -> None:
    seen = dict(stage.pages)
    stage.restart(hubs=())
    stage.write("rss.xml", b"one", deployed=False)
    assert stage.send() is None
    assert stage.pages == seen


def test_feeds_have_topics_and_archives_and_pages_do_not(make_entry: Callable[..., Entry]) -> None:
    site = Site.model_validate({"title": "Conf", "url": "https://conf.example", "timezone": "UTC"})
    entries = [make_entry(f"post-{number}", category="News") for number in range(3)]
    settings = {"hubs": ["https://hub.example/"], "archive": 1, "entries": 1, "categories": True}
    files = render_feeds(entries, site=site, feeds=Feeds.model_validate(settings)).files
    assert any("archive" in name for name in files)
    assert topics_of(files) == {
        f"https://conf.example/news/{folder}{name}": f"news/{folder}{name}"
        for folder in ("", "category/news/")
        for name in ("rss.xml", "atom.xml", "feed.json")
    }
    assert topics_of(render_feeds(entries, site=site, feeds=Feeds()).files) == {}
