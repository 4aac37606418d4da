"""The JSON that the API answers: every field, with its type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from mastodon import Mastodon

from bot.sandbox.server import SandboxServer

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ID = re.compile(r"\d+")
URL = re.compile(r"http://127\.0\.0\.1:\d+/\S+")

#: Field → type, or a pattern that the text must match; a list where null is allowed, too.
Shape = Mapping[str, Any]

ACCOUNT: Shape = {
    "id": ID,
    "username": str,
    "acct": str,
    "display_name": str,
    "locked": bool,
    "bot": bool,
    "discoverable": bool,
    "group": bool,
    "created_at": TIME,
    "note": str,
    "url": URL,
    "uri": URL,
    "avatar": URL,
    "avatar_static": URL,
    "header": URL,
    "header_static": URL,
    "followers_count": int,
    "following_count": int,
    "statuses_count": int,
    "last_status_at": [re.compile(r"\d{4}-\d\d-\d\d")],
    "emojis": list,
    "fields": list,
}
MEDIA: Shape = {
    "id": ID,
    "type": re.compile("image|gifv"),
    "url": URL,
    "preview_url": URL,
    "remote_url": [URL],
    "preview_remote_url": [URL],
    "text_url": [URL],
    "meta": dict,
    "description": [str],
    "blurhash": [str],
}
SHAPE: Shape = {"width": int, "height": int, "size": re.compile(r"\d+x\d+"), "aspect": float}
MENTION: Shape = {"id": ID, "username": str, "url": str, "acct": str}
STATUS: Shape = {
    "id": ID,
    "created_at": TIME,
    "edited_at": [TIME],
    "in_reply_to_id": [ID],
    "in_reply_to_account_id": [ID],
    "sensitive": bool,
    "spoiler_text": str,
    "visibility": str,
    "language": [str],
    "uri": URL,
    "url": URL,
    "replies_count": int,
    "reblogs_count": int,
    "favourites_count": int,
    "quotes_count": int,
    "favourited": bool,
    "reblogged": bool,
    "muted": bool,
    "bookmarked": bool,
    "pinned": bool,
    "filtered": list,
    "content": str,
    "reblog": [dict],
    "application": dict,
    "account": dict,
    "media_attachments": list,
    "mentions": list,
    "tags": list,
    "emojis": list,
    "card": [dict],
    "poll": [dict],
    "quote": [dict],
    "quote_approval": dict,
}
EDIT: Shape = {
    "content": str,
    "spoiler_text": str,
    "sensitive": bool,
    "created_at": TIME,
    "account": dict,
    "media_attachments": list,
    "emojis": list,
    "poll": [dict],
}


def check(entity: Mapping[str, Any], shape: Shape) -> None:
    assert set(shape) <= set(entity)
    for name, expected in shape.items():
        value = entity[name]
        allowed = expected[0] if isinstance(expected, list) else expected
        if isinstance(expected, list) and value is None:
            continue
        if isinstance(allowed, re.Pattern):
            assert isinstance(value, str), name
            assert allowed.fullmatch(value), (name, value)
        else:
            assert type(value) is allowed, (name, value)


@pytest.fixture
def status(http: httpx.Client, draw: Callable[..., bytes]) -> Any:
    media = http.post("/api/v2/media", files={"file": draw()}, data={"description": "A blue field"}).json()
    text = "Hello #Welt and #FjördConf from @ada@example.social"
    first = http.post("/api/v1/statuses", data={"status": "first"}).json()
    sent = {"status": text, "media_ids[]": [media["id"]], "in_reply_to_id": first["id"]}
    posted = http.post("/api/v1/statuses", data=sent).json()
    return http.put(f"/api/v1/statuses/{posted['id']}", data={**sent, "status": text + "!"}).json()


def test_a_status_has_every_field(status: Any) -> None:
    check(status, STATUS)
    check(status["account"], ACCOUNT)
    check(status["media_attachments"][0], MEDIA)
    check(status["media_attachments"][0]["meta"]["original"], SHAPE)
    check(status["media_attachments"][0]["meta"]["small"], SHAPE)
    check(status["mentions"][0], MENTION)
    assert [tag["name"] for tag in status["tags"]] == ["welt", "fjordconf"]
    assert status["edited_at"] == "2026-11-04T15:00:00.123Z"


def test_history_has_every_field(http: httpx.Client, status: Any) -> None:
    for entry in http.get(f"/api/v1/statuses/{status['id']}/history").json():
        check(entry, EDIT)


def test_credentials_have_source_and_role(http: httpx.Client) -> None:
    account = http.get("/api/v1/accounts/verify_credentials").json()
    check(account, {**ACCOUNT, "source": dict, "role": dict})
    assert set(account["source"]) >= {"privacy", "sensitive", "language", "note", "fields"}
    assert (account["username"], account["last_status_at"]) == ("main", None)
    assert http.get(f"/api/v1/accounts/{account['id']}").json()["acct"] == "main"
    assert http.get("/api/v1/accounts/1").status_code == 404


def test_a_stranger_is_not_told_what_concerns_the_author(server: SandboxServer, status: Any) -> None:
    seen = httpx.get(f"{server.url}/api/v1/statuses/{status['id']}").json()
    assert set(status) - set(seen) == {
        "application",
        "bookmarked",
        "favourited",
        "filtered",
        "muted",
        "pinned",
        "reblogged",
    }


@pytest.mark.parametrize("path", ["/api/v1/instance", "/api/v1/instance/", "/api/v2/instance", "/api/v2/instance/"])
def test_the_instance_tells_its_limits_with_and_without_a_slash(server: SandboxServer, path: str) -> None:
    answer = httpx.get(server.url + path)
    assert answer.status_code == 200
    configuration = answer.json()["configuration"]
    assert configuration["statuses"] == {
        "max_characters": 500,
        "max_media_attachments": 4,
        "characters_reserved_per_url": 23,
    }
    assert configuration["media_attachments"]["description_limit"] == 1500
    assert "image/png" in configuration["media_attachments"]["supported_mime_types"]


def test_mastodon_py_takes_it_for_the_real_thing(connect: Callable[..., Mastodon]) -> None:
    client = connect(version_check_mode="created")
    assert client.retrieve_mastodon_version() == "4.5.15"
    assert client.instance().api_versions.mastodon == 7
    assert client.instance_v1().configuration.statuses.max_characters == 500


def test_everything_that_an_entity_points_to_is_there(http: httpx.Client, status: Any) -> None:
    account, media = status["account"], status["media_attachments"][0]
    local = (
        status["url"],
        account["url"],
        account["avatar"],
        account["header"],
        media["url"],
        status["tags"][0]["url"],
    )
    assert [http.get(url).status_code for url in local] == [200] * len(local)
