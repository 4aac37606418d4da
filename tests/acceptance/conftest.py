"""The sandbox over HTTP, a project that publishes to it, and what is there afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.mastodon_server import FakeMastodon
from tests.support.corpus import BY_NAME, Corpus
from tests.support.logins import login_server
from tests.support.project import SETTINGS, Project, Timeline
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


@pytest.fixture(params=BY_NAME)
def corpus(request: pytest.FixtureRequest) -> Corpus:
    found: Corpus = request.param
    return found


@pytest.fixture
def corpus_project(project: Project, corpus: Corpus) -> Project:
    """The project with the posts and pictures of a season."""
    corpus.copy_to(project.root)
    return project


@pytest.fixture
def timeline(server: FakeMastodon) -> Timeline:
    """What followers see, oldest first, read over HTTP."""

    def read() -> list[dict[str, Any]]:
        answer = httpx.get(f"{server.url}/api/v1/timelines/public", params={"limit": 40}, timeout=10)
        statuses: list[dict[str, Any]] = answer.raise_for_status().json()
        return statuses[::-1]

    return read
