"""`announce preview`: posts that are not in the folder, pages and pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.support.project import Project

POST = """---
title: "A late idea"
published_datetime: 2098-03-02 14:00:00
---

This paragraph is long enough to be the excerpt of this post, and it is one sentence.
"""


def test_a_post_on_standard_input_is_shown_as_if_it_lay_in_the_folder(project: Project) -> None:
    done = project.announce("preview", "-", "--name", "late-idea.md", typed=POST)
    assert done.returncode == 0, done.stderr
    assert "posts/late-idea.md: Sun 02 Mar 2098 14:00 EST" in done.stdout
    assert "https://2024.djangocon.us/news/late-idea/" in done.stdout
    assert "upcoming" in done.stdout
    assert not (project.root / "posts/late-idea.md").exists()
    assert not (project.root / "var").exists()


def test_what_is_being_edited_stands_for_the_file_of_its_name(project: Project) -> None:
    project.write_post("late-idea", "2098-03-02 14:00:00", title="As it was")
    done = project.announce("preview", "-", "--name", "late-idea.md", typed=POST)
    assert done.returncode == 0, done.stderr
    assert "A late idea" in done.stdout
    assert "As it was" not in done.stdout


def test_a_file_outside_of_the_posts_folder_works_too(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere/late-idea.md"
    path.parent.mkdir()
    path.write_text(POST, encoding="utf-8")
    done = project.announce("preview", str(path))
    assert done.returncode == 0, done.stderr
    assert "https://2024.djangocon.us/news/late-idea/" in done.stdout
    assert "upcoming" in done.stdout


def test_a_page_is_one_file_and_the_terminal_stays_quiet(project: Project) -> None:
    project.write_post("news", "2098-03-02 14:00:00", title="A title of its own")
    done = project.announce("preview", "news", "--html", "news.html")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr == "Written: news.html. It may show news that is not public yet.\n"
    page = (project.root / "news.html").read_text(encoding="utf-8")
    assert "A title of its own" in page
    assert page.rstrip().endswith("</html>")


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (["-"], "no front matter\n", "standard input has no front matter"),
        (["-"], "", "standard input has no front matter"),
        (["-", "--name", "../x.md"], POST, "--name: ../x.md is no name of a post file"),
        (["-", "--name", "x.txt"], POST, "--name: x.txt is no name of a post file"),
        (["-", "--name", "_x.md"], POST, "--name: _x.md is no name of a post file"),
        (["news", "--name", "x.md"], "", "--name names a post on standard input"),
        (["news", "--html", "posts/news.md"], "", "posts/news.md does not end in .html"),
        (["news", "--png", "news.jpg"], "", "news.jpg does not end in .png"),
        (["news", "--png", "news.png"], "", "there is no chromium on this machine"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(project: Project, arguments: list[str], typed: str, said: str) -> None:
    project.write_post("news", "2098-03-02 14:00:00")
    before = (project.root / "posts/news.md").read_bytes()
    done = project.announce("preview", *arguments, typed=typed, environ={"PATH": "/nowhere"})
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert said in line
    assert (project.root / "posts/news.md").read_bytes() == before


def test_a_page_that_cannot_be_written_is_told(project: Project) -> None:
    project.write_post("news", "2098-03-02 14:00:00")
    done = project.announce("preview", "news", "--html", "nowhere/news.html")
    assert done.returncode == 1
    assert "nowhere/news.html cannot be written: No such file or directory." in done.stderr


def test_a_broken_post_on_standard_input_is_named_with_its_line(project: Project) -> None:
    done = project.announce("preview", "-", "--name", "x.md", typed="---\ntitle: a: b\n---\n")
    assert done.returncode == 1
    assert "posts/x.md:2" in done.stderr


@pytest.mark.needs("chromium")
def test_a_picture_shows_the_whole_page(project: Project) -> None:
    heights = []
    for slug, body in (("short", "One line."), ("long", "A paragraph.\n\n" * 60)):
        project.write(f"posts/{slug}.md", f'---\ntitle: "T"\npublished_datetime: 2098-03-02\n---\n\n{body}\n')
        done = project.announce("preview", slug, "--png", f"{slug}.png")
        assert done.returncode == 0, done.stderr
        with Image.open(project.root / f"{slug}.png") as image:
            assert image.width == 1280
            heights.append(image.height)
            # The page ends with its footer and some air: nothing is cut off, and nothing is empty.
            foot = image.convert("L").crop((0, image.height - 200, image.width, image.height))
            low, high = foot.getextrema()
            assert low < 150 < high  # type: ignore[operator]
    assert heights[1] > heights[0] + 2000


def test_a_browser_that_hangs_has_an_end(tmp_path: Path) -> None:
    from bot.domain.errors import OutputError
    from bot.report.screenshot import take_screenshot

    hanging = tmp_path / "chromium"
    hanging.write_text("#!/bin/sh\nexec sleep 30\n", encoding="utf-8")
    hanging.chmod(0o755)
    with pytest.raises(OutputError, match="took longer"):
        take_screenshot("<p>x</p>", browser=str(hanging), within=0.3)
    discard_event = tmp_path / "silent"
    discard_event.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    discard_event.chmod(0o755)
    with pytest.raises(OutputError, match="made no picture"):
        take_screenshot("<p>x</p>", browser=str(discard_event))
