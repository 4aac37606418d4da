"""Statuses over HTTP, through the real Mastodon.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from mastodon import Mastodon
from mastodon.errors import (
    MastodonAPIError,
    MastodonNotFoundError,
    MastodonUnauthorizedError,
)

from bot.domain.clock import ManualClock
from bot.sandbox.server import SandboxServer

URL = "https://conf.example.org/news/a-very-long-address-that-is-far-longer-than-what-it-counts"
BLANK = "Validation failed: Text can't be blank"
TOO_LONG = "Validation failed: Text character limit of 500 exceeded"


def refusal(error: pytest.ExceptionInfo[MastodonAPIError]) -> tuple[int, str]:
    """Status code and text of what Mastodon.py raised."""
    return error.value.args[1], error.value.args[3]


def texts(statuses: list[Any]) -> list[str]:
    return [status["content"].removeprefix("<p>").removesuffix("</p>") for status in statuses]


def test_a_posted_status_is_read_back_everywhere(client: Mastodon) -> None:
    posted = client.status_post("Doors open at nine", language="de", visibility="unlisted")
    assert client.status(posted.id) == posted
    assert client.account_statuses(client.me().id)[0].id == posted.id
    assert client.status_source(posted.id).text == "Doors open at nine"
    assert posted.language == "de"
    assert posted.visibility == "unlisted"
    assert posted.card is None


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"status": " \n both ends \t\0"}, ("both ends", "", False)),
        ({"status": "a\n\n  b"}, ("a\n\n  b", "", False)),
        ({"status": "text", "spoiler_text": " quiz "}, ("text", "quiz", True)),
        ({"status": "  ", "spoiler_text": "only a warning"}, ("only a warning", "", True)),
        ({"status": "text", "sensitive": "1"}, ("text", "", True)),
        ({"status": "text", "sensitive": "0"}, ("text", "", False)),
    ],
)
def test_words_are_cleaned_as_mastodon_does(http: httpx.Client, sent: dict[str, str], stored: object) -> None:
    status = http.post("/api/v1/statuses", data=sent).json()
    source = http.get(f"/api/v1/statuses/{status['id']}/source").json()
    assert (source["text"], source["spoiler_text"], status["sensitive"]) == stored


@pytest.mark.parametrize(
    ("sent", "code", "text"),
    [
        ({"status": ""}, 422, "Validation failed: Text can't be blank"),
        ({"status": " \n\u00a0"}, 422, "Validation failed: Text can't be blank"),
        ({"status": "x" * 501}, 422, "Validation failed: Text character limit of 500 exceeded"),
        (
            {"status": "x" * 400, "spoiler_text": "y" * 101},
            422,
            "Validation failed: Text character limit of 500 exceeded",
        ),
        ({"status": "x" * 476 + " " + URL + "!"}, 422, "Validation failed: Text character limit of 500 exceeded"),
        ({"status": "x", "visibility": "secret"}, 422, "Validation failed: Visibility is not included in the list"),
        ({"status": "x", "media_ids[]": ["1", "2"]}, 422, "Media 1, 2 not found or already attached to another post"),
        ({"status": "x", "media_ids[]": list("12345")}, 422, "Cannot attach more than 4 files"),
        ({"status": "x", "in_reply_to_id": "7"}, 404, "The post you are trying to reply to does not appear to exist."),
        ({"status": "x", "scheduled_at": "2030-01-01T00:00:00Z"}, 422, "This sandbox takes no scheduled posts."),
        ({"status": "x", "quoted_status_id": "1"}, 422, "This sandbox takes no quotes."),
        (
            {"status": "x", "quote_approval_policy": "friends"},
            422,
            "Validation failed: Quote approval policy is not included in the list",
        ),
    ],
)
def test_what_is_not_valid_is_refused_in_mastodons_words(
    http: httpx.Client, server: SandboxServer, sent: dict[str, Any], code: int, text: str
) -> None:
    answer = http.post("/api/v1/statuses", data=sent)
    assert (answer.status_code, answer.json()) == (code, {"error": text})
    assert server.store.statuses() == []


@pytest.mark.parametrize(
    "text",
    ["x" * 500, "x" * 476 + " " + URL, "x" * 494 + " @name@a-long-domain.example.org", "👩‍👩‍👧‍👦" * 500],
)
def test_five_hundred_counted_characters_fit(client: Mastodon, text: str) -> None:
    assert client.status_post(text).id


@pytest.mark.parametrize(
    ("sent", "kept"), [("de", "de"), ("de-AT", "de"), ("zh-TW", "zh-TW"), ("xx", "en"), ("", "en")]
)
def test_a_language_is_never_an_error(http: httpx.Client, sent: str, kept: str) -> None:
    assert http.post("/api/v1/statuses", data={"status": "x", "language": sent}).json()["language"] == kept


def test_json_is_taken_like_a_form(http: httpx.Client) -> None:
    status = http.post("/api/v1/statuses", json={"status": "x", "sensitive": True, "language": None}).json()
    assert status["sensitive"] is True
    assert http.post("/api/v1/statuses", content=b"[", headers={"Content-Type": "application/json"}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/statuses"),
        ("PUT", "/api/v1/statuses/1"),
        ("DELETE", "/api/v1/statuses/1"),
        ("GET", "/api/v1/statuses/1/source"),
        ("POST", "/api/v2/media"),
        ("GET", "/api/v1/accounts/verify_credentials"),
    ],
)
def test_without_a_token_nothing_of_this_is_allowed(server: SandboxServer, method: str, path: str) -> None:
    answer = httpx.request(method, server.url + path)
    assert (answer.status_code, answer.json()) == (401, {"error": "The access token is invalid"})


def test_mastodon_py_names_the_missing_token(connect: Callable[..., Mastodon]) -> None:
    with pytest.raises(MastodonUnauthorizedError):
        connect(None).account_verify_credentials()


def test_unknown_paths_are_html(http: httpx.Client) -> None:
    answer = http.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_second_delete_finds_nothing(client: Mastodon, http: httpx.Client) -> None:
    posted = client.status_post("Soon gone")
    deleted = http.delete(f"/api/v1/statuses/{posted.id}").json()
    assert deleted["text"] == "Soon gone"
    assert "content" not in deleted
    with pytest.raises(MastodonNotFoundError) as error:
        client.status_delete(posted.id)
    assert refusal(error) == (404, "Record not found")
    assert client.account_statuses(client.me().id) == []


def test_nobody_changes_the_status_of_another(client: Mastodon, connect: Callable[..., Mastodon]) -> None:
    posted = client.status_post("Mine")
    other = connect("loopback-other")
    for act in (other.status_delete, lambda status: other.status_update(status, "Yours")):
        with pytest.raises(MastodonNotFoundError):
            act(posted.id)
    assert client.status_source(posted.id).text == "Mine"


def test_an_edit_replaces_everything(client: Mastodon, clock: ManualClock, draw: Callable[..., bytes]) -> None:
    media = client.media_post(draw(), mime_type="image/png")
    posted = client.status_post("First", spoiler_text="quiz", media_ids=[media], language="de", visibility="private")
    clock.advance(timedelta(minutes=5))
    edited = client.status_update(posted.id, "Second")
    assert edited.content == "<p>Second</p>"
    assert (edited.spoiler_text, edited.sensitive, edited.media_attachments) == ("", False, [])
    assert (edited.language, edited.visibility, edited.created_at) == ("de", "private", posted.created_at)
    assert edited.edited_at - posted.created_at == timedelta(minutes=5)


def test_an_edit_without_a_difference_is_none(client: Mastodon) -> None:
    posted = client.status_post("Same")
    assert client.status_update(posted.id, "Same").edited_at is None
    assert len(client.status_history(posted.id)) == 1


def test_an_edit_is_checked_like_a_post(client: Mastodon) -> None:
    posted = client.status_post("Text")
    with pytest.raises(MastodonAPIError) as error:
        client.status_update(posted.id, "")
    assert refusal(error) == (422, "Validation failed: Text can't be blank")


def test_one_edit_gives_two_entries_of_history(
    client: Mastodon, clock: ManualClock, draw: Callable[..., bytes]
) -> None:
    media = client.media_post(draw(), mime_type="image/png", description="before")
    posted = client.status_post("First", media_ids=[media])
    clock.advance(timedelta(minutes=1))
    change = client.generate_media_edit_attributes(media.id, description="after")
    client.status_update(posted.id, "First", media_attributes=[change])
    history = client.status_history(posted.id)
    assert [entry.media_attachments[0].description for entry in history] == ["before", "after"]
    assert history[0].created_at == posted.created_at
    assert client.status(posted.id).media_attachments[0].description == "after"


def test_media_that_an_edit_took_away_can_come_back(client: Mastodon, draw: Callable[..., bytes]) -> None:
    media = client.media_post(draw(), mime_type="image/png")
    posted = client.status_post("Text", media_ids=[media])
    client.status_update(posted.id, "Text")
    assert client.status_update(posted.id, "Text", media_ids=[media]).media_attachments[0].id == media.id


def test_media_that_came_with_an_edit_are_taken(client: Mastodon, draw: Callable[..., bytes]) -> None:
    media = client.media_post(draw(), mime_type="image/png")
    client.status_update(client.status_post("One").id, "One", media_ids=[media])
    with pytest.raises(MastodonAPIError, match="already attached to another post"):
        client.status_post("Two", media_ids=[media])


def test_a_reply_to_oneself_is_no_reply_for_the_filter(client: Mastodon, connect: Callable[..., Mastodon]) -> None:
    first = client.status_post("one")
    client.status_post("two", in_reply_to_id=first)
    foreign = connect("loopback-other").status_post("hello")
    client.status_post("three", in_reply_to_id=foreign)
    me = client.me().id
    assert texts(client.account_statuses(me, exclude_replies=True)) == ["two", "one"]
    assert texts(client.account_statuses(me)) == ["three", "two", "one"]
    assert client.status(first.id).replies_count == 1


@pytest.mark.parametrize(
    ("visibility", "seen_by_others", "on_public_timeline"),
    [("public", True, True), ("unlisted", True, False), ("private", False, False), ("direct", False, False)],
)
def test_others_see_what_is_meant_for_them(
    client: Mastodon, connect: Callable[..., Mastodon], visibility: str, seen_by_others: bool, on_public_timeline: bool
) -> None:
    posted = client.status_post("For some", visibility=visibility)
    me = client.me().id
    for other in (connect(None), connect("loopback-other")):
        assert bool(other.account_statuses(me)) is seen_by_others
        assert bool(other.timeline_public()) is on_public_timeline
        if not seen_by_others:
            with pytest.raises(MastodonNotFoundError):
                other.status(posted.id)
    assert client.account_statuses(me)[0].id == posted.id


def test_a_mentioned_account_sees_a_private_mention(client: Mastodon, connect: Callable[..., Mastodon]) -> None:
    other = connect("loopback-other")
    other.me()
    posted = client.status_post("@other look", visibility="direct")
    assert other.status(posted.id).mentions[0].acct == "other"


def test_a_local_domain_is_cut_from_mentions(client: Mastodon) -> None:
    client.me()
    posted = client.status_post("by @main@127.0.0.1 and @main@example.social")
    assert client.status_source(posted.id).text == "by @main and @main@example.social"
    assert [mention.acct for mention in posted.mentions] == ["main", "main@example.social"]


def test_the_context_is_the_thread_above_and_below(client: Mastodon, connect: Callable[..., Mastodon]) -> None:
    first = client.status_post("1")
    second = client.status_post("2", in_reply_to_id=first)
    foreign = connect("loopback-other").status_post("1.b", in_reply_to_id=first)
    third = client.status_post("3", in_reply_to_id=second)
    client.status_post("hidden", in_reply_to_id=third, visibility="private")
    around = client.status_context(second.id)
    assert (texts(around.ancestors), texts(around.descendants)) == (["1"], ["3", "hidden"])
    whole = connect(None).status_context(first.id)
    assert (texts(whole.ancestors), texts(whole.descendants)) == ([], ["2", "3", "1.b"])
    client.status_delete(second.id)
    assert texts(client.status_context(first.id).descendants) == ["1.b"]
    assert client.status(foreign.id).in_reply_to_id == first.id


def test_an_edit_changes_description_and_focus_of_media_by_form_or_json(
    http: httpx.Client, draw: Callable[..., bytes]
) -> None:
    media = http.post("/api/v2/media", files={"file": draw()}).json()["id"]
    posted = http.post("/api/v1/statuses", data={"status": "x", "media_ids[]": [media]}).json()["id"]
    form = {"status": "x", "media_ids[]": [media]}
    form |= {"media_attributes[][id]": [media], "media_attributes[][description]": ["A"]}
    path = f"/api/v1/statuses/{posted}"
    assert http.put(path, data=form).json()["media_attachments"][0]["description"] == "A"
    change = {"id": media, "focus": "0.5,-2"}
    edited = http.put(path, json={"status": "x", "media_ids": [media], "media_attributes": [change]}).json()
    assert edited["media_attachments"][0]["meta"]["focus"] == {"x": 0.5, "y": -1.0}
    assert edited["media_attachments"][0]["description"] == "A"
    again = http.put(path, json={"status": "x", "media_ids": [media], "media_attributes": [change]}).json()
    assert again["edited_at"] == edited["edited_at"]
    assert len(http.get(f"{path}/history").json()) == 3
    bad = {"status": "x", "media_ids": [media], "media_attributes": [{"id": media, "focus": "left"}]}
    assert http.put(path, json=bad).status_code == 422


@pytest.mark.parametrize(
    ("sent", "automatic"),
    [
        ({}, ["public"]),
        ({"quote_approval_policy": "followers"}, ["followers"]),
        ({"quote_approval_policy": "nobody"}, []),
        ({"quote_approval_policy": "public", "visibility": "private"}, []),
    ],
)
def test_the_quote_policy_is_kept_and_survives_an_edit(
    http: httpx.Client, sent: dict[str, str], automatic: list[str]
) -> None:
    posted = http.post("/api/v1/statuses", data={"status": "x", **sent}).json()
    edited = http.put(f"/api/v1/statuses/{posted['id']}", data={"status": "y"}).json()
    for status in (posted, edited):
        assert status["quote_approval"]["automatic"] == automatic


def test_an_unexpected_mention_is_refused_if_asked(http: httpx.Client, client: Mastodon) -> None:
    me = client.me()
    form = {"status": "@main and @ada@example.social", "allowed_mentions[]": [str(me.id)]}
    answer = http.post("/api/v1/statuses", data=form)
    assert answer.status_code == 422
    assert [account["acct"] for account in answer.json()["unexpected_accounts"]] == ["ada@example.social"]
    assert http.post("/api/v1/statuses", data={**form, "status": "@main"}).status_code == 200


def test_lists_are_filtered_by_hashtag_and_directness(http: httpx.Client, client: Mastodon) -> None:
    client.status_post("one #Fjörd")
    client.status_post("two", visibility="direct")
    path = f"/api/v1/accounts/{client.me().id}/statuses"

    def shown(**asked: str) -> list[str]:
        return texts(http.get(path, params=asked).json())

    assert len(shown()) == 2
    assert len(shown(exclude_direct="true")) == 1
    assert shown(exclude_direct="true") == shown(tagged="fjord")
    assert shown(tagged="other") == []


def test_several_statuses_at_once(client: Mastodon, http: httpx.Client) -> None:
    one, two = client.status_post("one"), client.status_post("two")
    asked = {"id[]": [str(two.id), "1", str(one.id)]}
    assert [status["id"] for status in http.get("/api/v1/statuses", params=asked).json()] == [str(two.id), str(one.id)]
    assert http.get("/api/v1/statuses").json() == []
