"""A feed reader of the real world, newsboat, subscribed to what the bot serves."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config import load_config
from bot.web.public import make_public_app
from bot.web.server import PublicServer
from tests.support.programs import program
from tests.support.project import Project

pytestmark = pytest.mark.needs("newsboat")

FORMATS = ("rss.xml", "atom.xml")
NOW = datetime.now(UTC)


@dataclass
class Newsboat:
    """The reader with a home of its own, and what the server answered it."""

    home: Path
    url: str
    answers: list[tuple[str, str]] = field(default_factory=list)

    def reload(self) -> list[tuple[str, str]]:
        """Fetch everything anew; returns the answers to this alone: path and status."""
        before = len(self.answers)
        options = ["-C", "config", "-u", "urls", "-c", "cache.db", "-x", "reload"]
        environ = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        done = subprocess.run(
            [program("newsboat"), *options],
            cwd=self.home,
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return sorted(self.answers[before:])

    def subscribe(self, *names: str) -> None:
        """To these feeds, and no others."""
        (self.home / "urls").write_text("".join(f"{self.url}/news/{name}\n" for name in names))

    def items(self) -> list[tuple[str, str, str]]:
        """Id, title and text of all that it shows."""
        with closing(sqlite3.connect(self.home / "cache.db")) as db:
            rows = db.execute("SELECT guid, title, content FROM rss_item WHERE deleted = 0 ORDER BY guid")
            return [(str(guid), str(title), str(content)) for guid, title, content in rows]


@pytest.fixture
def newsboat(project: Project) -> Iterator[Newsboat]:
    app = make_public_app(load_config(project.root / "config/bot.toml"))
    answers: list[tuple[str, str]] = []

    def noting(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        def note(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            answers.append((environ["PATH_INFO"], status.partition(" ")[0]))
            return start(status, headers)

        return app(environ, note)

    with PublicServer(noting, "127.0.0.1", 0) as server:
        home = project.root / "reader"
        home.mkdir()
        (home / "config").write_text("reload-threads 1\n")
        yield Newsboat(home=home, url=server.url, answers=answers)


def a_second_later() -> None:
    """The reader keeps what it has where `Last-Modified`, which has whole seconds, is the same (2.21)."""
    time.sleep(1.1)


def written(days: int) -> str:
    return f"{NOW - timedelta(days=days):%Y-%m-%d %H:%M}+00:00"


@pytest.mark.parametrize("name", FORMATS)
def test_it_sees_each_post_once_edits_in_place_and_asks_in_vain_for_what_it_has(
    project: Project, newsboat: Newsboat, name: str
) -> None:
    newsboat.subscribe(name)
    for number in range(3):
        project.write_post(f"post-{number}", written(10 - number), title=f"Number {number} & more")
    assert project.announce("tick").returncode == 0
    assert newsboat.reload() == [(f"/news/{name}", "200")]
    before = newsboat.items()
    assert sorted(title for _, title, _ in before) == [f"Number {number} & more" for number in range(3)]
    # Version 2.21 keeps the ETag of a feed that it knows already, so not that of its first look.
    newsboat.reload()
    assert newsboat.reload() == [(f"/news/{name}", "304")], "nothing has changed"
    assert newsboat.items() == before

    a_second_later()
    post = project.root / "posts/post-1.md"
    post.write_text(post.read_text(encoding="utf-8") + "\nA correction.\n", encoding="utf-8")
    assert project.announce("tick").returncode == 0
    assert newsboat.reload() == [(f"/news/{name}", "200")]
    after = newsboat.items()
    assert [guid for guid, _, _ in after] == [guid for guid, _, _ in before]
    assert ["A correction." in text for _, _, text in after] == [False, True, False]
    assert newsboat.reload() == [(f"/news/{name}", "304")]

    a_second_later()
    post.rename(post.with_name("another-name.md"))
    assert project.announce("tick").returncode == 0
    assert newsboat.reload() == [(f"/news/{name}", "200")]
    assert [guid for guid, _, _ in newsboat.items()] == [guid for guid, _, _ in before]


def test_a_new_post_is_one_new_item_also_for_who_takes_two_formats(project: Project, newsboat: Newsboat) -> None:
    newsboat.subscribe(*FORMATS)
    project.write_post("first", written(9), title="First")
    assert project.announce("tick").returncode == 0
    newsboat.reload()
    a_second_later()
    project.write_post("second", written(8), title="Second")
    assert project.announce("tick").returncode == 0
    assert [status for _, status in newsboat.reload()] == ["200", "200"]
    assert sorted(title for _, title, _ in newsboat.items()) == ["First", "Second"]
