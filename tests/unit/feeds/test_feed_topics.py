"""Feeds of categories and tags."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Feeds, Site
from bot.domain import Entry
from bot.feeds.build import render_feeds, topic_slug
from tests.support.digests import both

SITE = Site(title="Heronbridge Conf", url="https://heronbridge.example", timezone="UTC")
MOMENT = datetime(2025, 3, 4, 14, 0, tzinfo=UTC)


def entry(slug: str, *, days: int = 0, **changes: Any) -> Entry:
    url = f"https://heronbridge.example/news/{slug}/"
    when = MOMENT + timedelta(days=days)
    plain = Entry(
        post_id=url,
        slug=slug,
        url=url,
        title=slug.title(),
        published=when,
        updated=when,
        released_at=when,
        language="en",
        html=f"<p>{slug}</p>",
        digests=both(slug),
    )
    return replace(plain, **changes)


def topics(entries: list[Entry], /, **changes: Any) -> dict[str, tuple[str, list[str]]]:
    """Folder of each topic → its feed's title and those of its posts."""
    feeds = Feeds(**{"categories": True, "tags": True, **changes})
    files = render_feeds(entries, site=SITE, feeds=feeds).files
    found = {}
    for name, content in files.items():
        if re.match(r"news/(category|tag)/.*feed\.json", name):
            feed = json.loads(bytes(content))
            titles = [item["title"] for item in feed["items"]]
            found[name.removeprefix("news/").removesuffix("/feed.json")] = (feed["title"], titles)
    return found


SEASON = [
    entry("tea", days=3, category="Social", tags=("food", "about us")),
    entry("talks", days=2, category="Programme", tags=("About  Us",)),
    entry("soup", days=1, category="Social", tags=("food",)),
    entry("plain"),
]


def test_each_category_and_each_tag_has_its_posts_newest_first() -> None:
    assert topics(SEASON) == {
        "category/programme": ("Heronbridge Conf: Programme", ["Talks"]),
        "category/social": ("Heronbridge Conf: Social", ["Tea", "Soup"]),
        "tag/about-us": ("Heronbridge Conf: About Us", ["Tea", "Talks"]),
        "tag/food": ("Heronbridge Conf: food", ["Tea", "Soup"]),
    }


def test_they_are_there_only_if_the_settings_ask_for_them() -> None:
    assert {folder.split("/")[0] for folder in topics(SEASON, categories=False)} == {"tag"}
    assert {folder.split("/")[0] for folder in topics(SEASON, tags=False)} == {"category"}
    assert topics(SEASON, categories=False, tags=False) == {}


def test_they_hold_as_many_posts_as_the_feed_but_reach_further_back() -> None:
    assert topics(SEASON, entries=1)["category/social"][1] == ["Tea"]
    assert topics(SEASON, entries=1)["category/programme"][1] == ["Talks"]


def test_a_later_post_does_not_rename_a_topic() -> None:
    later = [entry("more", days=9, tags=("FOOD",)), *SEASON]
    assert topics(later)["tag/food"] == ("Heronbridge Conf: food", ["More", "Tea", "Soup"])


def test_a_hidden_post_leaves_no_trace_in_the_topics() -> None:
    assert topics([entry("secret", category="Secret", tags=("food", "secret"), hidden=True), *SEASON]) == topics(SEASON)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Keynotes", "keynotes"),
        ("  About_us - and  YOU ", "about-us-and-you"),
        ("2025", "2025"),
        ("C", "c"),
        ("../../etc", r"etc-[0-9a-f]{8}"),
        ("C++", r"c-[0-9a-f]{8}"),
        ("Vorträge", r"vortrage-[0-9a-f]{8}"),
        ("講演", r"[0-9a-f]{8}"),
        ("🐂", r"[0-9a-f]{8}"),
        ("x" * 300, r"x{60}-[0-9a-f]{8}"),
    ],
)
def test_a_topics_folder_is_a_plain_name(name: str, slug: str) -> None:
    assert re.fullmatch(slug, topic_slug(name))


@given(st.text(st.characters(exclude_categories=())))
def test_whatever_the_name_the_folder_is_safe(name: str) -> None:
    slug = topic_slug(name)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", slug)
    assert len(slug) <= 70


def test_names_that_lose_characters_do_not_meet() -> None:
    names = ["C", "C++", "C#", "Vorträge", "Vortrage", "Vorträgé", "講演", "講座", ""]
    assert len({topic_slug(name) for name in names}) == len(names)
