"""The JSON that the API answers: every field, with its type.

The shapes are copied out by hand from Mastodon's own sources, app/serializers/rest/*_serializer.rb of
mastodon/mastodon 4.5, and from entities/ of its documentation (mastodon/documentation); each names its file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from mastodon import Mastodon

from bot.domain.clock import ManualClock
from bot.sandbox.serialise import CARD_AFTER
from bot.sandbox.server import SandboxServer

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ID = re.compile(r"\d+")
URL = re.compile(r"http://127\.0\.0\.1:\d+/\S+")

#: Field → type, or a pattern that the text must match; a list where null is allowed, too.
Shape = Mapping[str, Any]

#: account_serializer.rb, entities/Account
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
#: media_attachment_serializer.rb, entities/MediaAttachment
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
#: media_attachment_serializer.rb `meta`: width and height in pixels
SHAPE: Shape = {"width": int, "height": int, "size": re.compile(r"\d+x\d+"), "aspect": float}
#: status_serializer.rb `MentionSerializer`
MENTION: Shape = {"id": ID, "username": str, "url": str, "acct": str}
#: status_serializer.rb, entities/Status
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
#: poll_serializer.rb, entities/Poll
POLL: Shape = {
    "id": ID,
    "expires_at": [TIME],
    "expired": bool,
    "multiple": bool,
    "votes_count": int,
    "voters_count": [int],
    "options": list,
    "emojis": list,
    "voted": bool,
    "own_votes": list,
}
#: preview_card_serializer.rb, entities/PreviewCard
CARD: Shape = {
    "url": str,
    "title": str,
    "description": str,
    "language": [str],
    "type": re.compile("link|photo|video|rich"),
    "author_name": str,
    "author_url": str,
    "authors": list,
    "provider_name": str,
    "provider_url": str,
    "html": str,
    "width": int,
    "height": int,
    "image": [str],
    "image_description": str,
    "embed_url": str,
    "blurhash": [str],
    "published_at": [TIME],
}
#: credential_account_serializer.rb, entities/Account#source and entities/Role
SOURCE: Shape = {
    "privacy": re.compile("public|unlisted|private|direct"),
    "sensitive": bool,
    "language": [str],
    "note": str,
    "fields": list,
    "follow_requests_count": int,
    "quote_policy": re.compile("public|followers|nobody"),
}
ROLE: Shape = {"id": re.compile(r"-?\d+"), "name": str, "permissions": str, "color": str, "highlighted": bool}
#: instance_serializer.rb, entities/Instance
INSTANCE: Shape = {
    "domain": str,
    "title": str,
    "version": re.compile(r"4\.5\.\d+"),
    "source_url": str,
    "description": str,
    "usage": dict,
    "thumbnail": dict,
    "icon": list,
    "languages": list,
    "configuration": dict,
    "registrations": dict,
    "api_versions": dict,
    "contact": dict,
    "rules": list,
}
#: instance_serializer.rb `configuration`
CONFIGURATION: Mapping[str, Shape] = {
    "urls": {"streaming": str, "status": [str], "about": str, "privacy_policy": [str]},
    "vapid": {"public_key": str},
    "accounts": {"max_featured_tags": int, "max_pinned_statuses": int},
    "statuses": {"max_characters": int, "max_media_attachments": int, "characters_reserved_per_url": int},
    "media_attachments": {
        "description_limit": int,
        "image_matrix_limit": int,
        "image_size_limit": int,
        "supported_mime_types": list,
        "video_frame_rate_limit": int,
        "video_matrix_limit": int,
        "video_size_limit": int,
    },
    "polls": {"max_options": int, "max_characters_per_option": int, "min_expiration": int, "max_expiration": int},
    "translation": {"enabled": bool},
}
#: application_serializer.rb, entities/Application (4.3+)
APPLICATION: Shape = {
    "id": ID,
    "name": str,
    "website": [str],
    "scopes": list,
    "redirect_uri": str,
    "redirect_uris": list,
    "vapid_key": str,
}
#: entities/CredentialApplication
CREDENTIALS: Shape = {**APPLICATION, "client_id": str, "client_secret": str, "client_secret_expires_at": int}
#: entities/Token
TOKEN: Shape = {
    "access_token": str,
    "token_type": re.compile("Bearer"),
    "scope": str,
    "created_at": int,
}
#: status_edit_serializer.rb, entities/StatusEdit
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


def test_a_poll_has_every_field(http: httpx.Client) -> None:
    poll = {"options": ["a", "b"], "expires_in": 300}
    status = http.post("/api/v1/statuses", json={"status": "Which?", "poll": poll}).json()
    check(status["poll"], POLL)
    for option in status["poll"]["options"]:
        check(option, {"title": str, "votes_count": [int]})
    check(http.get(f"/api/v1/polls/{status['poll']['id']}").json(), POLL)


def test_a_card_comes_later_and_has_every_field(http: httpx.Client, clock: ManualClock) -> None:
    form = {"status": "See http://127.0.0.1/x and https://conf.example.org/news/the-schedule and https://example.org"}
    status = http.post("/api/v1/statuses", data=form).json()
    assert status["card"] is None
    clock.advance(CARD_AFTER)
    card = http.get(f"/api/v1/statuses/{status['id']}").json()["card"]
    check(card, CARD)
    assert (card["url"], card["title"]) == ("https://conf.example.org/news/the-schedule", "The schedule")


def test_there_is_no_card_beside_a_picture_or_without_a_link(
    http: httpx.Client, draw: Callable[..., bytes], clock: ManualClock
) -> None:
    media = http.post("/api/v2/media", files={"file": draw()}).json()["id"]
    http.post("/api/v1/statuses", data={"status": "https://conf.example.org", "media_ids[]": [media]})
    http.post("/api/v1/statuses", data={"status": "no link, gopher://conf.example.org"})
    clock.advance(CARD_AFTER)
    assert [status["card"] for status in http.get("/api/v1/timelines/public").json()] == [None, None]


def test_the_instance_has_every_field(http: httpx.Client) -> None:
    told = http.get("/api/v2/instance").json()
    check(told, INSTANCE)
    for part, shape in CONFIGURATION.items():
        check(told["configuration"][part], shape)


def test_a_client_and_its_token_have_every_field(http: httpx.Client) -> None:
    form = {"client_name": "announce", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"}
    app = http.post("/api/v1/apps", data=form).json()
    check(app, CREDENTIALS)
    form = {**{name: app[name] for name in ("client_id", "client_secret")}, "grant_type": "client_credentials"}
    token = http.post("/oauth/token", data=form).json()
    check(token, TOKEN)
    assert token["scope"] == "read"
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    for header in ({}, headers):
        check(http.get("/api/v1/apps/verify_credentials", headers=header).json(), APPLICATION)


def test_history_has_every_field(http: httpx.Client, status: Any) -> None:
    for entry in http.get(f"/api/v1/statuses/{status['id']}/history").json():
        check(entry, EDIT)


def test_credentials_have_source_and_role(http: httpx.Client) -> None:
    account = http.get("/api/v1/accounts/verify_credentials").json()
    check(account, {**ACCOUNT, "source": dict, "role": dict})
    check(account["source"], SOURCE)
    check(account["role"], ROLE)
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
