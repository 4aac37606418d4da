"""Pictures: uploaded with their alt texts, waited for while the server works, left out where it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote_to_bytes

import httpx
import pytest
import requests
from PIL import Image

from bot.domain import Announcement, Picture, Receipt
from bot.domain.clock import ManualClock
from bot.domain.errors import PublishError, RejectedError, TransientError
from bot.http.client import WebClient
from bot.http.policy import ConnectPolicy, anywhere
from bot.publishers.mastodon.publisher import MastodonPublisher
from bot.sandbox.faults import Fault
from tests.fakes.mastodon_server import FakeMastodon
from tests.support.listeners import Page, web_server
from tests.support.publishing import (
    TIMEOUT,
    Answer,
    announcement,
    answering,
    doctored,
    on_loopback,
    picture,
    public_statuses,
    requests_seen,
    status_shown,
)

HTML = b"<html><body>Welcome!</body></html>"
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


@pytest.fixture
def url(server: FakeMastodon) -> str:
    return server.url


def publish(
    publisher: MastodonPublisher, said: Announcement, *, key: str = "key", media_ids: tuple[str, ...] = ()
) -> Receipt:
    return publisher.publish(said, media_ids=media_ids, key=key, repeat=False)


@pytest.mark.parametrize("ready", [False, True])
def test_nothing_is_asked_before_an_upload(
    server: FakeMastodon, publisher: MastodonPublisher, tmp_path: Path, ready: bool
) -> None:
    """Mastodon.py asks for the server's version first (media.py `verify_minimum_version`), unless it was told."""
    publisher.verify_account()
    one = picture(tmp_path)
    before = len(requests_seen(server.url))
    if ready:
        publisher.prepare_pictures(replace(announcement("Soon."), pictures=(one,)))
    assert len(requests_seen(server.url)) == before
    publisher.upload(one)
    assert requests_seen(server.url)[before:] == ["POST /api/v2/media"]


@pytest.mark.parametrize(
    ("version", "path"),
    [("4.5.3", "/api/v2/media"), ("3.1.4", "/api/v2/media"), ("3.1.3", "/api/v1/media"), ("", "/api/v1/media")],
)
def test_an_older_server_gets_pictures_in_the_older_way(url: str, tmp_path: Path, version: str, path: str) -> None:
    session, adapter = doctored(answering(instance=Answer(body={"version": version})))
    with on_loopback(url, session=session) as publisher:
        media_id = publisher.upload(picture(tmp_path))
        receipt = publish(publisher, announcement(), media_ids=(media_id,))
    assert adapter.lines("*/media*") == [f"POST {path}"]
    (shown,) = status_shown(url, receipt.status_id)["media_attachments"]
    assert shown["description"] == "A stage with two chairs"


@pytest.mark.parametrize("do", ["503", "drop"])
def test_a_server_that_fails_ahead_of_a_release_is_not_asked_again_and_again(
    server: FakeMastodon, publisher: MastodonPublisher, tmp_path: Path, do: str
) -> None:
    publisher.verify_account()
    before = len(requests_seen(server.url))
    server.faults.switch([Fault(on="*", do=do, times=None)])
    one = picture(tmp_path)
    publisher.prepare_pictures(replace(announcement("Soon."), pictures=(one,)))
    with pytest.raises(PublishError):
        publisher.upload(one)
    assert len(requests_seen(server.url)) - before <= 1


@pytest.mark.parametrize("alt", ["Two chairs, früh am Morgen\nand “tea”", ""])
def test_the_alt_text_arrives_with_the_picture(
    server: FakeMastodon, publisher: MastodonPublisher, tmp_path: Path, alt: str
) -> None:
    media_id = publisher.upload(picture(tmp_path, name="früh & “spät”.png", alt=alt))
    receipt = publish(publisher, announcement(), media_ids=(media_id,))
    (shown,) = status_shown(server.url, receipt.status_id)["media_attachments"]
    assert shown["description"] == (alt or None)
    assert shown["meta"]["original"]["size"] == "8x6"


def test_a_picture_that_the_server_refuses_is_rejected_and_can_be_left_out(url: str, tmp_path: Path) -> None:
    refusal = Answer(status=422, body={"error": "Validation failed: File content type is invalid"})
    session, _ = doctored(answering(media=refusal))
    with on_loopback(url, session=session) as publisher:
        with pytest.raises(RejectedError, match=r"422: .*File content type is invalid"):
            publisher.upload(picture(tmp_path))
        publish(publisher, announcement())
    assert len(public_statuses(url)) == 1


