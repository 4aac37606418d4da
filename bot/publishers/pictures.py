"""A picture as a server takes it: read or fetched, checked by its content, made to fit, without private metadata.

A picture that fits and holds only pixels and colours is uploaded unchanged. Any other is encoded again: upright, scaled
down to the server's limits (never up), in a format that the server takes, with its colour profile. Location, camera,
texts and thumbnails are removed: only metadata that is known to be harmless is kept (`_HARMLESS`).
"""

from __future__ import annotations

import hashlib
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.domain import GIF_PIXELS, Limits, Picture
from bot.domain.errors import FetchError, RejectedError, TransientError
from bot.domain.pictures import (
    LARGEST_FILE,
    MAKE_IT_SMALLER,
    MEDIA_TYPES,
    MOST_PIXELS,
    SVG_REFUSED,
    USE_A_PICTURE,
    is_svg,
)
from bot.http.client import WebClient
from bot.publishers.encoding import encode_to_fit

if TYPE_CHECKING:
    from PIL import Image


LARGEST_DOWNLOAD: Final = 40 * 1024 * 1024  #: bytes of a picture of another host
FETCH_WITHIN: Final = timedelta(seconds=15)
#: Pillow's names of the metadata that reveals nothing about people and places.
_HARMLESS: Final = frozenset(
    {
        *("jfif", "jfif_version", "jfif_unit", "jfif_density", "adobe", "adobe_transform"),
        *("progressive", "progression", "interlace", "dpi", "aspect"),
        *("icc_profile", "gamma", "srgb", "chromaticity", "transparency", "background"),
        *("version", "duration", "loop", "timestamp", "extension", "default_image", "disposal", "blend", "bbox"),
    }
)
#: Application segments of a JPEG that hold no texts or places: JFIF, the colour profile, Adobe's colour transform.
_HARMLESS_SEGMENTS: Final = (b"JFIF", b"ICC_PROFILE", b"Adobe")
#: XMP, wherever it is (XMP specification, part 3).
_XMP: Final = (b"http://ns.adobe.com/xap", b"<x:xmpmeta", b"XMP DataXMP")


@dataclass(frozen=True, kw_only=True, slots=True)
class Original:
    """A picture's bytes as read or fetched, and its name in messages."""

    data: bytes
    shown: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A picture ready to be uploaded."""

    data: bytes
    media_type: str
    name: str  #: of the file; gives nothing away


def read_original(picture: Picture, web: WebClient) -> Original:
    """Read or fetch a picture. Raises RejectedError, or TransientError if a later try may succeed."""
    if picture.path is not None:
        return Original(data=_read(picture.path), shown=str(picture.path))
    if not picture.remote or picture.problem:
        raise RejectedError(f"{picture.url} has no file here: {picture.problem or 'it was not found'}.")
    try:
        found = web.get(picture.url, largest=LARGEST_DOWNLOAD, within=FETCH_WITHIN)
    except FetchError as error:
        raise (TransientError if error.passing else RejectedError)(error.message) from error
    return Original(data=found.data, shown=picture.url)


def make_upload(original: Original, limits: Limits) -> Upload:
    """Make a picture fit the server's limits. Raises RejectedError if that is impossible."""
    from PIL import Image  # imported here: it takes 10 ms, and few toots have a new picture

    data = original.data
    with _judged(original), Image.open(BytesIO(data), formats=_known_formats()) as image:
        _raise_if_a_bomb(image, original)
        form = "JPEG" if image.format == "MPO" else str(image.format)
        frames = getattr(image, "n_frames", 1) if form != "JPEG" else 1
        limit = min(limits.picture_pixels, GIF_PIXELS) if form == "GIF" else limits.picture_pixels
        fits = MEDIA_TYPES[form] in limits.picture_types and image.width * image.height <= limit
        image.load()  # raises for a truncated file, and finds texts at the file's end
        if fits and len(data) < limits.picture_bytes:
            if not _carries_more(image, data):
                return _as_upload(data, form)
            if frames > 1 and frames * image.width * image.height <= MOST_PIXELS:
                again = _with_all_frames(image, form)
                if len(again) < limits.picture_bytes and not _still_carries_more(again):
                    return _as_upload(again, form)
        image.seek(0)
        made = encode_to_fit(image, form, limits)
    if made is None:
        raise RejectedError(f"{original.shown} cannot be made small enough for the server.")
    return _as_upload(*made)


