"""What reading a post and uploading its pictures both know of picture files. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

MOST_PIXELS: Final = 89_478_485  #: width x height, Pillow's own limit (`Image.MAX_IMAGE_PIXELS`)
LARGEST_FILE: Final = 100 * 1024 * 1024  #: bytes of a picture on this machine
#: Pillow's name of a format → its media type. MPO is a JPEG followed by further pictures.
MEDIA_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "JPEG": "image/jpeg",
        "MPO": "image/jpeg",
        "PNG": "image/png",
        "GIF": "image/gif",
        "WEBP": "image/webp",
        "AVIF": "image/avif",
    }
)
#: Why a drawing cannot be uploaded; the name of its file stands before it.
SVG_REFUSED: Final = "is an SVG drawing, which Mastodon does not take"
USE_A_PICTURE: Final = "Use a JPEG, PNG, GIF or WebP file."
MAKE_IT_SMALLER: Final = "Make the picture smaller."
#: Bytes at the beginning of a file that hold the first tag of a drawing.
SVG_HEAD: Final = 4096


def is_svg(name: str, head: bytes) -> bool:
    """Whether a file that is no picture is an SVG drawing, by its name or its first `SVG_HEAD` bytes."""
    return name.lower().endswith((".svg", ".svgz")) or b"<svg" in head[:SVG_HEAD]
