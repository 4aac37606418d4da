"""The Idempotency-Key: what a repeated one leads to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from mastodon import Mastodon
from mastodon.errors import MastodonAPIError, MastodonInternalServerError, MastodonNotFoundError

from bot.domain.clock import ManualClock
from bot.sandbox.profiles import RepeatPolicy
from bot.sandbox.server import SandboxServer


def test_a_repeated_key_gives_the_status_as_it_stands(client: Mastodon, server: SandboxServer) -> None:
    posted = client.status_post("Once", idempotency_key="k1")
    client.status_update(posted.id, "Once, mended")
    again = client.status_post("Other words", idempotency_key="k1")
    assert (again.id, again.content) == (posted.id, "<p>Once, mended</p>")
    assert client.status_post("Once", idempotency_key="k2").id != posted.id
    assert len(server.store.statuses()) == 2


def test_a_key_is_of_one_account(client: Mastodon, connect: Callable[..., Mastodon]) -> None:
    posted = client.status_post("Mine", idempotency_key="k1")
    assert connect("loopback-other").status_post("Theirs", idempotency_key="k1").id != posted.id


@pytest.mark.parametrize(("seconds", "same"), [(3599, True), (3600, False)])
def test_a_key_is_forgotten_after_an_hour(client: Mastodon, clock: ManualClock, seconds: int, same: bool) -> None:
    posted = client.status_post("Once", idempotency_key="k1")
    clock.advance(timedelta(seconds=seconds))
    assert (client.status_post("Once", idempotency_key="k1").id == posted.id) is same


def test_a_failure_leaves_the_key_usable(client: Mastodon) -> None:
    with pytest.raises(MastodonAPIError):
        client.status_post("x" * 501, idempotency_key="k1")
    assert client.status_post("short", idempotency_key="k1").content == "<p>short</p>"


def test_a_key_of_a_deleted_status_is_not_found(client: Mastodon) -> None:
    client.status_delete(client.status_post("Once", idempotency_key="k1").id)
    with pytest.raises(MastodonNotFoundError):
        client.status_post("Once", idempotency_key="k1")


def test_a_blank_key_is_no_key(http: httpx.Client) -> None:
    sent = [http.post("/api/v1/statuses", data={"status": "x"}, headers={"Idempotency-Key": ""}) for _ in range(2)]
    assert sent[0].json()["id"] != sent[1].json()["id"]


def test_a_repeat_can_be_set_to_fail(client: Mastodon, server: SandboxServer) -> None:
    server.faults.switch(repeat=RepeatPolicy.ERROR)
    client.status_post("Once", idempotency_key="k1")
    with pytest.raises(MastodonInternalServerError):
        client.status_post("Once", idempotency_key="k1")
    assert len(server.store.statuses()) == 1


def test_a_repeat_can_be_set_to_post_again(client: Mastodon, server: SandboxServer) -> None:
    server.faults.switch(repeat=RepeatPolicy.IGNORED)
    client.status_post("Once", idempotency_key="k1")
    client.status_post("Once", idempotency_key="k1")
    assert len(server.store.statuses()) == 2
