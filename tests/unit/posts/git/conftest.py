"""A repository of posts, and settings that name it as a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.config import Config
from bot.posts.git.sync import SyncResult, sync_checkout
from tests.support.git_repositories import Repository

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
MakeConfig = Callable[..., Config]
Pull = Callable[..., SyncResult]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "forge")


@pytest.fixture
def sourced(tmp_path: Path) -> MakeConfig:
    """Settings with these sources, each a table."""

    def make(*sources: Mapping[str, Any]) -> Config:
        return Config.model_validate(
            {
                "site": {"title": "Heron Conf", "url": "https://heron.example", "timezone": "America/New_York"},
                "sources": list(sources),
                "root": tmp_path / "site",
                "path": tmp_path / "site" / "config" / "bot.toml",
            }
        )

    return make


@pytest.fixture
def config(sourced: MakeConfig, repository: Repository) -> Config:
    return sourced({"git": str(repository.bare), "local": True})


@pytest.fixture
def fetch() -> Pull:
    """Pull the only source of the settings."""

    def run(config: Config, *, now: datetime = NOW, **more: Any) -> SyncResult:
        (source,) = config.sources
        return sync_checkout(config, source, environ=more.pop("environ", {}), now=lambda: now, **more)

    return run
