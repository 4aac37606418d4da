"""What the formats show of an entry and of the feed: ids, authors, addresses, dates."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Feeds, Site
from bot.domain import Entry, Picture
from bot.feeds.channel import channel_of, folder_of
from bot.feeds.document import Document
from bot.feeds.item import feed_id, item_of
from tests.support.digests import both

SITE = Site(title="Heronbridge Conf", url="https://heronbridge.example", timezone="UTC")
CHANNEL = channel_of(SITE, Feeds())
MOMENT = datetime(2025, 3, 4, 14, 0, tzinfo=UTC)
ENTRY = Entry(
    post_id="https://heronbridge.example/news/boats/",
    slug="boats",
    url="https://heronbridge.example/news/boats/",
    title="Boats",
    published=MOMENT,
    updated=MOMENT,
    released_at=MOMENT,
    language="en",
    digests=both("one"),
)
COVER = Picture(url="https://heronbridge.example/boat.jpg", media_type="image/jpeg", size=9)

# RFC 4151 section 2.1, as the W3C validator checks it.
TAG = re.compile(r"tag:[a-z0-9.-]+,\d{4}:[0-9a-zA-Z;/?:@&=+$.\-_!~*'(),%]*")


@pytest.mark.parametrize(
    "post_id",
    ["https://a.example/news/x/", "http://a.example/ä", "tag:a.example,2024:x", "urn:uuid:6e1f", "HTTPS://A.example/"],
)
def test_a_uri_is_its_own_feed_id(post_id: str) -> None:
    assert feed_id(replace(ENTRY, post_id=post_id), CHANNEL) == post_id


@pytest.mark.parametrize(
    ("post_id", "tag"),
    [
        ("boats", "tag:heronbridge.example,2025:boats"),
        ("cfp:2025", "tag:heronbridge.example,2025:cfp%3A2025"),
        ("a b/ü", "tag:heronbridge.example,2025:a%20b/%C3%BC"),
        ("https://a.example/a b", "tag:heronbridge.example,2025:https%3A//a.example/a%20b"),
    ],
)
def test_anything_else_becomes_a_tag_uri(post_id: str, tag: str) -> None:
    assert feed_id(replace(ENTRY, post_id=post_id), CHANNEL) == tag


@given(st.text(st.characters(exclude_categories=()), min_size=1), st.text(min_size=1))
def test_different_post_ids_have_different_valid_feed_ids(one: str, other: str) -> None:
    entries = [replace(ENTRY, post_id=f"x{post_id}") for post_id in (one, other)]
    first, second = (feed_id(entry, CHANNEL) for entry in entries)
    assert TAG.fullmatch(first)
    if re.fullmatch(r"[!-~]+", one + other):
        assert (first == second) is (one == other)


def test_the_tag_holds_no_port_and_the_year_of_the_frozen_datetime_in_utc() -> None:
    channel = replace(CHANNEL, home_url="http://localhost:8000/")
    new_year = datetime(2024, 12, 31, 22, tzinfo=timezone(timedelta(hours=-5)))
    assert feed_id(replace(ENTRY, post_id="x", published=new_year), channel) == "tag:localhost,2025:x"


@pytest.mark.parametrize(
    ("authors", "site_author", "shown"),
    [
        (("Mira Lund", " Teo\nAalto "), "The team", ("Mira Lund", "Teo Aalto")),
        (("Mira Lund", "", "Mira Lund"), "The team", ("Mira Lund",)),
        ((), "The team", ("The team",)),
        (("\x00",), "", ("Heronbridge Conf",)),
    ],
)
def test_every_item_has_an_author(authors: tuple[str, ...], site_author: str, shown: tuple[str, ...]) -> None:
    channel = channel_of(SITE.model_copy(update={"author": site_author}), Feeds())
    assert item_of(replace(ENTRY, authors=authors), channel).authors == shown


def test_category_and_tags_are_listed_once() -> None:
    item = item_of(replace(ENTRY, category="Travel", tags=("water", "Travel", "")), CHANNEL)
    assert item.categories == ("Travel", "water")


def test_template_tags_that_nothing_resolved_are_shown_nowhere() -> None:
    tagged = replace(
        ENTRY,
        authors=("{{ author }}", "Mira {{ x }} Lund"),
        category="{% category %}",
        tags=("{{ tag }}", "water"),
        cover=replace(COVER, alt="A boat {{ here }}."),
    )
    item = item_of(tagged, CHANNEL)
    assert (item.authors, item.categories) == (("Mira Lund",), ("water",))
    assert item.cover is not None
    assert item.cover.alt == "A boat."
    assert "{" not in item.html


def test_dates_are_utc_in_whole_seconds() -> None:
    local = datetime(2025, 3, 4, 9, 0, 0, 999, tzinfo=timezone(timedelta(hours=-5)))
    item = item_of(replace(ENTRY, published=local, updated=local), CHANNEL)
    assert (item.published.isoformat(), item.updated) == ("2025-03-04T14:00:00+00:00", MOMENT)


@pytest.mark.parametrize(("language", "shown"), [("en", None), ("de", "de"), ("", "")])
def test_a_language_of_its_own_is_told(language: str, shown: str | None) -> None:
    assert item_of(replace(ENTRY, language=language), CHANNEL).language == shown


@pytest.mark.parametrize(
    ("cover", "enclosure"),
    [
        (COVER, ("https://heronbridge.example/boat.jpg", "image/jpeg", 9)),
        (replace(COVER, media_type=None), None),
        (replace(COVER, size=None), None),
        (replace(COVER, problem="there is no file boat.jpg"), None),
        (None, None),
    ],
)
def test_only_a_cover_of_known_type_and_size_is_an_enclosure(cover: Picture | None, enclosure: object) -> None:
    assert item_of(replace(ENTRY, cover=cover), CHANNEL).enclosure == enclosure


def test_an_unusable_cover_is_shown_nowhere() -> None:
    item = item_of(replace(ENTRY, cover=replace(COVER, problem="there is no file boat.jpg")), CHANNEL)
    assert (item.cover, item.html) == (None, "<p>Boats</p>")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (replace(ENTRY, title=" \x00 "), "title is empty"),
        (replace(ENTRY, post_id=" "), "id is empty"),
        (replace(ENTRY, published=datetime(2025, 3, 4)), "no timezone"),  # noqa: DTZ001
        (replace(ENTRY, updated=datetime(2025, 3, 4)), "no timezone"),  # noqa: DTZ001
    ],
)
def test_an_entry_that_no_feed_can_show_is_refused(entry: Entry, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        item_of(entry, CHANNEL)


def test_the_feed_was_updated_when_its_most_recently_updated_entry_was() -> None:
    older, newer = replace(ENTRY, updated=MOMENT + timedelta(days=3)), replace(ENTRY, published=MOMENT)
    items = (item_of(older, CHANNEL), item_of(newer, CHANNEL))
    assert Document(channel=CHANNEL, title="News", items=items).updated == MOMENT + timedelta(days=3)
    assert Document(channel=CHANNEL, title="News", items=()).updated == datetime(2000, 1, 1, tzinfo=UTC)


def test_the_channel_is_made_from_the_settings() -> None:
    assert (CHANNEL.title, CHANNEL.description) == ("Heronbridge Conf", "News from Heronbridge Conf")
    assert (CHANNEL.home_url, CHANNEL.language) == ("https://heronbridge.example/", "en")
    assert channel_of(SITE.model_copy(update={"description": "All\nnews."}), Feeds()).description == "All news."


@pytest.mark.parametrize(
    ("path", "folder", "url"),
    [
        ("/news", "news", "https://heronbridge.example/news/rss.xml"),
        ("/", ".", "https://heronbridge.example/rss.xml"),
        ("//a/./b ü/", "a/b ü", "https://heronbridge.example/a/b%20%C3%BC/rss.xml"),
    ],
)
def test_the_feeds_address_fits_their_folder(path: str, folder: str, url: str) -> None:
    feeds = Feeds(path=path)
    assert str(folder_of(feeds)) == folder
    assert channel_of(SITE, feeds).url_of("rss.xml") == url
