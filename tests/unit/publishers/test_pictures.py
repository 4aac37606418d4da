"""Pictures made ready for upload: what fits stays as it is, the rest is scaled, turned upright and stripped."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from bot.domain import GIF_PIXELS, Limits, Picture
from bot.domain.errors import RejectedError
from bot.domain.pictures import LARGEST_FILE
from bot.http.client import WebClient
from bot.publishers.pictures import Original, Upload, make_upload, read_original

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><place lat="52.5"/></x:xmpmeta>'
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def gps(*, orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)}
    return exif


def plain(size: tuple[int, int] = (40, 30), *, mode: str = "RGB") -> Image.Image:
    return Image.linear_gradient("L").resize(size).convert(mode)


def noise(size: tuple[int, int], *, mode: str = "RGB") -> Image.Image:
    """Pixels that no format can make small."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    return Image.frombytes(mode, size, os.urandom(size[0] * size[1] * bands))


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def ready(data: bytes, **limits: Any) -> Upload:
    return make_upload(Original(data=data, shown="a.img"), Limits(**limits))


def opened(upload: Upload) -> Image.Image:
    image = Image.open(BytesIO(upload.data))
    image.load()
    return image


def frames(form: str, size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    first, *rest = [Image.new("RGB", size, colour) for colour in ("red", "lime", "blue")]
    return saved(first, form, save_all=True, append_images=rest, duration=100, loop=0, **options)


@pytest.mark.parametrize(
    ("data", "media_type", "name"),
    [
        (saved(plain(), "JPEG", icc_profile=PROFILE, dpi=(72, 72)), "image/jpeg", "picture.jpg"),
        (saved(plain(), "JPEG", progressive=True), "image/jpeg", "picture.jpg"),
        (saved(plain(mode="RGBA"), "PNG", icc_profile=PROFILE), "image/png", "picture.png"),
        (saved(plain(mode="P"), "PNG"), "image/png", "picture.png"),
        (saved(plain(), "WEBP"), "image/webp", "picture.webp"),
        (saved(plain(), "GIF"), "image/gif", "picture.gif"),
        (frames("GIF"), "image/gif", "picture.gif"),
        (frames("WEBP"), "image/webp", "picture.webp"),
        (frames("PNG"), "image/png", "picture.png"),
    ],
)
def test_what_fits_and_tells_nothing_is_not_touched(data: bytes, media_type: str, name: str) -> None:
    assert ready(data) == Upload(data=data, media_type=media_type, name=name)


#: Where each corner of an upright picture is found after a camera was held so (Exif 2.3, section 4.6.4).
_HELD = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
_CORNERS = ("red", "lime", "blue", "yellow")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright(form: str, orientation: int) -> None:
    upright = Image.new("RGB", (64, 32))
    for number, colour in enumerate(_CORNERS):
        upright.paste(colour, (32 * (number % 2), 16 * (number // 2), 32 * (number % 2) + 32, 16 * (number // 2) + 16))
    turn = _HELD[orientation]
    stored = upright if turn is None else upright.transpose(turn)
    image = opened(ready(saved(stored, form, exif=gps(orientation=orientation)))).convert("RGB")
    assert image.size == (64, 32)
    assert not image.getexif()
    for x, y in ((16, 8), (48, 8), (16, 24), (48, 24)):
        expected, found = upright.getpixel((x, y)), image.getpixel((x, y))
        assert isinstance(expected, tuple)
        assert isinstance(found, tuple)
        assert max(abs(a - b) for a, b in zip(expected, found, strict=True)) < 40, (x, y)


def texts() -> PngInfo:
    info = PngInfo()
    info.add_text("Comment", "52.5 north")
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return info


def private() -> PngInfo:
    info = PngInfo()
    info.add(b"plAc", b"52.5 north")
    return info


def with_segment(marker: int, content: bytes) -> bytes:
    data = saved(plain(), "JPEG")
    return data[:2] + b"\xff" + bytes([marker]) + (len(content) + 2).to_bytes(2, "big") + content + data[2:]


@pytest.mark.parametrize(
    "data",
    [
        saved(plain(), "JPEG", exif=gps()),
        saved(plain(), "JPEG", xmp=XMP),
        saved(plain(), "JPEG", comment=b"52.5 north"),
        with_segment(0xED, b"Photoshop 3.0\x0052.5 north"),
        with_segment(0xEF, b"a maker's own: 52.5 north"),
        saved(plain(), "MPO", save_all=True, append_images=[plain()], exif=gps()),
        saved(plain(), "PNG", exif=gps()),
        saved(plain(), "PNG", pnginfo=texts()),
        saved(plain(), "PNG", pnginfo=private()),
        saved(plain(), "WEBP", exif=gps(), xmp=XMP),
        saved(plain(), "GIF", comment=b"52.5 north"),
        frames("WEBP", exif=gps(), xmp=XMP),
        frames("GIF", comment=b"52.5 north"),
        frames("PNG", exif=gps()),
    ],
    ids=[
        *("JPEG exif", "JPEG xmp", "JPEG comment", "JPEG iptc", "JPEG maker", "MPO"),
        *("PNG exif", "PNG text", "PNG private", "WebP", "GIF comment", "moving WebP", "moving GIF", "moving PNG"),
    ],
)
def test_nothing_tells_where_it_was(data: bytes) -> None:
    made = ready(data)
    image = opened(made)
    assert not image.getexif()
    assert image.getexif().get_ifd(0x8825) == {}
    assert not {"exif", "xmp", "XML:com.adobe.xmp", "comment", "photoshop"} & set(image.info)
    for trace in (b"52.5", b"xmpmeta", b"Exif\x00", b"eXIf", b"EXIF"):
        assert trace not in made.data


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_an_animation_still_moves_without_its_words(form: str) -> None:
    extra = {"comment": b"here"} if form == "GIF" else {"exif": gps()}
    made = ready(frames(form, **extra))
    with Image.open(BytesIO(made.data)) as image:
        colours = []
        for number in range(3):
            image.seek(number)
            red, green, blue = image.convert("RGB").getpixel((5, 5))  # type: ignore[misc]
            colours.append((red > 200, green > 200, blue > 200))
    assert colours == [(True, False, False), (False, True, False), (False, False, True)]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_the_colour_profile_stays(form: str) -> None:
    assert opened(ready(saved(plain(), form, exif=gps(), icc_profile=PROFILE))).info["icc_profile"] == PROFILE


@pytest.mark.parametrize(
    ("image", "form", "becomes"),
    [
        (plain(), "AVIF", "JPEG"),
        (plain(mode="LA"), "PNG", "PNG"),
        (noise((40, 30), mode="RGBA"), "AVIF", "WEBP"),
        (plain(mode="CMYK"), "JPEG", "JPEG"),
        (Image.new("I;16", (40, 30), 40_000), "PNG", "PNG"),
        (plain(mode="1"), "PNG", "PNG"),
        (plain(mode="P"), "GIF", "PNG"),
    ],
)
def test_each_kind_of_pixels_can_be_written_anew(image: Image.Image, form: str, becomes: str) -> None:
    made = opened(ready(saved(image, form), picture_pixels=300))
    assert (made.format, made.width * made.height <= 300) == (becomes, True)


def test_sixteen_bits_of_grey_keep_their_shade() -> None:
    made = opened(ready(saved(Image.new("I;16", (40, 30), 40_000), "PNG"), picture_pixels=300))
    assert made.convert("L").getpixel((5, 5)) == pytest.approx(40_000 // 256, abs=1)


@pytest.mark.parametrize(
    ("types", "see_through", "becomes"),
    [
        (("image/jpeg", "image/png", "image/webp"), False, "image/webp"),
        (("image/jpeg", "image/png"), False, "image/jpeg"),
        (("image/png",), False, "image/png"),
        (("image/jpeg", "image/png"), True, "image/png"),
        (("image/jpeg",), True, "image/jpeg"),
    ],
)
def test_a_format_that_the_server_does_not_take_is_replaced(
    types: tuple[str, ...], see_through: bool, becomes: str
) -> None:
    image = noise((40, 30), mode="RGBA") if see_through else plain()
    made = ready(saved(image, "WEBP"), picture_types=types)
    assert made.media_type == becomes
    assert opened(made).size == (40, 30)


def test_what_could_be_seen_through_becomes_white_in_a_jpeg() -> None:
    clear = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    made = opened(ready(saved(clear, "PNG"), picture_types=("image/jpeg",)))
    assert made.getpixel((8, 8)) == (255, 255, 255)


@pytest.mark.parametrize(("mode", "form"), [("RGB", "PNG"), ("RGBA", "PNG"), ("RGB", "JPEG"), ("RGB", "WEBP")])
def test_too_many_bytes_become_fewer(mode: str, form: str) -> None:
    data = saved(noise((120, 100), mode=mode), form)
    made = ready(data, picture_bytes=5000)
    assert len(made.data) < 5000 < len(data)
    assert ("A" in opened(made).getbands()) == (mode == "RGBA")


def test_as_many_bytes_as_the_limit_are_too_many() -> None:
    data = saved(plain(), "PNG")
    assert ready(data, picture_bytes=len(data) + 1).data == data
    assert len(ready(data, picture_bytes=len(data)).data) < len(data)


def test_a_limit_that_nothing_can_meet_is_an_error() -> None:
    with pytest.raises(RejectedError, match=r"a\.img cannot be made small enough"):
        ready(saved(plain(), "PNG"), picture_bytes=10)


@settings(max_examples=60)
@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    pixels=st.integers(1, 5000),
    size=st.integers(1500, 20_000),
    form=st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]),
    orientation=st.sampled_from([1, 6]),
)
def test_a_picture_is_within_the_limits_and_never_larger_than_it_was(
    width: int, height: int, pixels: int, size: int, form: str, orientation: int
) -> None:
    options: dict[str, Any] = {} if form == "GIF" else {"exif": gps(orientation=orientation)}
    made = ready(saved(noise((width, height)), form, **options), picture_pixels=pixels, picture_bytes=size)
    image = opened(made)
    if options and orientation == 6:
        width, height = height, width
    assert len(made.data) < size
    assert image.width * image.height <= pixels
    assert image.width <= width
    assert image.height <= height
    if min(image.size) > 8:
        assert image.width / image.height == pytest.approx(width / height, rel=0.2)


def test_an_animation_with_too_many_pixels_becomes_its_first_picture() -> None:
    side = int(GIF_PIXELS**0.5) + 1
    made = ready(frames("GIF", (side, side)))
    image = opened(made)
    assert (made.media_type, image.size) == ("image/png", (side, side))
    assert image.convert("RGB").getpixel((5, 5))[0] > 200  # type: ignore[index]


def svg() -> bytes:
    return b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'


def bomb(side: int) -> bytes:
    data = bytearray(saved(plain(), "PNG"))
    data[16:24] = side.to_bytes(4, "big") * 2
    data[29:33] = crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (svg(), r"a\.img is an SVG drawing, which Mastodon does not take\. Export it as PNG"),
        (b"", "is not a picture that can be read"),
        (b"<html>Not found</html>", "is not a picture that can be read"),
        (saved(plain(), "TIFF"), "is not a picture that can be read"),
        (saved(plain((400, 300)), "JPEG")[:-300], "is damaged or cut short"),
        (saved(noise((40, 30)), "PNG")[:-300], "is damaged or cut short"),
        (saved(noise((40, 30)), "GIF")[:-600], "is damaged or cut short"),
        (saved(noise((40, 30)), "WEBP")[:-300], "is (damaged or cut short|not a picture)"),
        (bomb(9_500), "has more than 89 million pixels"),
        (bomb(20_000), "has more than 89 million pixels"),
        (bomb(60_000), "has more than 89 million pixels"),
    ],
)
def test_what_is_no_good_picture_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(RejectedError, match=words):
        ready(data)


