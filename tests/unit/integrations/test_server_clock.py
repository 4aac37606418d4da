"""What time it is by the servers: read from their answers, kept through steps of our own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bot.domain.clock import ManualClock
from bot.integrations.server_clock import ServerTimes
from tests.fakes.mastodon_server import FakeMastodon

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONF = "conf@example.social"
NOWHERE = {CONF: "http://127.0.0.1:9"}


def times(clock: ManualClock) -> ServerTimes:
    return ServerTimes(clock, NOWHERE, timeout=timedelta(seconds=2))


@pytest.mark.parametrize(
    ("headers", "moment"),
    [
        ({"Date": "Tue, 10 Mar 2026 13:00:00 GMT"}, NOW - HOUR),
        ({"Date": "Tue, 10 Mar 2026 13:00:00 GMT", "Age": "90"}, NOW - HOUR + timedelta(seconds=90)),
        ({"Date": "Tuesday, 10-Mar-26 13:00:00 GMT"}, NOW - HOUR),  # RFC 850, obsolete
        ({"Date": "Tue Mar 10 13:00:00 2026"}, NOW - HOUR),  # asctime, obsolete, always UTC
        ({"date": "Tue, 10 Mar 2026 13:00:00 GMT"}, NOW - HOUR),
        ({}, None),
        ({"Date": ""}, None),
        ({"Date": "yesterday"}, None),
        ({"Date": "Tue, 10 Mar 99999 13:00:00 GMT"}, None),
        ({"Date": "Tue, 10 Mar 2026 13:00:00 GMT", "Age": "old"}, None),
        ({"Date": "Tue, 10 Mar 2026 13:00:00 GMT", "Age": "9" * 30}, None),
    ],
)
def test_the_date_of_an_answer(headers: dict[str, str], moment: datetime | None) -> None:
    heard = times(ManualClock(NOW))
    heard.note(CONF, httpx.Headers(headers))
    assert heard.now() == ({} if moment is None else {CONF: moment})


def test_it_goes_on_with_the_time_that_passes_and_not_with_steps_of_our_clock() -> None:
    clock = ManualClock(NOW)
    heard = times(clock)
    heard.note(CONF, {"Date": "Tue, 10 Mar 2026 14:00:00 GMT"})
    clock.step_to(NOW + 24 * HOUR)
    assert heard.now() == {CONF: NOW}
    clock.advance(HOUR)
    assert heard.now() == {CONF: NOW + HOUR}


def test_an_account_whose_server_does_not_count_is_not_listened_to() -> None:
    heard = times(ManualClock(NOW))
    heard.note("other@example.social", {"Date": "Tue, 10 Mar 2026 14:00:00 GMT"})
    assert heard.now() == {}


def test_without_servers_there_is_nobody_to_ask() -> None:
    nobody = ServerTimes(ManualClock(NOW), timeout=timedelta(seconds=2))
    nobody.ask()
    assert nobody.asked
    assert nobody.now() == {}


def test_a_server_that_gives_no_answer_says_nothing() -> None:
    heard = ServerTimes(ManualClock(NOW), NOWHERE, timeout=timedelta(seconds=2))
    before = heard.asked
    heard.ask()
    assert (before, heard.asked) == (False, True)
    assert heard.now() == {}


def asked(server: FakeMastodon) -> int:
    seen = httpx.get(f"{server.url}/sandbox/requests", timeout=10).json()
    return sum(one["path"] == "/api/v2/instance" for one in seen)


@pytest.mark.parametrize(("off", "again"), [(timedelta(), 1), (6 * timedelta(minutes=1), 2)])
def test_a_server_is_asked_once_and_again_after_a_minute_if_it_disagrees(off: timedelta, again: int) -> None:
    clock = ManualClock(NOW)
    with FakeMastodon(clock=ManualClock(NOW + off)).start() as server:
        heard = ServerTimes(clock, {CONF: f"{server.url}/api/v2/instance"}, timeout=timedelta(seconds=5))
        heard.ask()
        heard.ask()
        assert heard.now() == {CONF: NOW + off}
        assert asked(server) == 1
        clock.advance(timedelta(seconds=61))
        heard.ask()
        assert asked(server) == again


def test_a_server_that_is_down_is_asked_until_it_answers() -> None:
    clock = ManualClock(NOW)
    with FakeMastodon().start() as server:
        url = server.url
    heard = ServerTimes(clock, {CONF: f"{url}/api/v2/instance"}, timeout=timedelta(seconds=5))
    heard.ask()
    with FakeMastodon(clock=ManualClock(NOW)).start(int(url.rpartition(":")[2])):
        heard.ask()
        assert heard.now() == {}, "not within the minute"
        clock.advance(timedelta(seconds=61))
        heard.ask()
        assert heard.now() == {CONF: NOW}
