"""A picture as a server takes it: read or fetched, judged by its content, made to fit, without what tells its place.

What fits and carries nothing but pixels and colours is passed on byte for byte. Everything else is written anew:
upright, scaled down to the server's limits (never up), in a format that it takes, with its colour profile. Location,
camera, words and thumbnails stay behind: only what is known to be harmless is kept (`_HARMLESS`).
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
from bot.domain.wording import SVG_REFUSED
from bot.http.client import WebClient
from bot.publishers.encoding import encoded_to_fit

if TYPE_CHECKING:
    from PIL import Image


LARGEST_FILE: Final = 100 * 1024 * 1024  #: bytes of a local picture
LARGEST_DOWNLOAD: Final = 40 * 1024 * 1024  #: bytes of a picture of another host
FETCH_WITHIN: Final = timedelta(seconds=15)
#: Pillow's names → media type and ending.
FORMATS: Final = {
    "JPEG": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "GIF": ("image/gif", "gif"),
    "WEBP": ("image/webp", "webp"),
    "AVIF": ("image/avif", "avif"),
}
_ORIENTATION: Final = 0x0112  # Exif 2.3, section 4.6.4
#: What Pillow may have found besides the pixels that tells nothing of people and places.
_HARMLESS: Final = frozenset(
    {
        *("jfif", "jfif_version", "jfif_unit", "jfif_density", "adobe", "adobe_transform"),
        *("progressive", "progression", "interlace", "dpi", "aspect"),
        *("icc_profile", "gamma", "srgb", "chromaticity", "transparency", "background"),
        *("version", "duration", "loop", "timestamp", "extension", "default_image", "disposal", "blend", "bbox"),
    }
)
#: Application segments of a JPEG without words or places in them: JFIF, the colour profile, Adobe's colour transform.
_HARMLESS_SEGMENTS: Final = (b"JFIF", b"ICC_PROFILE", b"Adobe")
#: XMP, wherever it is (XMP specification, part 3).
_XMP: Final = (b"http://ns.adobe.com/xap", b"<x:xmpmeta", b"XMP DataXMP")


@dataclass(frozen=True, kw_only=True, slots=True)
class Original:
    """A picture's bytes as they came, and how to speak of it."""

    data: bytes
    shown: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A picture ready to be uploaded."""

    data: bytes
    media_type: str
    name: str  #: of the file; gives nothing away


def original_of(picture: Picture, web: WebClient) -> Original:
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


def prepared(original: Original, limits: Limits) -> Upload:
    """The picture within the server's limits. Raises RejectedError if there is no way."""
    from PIL import Image  # imported here: it takes 10 ms, and few toots have a new picture

    data = original.data
    with _judged(original), Image.open(BytesIO(data), formats=_known_formats()) as image:
        _raise_if_a_bomb(image, original)
        form = "JPEG" if image.format == "MPO" else str(image.format)
        frames = getattr(image, "n_frames", 1) if form != "JPEG" else 1
        limit = min(limits.picture_pixels, GIF_PIXELS) if form == "GIF" else limits.picture_pixels
        fits = FORMATS[form][0] in limits.picture_types and image.width * image.height <= limit
        image.load()  # a file that is cut short shows only now, and so do words at its end
        if fits and len(data) < limits.picture_bytes:
            if not _carries_more(image, data):
                return _upload(data, form)
            if frames > 1 and frames * image.width * image.height <= _most_pixels():
                again = _with_all_frames(image, form)
                if len(again) < limits.picture_bytes and not _still_carries_more(again):
                    return _upload(again, form)
        image.seek(0)
        made = encoded_to_fit(image, form, limits)
    if made is None:
        raise RejectedError(f"{original.shown} cannot be made small enough for the server.")
    return _upload(*made)


class PreparedPictures:
    """Pictures that were made to fit ahead of their upload, by what they were made of; each serves one upload."""

    def __init__(self) -> None:
        self._uploads: dict[str, Upload] = {}

    def clear(self) -> None:
        """Forget all of them."""
        self._uploads.clear()

    def prepare(self, original: Original, limits: Limits) -> None:
        """Make a picture fit now. Raises RejectedError if there is no way."""
        self._uploads[_fingerprint(original)] = prepared(original, limits)

    def take(self, original: Original, limits: Limits) -> Upload:
        """The picture as it was prepared, else as it is made to fit now. Raises RejectedError if there is no way."""
        return self._uploads.pop(_fingerprint(original), None) or prepared(original, limits)


def _fingerprint(original: Original) -> str:
    return hashlib.sha256(original.data).hexdigest()


def _upload(data: bytes, form: str) -> Upload:
    media_type, ending = FORMATS[form]
    return Upload(data=data, media_type=media_type, name=f"picture.{ending}")


def _read(path: Path) -> bytes:
    # Where the path leads was checked when the post was read; a link that was put there since is not followed, and a
    # pipe is not waited for.
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
        drawing = b"<svg" in original.data[:4096]
        why = SVG_REFUSED if drawing else "is not a picture that can be read"
        remedy = "Export it as PNG." if drawing else "Use a JPEG, PNG, GIF or WebP file."
        raise RejectedError(f"{original.shown} {why}.", remedy=remedy) from error
    except Exception as error:  # Pillow raises any error over a broken file
        raise RejectedError(f"{original.shown} is damaged or cut short.", remedy="Save the picture anew.") from error


def _known_formats() -> list[str]:
    from PIL import Image  # imported here: it takes 10 ms, and few toots have a new picture

    Image.init()
    return [name for name in (*FORMATS, "MPO") if name in Image.OPEN]


def _most_pixels() -> int:
    from PIL import Image  # imported here: it takes 10 ms, and few toots have a new picture

    return Image.MAX_IMAGE_PIXELS or 1024 * 1024 * 1024 // 4 // 3  # Pillow's own number, if something took it away


def _raise_if_a_bomb(image: Image.Image, original: Original) -> None:
    if image.width * image.height > _most_pixels():
        raise _too_many_pixels(original)


def _too_many_pixels(original: Original) -> RejectedError:
    return RejectedError(
        f"{original.shown} has more than {_most_pixels() // 1_000_000} million pixels, which is not unpacked.",
        remedy="Make the picture smaller.",
    )


def _carries_more(image: Image.Image, data: bytes) -> bool:
    """Whether there is anything but pixels, or the picture does not stand upright."""
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
    # Given as empty, for what Pillow finds by itself it would write again.
    image.save(out, form, save_all=True, exif=b"", xmp=b"", comment=b"", icc_profile=profile)
    return out.getvalue()
