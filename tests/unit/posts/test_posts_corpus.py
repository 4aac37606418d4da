"""The posts of a real conference."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import Config
from bot.domain import Post
from bot.posts.folder import PostFolder, Scan
from bot.posts.reader import read_post

PROJECT = Path(__file__).resolve().parents[3]
CORPUS = PROJECT.parent / "shared" / "corpus"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real posts is not here")


def site(root: Path) -> Config:
    return Config.model_validate(
        {
            "site": {"title": "DjangoCon US", "url": "https://2024.djangocon.us", "timezone": "America/New_York"},
            "root": root,
            "path": root / "config" / "bot.toml",
        }
    )


@pytest.fixture(scope="module")
def scan() -> Scan:
    return PostFolder(site(CORPUS / "djangocon-us-2024")).scan()


@pytest.fixture(scope="module")
def posts(scan: Scan) -> dict[str, Post]:
    return {post.slug: post for post in scan.posts}


def test_all_can_be_read(scan: Scan) -> None:
    assert len(scan.posts) == 21
    assert scan.faults == ()
    assert all(post.published and post.title and post.authors and post.excerpt and post.html for post in scan.posts)


@pytest.mark.parametrize(
    ("slug", "utc"),
    [
        ("announcing-djangocon-us-2024", "2024-01-17 10:00"),
        ("announcing-call-for-proposals", "2024-03-09 11:00"),
        ("call-for-2024-volunteers", "2024-04-05 19:00"),
        ("announcing-schedule-dcus", "2024-07-16 10:00"),
        ("introducing-keynote-mario-munoz", "2024-08-01 10:00"),
        ("hackathon-recap", "2024-12-06 10:00"),
    ],
)
def test_datetimes(posts: dict[str, Post], slug: str, utc: str) -> None:
    assert posts[slug].published == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_what_is_found(posts: dict[str, Post]) -> None:
    found = {(finding.rule, slug, finding.line) for slug, post in posts.items() for finding in post.findings}
    assert found == {
        ("datetime-offset", "call-for-2024-volunteers", 4),
        ("datetime-offset", "hackathon-recap", 4),
        ("template-tag", "announcing-lineup", 13),
        ("template-tag", "getting-to-know-folks", 226),
        ("template-tag", "introducing-discussion-panel", 35),
        ("cover-missing", "benefits-of-speaking-djangocon", 7),
        ("cover-missing", "call-for-community-reviewers", 12),
    }


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


def test_the_excerpt_mark_counts(posts: dict[str, Post]) -> None:
    source = (CORPUS / "djangocon-us-2024/posts/announcing-call-for-proposals.md").read_text()
    before = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", source.split("---")[2].split("<!-- excerpt -->")[0])
    assert posts["announcing-call-for-proposals"].excerpt == " ".join(before.split())


def test_a_garbled_post_is_still_a_post() -> None:
    root = CORPUS / "garbled"
    post = read_post(root / "posts" / "announcing-schedule.md", config=site(root))
    assert post is not None
    assert post.title
