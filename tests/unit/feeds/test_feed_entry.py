"""What a release freezes, and what follows the file afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.config import Feeds, Site
from bot.domain import Digests, Picture, Post
from bot.feeds.channel import channel_of
from bot.feeds.entry import entry_of, refresh_entry
from bot.feeds.item import item_of
from tests.support.digests import both

PUBLISHED = datetime(2025, 3, 4, 14, 0, tzinfo=UTC)
RELEASED = PUBLISHED + timedelta(seconds=3)
LATER = PUBLISHED + timedelta(days=2, microseconds=5)
SAID = datetime(2025, 3, 5, 8, 30, tzinfo=UTC)

POST = Post(
    path=Path("posts/boats.md"),
    slug="boats",
    url="https://heronbridge.example/news/boats/",
    title="Boats",
    authors=("Mira Lund",),
    category="Travel",
    tags=("water",),
    published=PUBLISHED,
    language="en",
    summary="Come by boat.",
    html="<p>Come by boat.</p>",
    digests=both("one"),
)
ENTRY = entry_of(POST, released_at=RELEASED)


def test_a_first_release_takes_over_what_the_post_says() -> None:
    assert (ENTRY.post_id, ENTRY.published, ENTRY.updated) == (POST.url, PUBLISHED, PUBLISHED)
    assert (ENTRY.released_at, ENTRY.revision, ENTRY.digests) == (RELEASED, 0, both("one"))
    for name in ("slug", "url", "title", "authors", "category", "tags", "language", "summary", "html", "cover"):
        assert getattr(ENTRY, name) == getattr(POST, name), name


def test_an_explicit_id_and_an_updated_datetime_are_taken_from_the_front_matter() -> None:
    entry = entry_of(replace(POST, explicit_id="boats-2025", updated=SAID), released_at=RELEASED)
    assert (entry.post_id, entry.updated) == ("boats-2025", SAID)


@pytest.mark.parametrize(
    ("changes", "feed_id"),
    [
        ({}, "tag:heronbridge.example,2025:news/boats"),
        ({"url": "https://heronbridge.example:8080/b%C3%BC%20x/"}, "tag:heronbridge.example,2025:b%C3%BC%20x"),
        ({"explicit_id": "https://old.example/boats"}, "https://old.example/boats"),
        ({"explicit_id": "boats"}, "tag:heronbridge.example,2025:boats"),
    ],
)
def test_tag_ids_are_made_of_the_permalink_unless_the_front_matter_has_an_id(
    changes: dict[str, Any], feed_id: str
) -> None:
    entry = entry_of(replace(POST, **changes), released_at=RELEASED, tag_ids=True)
    assert entry.feed_id == feed_id
    assert refresh_entry(entry, replace(POST, url="https://new.example/x/"), now=LATER).feed_id == feed_id


def test_a_draft_has_no_entry() -> None:
    with pytest.raises(ValueError, match=r"posts/boats\.md: a draft"):
        entry_of(replace(POST, published=None), released_at=RELEASED)


def test_an_unchanged_post_gives_an_equal_entry() -> None:
    assert refresh_entry(ENTRY, POST, now=LATER) == ENTRY


@pytest.mark.parametrize(
    "change",
    [
        {"html": "<p>Come by bus.</p>"},
        {"summary": "Come by bus."},
        {"title": "Buses"},
        {"url": "https://heronbridge.example/blog/boats/"},
        {"slug": "buses"},
        {"authors": ("Teo Aalto",)},
        {"category": None},
        {"tags": ()},
        {"language": "fi"},
        {"cover": Picture(url="https://heronbridge.example/boat.jpg")},
        {"hidden": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_shown_follows_the_post_and_alone_is_no_update(change: dict[str, Any]) -> None:
    entry = refresh_entry(ENTRY, replace(POST, **change), now=LATER)
    assert entry == replace(ENTRY, **change)


@pytest.mark.parametrize(
    "change",
    [
        {"published": PUBLISHED + timedelta(days=9)},
        {"published": None},
        {"explicit_id": "something-else"},
    ],
    ids=["datetime", "made-a-draft", "id"],
)
def test_identity_and_publish_datetime_are_frozen(change: dict[str, Any]) -> None:
    assert refresh_entry(ENTRY, replace(POST, **change), now=LATER) == ENTRY


def test_changed_words_are_a_revision_of_now_in_whole_seconds() -> None:
    entry = refresh_entry(ENTRY, replace(POST, digests=both("two")), now=LATER)
    assert (entry.revision, entry.digests) == (1, both("two"))
    assert entry.updated == LATER.replace(microsecond=0)
    assert refresh_entry(entry, replace(POST, digests=both("three")), now=LATER).revision == 2


@pytest.mark.parametrize(("digest", "revision"), [("one", 0), ("two", 1)])
def test_the_front_matters_updated_datetime_wins(digest: str, revision: int) -> None:
    post = replace(POST, digests=both(digest), updated=SAID)
    entry = refresh_entry(ENTRY, post, now=LATER)
    assert (entry.updated, entry.revision) == (SAID, revision)
    assert refresh_entry(entry, post, now=LATER + timedelta(days=1)) == entry


def test_each_digest_moves_its_own_output() -> None:
    said = refresh_entry(ENTRY, replace(POST, digests=Digests(entry="two", announcement="one")), now=LATER)
    assert (said.updated, said.revision) == (LATER.replace(microsecond=0), 0)
    said = refresh_entry(ENTRY, replace(POST, digests=Digests(entry="one", announcement="two")), now=LATER)
    assert (said.updated, said.revision) == (PUBLISHED, 1)


@pytest.mark.parametrize("known", [Digests(), Digests(entry="1:one", announcement="1:one")], ids=["none", "older"])
def test_digests_of_another_making_are_replaced_and_tell_nothing(known: Digests) -> None:
    post = replace(POST, digests=Digests(entry="2:other", announcement="2:other"))
    assert refresh_entry(replace(ENTRY, digests=known), post, now=LATER) == replace(ENTRY, digests=post.digests)


def test_a_second_look_at_the_same_change_changes_nothing() -> None:
    post = replace(POST, digests=both("two"))
    entry = refresh_entry(ENTRY, post, now=LATER)
    assert refresh_entry(entry, post, now=LATER + timedelta(days=1)) == entry


def test_a_left_over_template_tag_is_taken_out_of_the_title() -> None:
    post = replace(POST, title="Tickets from {{ price }} are here")
    assert entry_of(post, released_at=RELEASED).title == "Tickets from are here"
    assert refresh_entry(ENTRY, post, now=LATER).title == "Tickets from are here"


def test_the_feed_id_is_frozen_at_the_release_and_stays_when_the_site_moves() -> None:
    post = replace(POST, explicit_id="cfp 2025")
    released = entry_of(post, released_at=RELEASED)
    assert released.feed_id == f"tag:{urlsplit(POST.url).hostname},2025:cfp%202025"
    moved = refresh_entry(released, replace(post, url="https://moved.example/news/boats/"), now=RELEASED)
    channel = channel_of(Site(title="Conf", url="https://moved.example", timezone="UTC"), Feeds())
    assert item_of(moved, channel).id == released.feed_id
    assert item_of(moved, channel).url == "https://moved.example/news/boats/"
