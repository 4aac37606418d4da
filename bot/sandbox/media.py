"""Uploaded pictures: which files Mastodon takes, which uploads a status may have, descriptions and focus.

The sandbox takes pictures only: no video, no sound, and of the formats of newer telephones AVIF but not HEIC.
Limits: app/models/media_attachment.rb and app/models/concerns/attachmentable.rb of mastodon/mastodon.
"""

from __future__ import annotations

import struct
from io import BytesIO
from math import isfinite
from typing import Final

from PIL import Image

from bot.domain import Limits
from bot.sandbox.errors import ApiError, failed, refused
from bot.sandbox.params import Params
from bot.sandbox.profiles import ServerProfile
from bot.sandbox.records import Account, ImageFacts, Media
from bot.sandbox.store import Store

#: An image must be smaller than this (bytes).
MAX_BYTES: Final = 16 * 1024 * 1024
MAX_PIXELS: Final = 33_177_600
MAX_GIF_PIXELS: Final = 921_600

#: Pillow's name of a format → media type and the ending of file names.
FORMATS: Final = {
    "JPEG": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "GIF": ("image/gif", "gif"),
    "WEBP": ("image/webp", "webp"),
    "AVIF": ("image/avif", "avif"),
}
# What Pillow raises for damaged files and files that are no pictures, found by experiment. OSError covers its own.
_BROKEN: Final = (OSError, SyntaxError, ValueError, RuntimeError, IndexError, EOFError, struct.error)
_ANY_TYPE: Final = "application/octet-stream"  # as Pleroma advertises
_EXIF_ORIENTATION: Final = 0x0112
_ROTATED: Final = (5, 6, 7, 8)


def inspect_image(data: bytes, *, limits: Limits | None = None) -> ImageFacts:
    """The facts about a picture, judged by its content; without `limits`, Mastodon's apply.

    Raises ApiError (422) if the file is no picture, is damaged, is too large or of a type that the server refuses.
    """
    most = limits.picture_bytes if limits else MAX_BYTES
    if len(data) >= most:
        size = f"{most / 1024 / 1024:.3g} MB"
        raise failed(f"File must be less than {size}", f"File file size must be less than {size}")
    facts = _read(data)
    if limits and facts.media_type not in limits.picture_types and _ANY_TYPE not in limits.picture_types:
        raise invalid_file()
    return facts


def invalid_file() -> ApiError:
    return failed("File content type is invalid", "File is invalid")


def preview_size(width: int, height: int) -> tuple[int, int]:
    """The size of the preview: at most 230 400 pixels, in the same shape."""
    scale = min(1.0, (230_400 / (width * height)) ** 0.5)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _read(data: bytes) -> ImageFacts:
    try:
        with Image.open(BytesIO(data), formats=list(FORMATS)) as image:
            kind = "JPEG" if image.format == "MPO" else image.format or ""  # several pictures in one JPEG
            width, height = image.size
            # Before the pixels are unpacked, which may take all memory.
            if width * height > (MAX_GIF_PIXELS if kind == "GIF" else MAX_PIXELS):
                raise refused(f"{width}x{height} images are not supported")
            image.load()  # a file cut short shows only when its pixels are read
            if image.getexif().get(_EXIF_ORIENTATION) in _ROTATED:
                width, height = height, width
            animated = kind == "GIF" and getattr(image, "n_frames", 1) > 1
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise refused("images with so many pixels are not supported") from None
    except _BROKEN:
        raise invalid_file() from None
    media_type, extension = FORMATS[kind]
    return ImageFacts(
        media_type=media_type, extension=extension, animated=animated, width=width, height=height, size=len(data)
    )


def too_many_files(limits: Limits) -> ApiError:
    return refused(f"Cannot attach more than {limits.pictures} files")


def read_media(
    params: Params, *, store: Store, account: Account, profile: ServerProfile, attached_to: str | None
) -> list[Media]:
    """The media that a request asks for, in order: the account's own, unattached or attached to this very status.

    Raises ApiError (422) if there are too many, if some do not exist or belong to another status, or if the server
    is still processing some.
    """
    wanted = list(dict.fromkeys(params.list("media_ids")))
    if len(wanted) > profile.limits.pictures:
        raise too_many_files(profile.limits)
    found = {media_id: store.media(media_id) for media_id in wanted}
    usable = [
        media
        for media in found.values()
        if media is not None and media.account_id == account.id and media.status_id in (None, attached_to)
    ]
    missing = [media_id for media_id in wanted if media_id not in {media.id for media in usable}]
    if missing and not profile.drops_lost_media:
        raise refused(f"Media {', '.join(missing)} not found or already attached to another post")
    if not all(media.ready for media in usable):
        raise refused("Cannot attach files that have not finished processing. Try again in a moment!")
    return usable


def check_description(description: str | None, limits: Limits) -> str | None:
    """The description of a picture, None if it is blank. Raises ApiError (422) if it is too long."""
    if description is not None and len(description) > limits.description:
        raise failed(f"Description is too long (maximum is {limits.description} characters)")
    return (description or "").strip() or None


def read_focus(text: str | None) -> tuple[float, float] | None:
    """A focus "x,y", each clamped to -1 to 1; None if there is none. Raises ApiError (422) for anything else."""
    if not text:
        return None
    try:
        x, y = (max(-1.0, min(1.0, float(part))) for part in text.split(","))
    except ValueError:
        raise failed("Focus is invalid") from None
    return (x, y) if isfinite(x) and isfinite(y) else (0.0, 0.0)
