"""Facts about a picture: its file, actual media type, size and dimensions. Reads the disk; never raises."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, Self
from urllib.parse import unquote, urlsplit

from bot.domain import Picture, PictureFault
from bot.domain.pictures import (
    LARGEST_FILE,
    MAKE_IT_SMALLER,
    MEDIA_TYPES,
    MOST_PIXELS,
    SVG_HEAD,
    SVG_REFUSED,
    USE_A_PICTURE,
    is_svg,
)

if TYPE_CHECKING:
    from PIL import Image

    from bot.config import Config


_TAIL: Final = 4096  #: bytes at the end of a file to check for truncation
_TOO_MANY_PIXELS: Final = "has more than 89 million pixels, which is not unpacked"
_TOO_LARGE: Final = "is larger than 100 MB"
_MOST_DECODED_PIXELS: Final = 40_000_000  #: pixels; larger pictures are not decoded to check for truncation
_ORIENTATION: Final = 0x0112  # Exif 2.3, section 4.6.4: the values 5 to 8 swap width and height
_ON_ITS_SIDE: Final = (5, 6, 7, 8)

_ASSETS: Final = "the assets folder"
_OWN_FOLDER: Final = "the post's folder"

NOT_HTTPS: Final = "Write its https address, or put the file into the assets folder."


_REMEDIES: Final[Mapping[PictureFault, str]] = {
    PictureFault.MISSING: "Add the file, or correct the address.",
    PictureFault.DRAWING: "Export it from the drawing program as PNG, and name that file.",
    PictureFault.OUTSIDE_ASSETS: "Put the file into the assets folder ([site] assets in the settings).",
    PictureFault.OUTSIDE_BUNDLE: "Put the file itself there, no link to it.",
    PictureFault.TOO_LARGE: MAKE_IT_SMALLER,
    PictureFault.NOT_HTTPS: NOT_HTTPS,
    PictureFault.UNUSABLE: USE_A_PICTURE,
}


def remedy_for(fault: PictureFault | None) -> str:
    """What to do about a picture that cannot be used."""
    return _REMEDIES[fault or PictureFault.UNUSABLE]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """A page bundle: the post is `index.md`, and the files beside it are published below its page (as Hugo does)."""

    folder: Path
    url: str  #: of the post's page, with a slash at its end

    @classmethod
    def of(cls, path: str | Path, permalink: str) -> Self | None:
        """The bundle of a post's file; None if it is no bundle, or its page's URL does not end in a slash."""
        is_one = os.path.basename(path) == "index.md" and permalink.endswith("/")
        return cls(folder=Path(path).parent, url=permalink) if is_one else None


class _Place(NamedTuple):
    """A possible path of a picture, and the folder that must contain it."""

    file: Path
    root: Path
    name: str  #: of that folder, in messages
    fault: PictureFault  #: the fault of a file outside that folder


class _Unusable(NamedTuple):
    """A fault of a file."""

    problem: str
    fault: PictureFault


def find_local_files(url: str, *, config: Config, bundle: Bundle | None = None) -> tuple[Path, ...]:
    """The possible paths of a picture on the site itself, existing or not; empty for other hosts."""
    path = _path_on_site(url, config)
    if path is None:
        return ()
    # The address may have been written in either of two ways, so both paths count.
    places = [*_places(path, config, bundle), *_beside(path.lstrip("/"), bundle)]
    return tuple(dict.fromkeys(place.file for place in places))


def find_picture(
    url: str, alt: str | None, *, config: Config, bundle: Bundle | None = None, beside: str | None = None
) -> Picture:
    """A picture with the facts about its file; `url` is absolute, `bundle` belongs to the post that shows the picture.

    The file is beside the post if its address is below the post's page, or if `beside` says so; else in the assets
    folder. Pictures on other hosts have no facts: a request before the release would reveal the post.
    """
    alt = (alt or "").strip()
    path = _path_on_site(url, config)
    if path is None:
        return Picture(url=url, alt=alt, remote=urlsplit(url).scheme == "https")
    places = _places(path, config, bundle)
    if beside is not None:
        places = [*_beside(beside, bundle), *places]
    pictures = [_make_picture(place, url, alt, config) for place in places]
    there = [one for one in pictures if one.fault is not PictureFault.MISSING]
    return next((one for one in there if not one.problem), (there or pictures)[0])


def _path_on_site(url: str, config: Config) -> str | None:
    """The path that a picture's address names on the site, below its root; None for other hosts."""
    try:
        site, parts = urlsplit(config.site.url), urlsplit(url)
        if (parts.hostname, parts.port) != (site.hostname, site.port):
            return None
    except ValueError:  # an invalid port or bracket
        return None
    return unquote(parts.path.removeprefix(site.path) if parts.path.startswith(f"{site.path}/") else parts.path)


