"""Polls over HTTP, through the real Mastodon.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from mastodon import Mastodon
from mastodon.errors import MastodonAPIError

from bot.domain.clock import ManualClock
from bot.sandbox.profiles import PROFILES
from bot.sandbox.server import SandboxServer

HOUR = 3600


@pytest.fixture
def asked(client: Mastodon) -> Any:
    return client.status_post("Tea or coffee?", poll=client.make_poll(["Tea", "Coffee"], HOUR))


def test_a_poll_is_read_back(client: Mastodon, asked: Any, clock: ManualClock) -> None:
    assert [option.title for option in asked.poll.options] == ["Tea", "Coffee"]
    assert asked.poll.expires_at - asked.created_at == timedelta(hours=1)
    assert not asked.poll.expired
    assert client.poll(asked.poll.id).votes_count == 0
    clock.advance(timedelta(hours=1))
    assert client.poll(asked.poll.id).expired


@pytest.mark.parametrize(
    ("options", "seconds", "fault"),
    [
        (["a"], HOUR, "must have more than one item"),
        (list("abcde"), HOUR, "can't contain more than 4 items"),
        (["a", "a"], HOUR, "contain duplicate items"),
        (["a", " "], HOUR, "can't be blank"),
        (["a", "x" * 51], HOUR, "cannot be longer than 50 characters each"),
        (["a", "b"], 299, "is too soon"),
        (["a", "b"], 2_629_747, "is too far into the future"),
    ],
)
def test_a_poll_that_the_limits_forbid_is_refused(
    client: Mastodon, server: SandboxServer, options: list[str], seconds: int, fault: str
) -> None:
    with pytest.raises(MastodonAPIError, match=fault) as error:
        client.status_post("Which?", poll=client.make_poll(options, seconds))
    assert error.value.args[1] == 422
    assert server.store.statuses() == []


@pytest.mark.parametrize(
    ("options", "seconds"), [(["👩‍👩‍👧‍👦" * 50, "b"], 300), (list("abcd"), 2_629_746), (["a", "b"], 300)]
)
def test_a_poll_at_the_limits_is_taken(client: Mastodon, options: list[str], seconds: int) -> None:
    assert client.status_post("Which?", poll=client.make_poll(options, seconds)).poll.id


def test_a_form_may_hold_a_poll(http: httpx.Client) -> None:
    form = {"status": "x", "poll[options][]": ["a", "b"], "poll[expires_in]": "300", "poll[multiple]": "true"}
    assert http.post("/api/v1/statuses", data=form).json()["poll"]["multiple"] is True
    without = http.post("/api/v1/statuses", data={"status": "x", "poll[options][]": ["a", "b"]})
    assert without.json() == {"error": "Validation failed: Owned poll expires at can't be blank"}


@pytest.mark.parametrize(("name", "code"), [("mastodon-4.5", 422), ("mastodon-4.6", 200)])
def test_a_poll_stands_beside_a_picture_from_4_6(name: str, code: int, draw: Callable[..., bytes]) -> None:
    headers = {"Authorization": "Bearer loopback-main"}
    profile = PROFILES[name]
    with (
        SandboxServer(profile=profile) as server,
        httpx.Client(base_url=server.url, headers=headers, verify=False) as http,
    ):
        media = http.post("/api/v2/media", files={"file": draw()}).json()["id"]
        poll = {"options": ["a", "b"], "expires_in": HOUR}
        answer = http.post("/api/v1/statuses", json={"status": "x", "media_ids": [media], "poll": poll})
    assert answer.status_code == code
    if code == 422:
        assert answer.json() == {"error": "Cannot attach more than 4 files"}


def test_others_vote_once_and_the_author_never(
    client: Mastodon, connect: Callable[..., Mastodon], asked: Any, clock: ManualClock
) -> None:
    other = connect("loopback-other")
    voted = other.poll_vote(asked.poll.id, [1])
    assert ([option.votes_count for option in voted.options], voted.own_votes) == ([0, 1], [1])
    for who, choices, fault in (
        (other, [0], "already voted"),
        (client, [0], "your own polls"),
        (connect("loopback-third"), [0, 1], "does not exist"),
        (connect("loopback-third"), [2], "does not exist"),
    ):
        with pytest.raises(MastodonAPIError, match=fault):
            who.poll_vote(asked.poll.id, choices)
    clock.advance(timedelta(hours=1))
    with pytest.raises(MastodonAPIError, match="already ended"):
        connect("loopback-third").poll_vote(asked.poll.id, [0])


def test_hidden_totals_are_told_at_the_end(
    client: Mastodon, connect: Callable[..., Mastodon], clock: ManualClock
) -> None:
    poll = client.make_poll(["Tea", "Coffee"], HOUR, multiple=True, hide_totals=True)
    poll_id = client.status_post("Which?", poll=poll).poll.id
    connect("loopback-other").poll_vote(poll_id, [0, 1])
    shown = client.poll(poll_id)
    assert ([option.votes_count for option in shown.options], shown.voters_count) == ([None, None], 1)
    clock.advance(timedelta(hours=1))
    assert [option.votes_count for option in client.poll(poll_id).options] == [1, 1]


@pytest.mark.parametrize(("options", "kept"), [(["Tea", "Coffee"], 1), (["Tea", "Water"], 0)])
def test_an_edit_with_other_choices_makes_votes_void(
    client: Mastodon, connect: Callable[..., Mastodon], asked: Any, http: httpx.Client, options: list[str], kept: int
) -> None:
    connect("loopback-other").poll_vote(asked.poll.id, [0])
    edit = {"status": "Tea or coffee now?", "poll": {"options": options, "expires_in": HOUR}}
    edited = http.put(f"/api/v1/statuses/{asked.id}", json=edit).json()
    assert edited["poll"]["id"] == str(asked.poll.id)
    assert edited["poll"]["votes_count"] == kept
    history = client.status_history(asked.id)
    assert [[option["title"] for option in entry["poll"]["options"]] for entry in history] == [
        ["Tea", "Coffee"],
        options,
    ]


def test_an_edit_without_the_poll_takes_it_away(client: Mastodon, asked: Any) -> None:
    assert client.status_update(asked.id, "Never mind").poll is None
    with pytest.raises(MastodonAPIError):
        client.poll(asked.poll.id)
