"""The sandbox over HTTP, a project that publishes to it, and what is there afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.mastodon_server import FakeMastodon
from tests.support.logins import login_server
from tests.support.project import CORPUS, SETTINGS, Project, Timeline
from tests.support.scripted_server import OddServer


@pytest.fixture
def server() -> Iterator[FakeMastodon]:
    with FakeMastodon() as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, server: FakeMastodon) -> Project:
    made = Project(root=tmp_path, server=server.url)
    made.write("config/bot.toml", SETTINGS.format(server=server.url))
    (tmp_path / "posts").mkdir()
    return made


@pytest.fixture
def mastodon() -> Iterator[OddServer]:
    """A server that gives tokens out."""
    with login_server() as odd:
        yield odd


@pytest.fixture
def site(tmp_path: Path, mastodon: OddServer) -> Project:
    """A project with an account on that server, without a token."""
    made = Project(root=tmp_path, server=mastodon.url)
    settings = SETTINGS.format(server=mastodon.url)
    made.write("config/bot.toml", settings.replace("visibility", 'acct = "@conf@conf.example"\nvisibility', 1))
    (tmp_path / "posts").mkdir()
    return made


@pytest.fixture
def corpus_project(project: Project) -> Project:
    """The project with the corpus's posts and pictures: copies for the time of a test."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real posts is not beside this project")
    for folder in ("posts", "assets"):
        # Links would not do: pictures must lie inside of the assets folder.
        shutil.copytree(CORPUS / folder, project.root / folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
    return project


@pytest.fixture
def timeline(server: FakeMastodon) -> Timeline:
    """What followers see, oldest first, read over HTTP."""

    def read() -> list[dict[str, Any]]:
        answer = httpx.get(f"{server.url}/api/v1/timelines/public", params={"limit": 40}, timeout=10)
        statuses: list[dict[str, Any]] = answer.raise_for_status().json()
        return statuses[::-1]

    return read
