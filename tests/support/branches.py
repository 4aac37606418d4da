"""A site in a git repository, on a branch that leaves `main`; and what the bot says of it at a set time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

from markdown_it import MarkdownIt

from bot.cli.checking import Looked, look, summarised
from bot.compose.mentions import WORD_JOINER
from bot.config import load_config
from bot.domain.clock import ManualClock
from tests.support.git_repositories import git
from tests.support.project import SETTINGS, Project

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)


def make_branch(root: Path) -> Project:
    """On `main`: one post that is out, with an account on a real server, which nobody contacts."""
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


def look_at(project: Project, now: datetime = NOW) -> Looked:
    return look(load_config(project.root / "config/bot.toml"), (), since="main", clock=ManualClock(now))


def summary(project: Project, now: datetime = NOW, *, pictures: str = "") -> str:
    """The Markdown."""
    return summarised(load_config(project.root / "config/bot.toml"), look_at(project, now), pictures=pictures)


def html_of(markdown: str) -> str:
    html: str = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    return html


def seen(markdown: str) -> str:
    """The words that a reader sees, in one line."""
    text = re.sub(r"<[^>]+>", "", re.sub(r"<br>|</(p|li|h\d|summary|td)>", " ", html_of(markdown)))
    return " ".join(unescape(text).replace(WORD_JOINER, "").split())