def _places(path: str, config: Config, bundle: Bundle | None) -> list[_Place]:
    """The possible paths, the likeliest first."""
    page = _path_on_site(bundle.url, config) if bundle is not None else None
    own = path.removeprefix(page) if page and path.startswith(page) else ""
    assets = _Place(config.assets_folder / path.lstrip("/"), config.assets_folder, _ASSETS, PictureFault.OUTSIDE_ASSETS)
    return [*_beside(own.lstrip("/"), bundle), assets]


def _beside(own: str, bundle: Bundle | None) -> list[_Place]:
    inside = os.path.normpath(own)
    if bundle is None or inside.split(os.sep)[0] in ("", ".", "..") or os.path.isabs(own) or os.path.splitdrive(own)[0]:
        return []
    return [_Place(bundle.folder / inside, bundle.folder, _OWN_FOLDER, PictureFault.OUTSIDE_BUNDLE)]


def _make_picture(place: _Place, url: str, alt: str, config: Config) -> Picture:
    file, root = place.file, place.root
    shown = file.relative_to(config.root) if file.is_relative_to(config.root) else file
    try:
        path, inside = file.resolve(), root.resolve()
        if not path.is_relative_to(inside):
            problem = f"{shown} lies outside of {place.name}"
            return Picture(url=url, alt=alt, problem=problem, fault=place.fault)
        # The folder may be behind the link to the current checkout: resolve it, because the link will change.
        return _with_facts(url, alt, root / path.relative_to(inside), str(shown))
    except (FileNotFoundError, NotADirectoryError):
        return Picture(url=url, alt=alt, problem=f"there is no file {shown}", fault=PictureFault.MISSING)
    except (OSError, ValueError, RuntimeError) as error:  # no permission, a null byte, a ring of links
        return Picture(url=url, alt=alt, problem=f"{shown} cannot be read: {_reason(error)}")


def _with_facts(url: str, alt: str, path: Path, shown: str) -> Picture:
    if not stat.S_ISREG(path.stat().st_mode):
        return Picture(url=url, alt=alt, problem=f"{shown} is not a file")
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST_FILE:
            return Picture(url=url, alt=alt, size=size, problem=f"{shown} {_TOO_LARGE}", fault=PictureFault.TOO_LARGE)
        found = _inspect(file)
        if isinstance(found, _Unusable):
            return Picture(url=url, alt=alt, size=size, problem=f"{shown} {found.problem}", fault=found.fault)
        if found is None:
            file.seek(0)
            drawing = is_svg(path.name, file.read(SVG_HEAD))
            problem = f"{shown} {SVG_REFUSED if drawing else 'is not a readable picture'}"
            fault = PictureFault.DRAWING if drawing else PictureFault.UNUSABLE
            return Picture(url=url, alt=alt, size=size, problem=problem, fault=fault)
    media_type, width, height = found
    return Picture(url=url, path=path, alt=alt, media_type=media_type, size=size, width=width, height=height)


def _inspect(file: IO[bytes]) -> tuple[str, int, int] | _Unusable | None:
    """The media type, width and height, or the fault; None if it is not a readable picture."""
    from PIL import Image  # imported here: it takes 10 ms, and a cached post needs none

    Image.init()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # only the header is read here; no pixels are decoded
            known = [name for name in MEDIA_TYPES if name in Image.OPEN]
            with Image.open(file, formats=known) as image:
                width, height = image.size
                if "exif" in image.info and image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE:
                    width, height = height, width
                if width * height > MOST_PIXELS:
                    return _Unusable(_TOO_MANY_PIXELS, PictureFault.TOO_LARGE)
                _raise_if_cut_short(image, file)
                return MEDIA_TYPES[str(image.format)], width, height
    except Image.DecompressionBombError:
        return _Unusable(_TOO_MANY_PIXELS, PictureFault.TOO_LARGE)
    except Exception:  # noqa: BLE001 - Pillow may raise any exception for a broken file
        return None


def _raise_if_cut_short(image: Image.Image, file: IO[bytes]) -> None:
    """Raise for a truncated picture. Its header is intact, so decode it; slow, so only if its end looks wrong."""
    file.seek(0)
    head = file.read(12)
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL))
    if (
        not _looks_whole(str(image.format), head, file.read(_TAIL), size)
        and image.width * image.height <= _MOST_DECODED_PIXELS
    ):
        image.load()


def _looks_whole(form: str, head: bytes, tail: bytes, size: int) -> bool:
    match form:
        case "JPEG" | "MPO":
            return b"\xff\xd9" in tail  # the end marker; phones append data after it
        case "PNG":
            return b"IEND" in tail
        case "GIF":
            return tail.rstrip(b"\0").endswith(b";")
        case "WEBP":
            return int.from_bytes(head[4:8], "little") + 8 <= size  # a RIFF header contains the length
    return False


def _reason(error: Exception) -> Any:
    return getattr(error, "strerror", None) or str(error)
