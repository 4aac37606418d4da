"""A site in a git repository, on a branch off `main`, and the bot's output for it at a fixed time."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

from markdown_it import MarkdownIt

from bot.compose.mentions import WORD_JOINER
from bot.config import load_config
from bot.domain.clock import ManualClock
from bot.operations.check import CheckResult, check_project
from bot.report.markdown import picture_in_repository, render_summary
from bot.report.view import summarise
from tests.support.git_repositories import git
from tests.support.project import SETTINGS, Project

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)


def make_branch(root: Path) -> Project:
    """Make a branch off a `main` with one released post and an account on a real server, which no test contacts."""
    root.mkdir()
    project = Project(root, "https://social.example")
    settings = re.sub(r"\[delivery\].*?\n\n", "", SETTINGS.format(server=project.server), flags=re.DOTALL)
    project.write("config/bot.toml", settings.replace("[release]", 'acct = "@conf@social.example"\n[release]'))
    project.write("posts/README.md", "# Posts\n")
    project.write_post("out", "2026-03-09 10:00:00", title="It is out")
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(project)
    git(root, "checkout", "--quiet", "-b", "news")
    return project


def commit(project: Project) -> None:
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--allow-empty", "--message", "news")


def on_main(project: Project) -> None:
    """What is committed now is what the branch leaves."""
    commit(project)
    git(project.root, "branch", "--quiet", "--force", "main", "HEAD")


def look_at(project: Project, now: datetime = NOW) -> CheckResult:
    return check_project(
        load_config(project.root / "config/bot.toml"), clock=ManualClock(now), environ=os.environ, since="main"
    )


def summary(project: Project, now: datetime = NOW, *, pictures: str = "") -> str:
    """The Markdown."""
    return render_summary(
        summarise(look_at(project, now)),
        picture_address=picture_in_repository(pictures, Path(os.environ.get("GITHUB_WORKSPACE") or ".").resolve()),
    )


def html_of(markdown: str) -> str:
    html: str = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    return html


def seen(markdown: str) -> str:
    """The words that a reader sees, in one line."""
    text = re.sub(r"<[^>]+>", "", re.sub(r"<br>|</(p|li|h\d|summary|td)>", " ", html_of(markdown)))
    return " ".join(unescape(text).replace(WORD_JOINER, "").split())
