"""Answers that no Mastodon in good order gives: they never count as success, nor as proof that something is absent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from bot.domain.errors import AccountBlockedError, OutcomeUnknownError, TransientError
from bot.publishers.mastodon.client import MAX_PAGES, PAGE
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.publishing import (
    Answer,
    Doctor,
    announcement,
    answering,
    doctored,
    on_loopback,
    public_statuses,
)

HTML = b"<html><body>Welcome!</body></html>"
NOON = datetime(2026, 11, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with FakeMastodon(limited=False) as server:
        yield server.url


def status(number: int, **more: object) -> dict[str, object]:
    return {
        "id": str(number),
        "created_at": "2026-11-04T12:00:00.000Z",
        "content": f"<p>Number {number}</p>",
        "url": f"http://localhost/{number}",
        "reblog": None,
        **more,
    }


# -- lists of toots

NO_LISTS: list[object] = [{}, None, {"error": "odd"}, "", 7, [{}], ["x"], [{"id": "1"}], [status(1, created_at="soon")]]


@pytest.mark.parametrize("body", NO_LISTS, ids=repr)
def test_what_is_no_list_of_toots_proves_nothing(url: str, body: object) -> None:
    session, _ = doctored(answering(statuses=Answer(body=body)))
    with on_loopback(url, session=session) as publisher:
        with pytest.raises(TransientError):
            publisher.read_back(announcement(), after_id="0")
        with pytest.raises(TransientError):
            publisher.newest_status_id()


def test_a_list_that_never_ends_is_no_proof_either(url: str) -> None:
    def doctor(request: requests.PreparedRequest) -> Answer | None:
        path, _, query = (request.path_url or "").partition("?")
        if not path.endswith("/statuses"):
            return None
        first = int(dict(part.split("=") for part in query.split("&"))["min_id"]) + 1
        return Answer(body=[status(number) for number in reversed(range(first, first + PAGE))])

    session, adapter = doctored(doctor)
    with on_loopback(url, session=session) as publisher, pytest.raises(TransientError, match="over 1000 toots"):
        publisher.read_back(announcement(), after_id="0")
    assert len(adapter.lines("*/statuses?*")) == MAX_PAGES


def test_boosts_are_no_toots_but_count_as_the_newest(url: str) -> None:
    boost = status(9, reblog=status(2))
    session, _ = doctored(answering(statuses=[Answer(body=[boost, status(8)]), Answer(body=[])]))
    with on_loopback(url, session=session) as publisher:
        assert [seen.status_id for seen in publisher.read_back(announcement(), after_id="7")] == ["8"]
    session, _ = doctored(answering(statuses=Answer(body=[boost])))
    with on_loopback(url, session=session) as publisher:
        assert publisher.newest_status_id() == "9"


def test_a_look_that_fails_on_a_later_page_gives_nothing(url: str) -> None:
    pages = [Answer(body=[status(2), status(1)]), Answer(status=502, body=HTML)]
    session, _ = doctored(answering(statuses=pages))
    with on_loopback(url, session=session) as publisher, pytest.raises(TransientError, match="502"):
        publisher.read_back(announcement(), after_id="0")


@pytest.mark.parametrize("gone", [Answer(status=404, body={"error": "Record not found"}), Answer(status=404)])
def test_a_toot_that_vanishes_during_a_look_is_looked_at_again_later(url: str, gone: Answer) -> None:
    there = status(5, content='<a href="https://conf.example.org/news/schedule/">…</a>')
    session, _ = doctored(answering(statuses=Answer(body=[there]), source=gone))
    with on_loopback(url, session=session) as publisher, pytest.raises(TransientError, match="deleted"):
        publisher.read_back(announcement(), after_id="0")


@pytest.mark.parametrize("link", ["https://a.example.org/?x=1&y=2", "https://a.example.org/'q'"])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_links_are_read_from_either_quotes_and_unescaped(url: str, link: str, quote: str) -> None:
    written = link.replace("&", "&amp;").replace("'", "&#39;")
    there = status(5, content=f"<p><a class='x' href={quote}{written}{quote}>a</a></p>")
    pages = [Answer(body=[there]), Answer(body=[])]
    session, _ = doctored(answering(statuses=pages, source=Answer(body={"id": "5", "text": "T", "spoiler_text": ""})))
    with on_loopback(url, session=session) as publisher:
        (seen,) = publisher.read_back(announcement(link=link), after_id="0")
    assert (seen.links, seen.text) == (frozenset({link}), "T")


@pytest.mark.parametrize("written", ["2026-11-04T12:00:00.000Z", "2026-11-04T13:00:00+01:00", "2026-11-04T12:00:00"])
def test_times_are_turned_into_utc(url: str, written: str) -> None:
    pages = [Answer(body=[status(5, created_at=written)]), Answer(body=[])]
    session, _ = doctored(answering(statuses=pages))
    with on_loopback(url, session=session) as publisher:
        (seen,) = publisher.read_back(announcement(), after_id="0")
    assert seen.created_at == NOON
    assert seen.created_at.tzinfo is UTC


# -- answers to a post


def answer_to_post(answer: Answer) -> Doctor:
    return lambda request: answer if request.method == "POST" else None


@pytest.mark.parametrize(
    "body",
    [
        {},
        None,
        [],
        [status(1)],
        "1",
        {"id": "1"},
        {"id": "1", "created_at": None},
        {"id": "1", "created_at": "soon"},
        {"created_at": "2026-11-04T12:00:00Z"},
        # a ScheduledStatus: nothing is posted yet
        {"id": "1", "scheduled_at": "2026-11-04T12:00:00.000Z", "params": {"text": "x"}, "media_attachments": []},
        HTML,
    ],
    ids=repr,
)
def test_an_answer_that_is_no_status_leaves_the_outcome_open(url: str, body: object) -> None:
    session, adapter = doctored(answer_to_post(Answer(body=body)))
    with on_loopback(url, session=session) as publisher, pytest.raises(OutcomeUnknownError):
        publisher.publish(announcement(), media_ids=(), key="key", repeat=False)
    assert len(adapter.lines("POST *")) == 1


def test_a_status_without_an_address_gets_the_servers(url: str) -> None:
    session, _ = doctored(answer_to_post(Answer(body=status(1, url=None))))
    with on_loopback(url, session=session) as publisher:
        receipt = publisher.publish(announcement(), media_ids=(), key="key", repeat=False)
    assert (receipt.status_id, receipt.url, receipt.created_at) == ("1", url, NOON)


@pytest.mark.parametrize("code", [307, 308])
def test_redirects_that_keep_the_post_are_not_followed_either(url: str, code: int) -> None:
    answer = Answer(status=code, headers={"Location": f"{url}/api/v1/statuses"})
    session, adapter = doctored(answer_to_post(answer))
    with on_loopback(url, session=session) as publisher, pytest.raises(AccountBlockedError, match="redirects"):
        publisher.publish(announcement(), media_ids=(), key="key", repeat=False)
    assert len(adapter.lines("POST *")) == 1
    assert public_statuses(url) == []


def test_the_answers_here_are_seen_by_the_real_client(url: str) -> None:
    """The doctor answers only what it is told to; the rest comes from the sandbox."""
    body: dict[str, Any] = {"id": "1", "username": "somebody"}
    session, adapter = doctored(answering(verify_credentials=Answer(body=body)))
    with on_loopback(url, session=session) as publisher:
        assert publisher.verify_account().address == f"somebody@{url[7:]}"
    assert len(adapter.sent) == 2
