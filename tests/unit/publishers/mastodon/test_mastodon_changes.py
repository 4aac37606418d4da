"""Edits, deletions and replies: what is sent, and what odd answers come to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from bot.domain import Receipt
from bot.domain.errors import OutcomeUnknownError, PublishError, RejectedError, TransientError
from bot.publishers.mastodon.answers import read_status
from bot.publishers.mastodon.client import MAX_PAGES, PAGE
from bot.publishers.mastodon.publisher import MastodonPublisher
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.publishing import (
    Answer,
    Doctor,
    DoctoredAdapter,
    announcement,
    doctored,
    form,
    on_loopback,
    pictured,
    requests_seen,
    status_shown,
)

NOON = datetime(2026, 11, 4, 12, tzinfo=UTC)
HTML = b"<html><body>Welcome!</body></html>"


@pytest.fixture
def server() -> Iterator[FakeMastodon]:
    with FakeMastodon(limited=False) as running:
        yield running


@pytest.fixture
def publisher(server: FakeMastodon) -> Iterator[MastodonPublisher]:
    with on_loopback(server.url) as made:
        yield made


def emit(publisher: MastodonPublisher, text: str = "Said.", *, key: str = "key", **more: Any) -> Receipt:
    said = announcement(text, link=None)
    return publisher.publish(said, **{"media_ids": (), "key": key, "repeat": False, **more})


def status(number: int, *, at: datetime = NOON, **more: object) -> dict[str, object]:
    return {
        "id": str(number),
        "created_at": at.isoformat(),
        "content": f"<p>Number {number}</p>",
        "url": f"http://localhost/{number}",
        "reblog": None,
        "media_attachments": [],
        **more,
    }


def answering_to(method: str, answer: Answer) -> Doctor:
    """A doctor who answers a method about one status."""
    return lambda request: answer if request.method == method and "/statuses/" in request.url else None  # type: ignore[operator]


# -- edits


def sent_by_edit(adapter: DoctoredAdapter) -> dict[str, Any]:
    (request,) = (request for request in adapter.sent if request.method == "PUT")
    if request.headers["Content-Type"] == "application/json":
        assert isinstance(request.body, bytes | str)
        fields: dict[str, Any] = json.loads(request.body)
        return fields
    return form(request)


def test_an_edit_names_every_field_that_it_would_else_clear(server: FakeMastodon, tmp_path: Path) -> None:
    old = pictured(tmp_path, "one", "two", content_warning="Food")
    session, adapter = doctored()
    with on_loopback(server.url, session=session) as publisher:
        media_ids = tuple(publisher.upload(one) for one in old.pictures)
        receipt = publisher.publish(old, media_ids=media_ids, key="key", repeat=False)
        publisher.edit(receipt.status_id, old, shown=old)
    fields = sent_by_edit(adapter)
    assert fields["status"] == old.text
    assert fields["spoiler_text"] == "Food"
    assert str(fields["sensitive"]) in ("1", "True")
    assert fields["media_ids"] == list(media_ids)
    assert fields["media_attributes"] == [
        {"id": media_id, "description": alt} for media_id, alt in zip(media_ids, ["one", "two"], strict=True)
    ]
    assert status_shown(server.url, receipt.status_id)["edited_at"] is None, "no difference is no edit"


def test_an_edit_keeps_the_visibility_and_brings_the_language(
    server: FakeMastodon, publisher: MastodonPublisher
) -> None:
    old = announcement(language="en")
    receipt = publisher.publish(old, media_ids=(), key="key", repeat=False)
    publisher.edit(receipt.status_id, announcement("Neu.", link=None, language="de"), shown=old)
    shown = status_shown(server.url, receipt.status_id)
    assert (shown["language"], shown["visibility"], shown["sensitive"]) == ("de", "public", False)
    assert shown["edited_at"] is not None


def test_pictures_that_stay_are_not_uploaded_again(
    server: FakeMastodon, publisher: MastodonPublisher, tmp_path: Path
) -> None:
    old = pictured(tmp_path, "one")
    media_id = publisher.upload(old.pictures[0])
    receipt = publisher.publish(old, media_ids=(media_id,), key="key", repeat=False)
    publisher.edit(receipt.status_id, pictured(tmp_path, "uno"), shown=old)
    assert requests_seen(server.url, method="POST", path="*/media") == ["POST /api/v2/media"]
    (shown,) = status_shown(server.url, receipt.status_id)["media_attachments"]
    assert (shown["id"], shown["description"]) == (media_id, "uno")


def test_a_picture_that_is_refused_rejects_the_edit_and_leaves_the_toot(
    server: FakeMastodon, publisher: MastodonPublisher, tmp_path: Path
) -> None:
    receipt = emit(publisher)
    broken = pictured(tmp_path, "one")
    path = broken.pictures[0].path
    assert path is not None
    path.write_bytes(b"this is no picture")
    with pytest.raises(RejectedError, match="is not a picture"):
        publisher.edit(receipt.status_id, broken, shown=announcement("Said.", link=None))
    assert status_shown(server.url, receipt.status_id)["edited_at"] is None


def test_a_text_that_is_too_long_is_rejected(publisher: MastodonPublisher) -> None:
    receipt = emit(publisher)
    with pytest.raises(RejectedError, match="character limit"):
        publisher.edit(receipt.status_id, announcement("x" * 501, link=None), shown=None)


@pytest.mark.parametrize("body", [{}, None, [], "1", {"id": "1"}, HTML], ids=repr)
def test_what_cannot_be_read_is_not_edited(server: FakeMastodon, tmp_path: Path, body: object) -> None:
    # Else an answer without pictures would take them away.
    session, adapter = doctored(answering_to("GET", Answer(body=body)))
    old = pictured(tmp_path, "one")
    with on_loopback(server.url, session=session) as publisher:
        publisher.verify_account()
        with pytest.raises((TransientError, OutcomeUnknownError)):
            publisher.edit("1", old, shown=old)
    assert adapter.lines("PUT *") == []


@pytest.mark.parametrize("body", [{}, None, [], {"id": "1"}, HTML], ids=repr)
def test_an_answer_that_is_no_status_leaves_an_edit_open(server: FakeMastodon, body: object) -> None:
    session, _ = doctored(answering_to("PUT", Answer(body=body)))
    with on_loopback(server.url, session=session) as publisher:
        receipt = emit(publisher)
        with pytest.raises(OutcomeUnknownError):
            publisher.edit(receipt.status_id, announcement(), shown=None)


@pytest.mark.parametrize(
    ("words", "kind"), [("Unprocessable Entity: status was not changed", None), ("Text is no good", RejectedError)]
)
def test_a_refusal_to_change_nothing_means_that_it_is_done(
    server: FakeMastodon, words: str, kind: type[PublishError] | None
) -> None:
    # GoToSocial answers so to an edit that it has carried out before.
    session, _ = doctored(answering_to("PUT", Answer(status=422, body={"error": words})))
    with on_loopback(server.url, session=session) as publisher:
        receipt = emit(publisher)
        if kind is None:
            assert publisher.edit(receipt.status_id, announcement(), shown=None) == receipt
        else:
            with pytest.raises(kind, match=words):
                publisher.edit(receipt.status_id, announcement(), shown=None)


# -- deletions


def test_a_page_without_words_is_no_word_that_it_is_gone(server: FakeMastodon) -> None:
    session, _ = doctored(answering_to("DELETE", Answer(status=404, body=HTML)))
    with on_loopback(server.url, session=session) as publisher:
        receipt = emit(publisher)
        with pytest.raises(OutcomeUnknownError):
            publisher.delete(receipt.status_id)
    assert status_shown(server.url, receipt.status_id)["id"] == receipt.status_id


def test_another_accounts_toot_stays(server: FakeMastodon, publisher: MastodonPublisher) -> None:
    with on_loopback(server.url, token="loopback-other") as other:
        receipt = emit(other)
    publisher.delete(receipt.status_id)
    assert status_shown(server.url, receipt.status_id)["id"] == receipt.status_id
    with pytest.raises(RejectedError, match="404"):
        publisher.edit(receipt.status_id, announcement(), shown=None)


# -- replies


def test_a_reply_names_the_toot_that_it_answers(server: FakeMastodon, publisher: MastodonPublisher) -> None:
    first = emit(publisher)
    reply = emit(publisher, "Sorry.", key="other", in_reply_to=first.status_id)
    shown = status_shown(server.url, reply.status_id)
    assert shown["in_reply_to_id"] == first.status_id
    assert status_shown(server.url, first.status_id)["in_reply_to_id"] is None
    assert [
        one.status_id for one in publisher.read_back(announcement("Sorry.", link=None), after_id=first.status_id)
    ] == [reply.status_id]


def test_without_a_toot_to_answer_no_field_is_sent(server: FakeMastodon) -> None:
    session, adapter = doctored()
    with on_loopback(server.url, session=session) as publisher:
        emit(publisher)
    (request,) = (request for request in adapter.sent if request.method == "POST")
    assert "in_reply_to_id" not in form(request)


# -- recent statuses


def paging(*statuses: dict[str, object]) -> tuple[requests.Session, DoctoredAdapter]:
    """A server that has these, newest first, page by page."""

    def doctor(request: requests.PreparedRequest) -> Answer | None:
        path, _, query = (request.path_url or "").partition("?")
        if not path.endswith("/statuses"):
            return None
        asked = dict(part.split("=") for part in query.split("&"))
        below = [one for one in statuses if int(str(one["id"])) < int(asked.get("max_id", 10**9))]
        return Answer(body=below[: int(asked["limit"])])

    return doctored(doctor)


def test_recent_leaves_out_boosts_and_stops_at_the_first_that_is_older(server: FakeMastodon) -> None:
    own = [status(n, at=NOON + timedelta(minutes=n)) for n in range(1, 101)]
    own[79] = status(80, at=NOON + timedelta(minutes=80), reblog=status(1))
    own[60] = status(61, at=NOON + timedelta(minutes=61), in_reply_to_id="60")
    session, adapter = paging(*reversed(own))
    with on_loopback(server.url, session=session) as publisher:
        found = publisher.list_recent(since=NOON + timedelta(minutes=55))
    assert [one.status_id for one in found] == [str(n) for n in range(55, 101) if n != 80]
    assert len(adapter.lines("GET *statuses?*")) == 2


def test_recent_goes_on_where_a_page_holds_nothing_but_boosts(server: FakeMastodon) -> None:
    boosts = [status(n, reblog=status(1)) for n in range(99, 99 - PAGE, -1)]
    session, _ = paging(*boosts, status(5))
    with on_loopback(server.url, session=session) as publisher:
        assert [one.status_id for one in publisher.list_recent(since=NOON)] == ["5"]


def test_more_than_can_be_read_is_an_error_and_no_shorter_list(server: FakeMastodon) -> None:
    session, adapter = paging(*(status(n) for n in range(2 * MAX_PAGES * PAGE, 0, -1)))
    with on_loopback(server.url, session=session) as publisher, pytest.raises(TransientError, match="over 1000 toots"):
        publisher.list_recent(since=NOON)
    assert len(adapter.lines("GET *statuses?*")) == MAX_PAGES


# -- addresses

LOCAL = "http://127.0.0.1:8000/news/x/"


@pytest.mark.parametrize(
    ("content", "link", "there"),
    [
        (f"<p>Read {LOCAL}</p>", LOCAL, True),
        (f"<p>Read ({LOCAL}), please</p>", LOCAL, True),
        (f"<p>Read {LOCAL}.</p>", LOCAL, True),
        (f"<p>“{LOCAL}”!</p>", LOCAL, True),
        (f"<p>{LOCAL}</p><p>more</p>", LOCAL, True),
        (f"<p>{LOCAL}<br>more</p>", LOCAL, True),
        (f"<p>{LOCAL}?a=1&amp;b=2</p>", f"{LOCAL}?a=1&b=2", True),
        ("<p>https://site.test/x_(y)</p>", "https://site.test/x_(y)", True),
        (f"<p>{LOCAL}more</p>", LOCAL, False),
        ('<p><a href="https://a.example/">https://b.example/</a></p>', "https://b.example/", False),
    ],
)
def test_addresses_are_found_also_where_the_server_makes_no_link_of_them(content: str, link: str, there: bool) -> None:
    record = {"id": "1", "created_at": NOON, "url": "u", "content": content}
    assert (link in read_status(record).links) is there
