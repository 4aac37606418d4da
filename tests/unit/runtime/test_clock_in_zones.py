"""What happens to a machine's clock, on sites in several zones, each at an edge of its own: once, never early."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from bot.domain.wording import reason_words
from bot.integrations.server_clock import ServerTimes
from tests.support.changed_bot import with_parts
from tests.support.manual_clock_bot import ACCOUNT, PretendedSite

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Edge:
    """A publish datetime as a person writes it, and what it means."""

    zone: str
    written: str
    utc: str
    machine: str  #: the machine's own zone, which must not matter

    @property
    def instant(self) -> datetime:
        return datetime.fromisoformat(self.utc).replace(tzinfo=UTC)


EDGES = [
    Edge("America/St_Johns", "2026-03-08 03:00:00", "2026-03-08 05:30", "UTC"),  # the clocks have just gone forward
    Edge("Antarctica/Troll", "2026-03-29 03:00:00", "2026-03-29 01:00", "Europe/Berlin"),  # by two hours
    Edge("Europe/Dublin", "2026-10-25 01:30:00", "2026-10-25 00:30", "America/New_York"),  # comes twice: the first
    Edge("Europe/Dublin", "2026-10-25 01:30:00+00:00", "2026-10-25 01:30", "UTC"),  # the second
    Edge("America/New_York", "2026-12-06 06:00:00-04:00", "2026-12-06 10:00", "Asia/Tokyo"),  # not the zone's offset
    Edge("Pacific/Apia", "2026-07-01 00:10:00", "2026-06-30 11:10", "America/Los_Angeles"),
]


#: Steps of the clock know no zones: two sites are enough to see that.
TWO_EDGES = pytest.mark.parametrize("edge", EDGES[::3], indirect=True, ids=lambda edge: edge.zone)


@pytest.fixture(params=EDGES, ids=lambda edge: f"{edge.zone} {edge.written}")
def edge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edge]:
    edge: Edge = request.param
    monkeypatch.setenv("TZ", edge.machine)
    time.tzset()
    yield edge
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def site(edge: Edge, tmp_path: Path) -> PretendedSite:
    """A day before its first post; the second follows half an hour later."""
    second = f"{edge.instant + HOUR / 2:%Y-%m-%d %H:%M:%S}+00:00"
    texts = {slug: post(slug, written) for slug, written in (("first", edge.written), ("second", second))}
    site = PretendedSite(tmp_path, texts, zone=edge.zone, begin=edge.instant - DAY)
    site.tick(site.clock.now())
    return site


def post(slug: str, written: str) -> str:
    words = "The first paragraph says what there is to be said, at some length."
    return f"---\ntitle: About {slug}\npublished_datetime: {written}\n---\n\n{words}\n"


def out(site: PretendedSite) -> list[str]:
    """What is out; feed and toots agree."""
    tooted = [slug for slug, _ in site.tooted()]
    assert [slug for slug, _ in site.released()] == tooted
    assert [slug for slug in ("first", "second") if f"/news/{slug}/" in site.feed()] == tooted
    return tooted


def test_each_is_released_at_its_instant(site: PretendedSite, edge: Edge) -> None:
    site.tick(edge.instant - SECOND)
    assert out(site) == []
    site.tick(edge.instant)
    site.tick(edge.instant + HOUR / 2 - SECOND)
    assert out(site) == ["first"]
    site.tick(edge.instant + HOUR / 2)
    assert site.tooted() == [("first", edge.instant), ("second", edge.instant + HOUR / 2)]


@TWO_EDGES
def test_a_step_forward_releases_what_it_stepped_over_and_a_step_back_nothing_again(
    site: PretendedSite, edge: Edge
) -> None:
    site.clock.step_to(edge.instant + MINUTE)
    site.tick(site.clock.now())
    assert out(site) == ["first"]
    site.clock.step_to(edge.instant - 2 * HOUR)
    plan = site.tick(site.clock.now()).plan
    assert "the clock is behind" in reason_words(plan.doubt)
    assert out(site) == ["first"]
    # The time that the ledger has seen has come again, and so the second post.
    site.tick(edge.instant + HOUR / 2)
    assert site.tooted()[1:] == [("second", edge.instant + HOUR / 2)]


@TWO_EDGES
def test_a_machine_that_slept_over_its_instants_catches_up_in_order(site: PretendedSite, edge: Edge) -> None:
    site.clock.advance(edge.instant + 9 * HOUR - site.clock.now())
    for _ in range(4):  # late toots keep a pause between them
        site.tick(site.clock.now() + 2 * MINUTE)
    assert out(site) == ["first", "second"]
    assert site.tooted()[0][1] < site.tooted()[1][1]


@TWO_EDGES
def test_a_clock_without_its_battery_is_doubted_until_it_is_set(site: PretendedSite, edge: Edge) -> None:
    for wrong in (datetime(1970, 1, 1, tzinfo=UTC), datetime(2019, 5, 1, tzinfo=UTC)):
        site.clock.step_to(wrong)
        assert "the clock is behind" in reason_words(site.tick(site.clock.now()).plan.doubt)
        assert out(site) == []
    site.clock.step_to(edge.instant)
    assert reason_words(site.tick(edge.instant).plan.doubt) == ""
    assert site.tooted() == [("first", edge.instant)]


@pytest.mark.parametrize("off", [-HOUR, HOUR, -7 * 365 * DAY, 12 * 365 * DAY], ids=["-1 h", "+1 h", "-7 y", "+12 y"])
def test_a_first_start_with_a_wrong_clock_releases_and_remembers_nothing(tmp_path: Path, off: timedelta) -> None:
    edge = EDGES[0]
    texts = {"first": post("first", edge.written)}
    site = PretendedSite(tmp_path, texts, zone=edge.zone, begin=edge.instant - 10 * MINUTE + off)
    servers = ServerTimes(site.clock, {ACCOUNT: "http://127.0.0.1:9"}, timeout=SECOND)
    servers.note(ACCOUNT, {"Date": format_datetime(edge.instant - 10 * MINUTE, usegmt=True)})
    site.bot = with_parts(site.bot, server_times=servers)
    assert "the clock is more than 5 minutes" in reason_words(site.tick(site.clock.now()).plan.doubt)
    assert (site.released(), site.tooted()) == ([], [])
    # Somebody sets it; ten minutes pass.
    site.clock.step_to(edge.instant - 10 * MINUTE)
    assert reason_words(site.tick(edge.instant - SECOND).plan.doubt) == ""
    assert site.tooted() == []
    site.tick(edge.instant)
    assert site.tooted() == [("first", edge.instant)]