@settings(max_examples=80)
@given(st.data())
def test_a_damaged_picture_is_made_good_or_refused(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]))
    options: dict[str, Any] = {} if form == "GIF" else {"exif": gps(orientation=6)}
    good = bytearray(saved(plain(), form, **options))
    for _ in range(data.draw(st.integers(1, 8))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        made = ready(bytes(good))
    except RejectedError:
        return
    assert made.media_type.startswith("image/")


# -- where it comes from


def read(path: Path | None, **facts: Any) -> Original:
    return read_original(Picture(url="https://conf.example/a.png", path=path, **facts), WebClient())


def test_a_local_picture_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"bytes")
    assert read(path) == Original(data=b"bytes", shown=str(path))


def missing(path: Path) -> None: ...


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link(path: Path) -> None:
    target = path.with_name("secret.png")
    target.write_bytes(b"secret")
    path.symlink_to(target)


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)  # sparse: takes no room


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (missing, "cannot be read: No such file"),
        (folder, "cannot be read"),
        (pipe, "cannot be read: it is not a file"),
        (link, "cannot be read"),
        (huge, "is larger than 100 MB"),
    ],
)
def test_a_file_that_is_no_picture_any_more_is_refused(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    make(tmp_path / "a.png")
    with pytest.raises(RejectedError, match=words):
        read(tmp_path / "a.png")


@pytest.mark.parametrize("facts", [{}, {"problem": "it is odd"}, {"remote": True, "problem": "it is odd"}])
def test_a_picture_without_a_file_is_not_asked_for(facts: dict[str, Any]) -> None:
    with pytest.raises(RejectedError, match=r"https://conf\.example/a\.png has no file here"):
        read(None, **facts)