class PreparedPictures:
    """Pictures that were made to fit ahead of their upload, by the digest of the original. Each is uploaded once."""

    def __init__(self) -> None:
        self._uploads: dict[str, Upload] = {}

    def clear(self) -> None:
        """Forget all of them."""
        self._uploads.clear()

    def prepare(self, original: Original, limits: Limits) -> None:
        """Make a picture fit now. Raises RejectedError if that is impossible."""
        self._uploads[_fingerprint(original)] = make_upload(original, limits)

    def take(self, original: Original, limits: Limits) -> Upload:
        """Return the picture as it was prepared, or make it fit now. Raises RejectedError if that is impossible."""
        return self._uploads.pop(_fingerprint(original), None) or make_upload(original, limits)


def _fingerprint(original: Original) -> str:
    return hashlib.sha256(original.data).hexdigest()


def _as_upload(data: bytes, form: str) -> Upload:
    ending = "jpg" if form == "JPEG" else form.lower()
    return Upload(data=data, media_type=MEDIA_TYPES[form], name=f"picture.{ending}")


def _read(path: Path) -> bytes:
    # The target of the path was checked when the post was read. A link that has replaced it since is not followed, and
    # the open does not block on a pipe.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        with open(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise RejectedError(f"{path} cannot be read: it is not a file.")
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise RejectedError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > LARGEST_FILE:
        raise RejectedError(f"{path} is larger than {LARGEST_FILE // 1024 // 1024} MB.")
    return data


@contextmanager
def _judged(original: Original) -> Iterator[None]:
    from PIL import Image, UnidentifiedImageError  # imported here: it takes 10 ms, and few toots have a new picture

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
            yield
    except RejectedError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(original) from error
    except UnidentifiedImageError as error:
        drawing = is_svg(original.shown, original.data)
        why = SVG_REFUSED if drawing else "is not a picture that can be read"
        remedy = "Export it as PNG." if drawing else USE_A_PICTURE
        raise RejectedError(f"{original.shown} {why}.", remedy=remedy) from error
    except Exception as error:  # Pillow raises any error over a broken file
        raise RejectedError(f"{original.shown} is damaged or cut short.", remedy="Save the picture anew.") from error


def _known_formats() -> list[str]:
    from PIL import Image  # imported here: it takes 10 ms, and few toots have a new picture

    Image.init()
    return [name for name in MEDIA_TYPES if name in Image.OPEN]


def _raise_if_a_bomb(image: Image.Image, original: Original) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise _too_many_pixels(original)


def _too_many_pixels(original: Original) -> RejectedError:
    return RejectedError(
        f"{original.shown} has more than {MOST_PIXELS // 1_000_000} million pixels, which is not unpacked.",
        remedy=MAKE_IT_SMALLER,
    )


def _carries_more(image: Image.Image, data: bytes) -> bool:
    """Whether the file holds more than pixels, or the picture is not upright."""
    if image.format == "MPO" or not set(image.info) <= _HARMLESS or image.getexif():
        return True
    if getattr(image, "text", None) or getattr(image, "private_chunks", None):
        return True
    segments = getattr(image, "applist", ())
    return any(not content.startswith(_HARMLESS_SEGMENTS) for _, content in segments) or any(
        sign in data for sign in _XMP
    )


def _still_carries_more(data: bytes) -> bool:
    from PIL import Image  # imported here: it takes 10 ms, and few toots have a new picture

    with Image.open(BytesIO(data)) as image:
        image.load()
        return _carries_more(image, data)


def _with_all_frames(image: Image.Image, form: str) -> bytes:
    out = BytesIO()
    image.seek(0)
    profile = image.info.get("icc_profile")
    for name in set(image.info) - _HARMLESS:
        del image.info[name]
    # Empty, because Pillow would copy what it finds in the original.
    image.save(out, form, save_all=True, exif=b"", xmp=b"", comment=b"", icc_profile=profile)
    return out.getvalue()
