"""`announce check --fix` as a person uses it: the difference first, then a question, then the files."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.support.corpus import Corpus
from tests.support.project import Project

SLIP = '---\ntitle: "Tickets"\npublished_datetime: 2030-03-12 10:00:00{offset}\n---\n\nFour prices , two days{more}.\n'


@pytest.fixture
def post(project: Project) -> Path:
    file = project.write("posts/tickets.md", SLIP.format(offset="-05:00", more=""))
    file.chmod(0o640)
    return file


def test_in_a_pipe_it_shows_and_changes_nothing(project: Project, post: Path) -> None:
    before = post.read_bytes()
    done = project.announce("check", "--fix")
    assert done.returncode == 2
    assert "-Four prices , two days.\n+Four prices, two days.\n" in done.stdout
    assert "1 file would be changed" in done.stdout
    assert "1 wrong offset is left alone: `announce check --fix=offsets` is for times" in done.stdout
    assert done.stderr == "announce: nothing was changed: there is no terminal to confirm on. Use --yes to confirm.\n"
    assert post.read_bytes() == before
    assert "\x1b" not in done.stdout, "no colours in a pipe"


def test_with_yes_it_mends_the_words_and_no_time(project: Project, post: Path) -> None:
    done = project.announce("check", "--fix", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("fixed: posts/tickets.md\n")
    assert post.read_text(encoding="utf-8") == SLIP.format(offset="-05:00", more="").replace(" ,", ",")
    assert stat.S_IMODE(post.stat().st_mode) == 0o640
    assert project.announce("check", "--fix", "--yes").stdout.endswith("nothing to fix\n")


def test_offsets_are_mended_when_asked_for_and_both_moments_are_said(project: Project, post: Path) -> None:
    done = project.announce("check", "--fix=offsets", "--yes")
    assert done.returncode == 0, done.stderr
    assert "2030-03-12 10:00 stays" in done.stdout
    assert "-05:00 was 2030-03-12 15:00 UTC, -04:00 is 2030-03-12 14:00 UTC." in done.stdout
    assert post.read_text(encoding="utf-8") == SLIP.format(offset="-04:00", more="")
    assert "datetime-offset" not in project.announce("check").stdout


def test_a_post_that_the_bot_has_released_is_not_moved(project: Project) -> None:
    text = SLIP.format(offset="-05:00", more="").replace("2030", "2024")
    file = project.write("posts/tickets.md", text)
    assert project.announce("tick").returncode == 0
    assert project.announce("check", "--fix=offsets", "--yes").stdout.endswith("nothing to fix\n")
    assert file.read_text(encoding="utf-8") == text


def test_only_the_files_that_are_named_are_mended(project: Project, post: Path) -> None:
    other = project.write("posts/other.md", SLIP.format(offset="", more="").replace("03-12", "03-13"))
    done = project.announce("check", "--fix", "posts/other.md", "--yes")
    assert "fixed: posts/other.md\n" in done.stdout
    assert " ," in post.read_text(encoding="utf-8")
    assert " ," not in other.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--json"], "--format does not go with --fix"),
        (["--format", "markdown"], "--format does not go with --fix"),
        (["--site", "posts"], "--site does not go with --fix"),
        (["--changed-since", "HEAD"], "--changed-since does not go with --fix"),
        (["--fix=times"], "'times' is not one of 'words', 'offsets'"),
    ],
)
def test_wrong_use_is_one_clear_line(project: Project, post: Path, arguments: list[str], said: str) -> None:
    done = project.announce("check", "--fix", "--yes", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert " ," in post.read_text(encoding="utf-8")


def test_the_two_offsets_of_the_corpus_are_mended(corpus_project: Project, corpus: Corpus) -> None:
    done = corpus_project.announce("check", "--fix=offsets", "--yes")
    assert done.returncode == 0, done.stderr
    changed = [line for line in done.stdout.splitlines() if line.startswith("+published_datetime")]
    spring, winter = corpus.wrong_offsets.values()
    assert changed == [
        f"+published_datetime: {spring.removesuffix('-07:00')}-04:00",
        f"+published_datetime: {winter.removesuffix('-04:00')}-05:00",
    ]
    assert "datetime-offset" not in corpus_project.announce("check").stdout


def test_the_rules_are_listed_anywhere(tmp_path: Path, project: Project) -> None:
    project.root = tmp_path / "elsewhere"
    project.root.mkdir()
    done = project.announce("check", "--rules")
    assert (done.returncode, done.stderr) == (0, "")
    assert "datetime-offset" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout


def test_what_is_silenced_is_counted_and_shown_when_asked_for(project: Project) -> None:
    loud = '---\ntitle: "NEWS FROM EVERYWHERE"\n{allow}---\n\nText.\n'
    project.write("posts/a.md", loud.format(allow='check:\n    allow:\n        title-shouting: "A band."\n'))
    done = project.announce("check")
    assert done.stdout == "1 post checked: 0 errors, 0 warnings, 0 notes (1 silenced)\n"
    done = project.announce("check", "--all")
    assert done.stdout.startswith("silenced  posts/a.md:2: title: shouts")
    assert "(title-shouting: A band.)" in done.stdout
    assert project.announce("check", "--json").stdout == "[]\n"
    assert '"silenced": "A band."' in project.announce("check", "--json", "--all").stdout


def test_old_news_is_told_of_in_one_line(corpus_project: Project) -> None:
    said = corpus_project.announce("check").stdout
    assert said.count("(too-late)") == 1
    assert "21 posts are too old for a toot" in said
