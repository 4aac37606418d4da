"""What the real client sends, and what becomes of it on the server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain import Announcement, QuotePolicy, Receipt, StatusOptions, Visibility
from bot.domain.clock import ManualClock
from bot.domain.errors import RejectedError
from bot.publishers.mastodon.publisher import MastodonPublisher
from bot.sandbox.profiles import RepeatPolicy
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.publishing import (
    TOKEN,
    Answer,
    announcement,
    answering,
    doctored,
    form,
    on_loopback,
    public_statuses,
    requests_seen,
    status_shown,
)

NOON = datetime(2026, 11, 4, 12, 0, 0, 250_000, tzinfo=UTC)
LINK = "https://conf.example.org/news/schedule/"


@pytest.fixture
def server() -> Iterator[FakeMastodon]:
    with FakeMastodon(limited=False, clock=ManualClock(NOON)) as running:
        yield running


@pytest.fixture
def publisher(server: FakeMastodon) -> Iterator[MastodonPublisher]:
    with on_loopback(server.url) as made:
        yield made


def publish(
    publisher: MastodonPublisher, said: Announcement, *, key: str = "key", media_ids: tuple[str, ...] = ()
) -> Receipt:
    return publisher.publish(said, media_ids=media_ids, key=key, repeat=False)


def posted(server: FakeMastodon, said: Announcement, *, media_ids: tuple[str, ...] = ()) -> requests.PreparedRequest:
    """The request that publishes this, as it leaves."""
    answer = Answer(body={"id": "1", "created_at": "2026-11-04T12:00:00.000Z", "url": "http://localhost/1"})
    session, adapter = doctored(answering(statuses=answer))
    with on_loopback(server.url, session=session) as publisher:
        publish(publisher, said, media_ids=media_ids)
    (request,) = (request for request in adapter.sent if request.method == "POST")
    return request


def edited(server: FakeMastodon, said: Announcement) -> requests.PreparedRequest:
    """The request that makes a status say this, as it leaves."""
    session, adapter = doctored(lambda _: None)
    with on_loopback(server.url, session=session) as publisher:
        status_id = publish(publisher, announcement("Before."), key=said.text).status_id
        publisher.edit(status_id, said, shown=said)
    (request,) = (request for request in adapter.sent if request.method == "PUT")
    return request


#: Another value of each option than the default.
OTHERWISE: dict[str, Any] = {
    "visibility": Visibility.UNLISTED,
    "language": "fr",
    "content_warning": "Spoilers",
    "sensitive": True,
    "quote_policy": QuotePolicy.NOBODY,
}


@pytest.mark.parametrize("option", fields(StatusOptions), ids=lambda option: option.name)
def test_every_option_reaches_the_server_when_it_is_published_and_when_it_is_edited(
    server: FakeMastodon, option: Field[object]
) -> None:
    plain = announcement(language=None)
    other = replace(plain, **{option.name: OTHERWISE[option.name]})
    assert posted(server, plain).body != posted(server, other).body
    assert (edited(server, plain).body != edited(server, other).body) is option.metadata.get("edited", True)


def test_a_plain_post_sends_these_fields_and_no_others(server: FakeMastodon) -> None:
    said = announcement()
    assert form(posted(server, said)) == {
        "status": [said.text],
        "visibility": ["public"],
        # Always sent by Mastodon.py; without it the account's own default would hold.
        "sensitive": ["0"],
        "language": ["en"],
        # GoToSocial would else read the text as the account's default says, perhaps as Markdown.
        "content_type": ["text/plain"],
    }


def test_a_post_carries_its_key_its_token_and_its_name_in_headers(server: FakeMastodon) -> None:
    request = posted(server, announcement())
    assert request.path_url == "/api/v1/statuses"
    assert request.headers["Idempotency-Key"] == "key"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["User-Agent"] == "announce"


def test_a_content_warning_makes_it_sensitive(server: FakeMastodon) -> None:
    fields = form(posted(server, announcement(content_warning="Food")))
    assert (fields["spoiler_text"], fields["sensitive"]) == (["Food"], ["1"])


def test_without_a_language_none_is_sent(server: FakeMastodon) -> None:
    assert "language" not in form(posted(server, announcement(language=None)))


def test_media_are_sent_in_order(server: FakeMastodon) -> None:
    assert form(posted(server, announcement(), media_ids=("12", "3", "7")))["media_ids[]"] == ["12", "3", "7"]


def test_the_status_is_what_was_said(server: FakeMastodon, publisher: MastodonPublisher) -> None:
    receipt = publish(publisher, announcement(content_warning="Food", language="de"))
    shown = status_shown(server.url, receipt.status_id)
    assert {name: shown[name] for name in ("spoiler_text", "sensitive", "language", "visibility", "url")} == {
        "spoiler_text": "Food",
        "sensitive": True,
        "language": "de",
        "visibility": "public",
        "url": receipt.url,
    }
    assert f'href="{LINK}"' in shown["content"]


@pytest.mark.parametrize("visibility", Visibility)
def test_the_visibility_is_as_asked_and_a_look_sees_them_all(
    server: FakeMastodon, publisher: MastodonPublisher, visibility: Visibility
) -> None:
    said = announcement(visibility=visibility)
    receipt = publish(publisher, said)
    assert status_shown(server.url, receipt.status_id)["visibility"] == visibility.value
    assert len(public_statuses(server.url)) == (visibility is Visibility.PUBLIC)
    assert [seen.status_id for seen in publisher.read_back(said, after_id="0")] == [receipt.status_id]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), min_size=1, max_size=60)
    .map(lambda text: text.strip(" \t\n"))
    .filter(lambda text: text.strip() != "")
)
def test_any_text_survives(publisher: MastodonPublisher, text: str) -> None:
    # Around it letters that no mention, link or hashtag begins with.
    said = announcement(f"({text})", link=None)
    before = publisher.newest_status_id()
    publish(publisher, said, key=f"after-{before}")
    (seen,) = publisher.read_back(said, after_id=before)
    assert seen.text == said.text


def test_the_time_is_the_servers_aware_and_in_utc(publisher: MastodonPublisher) -> None:
    receipt = publish(publisher, announcement())
    assert receipt.created_at == NOON
    assert receipt.created_at.tzinfo is UTC


def test_ids_are_plain_text(publisher: MastodonPublisher) -> None:
    # Mastodon.py gives a subclass of str whose repr lacks the quotes.
    receipt = publish(publisher, announcement())
    (seen,) = publisher.read_back(announcement(), after_id="0")
    ids = [receipt.status_id, seen.status_id, publisher.newest_status_id(), publisher.verify_account().account_id]
    assert [type(one) for one in ids] == [str] * 4
    assert [repr(one) for one in ids[:3]] == [f"'{receipt.status_id}'"] * 3


def test_other_accounts_are_not_looked_at(server: FakeMastodon, publisher: MastodonPublisher) -> None:
    with on_loopback(server.url, token="loopback-other") as other:
        publish(other, announcement())
    assert publisher.read_back(announcement(), after_id="0") == ()
    assert publisher.newest_status_id() == "0"


def test_only_candidates_are_asked_for_their_source(server: FakeMastodon, publisher: MastodonPublisher) -> None:
    publish(publisher, announcement("Something else. https://conf.example.org/", link=None), key="1")
    receipt = publish(publisher, announcement(), key="2")
    other, mine = publisher.read_back(announcement(), after_id="0")
    assert (other.text, other.links) == (None, frozenset({"https://conf.example.org/"}))
    assert (mine.text, mine.links) == (announcement().text, frozenset({LINK}))
    assert requests_seen(server.url, path="*/source") == [f"GET /api/v1/statuses/{receipt.status_id}/source"]


def test_a_key_that_the_server_ignores_posts_again(server: FakeMastodon, publisher: MastodonPublisher) -> None:
    # So it can never be the proof (GoToSocial).
    server.faults.switch(repeat=RepeatPolicy.IGNORED)
    assert publish(publisher, announcement()).status_id != publish(publisher, announcement()).status_id
    assert len(public_statuses(server.url)) == 2


def test_a_text_that_is_too_long_is_rejected_with_the_servers_words(publisher: MastodonPublisher) -> None:
    with pytest.raises(RejectedError, match=r"422: .*character limit of 500 exceeded"):
        publish(publisher, announcement("x" * 501, link=None))
