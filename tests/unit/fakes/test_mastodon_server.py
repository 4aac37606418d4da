"""What the tests' server does besides the sandbox: its request log, its settings, and no rate limits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bot.domain.clock import ManualClock
from bot.sandbox.faults import Fault
from tests.fakes.mastodon_server import FakeMastodon, MarkdownSetting, SpamSetting, TextsSetting, in_german


@pytest.fixture(scope="module")
def running() -> Iterator[FakeMastodon]:
    clock = ManualClock(datetime(2026, 11, 4, 15, 0, 0, 123456, tzinfo=UTC))
    with FakeMastodon(clock=clock, limited=False) as started:
        yield started


@pytest.fixture
def server(running: FakeMastodon) -> FakeMastodon:
    running.faults.switch()
    return running


@pytest.fixture
def http(server: FakeMastodon) -> Iterator[httpx.Client]:
    """Plain HTTP as the account "main"."""
    headers = {"Authorization": "Bearer loopback-main"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=5, verify=False) as plain:
        plain.delete("/sandbox/requests")
        yield plain


def test_error_texts_can_be_german_whatever_the_caller_accepts(http: httpx.Client, server: FakeMastodon) -> None:
    server.faults.switch(settings=[TextsSetting(texts="de")])
    answer = http.post("/api/v1/statuses", data={"status": ""}, headers={"Accept-Language": "en"})
    assert answer.json() == {"error": "Gültigkeitsprüfung fehlgeschlagen: Text darf nicht leer sein"}
    server.faults.switch()
    answer = http.post("/api/v1/statuses", data={"status": ""}, headers={"Accept-Language": "de"})
    assert answer.json() == {"error": "Validation failed: Text can't be blank"}


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("Record not found", "Eintrag nicht gefunden"),
        ("Cannot attach more than 4 files", "Mehr als 4 Dateien können nicht angehängt werden"),
        (
            "Media 1, 2 not found or already attached to another post",
            "Medien 1, 2 nicht gefunden oder schon an einen anderen Beitrag angehängt",
        ),
        ("Something else", "Something else"),
    ],
)
def test_what_is_not_translated_stays(english: str, german: str) -> None:
    assert in_german(english) == german


def test_the_spam_filter_answers_as_usual_and_keeps_nothing_that_mentions_or_answers_others(
    http: httpx.Client, server: FakeMastodon
) -> None:
    others = {"Authorization": "Bearer loopback-helper"}
    answered = http.post("/api/v1/statuses", data={"status": "Hello"}, headers=others).json()["id"]
    server.faults.switch(settings=[SpamSetting(spam="free tickets")])

    def kept(**form: str) -> bool:
        sent = http.post("/api/v1/statuses", data=form)
        assert (sent.status_code, bool(sent.json()["id"])) == (200, True)
        return http.get(f"/api/v1/statuses/{sent.json()['id']}").status_code == 200

    assert kept(status="free tickets")
    assert kept(status="paid tickets for @helper")
    assert not kept(status="free tickets for @helper")
    assert not kept(status="free tickets", in_reply_to_id=answered)


@pytest.mark.parametrize(("whose", "read"), [("main", "bold stars, some_file_name"), ("other", "**bold** _stars_")])
def test_markdown_is_read_where_it_is_the_accounts_default_and_nobody_says_otherwise(
    http: httpx.Client, server: FakeMastodon, whose: str, read: str
) -> None:
    server.faults.switch(settings=[MarkdownSetting(markdown=whose)])
    text = "**bold** _stars_, some_file_name"
    sent = http.post("/api/v1/statuses", data={"status": text}).json()
    assert read.split(",")[0] in sent["content"]
    http.put(f"/api/v1/statuses/{sent['id']}", data={"status": f"Now {text}"})
    assert read.split(",")[0] in http.get(f"/api/v1/statuses/{sent['id']}/source").json()["text"]
    plain = http.post("/api/v1/statuses", data={"status": text, "content_type": "text/plain"}).json()
    assert "**bold** _stars_, some_file_name" in plain["content"]


def test_the_seen_requests_are_listed_without_tokens(http: httpx.Client, server: FakeMastodon) -> None:
    def post() -> httpx.Response:
        return http.post("/api/v1/statuses", data={"status": "Text"}, headers={"Idempotency-Key": "k1"})

    server.faults.switch([Fault(on="POST /api/v1/statuses", do="post-then-drop")])
    with pytest.raises(httpx.TransportError):
        post()
    post()
    http.get("/")
    answer = http.get("/sandbox/requests")
    assert "loopback-main" not in answer.text
    shared = {
        "method": "POST",
        "path": "/api/v1/statuses",
        "query": "",
        "at": "2026-11-04T15:00:00.123456Z",
        "account": "main",
        "idempotency_key": "k1",
    }
    assert answer.json() == [
        {**shared, "fault": "post-then-drop", "status": None},
        {**shared, "fault": None, "status": 200},
    ]
    http.delete("/sandbox/requests")
    assert http.get("/sandbox/requests").json() == []


def test_limits_can_be_left_out() -> None:
    with FakeMastodon(limited=False) as server, httpx.Client(base_url=server.url) as http:
        answers = [http.get("/api/v1/timelines/public") for _ in range(302)]
    assert {answer.status_code for answer in answers} == {200}
    assert "X-RateLimit-Limit" not in answers[0].headers


def test_the_settings_of_tests_are_switched_over_http(http: httpx.Client, server: FakeMastodon) -> None:
    settings: list[dict[str, Any]] = [{"texts": "de"}, {"revoked": "*"}]
    assert http.put("/sandbox/faults", json=settings).json() == settings
    assert server.faults.settings(TextsSetting) == [TextsSetting(texts="de")]
    assert http.put("/sandbox/faults", json=[{"texts": "de", "more": 1}]).status_code == 400
