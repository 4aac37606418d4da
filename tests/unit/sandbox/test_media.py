"""Uploads over HTTP, through the real Mastodon.py."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO

import httpx
import pytest
from mastodon import Mastodon
from mastodon.errors import MastodonAPIError, MastodonNotFoundError
from PIL import Image

from bot.sandbox.media import MAX_BYTES, inspect_image, preview_size
from bot.sandbox.server import SandboxServer

INVALID = "Validation failed: File content type is invalid, File is invalid"


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("AVIF", "image/avif"),
    ],
)
def test_a_picture_is_complete_at_once_and_can_be_fetched(
    client: Mastodon, http: httpx.Client, draw: Callable[..., bytes], kind: str, media_type: str
) -> None:
    data = draw(kind)
    media = client.media_post(data, mime_type="application/octet-stream", description="A blue field")
    served = http.get(media.url)
    assert (served.content, served.headers["Content-Type"]) == (data, media_type)
    assert media.type == "image"
    assert media.description == "A blue field"
    assert (media.meta.original.width, media.meta.original.height) == (60, 40)


@pytest.mark.parametrize("path", ["/api/v1/media", "/api/v2/media"])
def test_both_endpoints_take_uploads(http: httpx.Client, draw: Callable[..., bytes], path: str) -> None:
    answer = http.post(path, files={"file": ("x.png", draw())})
    assert answer.status_code == 200
    assert answer.json()["url"]


def test_an_upload_is_shown_and_changed_until_it_is_attached(client: Mastodon, draw: Callable[..., bytes]) -> None:
    media = client.media_post(draw(), mime_type="image/png")
    assert client.media(media.id).url == media.url
    changed = client.media_update(media.id, description="Now described", focus=(0.5, -0.25))
    assert changed.description == "Now described"
    assert (changed.meta.focus.x, changed.meta.focus.y) == (0.5, -0.25)
    client.status_post("Text", media_ids=[media])
    for act in (client.media, lambda media_id: client.media_update(media_id, description="too late")):
        with pytest.raises(MastodonNotFoundError):
            act(media.id)


def test_an_upload_is_of_its_account_and_attached_once(
    client: Mastodon, connect: Callable[..., Mastodon], draw: Callable[..., bytes]
) -> None:
    media = client.media_post(draw(), mime_type="image/png")
    with pytest.raises(MastodonAPIError, match=f"Media {media.id!s} not found or already attached"):
        connect("loopback-other").status_post("Text", media_ids=[media])
    client.status_post("Text", media_ids=[media])
    with pytest.raises(MastodonAPIError, match=f"Media {media.id!s} not found or already attached"):
        client.status_post("Again", media_ids=[media])


def test_the_order_of_pictures_is_kept_and_text_may_be_absent(client: Mastodon, draw: Callable[..., bytes]) -> None:
    media = [client.media_post(draw(), mime_type="image/png") for _ in range(3)]
    order = [media[2], media[0], media[1]]
    posted = client.status_post("", media_ids=order)
    assert [item.id for item in posted.media_attachments] == [item.id for item in order]


def test_a_deleted_status_gives_its_media_back_or_not(
    client: Mastodon, http: httpx.Client, draw: Callable[..., bytes]
) -> None:
    media = client.media_post(draw(), mime_type="image/png")
    client.status_delete(client.status_post("One", media_ids=[media]).id)
    again = client.status_post("Two", media_ids=[media])
    http.delete(f"/api/v1/statuses/{again.id}", params={"delete_media": "true"})
    assert http.get(media.url).status_code == 404


def test_an_unattached_upload_can_be_deleted(http: httpx.Client, client: Mastodon, draw: Callable[..., bytes]) -> None:
    media = client.media_post(draw(), mime_type="image/png")
    assert http.delete(f"/api/v1/media/{media.id}").json() == {}
    assert http.get(media.url).status_code == 404


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing."""
    chunks = (b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT")
    packed = (struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def cut_short() -> bytes:
    file = BytesIO()
    Image.effect_noise((200, 200), 90).save(file, "JPEG")
    return file.getvalue()[:5000]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", INVALID),
        (b"%PDF-1.7", INVALID),
        (b"", INVALID),
        (cut_short(), INVALID),
        (b"x" * MAX_BYTES, "Validation failed: File must be less than 16 MB, File file size must be less than 16 MB"),
        (png_header(6000, 5600), "6000x5600 images are not supported"),
        (png_header(60_000, 60_000), "images with so many pixels are not supported"),
    ],
    ids=["svg", "pdf", "empty", "cut short", "too many bytes", "too many pixels", "far too many pixels"],
)
def test_what_is_no_acceptable_picture_is_refused(
    http: httpx.Client, server: SandboxServer, data: bytes, text: str
) -> None:
    answer = http.post("/api/v2/media", files={"file": ("x.png", data)})
    assert (answer.status_code, answer.json()) == (422, {"error": text})


def test_a_gif_may_have_fewer_pixels(http: httpx.Client, draw: Callable[..., bytes]) -> None:
    answer = http.post("/api/v2/media", files={"file": ("x.gif", draw("GIF", size=(1000, 922)))})
    assert answer.json() == {"error": "1000x922 images are not supported"}


@pytest.mark.parametrize(("length", "code"), [(1500, 200), (1501, 422)])
def test_a_description_has_a_limit(http: httpx.Client, draw: Callable[..., bytes], length: int, code: int) -> None:
    sent = http.post("/api/v2/media", files={"file": ("x.png", draw())}, data={"description": "é" * length})
    assert sent.status_code == code
    if code == 422:
        assert sent.json() == {"error": "Validation failed: Description is too long (maximum is 1500 characters)"}


def test_more_than_a_proxy_lets_through_is_an_html_413(http: httpx.Client) -> None:
    answer = http.post("/api/v2/media", files={"file": ("x.png", b"x" * (MAX_BYTES + 2_000_000))})
    assert answer.status_code == 413
    assert answer.headers["Content-Type"].startswith("text/html")


def test_facts_tell_the_picture_as_it_is_displayed() -> None:
    file = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    Image.new("RGB", (30, 20)).save(file, "JPEG", exif=exif)
    facts = inspect_image(file.getvalue())
    assert (facts.width, facts.height) == (20, 30)


def test_a_jpeg_with_several_pictures_is_a_jpeg(draw: Callable[..., bytes]) -> None:
    several = draw("MPO", save_all=True, append_images=[Image.new("RGB", (60, 40))])
    facts = inspect_image(several)
    assert (facts.media_type, facts.animated) == ("image/jpeg", False)


def test_a_moving_gif_is_a_gifv(http: httpx.Client) -> None:
    file = BytesIO()
    Image.new("RGB", (9, 9), "red").save(file, "GIF", save_all=True, append_images=[Image.new("RGB", (9, 9), "blue")])
    assert http.post("/api/v2/media", files={"file": file.getvalue()}).json()["type"] == "gifv"


@pytest.mark.parametrize(
    ("size", "preview"), [((60, 40), (60, 40)), ((1280, 720), (640, 360)), ((100_000, 1), (100_000, 1))]
)
def test_a_preview_keeps_the_shape(size: tuple[int, int], preview: tuple[int, int]) -> None:
    assert preview_size(*size) == preview
