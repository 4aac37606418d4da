"""A site in a temporary folder, and a short way to read a post of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config import Config
from bot.domain import Post
from bot.posts.reader import parse_post

Parse = Callable[..., Post]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "posts").mkdir()
    return Config.model_validate(
        {
            "site": {"title": "Heron Conf", "url": "https://heron.example", "timezone": "America/New_York"},
            "root": tmp_path,
            "path": tmp_path / "config" / "bot.toml",
        }
    )


@pytest.fixture
def parse(config: Config) -> Parse:
    """Front matter (a title is added unless it says `title`) and body → Post."""

    def parse(matter: str = "", body: str = "", *, slug: str = "news") -> Post:
        title = "" if "title" in matter else "title: Good news\n"
        text = f"---\n{title}{matter}\n---\n{body}"
        post = parse_post(text.encode(), path=config.posts_folder / f"{slug}.md", slug=slug, config=config)
        assert post is not None
        return post

    return parse
