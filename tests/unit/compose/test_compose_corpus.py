"""Every post of two seasons can be said on Mastodon."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.compose import ComposeContext, Templates, compose, status_length
from bot.compose.links import find_links
from bot.compose.mentions import find_mentions
from bot.config import Account, Config
from bot.domain import Announcement, Limits, Post
from bot.domain.errors import ComposeError
from bot.domain.template_tags import find_tags
from bot.posts.reader import parse_post
from tests.support.corpus import CORPORA

FILES = [
    pytest.param(path, id=f"{corpus.name}-{path.stem}")
    for corpus in CORPORA
    for path in (*corpus.files, corpus.garbled)
]

SETTINGS = {"site": {"title": "A conference", "url": "https://2024.djangocon.us", "timezone": "America/New_York"}}
ACCOUNT = Account(server="http://127.0.0.1:3000", hashtags=("DjangoCon",))


def composed(path: Path, *, characters: int, options: bytes = b"") -> tuple[Post, Announcement]:
    root = path.parents[1]
    config = Config.model_validate({**SETTINGS, "root": root, "path": root / "config" / "bot.toml"})
    data = path.read_bytes().replace(b"---\n", b"---\n" + options, 1)
    post = parse_post(data, path=path, slug=path.stem, config=config)
    assert post is not None
    limits = Limits(characters=characters)
    announcement = compose(
        post,
        ComposeContext(account=ACCOUNT, site=config.site, release=config.release, limits=limits, templates=Templates()),
    )
    return post, announcement


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("characters", [500, 200])
def test_a_post_of_a_season_fits_with_its_link_whole(path: Path, characters: int) -> None:
    post, announcement = composed(path, characters=characters)
    text = announcement.text
    assert announcement.length == status_length(text, limits=Limits()) <= characters
    assert announcement.link == post.url
    assert [text[span.start : span.end] for span in find_links(text)].count(post.url) == 1
    assert find_mentions(text) == []
    assert not find_tags(text)
    assert text.endswith("#DjangoCon")


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("numbered", ["true", "false"])
def test_a_post_of_a_season_as_a_thread_fits_with_its_link_whole_in_the_first_toot(path: Path, numbered: str) -> None:
    try:
        post, announcement = composed(
            path, characters=500, options=f"mastodon: {{thread: auto, numbered: {numbered}}}\n".encode()
        )
    except ComposeError as error:
        if "more than 20 toots" not in error.message or path.stat().st_size < 8_000:
            raise
        return  # far too long for a thread, and refused
    assert post.url in [announcement.text[span.start : span.end] for span in find_links(announcement.text)]
    toots = (announcement, *announcement.thread)
    assert len(toots) > 1
    for number, toot in enumerate(toots, start=1):
        assert toot.length == status_length(toot.text, limits=Limits()) <= 500
        assert find_mentions(toot.text) == []
        assert not find_tags(toot.text)
        assert toot.text.endswith(f"\n\n{number}/{len(toots)}") is (numbered == "true")
