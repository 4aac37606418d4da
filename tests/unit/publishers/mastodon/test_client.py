"""Who we are to the server, and that the token stays a secret."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from bot.domain import Announcement, Limits, Receipt
from bot.domain.errors import AccountBlockedError, PublishError, TransientError
from bot.publishers.mastodon.publisher import MastodonPublisher
from bot.sandbox.profiles import MASTODON
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.publishing import (
    TOKEN,
    Answer,
    announcement,
    answering,
    doctored,
    on_loopback,
    picture,
    public_statuses,
    requests_seen,
)

HTML = b"<html><body>Welcome!</body></html>"


@pytest.fixture
def server() -> Iterator[FakeMastodon]:
    with FakeMastodon(limited=False) as running:
        yield running


@pytest.fixture
def publisher(server: FakeMastodon) -> Iterator[MastodonPublisher]:
    with on_loopback(server.url) as made:
        yield made


def publish(
    publisher: MastodonPublisher, said: Announcement, *, key: str = "key", media_ids: tuple[str, ...] = ()
) -> Receipt:
    return publisher.publish(said, media_ids=media_ids, key=key, repeat=False)


# -- who we are


def test_limits_are_read_from_the_instance() -> None:
    limits = Limits(
        characters=1_000,
        characters_per_url=30,
        pictures=6,
        description=10_000,
        picture_types=("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"),
    )
    with FakeMastodon(profile=replace(MASTODON, limits=limits)) as server, on_loopback(server.url) as publisher:
        told = publisher.verify_account().limits
    assert (told.characters, told.characters_per_url, told.pictures, told.description) == (1_000, 30, 6, 10_000)


def told_of_media(**media: object) -> dict[str, object]:
    return {"configuration": {"media_attachments": media}}


def test_limits_of_pictures_are_read_from_the_instance(server: FakeMastodon) -> None:
    types = ["image/png", "video/mp4", "image/heic"]
    media = told_of_media(image_size_limit=1000, image_matrix_limit=2000, supported_mime_types=types)
    session, _ = doctored(answering(instance=Answer(body=media)))
    with on_loopback(server.url, session=session) as publisher:
        limits = publisher.verify_account().limits
    assert (limits.picture_bytes, limits.picture_pixels) == (1000, 2000)
    assert limits.picture_types == ("image/png", "image/heic")


@pytest.mark.parametrize(
    "instance",
    [
        {},
        {"configuration": None},
        {"configuration": {"statuses": {}, "media_attachments": None}},
        told_of_media(image_size_limit=0, image_matrix_limit=None, supported_mime_types=[]),
        told_of_media(image_size_limit="many", image_matrix_limit=-5, supported_mime_types="image/png"),
        told_of_media(supported_mime_types=["video/mp4"]),
    ],
)
def test_limits_that_are_not_told_are_mastodons(server: FakeMastodon, instance: dict[str, object]) -> None:
    session, _ = doctored(answering(instance=Answer(body=instance)))
    with on_loopback(server.url, session=session) as publisher:
        assert publisher.verify_account().limits == Limits()


@pytest.mark.parametrize(
    ("instance", "address"),
    [
        # Mastodon: LOCAL_DOMAIN, though the server answers at WEB_DOMAIN (instance_serializer.rb `domain`)
        ({"domain": "example.social"}, "conf@example.social"),
        ({"domain": "Example.Social"}, "conf@example.social"),
        # GoToSocial: `host` and `account-domain` (internal/api/model/instancev2.go)
        ({"domain": "gts.example.social", "account_domain": "example.social"}, "conf@example.social"),
        ({"domain": "gts.example.social", "account_domain": ""}, "conf@gts.example.social"),
    ],
)
@pytest.mark.parametrize("acct", [None, "as confirmed", "AS CONFIRMED"])
def test_the_address_has_the_domain_of_addresses(
    server: FakeMastodon, instance: dict[str, str], address: str, acct: str | None
) -> None:
    session, _ = doctored(answering(instance=Answer(body=instance)))
    wanted = {"as confirmed": f"@{address}", "AS CONFIRMED": address.upper()}.get(acct or "")
    with on_loopback(server.url, acct=wanted, session=session) as publisher:
        assert publisher.verify_account().address == address


def test_without_a_domain_the_address_has_the_servers(server: FakeMastodon) -> None:
    session, _ = doctored(answering(instance=Answer(body={})))
    with on_loopback(server.url, session=session) as publisher:
        assert publisher.verify_account().address == f"conf@{server.url.removeprefix('http://')}"


def test_publishing_asks_who_we_are_once(server: FakeMastodon, publisher: MastodonPublisher) -> None:
    publish(publisher, announcement(), key="1")
    publish(publisher, announcement(), key="2")
    assert requests_seen(server.url) == [
        "GET /api/v1/accounts/verify_credentials",
        "GET /api/v2/instance/",
        "POST /api/v1/statuses",
        "POST /api/v1/statuses",
    ]


# -- the token, and the way


@pytest.mark.parametrize("token", ["sec\nret", "secret\r", "\x00secret", " secret", "sécret€", "secret\u2028", ""])
def test_a_token_that_no_header_can_carry_is_named_but_not_shown(server: FakeMastodon, token: str) -> None:
    with on_loopback(server.url, token=token) as publisher, pytest.raises(AccountBlockedError) as caught:
        publish(publisher, announcement())
    told = "".join(traceback.format_exception(caught.value))
    assert "the token holds" in told
    assert "sec" not in told.replace("test_", "")
    assert requests_seen(server.url) == []


def test_a_token_that_is_the_name_of_a_file_is_a_token_all_the_same(
    server: FakeMastodon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Mastodon.py would read the file and take its first line.
    (tmp_path / TOKEN).write_text("loopback-somebody_else\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with on_loopback(server.url) as publisher:
        assert publisher.verify_account().address.startswith("conf@")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=422, body={"error": f"Bearer {TOKEN} may not"}),
        Answer(status=401, body={"error": TOKEN}),
        Answer(body=f"<pre>Authorization: Bearer {TOKEN}</pre>".encode()),
        Answer(headers={"X-RateLimit-Reset": TOKEN}),
    ],
    ids=["422", "401", "a page", "a header"],
)
def test_a_token_that_the_server_repeats_goes_no_further(server: FakeMastodon, answer: Answer) -> None:
    session, _ = doctored(answering(statuses=answer))
    with on_loopback(server.url, session=session) as publisher, pytest.raises(PublishError) as caught:
        publish(publisher, announcement())
    told = [*traceback.format_exception(caught.value), repr(caught.value), repr(caught.value.__dict__)]
    assert TOKEN not in "".join(told)


def test_a_proxy_of_the_environment_is_not_told_what_is_said_on_loopback(
    server: FakeMastodon, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with on_loopback(server.url) as publisher:
        publish(publisher, announcement())
    assert len(public_statuses(server.url)) == 1


def test_no_request_sets_a_language_for_the_client(server: FakeMastodon, tmp_path: Path) -> None:
    # Mastodon.py would keep it in a default argument that all clients share (internals.py `__api_request`).
    session, adapter = doctored()
    with on_loopback(server.url, session=session) as publisher:
        publish(publisher, announcement(), media_ids=(publisher.upload(picture(tmp_path)),))
        publisher.read_back(announcement(), after_id="0")
    assert len(adapter.sent) > 5
    assert [line for line in adapter.lines() if "lang" in line] == []


def test_closing_lets_go_of_the_connections(server: FakeMastodon) -> None:
    class Session(requests.Session):
        closed = 0

        def close(self) -> None:
            self.closed += 1
            super().close()

    session = Session()
    session.trust_env = False
    with on_loopback(server.url, session=session) as publisher:
        publisher.verify_account()
        assert session.closed == 0
    assert session.closed == 1


def test_a_server_that_is_gone_is_told_by_each_call(publisher: MastodonPublisher, server: FakeMastodon) -> None:
    server.stop()
    for _ in range(2):
        with pytest.raises(TransientError, match="cannot be reached"):
            publisher.newest_status_id()


# -- answers that say nothing, or no


@pytest.mark.parametrize("body", [{}, [], None, {"id": "1"}, {"username": "conf"}, HTML], ids=repr)
def test_an_answer_that_is_no_account_is_no_verdict_on_the_token(server: FakeMastodon, body: object) -> None:
    session, _ = doctored(answering(verify_credentials=Answer(body=body)))
    with (
        on_loopback(server.url, acct=f"@conf@{server.url[7:]}", session=session) as publisher,
        pytest.raises(TransientError),
    ):
        publisher.verify_account()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        # The text of an error is lost by Mastodon.py where it expects a list, so it is read from the answer itself.
        (Answer(status=403, body={"error": "This action is outside the authorized scopes"}), AccountBlockedError),
        (Answer(status=401, body={"error": "The access token was revoked"}), AccountBlockedError),
        (Answer(status=404, body={"error": "Record not found"}), AccountBlockedError),
        (Answer(status=403, body=HTML), TransientError),
        (Answer(status=403, body=["error"]), TransientError),
        (Answer(status=403, body={"error": None}), TransientError),
    ],
)
@pytest.mark.parametrize("where", ["statuses", "verify_credentials"])
def test_a_refusal_to_read_is_told_from_a_proxys_page(
    server: FakeMastodon, answer: Answer, kind: type[PublishError], where: str
) -> None:
    session, _ = doctored(answering(**{where: answer}))
    with on_loopback(server.url, session=session) as publisher, pytest.raises(PublishError) as caught:
        publisher.newest_status_id()
    assert type(caught.value) is kind


def test_the_words_of_an_earlier_error_are_not_taken_for_those_of_a_later_one(server: FakeMastodon) -> None:
    answers = [Answer(status=403, body={"error": "Earlier words"}), Answer(status=403, body=HTML)]
    session, _ = doctored(answering(statuses=answers))
    with on_loopback(server.url, session=session) as publisher:
        with pytest.raises(AccountBlockedError, match="Earlier words"):
            publisher.newest_status_id()
        with pytest.raises(TransientError, match=r"answered 403\.$"):
            publisher.newest_status_id()
