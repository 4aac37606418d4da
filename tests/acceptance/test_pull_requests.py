"""`announce check` for pull requests, as a person or a job runs it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.branches import make_branch, seen, summary
from tests.support.corpus import Corpus
from tests.support.project import Project


@pytest.fixture
def branch(tmp_path: Path) -> Project:
    return make_branch(tmp_path / "site")


def test_annotations_stand_on_the_lines_of_the_files(branch: Project) -> None:
    branch.write_post("odd", "2026-03-13 14:00:00-07:00")
    done = branch.announce("check", "--changed-since=main", "--format=github")
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if "datetime-offset" in line]
    assert line.startswith("::warning file=posts/odd.md,line=3,")
    # Of a project in a folder the whole way is told, as GitHub wants it.
    inside = branch.announce("check", "--format=github", environ={"GITHUB_WORKSPACE": str(branch.root.parent)})
    assert "file=site/posts/odd.md," in inside.stdout


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 1), ("never", 0)])
def test_what_fails_is_a_matter_of_choice(branch: Project, fail_on: str, code: int) -> None:
    branch.write_post("odd", "2026-03-13 14:00:00-07:00")
    for form in ("text", "json", "github", "markdown"):
        done = branch.announce("check", f"--fail-on={fail_on}", f"--format={form}", "posts/odd.md")
        assert done.returncode == code
    branch.write("posts/broken.md", "---\ntitle: a: b\n---\n")
    done = branch.announce("check", f"--fail-on={fail_on}", "posts/broken.md")
    assert done.returncode == (0 if fail_on == "never" else 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--changed-since", "nowhere"], "there is no revision nowhere"),
        (["--site", "posts/..", "--format", "markdown"], "--format markdown is about posts"),
        (["--site", "assets", "--changed-since", "main"], "--changed-since is about posts"),
        (["--format", "html"], "'html' is not one of"),
        (["--fail-on", "note"], "'note' is not one of"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(branch: Project, arguments: list[str], said: str) -> None:
    branch.write("assets/x.txt", "x")
    done = branch.announce("check", *arguments)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert said in line


def test_a_branch_with_a_whole_season_can_be_approved_from_a_phone(
    branch: Project, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus.copy_to(branch.root)
    posts = list(corpus.instants)
    # In the midst of that season.
    now = datetime(2024, 4, 16, 10, 0, tzinfo=UTC)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(branch.root))
    text = summary(branch, now, pictures="https://forge.example/raw/abc")
    assert len(text) <= 65_000
    assert "in brief" not in text, "each post is shown as it will look"
    words = seen(text)
    assert f"{len(posts)} new posts" in words
    assert all(f"posts/{slug}.md" in words for slug in posts)
    tables = re.findall(r"<table>(.*?)</table>", text, re.DOTALL)
    assert len(tables) == len(posts)
    assert all(re.search(r"<sub>\d+ of 500 · public · en</sub>", table) for table in tables)
    assert all(table.count("<td>") == 1 for table in tables), "no wide tables"
    # The offsets that are wrong for New York are on top, and on their posts.
    assert words.count("but America/New_York is") == 2
    assert words.partition("New:")[0].count("1 warning") >= 2
    assert text.count('<img src="https://forge.example/raw/abc/assets/') == words.count("Alt text:")
    # What has to be folded away is: the whole is a few screens for each post.
    assert text.count("<details>") == text.count("</details>") >= 2 * len(posts)
