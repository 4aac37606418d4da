"""`mastodon: media:` in front matter: which pictures, in which order, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bot.config import Config
from bot.domain import Picture, Post
from bot.domain.errors import PostError
from bot.posts.folder import PostFolder

Parse = Callable[..., Post]
SITE = "https://heron.example"


def media(parse: Parse, words: str) -> tuple[Picture, ...] | None:
    return parse(f"mastodon:\n  media:{words}").mastodon.media


@pytest.fixture(autouse=True)
def files(config: Config) -> Path:
    folder = config.root / "assets"
    folder.mkdir()
    for name in ("a.png", "b c.png", "50%.png"):
        Image.new("RGB", (6, 4)).save(folder / name)
    (folder / "d.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    return folder


def test_the_pictures_stand_in_their_order(parse: Parse, files: Path) -> None:
    words = """
    - file: /assets/b c.png
      alt: "Two herons."
      focus: [0.25, -1]
    - file: assets/a.png
      alt: |
        A heron,
        in the rain.
"""
    two = media(parse, words)
    assert two is not None
    assert [(one.path, one.alt, one.focus, one.problem) for one in two] == [
        (files / "b c.png", "Two herons.", (0.25, -1.0), ""),
        (files / "a.png", "A heron, in the rain.", None, ""),
    ]
    assert [one.url for one in two] == [f"{SITE}/assets/b%20c.png", f"{SITE}/assets/a.png"]
    assert {(one.width, one.height, one.media_type) for one in two} == {(6, 4, "image/png")}


@pytest.mark.parametrize("words", ["", " null", "\n"])
def test_without_a_list_the_cover_is_meant(parse: Parse, words: str) -> None:
    assert media(parse, words) is None


def test_an_empty_list_means_no_picture(parse: Parse) -> None:
    assert media(parse, " []") == ()


def test_a_picture_may_be_a_mere_name(parse: Parse, files: Path) -> None:
    post = parse("mastodon:\n  media: [/assets/50%.png]")
    assert post.mastodon.media is not None
    assert [one.path for one in post.mastodon.media] == [files / "50%.png"]
    assert [finding.rule for finding in post.findings] == ["alt-missing"]


@pytest.mark.parametrize(
    ("address", "remote", "problem"),
    [
        ("https://else.example/a.png", True, ""),
        (f"{SITE}/assets/a.png", False, ""),
        ("http://else.example/a.png", False, "is not fetched: it is not https"),
        ("ftp://else.example/a.png", False, "is not a picture's address"),
        ("file:///etc/passwd", False, "is not a picture's address"),
        ("data:image/png;base64,AAAA", False, "is not a picture's address"),
        ("//else.example/a.png", False, "is not a picture's address"),
        ("https://[/a.png", False, "is not a picture's address"),
        ("{{ picture }}", False, "is a template tag"),
        ("/assets/gone.png", False, "there is no file assets/gone.png"),
        ("/assets/d.svg", False, "assets/d.svg is an SVG drawing"),
        ("../outside.png", False, "lies outside of the assets folder"),
        ("/assets/../../outside.png", False, "lies outside of the assets folder"),
        ("/assets/link.png", False, "lies outside of the assets folder"),
        ("%2e%2e/outside.png", False, "there is no file"),
    ],
)
def test_where_a_picture_may_come_from(
    parse: Parse, config: Config, files: Path, address: str, remote: bool, problem: str
) -> None:
    Image.new("RGB", (6, 4)).save(config.root.parent / "outside.png")
    (files / "link.png").symlink_to(config.root.parent / "outside.png")
    post = parse(f'mastodon:\n  media:\n    - file: "{address}"\n      alt: A')
    assert post.mastodon.media is not None
    (picture,) = post.mastodon.media
    assert (picture.remote, problem in picture.problem, bool(picture.problem)) == (remote, True, bool(problem))
    assert (picture.path is None) == bool(problem or remote)
    for finding in post.findings:
        assert (finding.line, finding.field) == (5, "mastodon.media[0]")
        assert finding.remedy
    assert len(post.findings) == bool(problem)


def test_an_svg_drawing_comes_with_a_remedy(parse: Parse) -> None:
    (finding,) = parse("mastodon:\n  media:\n    - file: /assets/d.svg\n      alt: A").findings
    assert (finding.rule, finding.remedy) == (
        "picture-unusable",
        "Export it from the drawing program as PNG, and name that file.",
    )


def test_each_finding_points_at_its_own_picture(parse: Parse) -> None:
    first, second = "    - file: /assets/a.png\n      alt: A\n\n", "    - alt: B\n      file: /gone.png\n"
    words = f"mastodon:\n  media:\n{first}{second}    - file: /assets/a.png"
    findings = parse(words).findings
    assert [(finding.rule, finding.line) for finding in findings] == [("picture-missing", 8), ("alt-missing", 10)]
    assert "third picture has no alt text" in findings[1].problem


def test_a_likely_slip_is_named(parse: Parse) -> None:
    words = "mastodon:\n  media:\n    - file: /assets/a.png\n      atl: A\n      url: B"
    findings = [finding for finding in parse(words).findings if finding.rule == "unknown-key"]
    assert [finding.remedy for finding in findings] == ['Did you mean "alt"?', "Known here: file, alt, focus."]


@pytest.mark.parametrize(
    ("words", "line", "problem"),
    [
        (" a.png", 4, "must be a list of pictures"),
        ("\n    file: a.png", 4, "must be a list of pictures"),
        ("\n    - [a.png]", 4, "the first is not a picture"),
        ("\n    - file: a.png\n    - null", 4, "the second is not a picture"),
        ("\n    - file: a.png\n    - alt: A", 6, "the second picture names no file"),
        ("\n    - file: ''", 5, "the first picture names no file"),
        ("\n    - file: [a.png]", 5, "the first picture names no file"),
        ("\n    - file: a.png\n      alt: [A]", 5, "the alt of the first picture must be text"),
        ("\n    - file: a.png\n      focus: left", 5, "the focus of the first picture must be two numbers"),
        ("\n    - file: a.png\n      focus: [0, x]", 5, "the focus of the first picture must be two numbers"),
        ("\n    - file: a.png\n      focus: [0, 0, 0]", 5, "the focus of the first picture must be two numbers"),
        ("\n    - file: a.png\n      focus: [0, 1.01]", 5, "must be numbers from -1 to 1"),
        ("\n    - file: a.png\n      focus: [0, nan]", 5, "must be numbers from -1 to 1"),
        ("\n    - file: a.png\n      focus: [[0], 1]", 5, "must be numbers from -1 to 1"),
        (" [{file: a.png}, {alt: A}]", 4, "the second picture names no file"),
    ],
)
def test_what_is_no_list_of_pictures_is_an_error_with_its_line(
    parse: Parse, words: str, line: int, problem: str
) -> None:
    with pytest.raises(PostError, match=problem) as caught:
        media(parse, words)
    assert caught.value.line == line
    assert caught.value.remedy


@pytest.mark.parametrize("focus", ["0.5, -0.5", "[0.5, -0.5]", '"0.5,-.5"'])
def test_a_focus_is_two_numbers(parse: Parse, focus: str) -> None:
    pictures = media(parse, f"\n    - file: /assets/a.png\n      focus: {focus}")
    assert pictures is not None
    assert pictures[0].focus == (0.5, -0.5)


@pytest.mark.parametrize(
    "words",
    [
        " []",
        "\n    - file: /assets/a.png",
        "\n    - file: /assets/a.png\n      alt: B",
        "\n    - file: /assets/a.png\n      alt: A\n      focus: [0, 1]",
        "\n    - file: /assets/50%.png\n      alt: A",
        "\n    - file: /assets/a.png\n      alt: A\n    - file: /assets/a.png\n      alt: A",
    ],
)
def test_the_pictures_are_words_of_the_post(parse: Parse, words: str) -> None:
    plain = parse("mastodon:\n  media:\n    - file: /assets/a.png\n      alt: A")
    assert plain.digests != parse(f"mastodon:\n  media:{words}").digests


def test_a_post_without_the_list_keeps_its_digest(parse: Parse) -> None:
    assert parse("").digests == parse("mastodon:\n  media: null").digests


def test_a_picture_that_comes_later_is_found(config: Config, files: Path) -> None:
    post = config.posts_folder / "a.md"
    post.write_text("---\ntitle: A\nmastodon:\n  media:\n    - file: /assets/new.png\n      alt: A\n---\n")
    folder = PostFolder(config)
    before = folder.scan()
    assert [finding.rule for finding in before.posts[0].findings] == ["picture-missing"]
    Image.new("RGB", (6, 4)).save(files / "new.png")
    assert folder.take_snapshot().signature != before.signature
    assert folder.scan().posts[0].findings == ()


@pytest.mark.parametrize(
    ("number", "words"), [(4, "fourth"), (5, "5th"), (11, "11th"), (20, "20th"), (21, "21st"), (102, "102nd")]
)
def test_a_picture_is_named_by_its_number(parse: Parse, number: int, words: str) -> None:
    items = "\n    - a.png" * (number - 1)
    with pytest.raises(PostError, match=f"the {words} picture names no file"):
        media(parse, f"{items}\n    - alt: A")
