"""The feeds with one entry shown anew are, byte for byte, what a whole build makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, SupportsBytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import Feeds, Site
from bot.domain import Entry
from bot.feeds.build import FeedBuild, render_feeds
from bot.feeds.incremental import ChangedFeeds, update_feeds
from tests.support.digests import both

SITE = Site(title="Heronbridge Conf", url="https://heronbridge.example", timezone="UTC")
MOMENT = datetime(2025, 3, 4, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BASE = "https://heronbridge.example/news/"
#: Small feeds, so that a few posts fill pages, and stand in none.
SMALL = {"entries": 3, "archive": 2}


def entry(number: int, **changes: Any) -> Entry:
    url = f"{BASE}n{number:03}/"
    when = MOMENT + number * DAY
    plain = Entry(
        post_id=url,
        slug=f"n{number:03}",
        url=url,
        title=f"N{number}",
        published=when,
        updated=when,
        released_at=when,
        language="en",
        html=f"<p>{number}</p>",
        digests=both(str(number)),
        category=("News", "Travel")[number % 2],
        tags=("tides", f"day {number % 3}"),
    )
    return replace(plain, **changes)


def built(entries: list[Entry], feeds: Feeds) -> tuple[FeedBuild, Mapping[str, SupportsBytes]]:
    made = render_feeds(entries, site=SITE, feeds=feeds)
    return made.built, made.files


def again(entries: list[Entry], changed: Entry, feeds: Feeds) -> ChangedFeeds | None:
    return update_feeds(built(entries, feeds)[0], changed)


def in_bytes(files: Mapping[str, SupportsBytes]) -> dict[str, bytes]:
    return {name: bytes(content) for name, content in files.items()}


words = st.sampled_from(["New words", "", "<b>bold</b>", "N1"])


@settings(max_examples=120)
@given(
    count=st.integers(1, 9),
    which=st.integers(0, 8),
    late=st.sets(st.integers(0, 8)),
    edited=st.sets(st.integers(0, 8)),
    hidden=st.sets(st.integers(0, 8), max_size=2),
    title=words,
    html=words,
    updated=st.integers(-3, 20),
    category=st.sampled_from([None, "News", "Travel"]),
    tags=st.lists(st.sampled_from(["tides", "day 1", "C++"]), max_size=2),
    entries=st.integers(1, 4),
    archive=st.integers(0, 4),
    divided=st.booleans(),
)
def test_one_entry_shown_anew_changes_what_a_whole_build_would_change(
    count: int,
    which: int,
    late: set[int],
    edited: set[int],
    hidden: set[int],
    title: str,
    html: str,
    updated: int,
    category: str | None,
    tags: list[str],
    entries: int,
    archive: int,
    divided: bool,
) -> None:
    feeds = Feeds(entries=entries, archive=archive, categories=divided, tags=divided)
    old = [
        entry(
            number,
            released_at=MOMENT + (30 if number in late else number) * DAY,
            updated=MOMENT + (number + 5 if number in edited else number) * DAY,
            hidden=number in hidden,
        )
        for number in range(count)
    ]
    which %= count
    changed = replace(
        old[which],
        title=title,
        html=html,
        updated=old[which].updated + updated * DAY,
        category=category,
        tags=tuple(tags),
        digests=both("new"),
    )
    found = again(old, changed, feeds)
    new = [changed if one is old[which] else one for one in old]
    build, whole = built(new, feeds)
    if found is None:
        simple = (category, tuple(tags)) == (old[which].category, old[which].tags) or not divided
        assert not (simple and title and which not in hidden)
        return
    before = in_bytes(built(old, feeds)[1])
    changes = in_bytes({**found.newest, **found.others})
    assert {**before, **changes} == in_bytes(whole)
    assert found.built.documents == build.documents
    assert found.built.page == build.page


def test_only_the_documents_that_show_the_entry_are_made() -> None:
    old = [entry(number) for number in range(8)]
    found = again(old, replace(old[2], title="New words"), Feeds(**SMALL))
    assert found is not None
    assert set(found.newest) == {f"news/{name}" for name in ("rss.xml", "atom.xml", "feed.json", "feeds.html")}
    assert set(found.others) == {f"news/archive/2/{name}" for name in ("rss.xml", "atom.xml", "feed.json")}


def test_two_entries_are_shown_anew_one_after_the_other() -> None:
    old = [entry(number) for number in range(8)]
    one, other = replace(old[2], title="New words"), replace(old[3], title="More words", updated=MOMENT + 90 * DAY)
    first = again(old, one, Feeds(**SMALL))
    assert first is not None
    second = update_feeds(first.built, other)
    assert second is not None
    _, whole = built([one if e is old[2] else other if e is old[3] else e for e in old], Feeds(**SMALL))
    files = {**first.newest, **first.others, **second.newest, **second.others}
    assert in_bytes(files) == {name: bytes(whole[name]) for name in files}


@pytest.mark.parametrize(
    ("changes", "feeds"),
    [
        ({"hidden": True}, {}),
        ({"title": ""}, {}),
        ({"feed_id": "another"}, {}),
        ({"published": MOMENT}, {}),
        ({"category": "Other"}, {"categories": True}),
        ({"tags": ("other",)}, {"tags": True}),
    ],
)
def test_what_changes_order_or_topics_takes_a_whole_build(changes: dict[str, Any], feeds: dict[str, Any]) -> None:
    old = [entry(number) for number in range(4)]
    assert again(old, replace(old[2], **changes), Feeds(**SMALL, **feeds)) is None


def test_an_entry_that_was_not_shown_takes_a_whole_build() -> None:
    assert again([entry(1), entry(2, hidden=True)], entry(2), Feeds(**SMALL)) is None
    assert again([entry(1)], entry(2), Feeds(**SMALL)) is None
