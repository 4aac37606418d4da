"""What an upload is, judged by its content, and whether Mastodon would take it.

Limits: app/models/media_attachment.rb and app/models/concerns/attachmentable.rb of mastodon/mastodon. The sandbox
takes pictures only: no video, no sound, and of the formats of newer telephones AVIF but not HEIC.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Final

from bot.domain import Limits
from bot.sandbox.answers import Refusal, failed, refused
from bot.sandbox.records import ImageFacts

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
# What Pillow raises for files that are no picture or a damaged one (found by damaging some); the first holds its own.
_BROKEN: Final = (OSError, SyntaxError, ValueError, RuntimeError, IndexError, EOFError, struct.error)
_ANY_TYPE: Final = "application/octet-stream"  # what Pleroma says that it takes
_EXIF_ORIENTATION: Final = 0x0112
_LYING_ON_ITS_SIDE: Final = (5, 6, 7, 8)


def inspect_image(data: bytes, *, limits: Limits | None = None) -> ImageFacts:
    """The facts about a picture; without `limits`, Mastodon's are applied.

    Raises Refusal (422) if it is none, is broken, is too large or of a type that the server does not take.
    """
    most = limits.picture_bytes if limits else MAX_BYTES
    if len(data) >= most:
        size = f"{most / 1024 / 1024:.3g} MB"
        raise failed(f"File must be less than {size}", f"File file size must be less than {size}")
    facts = _read(data)
    if limits and facts.media_type not in limits.picture_types and _ANY_TYPE not in limits.picture_types:
        raise invalid_file()
    return facts


def invalid_file() -> Refusal:
    return failed("File content type is invalid", "File is invalid")


def preview_size(width: int, height: int) -> tuple[int, int]:
    """The size of the preview: at most 230 400 pixels, in the same shape."""
    scale = min(1.0, (230_400 / (width * height)) ** 0.5)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _read(data: bytes) -> ImageFacts:
    from PIL import Image

    try:
        with Image.open(BytesIO(data), formats=list(FORMATS)) as image:
            kind = "JPEG" if image.format == "MPO" else image.format or ""  # several pictures in one JPEG
            width, height = image.size
            # Before the pixels are unpacked, which may take all memory.
            if width * height > (MAX_GIF_PIXELS if kind == "GIF" else MAX_PIXELS):
                raise refused(f"{width}x{height} images are not supported")
            image.load()  # a file cut short shows only when its pixels are read
            if image.getexif().get(_EXIF_ORIENTATION) in _LYING_ON_ITS_SIDE:
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
