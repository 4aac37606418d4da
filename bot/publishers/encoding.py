"""Pixels → bytes within a server's limits: first fewer pixels, then less quality, then fewer pixels still."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from bot.domain import Limits

if TYPE_CHECKING:
    from PIL import Image


#: JPEG and WebP qualities, in the order in which they are tried; the loss of the first is hardly visible.
QUALITIES: Final = (92, 85, 75)
#: The factor for width and height between two tries, and the number of tries: the last is a hundredth of the size.
_STEP: Final = 0.75
_STEPS: Final = 16
_TYPES: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}


def encode_to_fit(image: Image.Image, form: str, limits: Limits) -> tuple[bytes, str] | None:
    """Encode a picture upright, without metadata: its bytes, and Pillow's name of their format; None if nothing fits.

    `form` is Pillow's name of the original's format. The picture is never enlarged.
    """
    from PIL import ImageOps  # imported here: it takes 15 ms, and few pictures are encoded anew

    upright = _strip(ImageOps.exif_transpose(image))
    profile = image.info.get("icc_profile") if _colours(image.mode) == _colours(upright.mode) else None
    forms = _forms(upright, form, limits)
    size = _size_within(upright.width, upright.height, limits.picture_pixels)
    for _ in range(_STEPS):
        scaled = upright if size == upright.size else _scale(upright, size)
        for name in forms:
            for data in _encodings(scaled, name, profile):
                # Mastodon wants less than its limit (app/models/media_attachment.rb).
                if len(data) < limits.picture_bytes:
                    return data, name
        if size == (1, 1):
            break
        size = max(1, int(size[0] * _STEP)), max(1, int(size[1] * _STEP))
    return None


def _forms(image: Image.Image, form: str, limits: Limits) -> list[str]:
    """The formats to try, best first, of those that the server takes."""
    taken = {_TYPES[one] for one in limits.picture_types if one in _TYPES}
    if _is_see_through(image):
        wanted = ["WEBP", "PNG"] if form in ("WEBP", "AVIF") else ["PNG", "WEBP"]
    else:
        wanted = {"WEBP": ["WEBP", "JPEG", "PNG"], "PNG": ["PNG", "JPEG"], "GIF": ["PNG", "JPEG"]}.get(
            form, ["JPEG", "PNG"]
        )
    return [name for name in wanted if name in taken] or ["JPEG"]


def _strip(image: Image.Image) -> Image.Image:
    """The same pixels in a mode that can be scaled and encoded, without metadata."""
    if image.mode.startswith("I") or image.mode == "F":
        # 16 bits of grey; convert() alone would cut off at 255.
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif _is_see_through(image):
        image = image.convert("LA" if image.mode == "LA" else "RGBA")
    elif image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("L" if image.mode in ("1", "LA") else "RGB")
    plain = image.copy()
    plain.info = {}
    return plain


def _is_see_through(image: Image.Image) -> bool:
    if "transparency" in image.info:
        return True
    return image.mode in ("RGBA", "LA", "PA", "RGBa", "La") and image.getextrema()[-1] != (255, 255)


def _colours(mode: str) -> str:
    if mode == "CMYK":
        return "print"
    return "grey" if mode in ("1", "L", "LA", "La", "F") or mode.startswith("I") else "screen"


def _size_within(width: int, height: int, pixels: int) -> tuple[int, int]:
    if width * height <= pixels:
        return width, height
    scale = (pixels / (width * height)) ** 0.5
    # Rounded down, so that the product stays within; a very thin picture needs the other side cut instead.
    small = max(1, int(width * scale)), max(1, int(height * scale))
    return min(small[0], max(1, pixels // small[1])), min(small[1], max(1, pixels // small[0]))


def _scale(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    from PIL import Image  # imported here: it takes 10 ms, and few pictures are encoded anew

    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _encodings(image: Image.Image, form: str, profile: bytes | None) -> Iterator[bytes]:
    ready = image
    if form == "JPEG" and image.mode not in ("L", "RGB", "CMYK"):
        ready = _on_white(image)
    elif form != "JPEG" and image.mode == "CMYK":
        ready, profile = image.convert("RGB"), None
    options: dict[str, Any] = {"icc_profile": profile} if profile else {}
    if form == "PNG":
        yield _encode(ready, form, **options)
        return
    for quality in QUALITIES:
        yield _encode(ready, form, quality=quality, **options)


def _on_white(image: Image.Image) -> Image.Image:
    """Replace transparency by white."""
    from PIL import Image  # imported here: it takes 10 ms, and few pictures are encoded anew

    see_through = image.convert("RGBA")
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, see_through).convert("L" if image.mode == "LA" else "RGB")


def _encode(image: Image.Image, form: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()
