"""Rate limits: counted in fixed windows, told in headers, answered with 429."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from mastodon import Mastodon
from mastodon.errors import MastodonRatelimitError

from bot.domain.clock import ManualClock
from bot.sandbox.rates import REQUEST_RATES, STATUS_RATE, RateCounter, RequestFacts, rate_headers
from bot.sandbox.server import SandboxServer

NOON = datetime(2026, 11, 4, 12, 1, 0, 250000, tzinfo=UTC)


def counted_by(asked: RequestFacts) -> dict[str, str]:
    found = {rate.name: rate.counts_for(asked) for rate in REQUEST_RATES}
    return {name: who for name, who in found.items() if who is not None}


@pytest.mark.parametrize(
    ("method", "path", "paged", "account", "rates"),
    [
        ("GET", "/api/v1/timelines/public", False, None, {"anonymous": "::1"}),
        ("GET", "/api/v1/timelines/public", True, None, {"anonymous": "::1", "pages": "::1"}),
        ("GET", "/api/v1/statuses/1", False, "7", {"api": "7", "user": "7"}),
        ("GET", "/api/v1/accounts/7/statuses", True, "7", {"api": "7", "pages": "7", "user": "7"}),
        ("POST", "/api/v1/media", False, "7", {"api": "7", "media": "7", "user": "7"}),
        ("POST", "/api/v2/media", False, "7", {"api": "7", "media": "7", "user": "7"}),
        ("PUT", "/api/v1/media/3", False, "7", {"api": "7", "user": "7"}),
        ("POST", "/api/v1/apps", False, None, {"anonymous": "::1", "applications": "::1"}),
        ("DELETE", "/api/v1/statuses/3", False, "7", {"api": "7", "deletions": "7", "user": "7"}),
    ],
)
def test_a_request_counts_where_it_should(
    method: str, path: str, paged: bool, account: str | None, rates: dict[str, str]
) -> None:
    assert counted_by(RequestFacts(method=method, path=path, paged=paged, account=account, address="::1")) == rates


def test_tokens_of_one_account_have_their_own_three_hundred_and_share_fifteen_hundred() -> None:
    asked = RequestFacts(method="GET", path="/api/v1/statuses/1", paged=False, account="7", address="::1", token="t1")
    assert counted_by(asked) == {"api": "7t1", "user": "7"}


def test_windows_are_aligned_to_the_epoch() -> None:
    counter = RateCounter()
    api = REQUEST_RATES[0]
    assert counter.count(api, "7", NOON).reset == datetime(2026, 11, 4, 12, 5, 0, 250000, tzinfo=UTC)
    assert counter.count(api, "7", NOON + timedelta(minutes=3)).used == 2
    assert counter.count(api, "7", NOON + timedelta(minutes=4)).used == 1
    assert counter.count(api, "8", NOON + timedelta(minutes=4)).used == 1


def test_the_headers_tell_the_limit_nearest_to_exhaustion() -> None:
    counter = RateCounter()
    api, _, media, *_ = REQUEST_RATES
    headers = rate_headers([counter.count(api, "7", NOON), counter.count(media, "7", NOON)])
    assert headers == {
        "X-RateLimit-Limit": "30",
        "X-RateLimit-Remaining": "29",
        "X-RateLimit-Reset": "2026-11-04T12:30:00.250000Z",
    }
    assert rate_headers([]) == {}


def test_every_api_answer_carries_limits_and_the_time_of_the_clock(http: httpx.Client) -> None:
    answer = http.get("/api/v1/accounts/verify_credentials")
    assert answer.headers["X-RateLimit-Remaining"] == "299"
    assert answer.headers["X-RateLimit-Reset"] == "2026-11-04T15:05:00.123456Z"
    assert answer.headers.get_list("Date") == ["Wed, 04 Nov 2026 15:00:00 GMT"]
    assert http.get("/").headers.get_list("Date") == ["Wed, 04 Nov 2026 15:00:00 GMT"]


def test_thirty_uploads_in_half_an_hour(client: Mastodon, clock: ManualClock, draw: Callable[..., bytes]) -> None:
    for _ in range(30):
        client.media_post(draw(size=(1, 1)), mime_type="image/png")
    with pytest.raises(MastodonRatelimitError, match="Hit rate limit"):
        client.media_post(draw(), mime_type="image/png")
    clock.advance(timedelta(minutes=30))
    assert client.media_post(draw(), mime_type="image/png").id


def test_thirty_deletions_in_half_an_hour(http: httpx.Client) -> None:
    assert {http.delete("/api/v1/statuses/1").status_code for _ in range(30)} == {404}
    answer = http.delete("/api/v1/statuses/1")
    assert (answer.status_code, answer.json()) == (429, {"error": "Too many requests"})
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in answer.headers


def spend(server: SandboxServer, account_id: str, clock: ManualClock, number: int) -> RateCounter:
    counter: RateCounter = server.app.extensions["announce-sandbox"].counter
    for _ in range(number):
        counter.count(STATUS_RATE, account_id, clock.now())
    return counter


def test_three_hundred_statuses_in_three_hours(http: httpx.Client, server: SandboxServer, clock: ManualClock) -> None:
    me = server.store.account_for_token("loopback-main").id
    spend(server, me, clock, 299)
    first = http.post("/api/v1/statuses", data={"status": "the last one"}, headers={"Idempotency-Key": "k1"})
    assert first.headers["X-RateLimit-Remaining"] == "0"
    assert first.headers["X-RateLimit-Reset"] == "2026-11-04T18:00:00.123456Z"
    assert http.post("/api/v1/statuses", data={"status": "too many"}).status_code == 429
    assert http.put(f"/api/v1/statuses/{first.json()['id']}", data={"status": "edited"}).status_code == 429
    assert http.put(f"/api/v1/statuses/{first.json()['id']}", data={"status": "the last one"}).status_code == 200
    repeat = http.post("/api/v1/statuses", data={"status": "the last one"}, headers={"Idempotency-Key": "k1"})
    assert repeat.json()["id"] == first.json()["id"]
    clock.advance(timedelta(hours=3))
    assert http.post("/api/v1/statuses", data={"status": "the next one"}).status_code == 200


def test_a_failed_validation_costs_nothing(http: httpx.Client, server: SandboxServer, clock: ManualClock) -> None:
    me = server.store.account_for_token("loopback-main").id
    http.post("/api/v1/statuses", data={"status": ""})
    assert spend(server, me, clock, 0).usage(STATUS_RATE, me, clock.now()).used == 0