def test_an_alt_text_that_is_too_long_is_rejected(publisher: MastodonPublisher, tmp_path: Path) -> None:
    with pytest.raises(RejectedError, match="Description is too long"):
        publisher.upload(picture(tmp_path, alt="x" * 1501))


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (Picture(url="https://conf.example.org/a.png", path=Path("/nowhere/a.png")), "/nowhere/a.png cannot be read"),
        (Picture(url="https://conf.example.org/a.png", path=Path("/")), "cannot be read"),
        (Picture(url="https://conf.example.org/a.png", problem="there is no file a.png"), "there is no file a.png"),
    ],
)
def test_a_picture_without_a_file_is_rejected_before_anything_is_asked(
    server: FakeMastodon, publisher: MastodonPublisher, missing: Picture, words: str
) -> None:
    with pytest.raises(RejectedError, match=words):
        publisher.upload(missing)
    assert requests_seen(server.url) == []


def test_the_type_of_a_picture_is_told_by_its_content(publisher: MastodonPublisher, tmp_path: Path) -> None:
    assert publisher.upload(replace(picture(tmp_path, name="really-a-png.jpg"), media_type=None))


@pytest.mark.parametrize("focus", [None, (0.25, -0.5)])
def test_the_focus_arrives_with_the_picture(
    server: FakeMastodon, publisher: MastodonPublisher, tmp_path: Path, focus: tuple[float, float] | None
) -> None:
    media_id = publisher.upload(replace(picture(tmp_path), focus=focus))
    receipt = publish(publisher, announcement(), media_ids=(media_id,))
    (shown,) = status_shown(server.url, receipt.status_id)["media_attachments"]
    x, y = focus or (0, 0)
    assert (shown["description"], shown["meta"]["focus"]) == ("A stage with two chairs", {"x": x, "y": y})


def test_an_edit_tells_the_focus_of_a_picture_that_stays(url: str, tmp_path: Path) -> None:
    session, adapter = doctored()
    with on_loopback(url, session=session) as publisher:
        said = replace(announcement(), pictures=(replace(picture(tmp_path), focus=(0.25, -0.5)),))
        receipt = publish(publisher, said, media_ids=(publisher.upload(said.pictures[0]),))
        publisher.edit(receipt.status_id, said, shown=said)
    (put,) = (request for request in adapter.sent if request.method == "PUT")
    assert b"0.25,-0.5" in unquote_to_bytes(str(put.body or b""))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_arrives_upright_and_without_its_place(
    server: FakeMastodon, publisher: MastodonPublisher, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "photo"
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0)}
    Image.new("RGB", (8, 6), "teal").save(path, kind, exif=exif)
    media_id = publisher.upload(Picture(url="https://conf.example.org/photo", path=path, alt="A"))
    receipt = publish(publisher, announcement(), media_ids=(media_id,))
    (shown,) = status_shown(server.url, receipt.status_id)["media_attachments"]
    assert shown["meta"]["original"]["size"] == "6x8"
    with Image.open(BytesIO(httpx.get(shown["url"], trust_env=False).content)) as image:
        assert not image.getexif()


@pytest.fixture
def gallery() -> Iterator[str]:
    """A web server on this machine with one picture, /a.png."""
    data = BytesIO()
    Image.new("RGB", (8, 6), "teal").save(data, "PNG")
    pages = {"/a.png": Page(body=data.getvalue()), "/a.txt": Page(body=b"no picture"), "/busy.png": Page(status=503)}
    with web_server(pages) as address:
        yield address


@pytest.mark.parametrize(
    ("web", "name", "kind"),
    [
        (WebClient(ConnectPolicy(may_reach=anywhere, schemes=("http",))), "a.png", None),
        (WebClient(ConnectPolicy(may_reach=anywhere, schemes=("http",))), "a.txt", RejectedError),
        (WebClient(ConnectPolicy(may_reach=anywhere, schemes=("http",))), "gone.png", RejectedError),
        (WebClient(ConnectPolicy(may_reach=anywhere, schemes=("http",))), "busy.png", TransientError),
        (WebClient(ConnectPolicy(schemes=("http",))), "a.png", RejectedError),
        (WebClient(), "a.png", RejectedError),
    ],
    ids=["good", "no picture", "gone", "busy", "private", "not https"],
)
def test_a_picture_of_another_host_is_fetched_when_it_is_uploaded(
    server: FakeMastodon, gallery: str, web: WebClient, name: str, kind: type[PublishError] | None
) -> None:
    there = Picture(url=f"{gallery}/{name}", alt="A", remote=True)
    with on_loopback(server.url, web=web) as publisher:
        if kind is not None:
            with pytest.raises(kind, match=name):
                publisher.upload(there)
            return
        receipt = publish(publisher, announcement(), media_ids=(publisher.upload(there),))
    (shown,) = status_shown(server.url, receipt.status_id)["media_attachments"]
    assert (shown["description"], shown["meta"]["original"]["size"]) == ("A", "8x6")


# -- pictures that take their time


