"""The posts of two conferences, an invented one and, where it is there, a real one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.config import Config
from bot.domain import Post
from bot.posts.folder import PostFolder, Scan
from bot.posts.reader import read_post
from tests.support.corpus import BY_NAME, CORPORA, INVENTED, REAL, Corpus, shapes_of


def site(root: Path) -> Config:
    return Config.model_validate(
        {
            "site": {"title": "DjangoCon US", "url": "https://2024.djangocon.us", "timezone": "America/New_York"},
            "root": root,
            "path": root / "config" / "bot.toml",
        }
    )


@pytest.fixture(scope="module", params=BY_NAME)
def corpus(request: pytest.FixtureRequest) -> Corpus:
    found: Corpus = request.param
    return found


@pytest.fixture(scope="module")
def scan(corpus: Corpus) -> Scan:
    return PostFolder(site(corpus.root)).scan()


@pytest.fixture(scope="module")
def posts(scan: Scan) -> dict[str, Post]:
    return {post.slug: post for post in scan.posts}


def test_all_can_be_read(scan: Scan) -> None:
    assert len(scan.posts) == 21
    assert scan.faults == ()
    assert all(post.published and post.title and post.authors and post.excerpt and post.html for post in scan.posts)


def test_datetimes(corpus: Corpus, posts: dict[str, Post]) -> None:
    assert {slug: post.published for slug, post in posts.items()} == corpus.instants


def test_what_is_found(corpus: Corpus, posts: dict[str, Post]) -> None:
    found = {(finding.rule, slug, finding.line) for slug, post in posts.items() for finding in post.findings}
    assert found == corpus.findings


def test_nothing_relative_and_no_tag_reaches_readers(posts: dict[str, Post]) -> None:
    for post in posts.values():
        assert not re.search(r"\{\{|\{%|<!--|style=|<script", post.html)
        addresses = re.findall(r'(?:href|src)="([^"]*)"', post.html)
        assert all(address.startswith(("https://", "http://", "mailto:")) for address in addresses)
        assert len(post.summary) <= 300


def test_covers_have_their_facts(posts: dict[str, Post]) -> None:
    covers = [post.cover for post in posts.values() if post.cover is not None and not post.cover.problem]
    assert len(covers) == 14
    assert all(cover.path and cover.alt and cover.width for cover in covers)
    assert {cover.media_type for cover in covers} == {"image/jpeg", "image/png"}


def test_the_excerpt_mark_counts(corpus: Corpus, posts: dict[str, Post]) -> None:
    before = corpus.text(corpus.marked).split("---\n", 2)[2].split("<!-- excerpt -->")[0]
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", before)
    assert posts[corpus.marked].excerpt == " ".join(words.split())


def test_a_garbled_post_is_still_a_post(corpus: Corpus) -> None:
    post = read_post(corpus.garbled, config=site(corpus.garbled.parents[1]))
    assert post is not None
    assert post.title


@pytest.mark.skipif(REAL not in CORPORA, reason="the corpus of real posts is not beside this project")
def test_the_invented_season_has_every_shape_of_the_real_one_at_least_as_often() -> None:
    invented, real = shapes_of(INVENTED), shapes_of(REAL)
    assert {shape: (invented[shape], count) for shape, count in real.items() if invented[shape] < count} == {}
    assert len(+real) > 60
