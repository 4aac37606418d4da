"""Asking other hosts about covers: over real connections on loopback, once, with patience that ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import RemotePicture
from bot.domain.clock import ManualClock
from bot.domain.errors import FetchError
from bot.http.client import Measured, WebClient
from bot.http.policy import ConnectPolicy, anywhere
from bot.integrations.remote_pictures import TOTAL_TIMEOUT, RemotePictures
from tests.support.listeners import Page, web_server
from tests.support.scratch_ledger import ScratchLedger

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
JPEG = {"Content-Type": "image/jpeg"}
PAGES = {
    "/a.jpg": Page(body=b"x" * 4711, headers=JPEG),
    "/shy.jpg": Page(status=206, body=b"x", headers={**JPEG, "Content-Range": "bytes 0-0/99"}, refuses_head=True),
    "/page": Page(body=b"not found", headers={"Content-Type": "text/html"}),
    "/odd": Page(body=b"x", headers={"Content-Type": 'image/"><script>'}),
    "/empty.jpg": Page(headers=JPEG),
    "/endless.jpg": Page(chunks=[b"x"], headers=JPEG),
}


@dataclass
class Stage:
    address: str
    asked: list[str]
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))

    def __post_init__(self) -> None:
        self.ledger = ScratchLedger(self.clock)
        self.covers = RemotePictures(
            web=WebClient(ConnectPolicy(may_reach=anywhere, schemes=("http",))), ledger=self.ledger, clock=self.clock
        )

    def ask(self, *paths: str) -> bool:
        return self.covers.ask(f"{self.address}{path}" for path in paths)

    def kept(self) -> dict[str, tuple[str | None, int | None]]:
        found = self.ledger.snapshot().pictures
        return {url.removeprefix(self.address): (one.media_type, one.size) for url, one in found.items()}


@pytest.fixture
def stage() -> Iterator[Stage]:
    asked: list[str] = []
    with web_server(PAGES, asked=asked) as address:
        yield Stage(address, asked)


def test_type_and_size_are_kept_and_the_picture_is_not_fetched(stage: Stage) -> None:
    assert stage.ask("/a.jpg", "/shy.jpg")
    assert stage.kept() == {"/a.jpg": ("image/jpeg", 4711), "/shy.jpg": ("image/jpeg", 99)}
    assert stage.asked == ["HEAD /a.jpg", "HEAD /shy.jpg", "GET /shy.jpg"]


@pytest.mark.parametrize("path", ["/page", "/odd", "/empty.jpg", "/endless.jpg", "/missing"])
def test_what_is_no_picture_of_a_known_size_is_noted_as_asked_in_vain(stage: Stage, path: str) -> None:
    assert not stage.ask(path)
    assert stage.kept() == {path: (None, None)}
    (noted,) = stage.ledger.snapshot().pictures.values()
    assert noted.asked_at == NOW


def test_one_in_vain_does_not_keep_the_others(stage: Stage) -> None:
    assert stage.ask("/missing", "/a.jpg")
    assert stage.kept() == {"/missing": (None, None), "/a.jpg": ("image/jpeg", 4711)}


def test_nothing_to_ask_writes_nothing(stage: Stage) -> None:
    assert not stage.ask()
    assert stage.ledger.snapshot().newest is None


class Slow(WebClient):
    """Hosts that take their time, and never answer in it."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self.clock = clock
        self.asked: list[tuple[str, timedelta]] = []

    def measure(self, url: str, *, within: timedelta) -> Measured:
        self.asked.append((url, within))
        self.clock.advance(within)
        raise FetchError("it takes too long.", passing=True)


def test_a_silent_host_is_waited_for_once_and_its_other_pictures_count_as_asked(stage: Stage) -> None:
    stage.covers.web = slow = Slow(stage.clock)
    urls = [f"https://silent.example/{number}.jpg" for number in range(50)]
    assert not stage.covers.ask(urls)
    assert [url for url, _ in slow.asked] == urls[:1]
    assert set(stage.ledger.snapshot().pictures) == set(urls)


def test_many_slow_hosts_together_have_an_end_and_the_rest_their_turn_later(stage: Stage) -> None:
    stage.covers.web = slow = Slow(stage.clock)
    urls = [f"https://slow-{number}.example/a.jpg" for number in range(50)]
    stage.covers.ask(urls)
    assert stage.clock.now() - NOW <= TOTAL_TIMEOUT
    assert 1 < len(slow.asked) < 50
    assert set(stage.ledger.snapshot().pictures) == {url for url, _ in slow.asked}


def test_whoever_is_to_stop_asks_nobody_any_more(stage: Stage) -> None:
    stage.covers.stopping = lambda: True
    assert not stage.ask("/a.jpg")
    assert (stage.asked, stage.kept()) == ([], {})


def test_who_was_asked_just_now_is_not_asked_by_a_pass_that_began_before(stage: Stage) -> None:
    assert stage.ask("/a.jpg")
    assert not stage.ask("/a.jpg")
    assert stage.asked == ["HEAD /a.jpg"]


def test_an_answer_of_before_is_not_lost_by_a_failure(stage: Stage) -> None:
    url = f"{stage.address}/a.jpg"
    stage.ask("/a.jpg")
    stage.clock.advance(timedelta(days=1))
    del PAGES["/a.jpg"].headers["Content-Type"]
    try:
        stage.ask("/a.jpg")
    finally:
        PAGES["/a.jpg"].headers["Content-Type"] = "image/jpeg"
    assert len(stage.asked) > 1
    assert stage.ledger.snapshot().pictures[url] == RemotePicture(
        url=url, media_type="image/jpeg", size=4711, asked_at=NOW
    )