def media(number: int = 1, **more: object) -> dict[str, object]:
    return {"id": str(number), "type": "image", "url": "http://localhost/x.png", **more}


WORKING = media(url=None)
FAILED = Answer(status=422, body={"error": "Error processing thumbnail for uploaded media"})


def upload(url: str, tmp_path: Path, *answers: Answer) -> tuple[str, list[float], list[str]]:
    """The media id, how long was slept each time, and the requests about media."""
    left = list(answers)

    def doctor(request: requests.PreparedRequest) -> Answer | None:
        about_media = "/media" in (request.path_url or "")
        return (left.pop(0) if len(left) > 1 else left[0]) if about_media else None

    slept: list[float] = []
    session, adapter = doctored(doctor)
    with on_loopback(url, session=session, sleep=slept.append) as publisher:
        media_id = publisher.upload(picture(tmp_path))
    return media_id, slept, adapter.lines("*/media*")


def test_a_picture_that_is_ready_is_not_asked_for_again(url: str, tmp_path: Path) -> None:
    assert upload(url, tmp_path, Answer(body=media(7))) == ("7", [], ["POST /api/v2/media"])


def test_a_picture_is_waited_for_until_it_is_processed(url: str, tmp_path: Path) -> None:
    # 202 while it waits, 206 while it is processed, 200 when it is done (mastodon: media_controller.rb).
    answers = [Answer(status=202, body=WORKING), *[Answer(status=206, body=WORKING)] * 2, Answer(body=media())]
    media_id, slept, lines = upload(url, tmp_path, *answers)
    assert (media_id, slept) == ("1", [1, 1, 1])
    assert lines == ["POST /api/v2/media", *["GET /api/v1/media/1"] * 3]


@pytest.mark.parametrize("timeout", [0.5, 1, 5])
def test_a_picture_that_is_never_ready_is_not_waited_for_longer_than_the_timeout(
    url: str, tmp_path: Path, timeout: float
) -> None:
    clock = ManualClock(NOON)
    session, _ = doctored(answering(media=Answer(status=202, body=WORKING), **{"1": Answer(status=206, body=WORKING)}))

    def sleep(seconds: float) -> None:
        clock.advance(timedelta(seconds=seconds))

    allowed = timedelta(seconds=timeout)
    with (
        on_loopback(url, session=session, timeout=allowed, clock=clock, sleep=sleep) as publisher,
        pytest.raises(TransientError, match="not finished with the picture"),
    ):
        publisher.upload(picture(tmp_path))
    assert clock.now() - NOON <= allowed


def test_the_time_that_the_answers_take_counts_as_well(url: str, tmp_path: Path) -> None:
    clock = ManualClock(NOON)

    def doctor(request: requests.PreparedRequest) -> Answer | None:
        if "/media" not in (request.path_url or ""):
            return None
        clock.advance(TIMEOUT * 0.7)
        return Answer(status=206, body=WORKING)

    session, adapter = doctored(doctor)
    with (
        on_loopback(url, session=session, clock=clock) as publisher,
        pytest.raises(TransientError, match="not finished"),
    ):
        publisher.upload(picture(tmp_path))
    assert adapter.lines("*/media*") == ["POST /api/v2/media", *["GET /api/v1/media/1"] * 2]


def test_the_wait_ends_also_by_a_clock_that_stands_still(url: str, tmp_path: Path) -> None:
    slept: list[float] = []
    session, _ = doctored(answering(media=Answer(status=202, body=WORKING), **{"1": Answer(status=206, body=WORKING)}))
    with (
        on_loopback(url, session=session, clock=ManualClock(NOON), sleep=slept.append) as publisher,
        pytest.raises(TransientError, match="not finished"),
    ):
        publisher.upload(picture(tmp_path))
    assert 0 < sum(slept) <= TIMEOUT.total_seconds()


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([FAILED], RejectedError),
        ([Answer(status=202, body=WORKING), FAILED], RejectedError),
        ([Answer(status=202, body=WORKING), Answer(status=404, body={"error": "Record not found"})], RejectedError),
        ([Answer(status=202, body=WORKING), Answer(status=502, body=HTML)], TransientError),
        # a proxy's own limit
        ([Answer(status=413, body=HTML)], TransientError),
        ([Answer(status=500, body={"error": "Error processing thumbnail for uploaded media"})], TransientError),
        ([Answer(body={})], TransientError),
        ([Answer(body=[])], TransientError),
        ([Answer(status=202, body={"url": None})], TransientError),
    ],
)
def test_an_upload_that_goes_wrong(url: str, tmp_path: Path, answers: list[Answer], kind: type[PublishError]) -> None:
    with pytest.raises(PublishError) as caught:
        upload(url, tmp_path, *answers)
    assert type(caught.value) is kind
