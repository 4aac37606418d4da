"""Settings that change the sandbox's behaviour: slow and failing media, revoked tokens, scopes, repeats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from mastodon import Mastodon
from mastodon.errors import MastodonAPIError, MastodonUnauthorizedError

from bot.sandbox.faults import (
    Fault,
    MediaSetting,
    RepeatSetting,
    RevokedSetting,
    ScopesSetting,
    Setting,
)
from bot.sandbox.profiles import RepeatPolicy
from bot.sandbox.server import SandboxServer

NOT_READY = "Cannot attach files that have not finished processing. Try again in a moment!"


def upload(http: httpx.Client, draw: Callable[..., bytes], path: str = "/api/v2/media") -> httpx.Response:
    return http.post(path, files={"file": draw()})


def test_a_slow_upload_is_there_after_some_looks(
    http: httpx.Client, server: SandboxServer, draw: Callable[..., bytes]
) -> None:
    server.faults.switch(settings=[MediaSetting(media="slow", looks=2)])
    sent = upload(http, draw)
    path = f"/api/v1/media/{sent.json()['id']}"
    assert (sent.status_code, sent.json()["url"], sent.json()["preview_url"]) == (202, None, None)
    early = http.post("/api/v1/statuses", data={"status": "x", "media_ids[]": [sent.json()["id"]]})
    assert (early.status_code, early.json()) == (422, {"error": NOT_READY})
    looks = [http.get(path) for _ in range(3)]
    assert [look.status_code for look in looks] == [206, 206, 200]
    assert looks[2].json()["url"].startswith(server.url)
    assert http.post("/api/v1/statuses", data={"status": "x", "media_ids[]": [sent.json()["id"]]}).status_code == 200


def test_mastodon_py_waits_for_a_slow_upload(
    client: Mastodon, server: SandboxServer, draw: Callable[..., bytes]
) -> None:
    server.faults.switch(settings=[MediaSetting(media="slow", looks=0)])
    assert client.media_post(draw(), mime_type="image/png", synchronous=True).url


def test_a_failing_upload_ends_in_an_error(
    http: httpx.Client, server: SandboxServer, draw: Callable[..., bytes]
) -> None:
    server.faults.switch(settings=[MediaSetting(media="failing", looks=1)])
    media_id = upload(http, draw).json()["id"]
    looks = [http.get(f"/api/v1/media/{media_id}") for _ in range(2)]
    assert [look.status_code for look in looks] == [206, 422]
    assert looks[1].json() == {"error": "Error processing thumbnail for uploaded media"}
    assert http.post("/api/v1/statuses", data={"status": "x", "media_ids[]": [media_id]}).status_code == 422
    assert upload(http, draw, "/api/v1/media").status_code == 422


def test_the_old_way_of_uploading_waits(http: httpx.Client, server: SandboxServer, draw: Callable[..., bytes]) -> None:
    server.faults.switch(settings=[MediaSetting(media="slow")])
    sent = upload(http, draw, "/api/v1/media")
    assert (sent.status_code, bool(sent.json()["url"])) == (200, True)


@pytest.mark.parametrize(("whose", "main", "other"), [("main", 401, 200), ("*", 401, 401), ("other", 200, 401)])
def test_a_token_can_be_revoked_and_given_back(
    http: httpx.Client, server: SandboxServer, whose: str, main: int, other: int
) -> None:
    path, others = "/api/v1/accounts/verify_credentials", {"Authorization": "Bearer loopback-other"}
    server.faults.switch(settings=[RevokedSetting(revoked=whose)])
    answers = [http.get(path), http.get(path, headers=others)]
    assert [answer.status_code for answer in answers] == [main, other]
    refused = next(answer for answer in answers if answer.status_code == 401)
    assert refused.json() == {"error": "The access token was revoked"}
    server.faults.switch()
    assert http.get(path).status_code == 200


def test_a_revoked_token_is_no_anonymous_caller(http: httpx.Client, client: Mastodon, server: SandboxServer) -> None:
    posted = client.status_post("Hello")
    server.faults.switch(settings=[RevokedSetting(revoked="main")])
    assert http.get(f"/api/v1/statuses/{posted.id}").status_code == 401
    with pytest.raises(MastodonUnauthorizedError):
        client.status_post("Again")
    assert len(server.store.statuses()) == 1


def test_a_token_can_have_too_few_scopes(client: Mastodon, server: SandboxServer) -> None:
    server.faults.switch(settings=[ScopesSetting(scopes="write:statuses read:accounts", account="main")])
    posted = client.status_post("Allowed")
    assert client.me().username == "main"
    for act in (client.status_source, client.status, client.status_context):
        with pytest.raises(MastodonAPIError, match="outside the authorized scopes") as error:
            act(posted.id)
        assert error.value.args[1] == 403


def test_a_repeat_can_be_set_to_meet_a_lock(http: httpx.Client, server: SandboxServer) -> None:
    server.faults.switch(repeat=RepeatPolicy.LOCKED)
    sent = [http.post("/api/v1/statuses", data={"status": "x"}, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [200, 503]
    assert sent[1].json()["error"].startswith("There was a temporary problem")


@pytest.mark.parametrize(("repeat", "codes"), [(RepeatPolicy.REFUSED, [200, 400]), (RepeatPolicy.REPLAYED, [200, 200])])
def test_any_server_can_be_set_to_treat_repeats_as_another(
    http: httpx.Client, server: SandboxServer, repeat: RepeatPolicy, codes: list[int]
) -> None:
    server.faults.switch(repeat=repeat)
    sent = [http.post("/api/v1/statuses", data={"status": "x"}, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in sent] == codes
    assert len(server.store.statuses()) == 1


@pytest.mark.parametrize(
    ("told", "setting"),
    [
        ({"repeat": "replayed"}, RepeatSetting(repeat=RepeatPolicy.REPLAYED)),
        ({"media": "slow", "looks": 3}, MediaSetting(media="slow", looks=3)),
        ({"revoked": "*"}, RevokedSetting(revoked="*")),
        ({"scopes": "read", "account": "main"}, ScopesSetting(scopes="read", account="main")),
    ],
)
def test_settings_are_switched_over_http(
    http: httpx.Client, server: SandboxServer, told: dict[str, Any], setting: Setting
) -> None:
    assert http.put("/sandbox/faults", json=[told]).json() == [told]
    assert server.faults.settings(type(setting)) == [setting]
    assert http.put("/sandbox/faults", json=[{**told, "more": 1}]).status_code == 400
    assert http.get("/sandbox/faults").json() == [told]


@pytest.mark.parametrize("do", ["error-500", "503", "429-without-reset", "forbidden-403"])
def test_a_failure_of_the_server_itself_is_part_of_what_it_makes_of_a_key(
    http: httpx.Client, server: SandboxServer, do: str
) -> None:
    def post(key: str) -> httpx.Response:
        return http.post("/api/v1/statuses", data={"status": "x"}, headers={"Idempotency-Key": key})

    def fails() -> None:
        server.faults.switch([Fault(on="POST /api/v1/statuses", do=do)], repeat=repeat)

    repeat = RepeatPolicy.REPLAYED
    fails()
    first = post("a")
    again = post("a")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert post("b").status_code == 200
    repeat = RepeatPolicy.REFUSED
    fails()
    assert post("c").status_code == first.status_code
    assert post("c").json() == {"error": "Duplicate idempotency key."}
    repeat = RepeatPolicy.SAME
    fails()
    assert post("d").status_code == first.status_code
    assert post("d").status_code == 200
