"""Facts about a cover's file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest
from PIL import Image

from bot.config import Config
from bot.domain import Picture, Post
from bot.domain.pictures import LARGEST_FILE
from bot.posts.pictures import find_local_files, find_picture

SITE = "https://heron.example"


def draw(path: Path, size: tuple[int, int] = (6, 4), *, orientation: int = 1, form: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", size).save(path, format=form, exif=exif)
    return path


@pytest.mark.parametrize(
    ("name", "form", "media_type"),
    [
        ("a.png", "PNG", "image/png"),
        ("a.jpg", "JPEG", "image/jpeg"),
        ("a.gif", "GIF", "image/gif"),
        ("a.webp", "WEBP", "image/webp"),
        ("really.png", "JPEG", "image/jpeg"),
        ("two.jpg", "MPO", "image/jpeg"),
    ],
)
def test_the_facts_come_from_the_content(config: Config, name: str, form: str, media_type: str) -> None:
    path = draw(config.root / "assets" / name, form=form)
    assert find_picture(f"{SITE}/assets/{name}", " A heron ", config=config) == Picture(
        url=f"{SITE}/assets/{name}",
        path=path.resolve(),
        alt="A heron",
        media_type=media_type,
        size=path.stat().st_size,
        width=6,
        height=4,
    )


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(("orientation", "shown"), [(1, (6, 4)), (3, (6, 4)), (6, (4, 6)), (8, (4, 6))])
def test_a_picture_on_its_side_is_measured_as_displayed(
    config: Config, form: str, orientation: int, shown: tuple[int, int]
) -> None:
    draw(config.root / "a.img", orientation=orientation, form=form)
    picture = find_picture(f"{SITE}/a.img", None, config=config)
    assert (picture.width, picture.height) == shown
    assert picture.alt == ""


def cut_short(path: Path) -> None:
    draw(path)
    path.write_bytes(path.read_bytes()[:20])


def half(form: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        draw(path, (80, 60), form=form)
        path.write_bytes(path.read_bytes()[:-40])

    return make


def enormous(path: Path) -> None:
    draw(path, form="PNG")
    data = bytearray(path.read_bytes())
    data[16:24] = (9_500).to_bytes(4, "big") * 2
    data[29:33] = crc32(data[12:29]).to_bytes(4, "big")
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def words(path: Path) -> None:
    path.write_text("version https://git-lfs.example/spec/v1")


def svg(path: Path) -> None:
    path.write_text('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>')


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def notify(path: Path) -> None:
    path.symlink_to(path.name)


def dangling(path: Path) -> None:
    path.symlink_to("nowhere.png")


def outside(path: Path) -> None:
    path.symlink_to(draw(path.parent.parent / "outside.png"))


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)  # sparse: takes no room


def nothing(path: Path) -> None: ...


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (nothing, "there is no file site/a.png"),
        (dangling, "there is no file site/a.png"),
        (empty, "site/a.png is not a readable picture"),
        (words, "site/a.png is not a readable picture"),
        (cut_short, "site/a.png is not a readable picture"),
        (half("JPEG"), "site/a.png is not a readable picture"),
        (half("PNG"), "site/a.png is not a readable picture"),
        (half("GIF"), "site/a.png is not a readable picture"),
        (half("WEBP"), "site/a.png is not a readable picture"),
        (enormous, "site/a.png has more than 89 million pixels"),
        (svg, "site/a.png is an SVG drawing"),
        (folder, "site/a.png is not a file"),
        (pipe, "site/a.png is not a file"),
        (notify, "site/a.png cannot be read"),
        (outside, "site/a.png lies outside of the assets folder"),
        (huge, "site/a.png is larger than 100 MB"),
    ],
)
def test_what_cannot_be_used_says_why(config: Config, make: Callable[[Path], None], problem: str) -> None:
    config = config.model_copy(update={"site": config.site.model_copy(update={"assets": Path("site")})})
    (config.root / "site").mkdir()
    make(config.root / "site" / "a.png")
    picture = find_picture(f"{SITE}/a.png", "A", config=config)
    assert picture.problem.startswith(problem)
    assert (picture.url, picture.alt, picture.path, picture.media_type) == (f"{SITE}/a.png", "A", None, None)


@pytest.mark.parametrize(
    "address", ["/../outside.png", "/%2e%2e/outside.png", "/a/../../outside.png", "//%2foutside.png"]
)
def test_no_address_leads_out_of_the_assets_folder(config: Config, address: str) -> None:
    draw(config.root / "outside.png")
    config = config.model_copy(update={"site": config.site.model_copy(update={"assets": Path("site")})})
    (config.root / "site").mkdir()
    picture = find_picture(SITE + address, "A", config=config)
    assert picture.path is None
    assert picture.problem


def test_a_link_that_stays_within_the_assets_folder_is_followed(config: Config) -> None:
    path = draw(config.root / "really" / "a.png")
    (config.root / "link.png").symlink_to(path)
    picture = find_picture(f"{SITE}/link.png", "A", config=config)
    assert (picture.path, picture.problem) == (path.resolve(), "")


def test_a_photo_with_something_behind_its_end_is_whole(config: Config) -> None:
    path = draw(config.root / "a.jpg", (80, 60))
    path.write_bytes(path.read_bytes() + b"a film" * 2000)
    assert find_picture(f"{SITE}/a.jpg", "A", config=config).problem == ""


@pytest.mark.parametrize("address", ["/%00.png", "/" + "a" * 300 + ".png", "/%ff.png", "/\udcff.png"])
def test_strange_names_are_a_problem_and_no_error(config: Config, address: str) -> None:
    assert find_picture(SITE + address, "A", config=config).problem


@pytest.mark.parametrize(
    "url", ["https://else.example/a.png", "http://heron.example:8080/a.png", "https://else.example:99999/a.png"]
)
def test_a_picture_elsewhere_has_no_facts_and_no_problem(config: Config, url: str) -> None:
    draw(config.root / "a.png")
    remote = url.startswith("https:")
    assert find_picture(url, "A", config=config) == Picture(url=url, alt="A", remote=remote)


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("https://heron.example/a%20b.png?v=2#x", "a b.png"),
        ("http://heron.example/a.png", "a.png"),
        ("https://HERON.example/a.png", "a.png"),
        ("https://heron.example/2024/a.png", "2024/a.png"),
        ("https://else.example/a.png", None),
    ],
)
def test_where_a_picture_lies(config: Config, url: str, file: str | None) -> None:
    assert find_local_files(url, config=config) == ((config.root / file,) if file else ())


def test_the_path_of_the_site_is_no_folder(config: Config) -> None:
    config = config.model_copy(update={"site": config.site.model_copy(update={"url": f"{SITE}/2024"})})
    assert find_local_files(f"{SITE}/2024/a.png", config=config) == (config.root / "a.png",)
    assert find_local_files(f"{SITE}/a.png", config=config) == (config.root / "a.png",)


@pytest.mark.parametrize(
    "matter",
    [
        "cover:\n  url: /a.png\n  alt: A",
        "cover:\n  url: https://heron.example/a.png\n  alt: A",
        "cover:\n  url: ../../a.png\n  alt: A",
        "image: /b.png\ncover:\n  url: /a.png\n  alt: A",
    ],
)
def test_a_cover_is_found(parse: Callable[..., Post], config: Config, matter: str) -> None:
    draw(config.root / "a.png")
    post = parse(matter)
    assert post.cover is not None
    assert (post.cover.url, post.cover.alt, post.cover.width) == (f"{SITE}/a.png", "A", 6)
    assert post.findings == ()


@pytest.mark.parametrize("matter", ["cover: /a.png", "image: /a.png"])
def test_a_cover_in_one_line_has_no_alt_text(parse: Callable[..., Post], config: Config, matter: str) -> None:
    draw(config.root / "a.png")
    post = parse(matter)
    assert post.cover is not None
    assert post.cover.media_type == "image/png"
    assert [finding.rule for finding in post.findings] == ["alt-missing"]


@pytest.mark.parametrize("matter", ["cover: null", "image: null", "cover:\n  url: null", "image: {url: /a.png}", ""])
def test_no_cover_is_fine(parse: Callable[..., Post], matter: str) -> None:
    post = parse(matter)
    assert (post.cover, post.findings) == (None, ())


@pytest.mark.parametrize(
    ("make", "rule"), [(nothing, "cover-missing"), (words, "cover-unusable"), (svg, "cover-unusable")]
)
def test_a_cover_that_cannot_be_used_is_warned_of(
    parse: Callable[..., Post], config: Config, make: Callable[[Path], None], rule: str
) -> None:
    make(config.root / "a.png")
    post = parse("cover:\n  url: /a.png\n  alt: A")
    (finding,) = post.findings
    assert (finding.rule, finding.field, finding.line) == (rule, "cover.url", 4)
    assert post.cover is not None
    assert finding.problem == f"{post.cover.problem}."
