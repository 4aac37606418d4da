"""Which entries the feeds show, in which order, and what one bad entry does to the rest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import PurePosixPath
from random import Random
from typing import Any, cast

import pytest

from bot.config import Feeds, Site
from bot.domain import Entry, Picture
from bot.feeds.build import FORMATS, FeedFiles, render_feeds
from tests.support.digests import both

SITE = Site(title="Heronbridge Conf", url="https://heronbridge.example", timezone="UTC")
MAIN = ("news/rss.xml", "news/atom.xml", "news/feed.json")
MOMENT = datetime(2025, 3, 4, 14, 0, tzinfo=UTC)
COVER = Picture(url="https://heronbridge.example/boat.jpg", media_type="image/jpeg", size=9)


def entry(slug: str, *, days: int = 0, **changes: Any) -> Entry:
    url = f"https://heronbridge.example/news/{slug}/"
    published = MOMENT + timedelta(days=days)
    plain = Entry(
        post_id=url,
        slug=slug,
        url=url,
        title=slug.title(),
        published=published,
        updated=published,
        released_at=published,
        language="en",
        html=f"<p>{slug}</p>",
        digests=both(slug),
    )
    return replace(plain, **changes)


def titles(rendered: FeedFiles) -> list[str]:
    return [item["title"] for item in json.loads(bytes(rendered.files["news/feed.json"]))["items"]]


def test_newest_come_first_and_equal_times_are_ordered_by_id() -> None:
    entries = [entry("b"), entry("new", days=1), entry("c"), entry("old", days=-1), entry("a")]
    assert titles(render_feeds(entries, site=SITE, feeds=Feeds())) == ["New", "C", "B", "A", "Old"]


def test_the_order_of_the_entries_given_does_not_matter() -> None:
    entries = [entry("b"), entry("a"), entry("a", url="https://heronbridge.example/x/"), entry("c", days=1)]
    expected = render_feeds(entries, site=SITE, feeds=Feeds())
    for seed in range(6):
        Random(seed).shuffle(entries)
        rendered = render_feeds(entries, site=SITE, feeds=Feeds())
        assert [str(fault) for fault in rendered.faults] == [str(fault) for fault in expected.faults]
        assert replace(rendered, faults=()) == replace(expected, faults=())


def test_only_so_many_are_shown_as_the_settings_say_and_the_oldest_go() -> None:
    entries = [entry(f"n{number}", days=number) for number in range(5)]
    assert titles(render_feeds(entries, site=SITE, feeds=Feeds(entries=2))) == ["N4", "N3"]


def test_hidden_entries_leave_no_trace() -> None:
    shown = [entry("a"), entry("b")]
    hidden = entry("secret", days=3, hidden=True, updated=MOMENT + timedelta(days=9))
    feeds = Feeds(entries=2)
    assert render_feeds([hidden, *shown], site=SITE, feeds=feeds) == render_feeds(shown, site=SITE, feeds=feeds)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/news", {"news/rss.xml", "news/atom.xml", "news/feed.json"}),
        ("/", {"rss.xml", "atom.xml", "feed.json"}),
        ("/a/b", {"a/b/rss.xml", "a/b/atom.xml", "a/b/feed.json"}),
    ],
)
def test_the_files_lie_where_the_settings_say(path: str, names: set[str]) -> None:
    files = render_feeds([], site=SITE, feeds=Feeds(path=path)).files
    page = str(PurePosixPath(path.lstrip("/")) / "feeds.html")
    assert set(files) == names | {page}


def test_each_format_has_its_own_name_and_media_type() -> None:
    assert len({(kind.FILE_NAME, kind.MEDIA_TYPE) for kind in FORMATS}) == 3
    assert {kind.MEDIA_TYPE.removeprefix("application/") for kind in FORMATS} == {"rss+xml", "atom+xml", "feed+json"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"title": "\x00"}, "its title is empty; give the post a title"),
        ({"published": datetime(2025, 3, 5)}, "has no timezone"),  # noqa: DTZ001
        ({"tags": (5,)}, "not iterable"),
        # Only JSON would refuse this one, so it shows that an entry is left out of every format.
        ({"cover": replace(COVER, size=cast(int, Decimal(5)))}, "is not a whole number"),
        # Only XML would refuse this one.
        ({"cover": replace(COVER, width=cast(int, "\x00"))}, "is not a whole number"),
    ],
    ids=["no-title", "no-zone", "no-text", "json-would-refuse", "xml-would-refuse"],
)
def test_one_bad_entry_is_named_and_left_out_of_every_format(changes: dict[str, Any], reason: str) -> None:
    good = [entry("a"), entry("b", days=-1), entry("c", days=-2)]
    feeds = Feeds(entries=2, archive=0)
    rendered = render_feeds([entry("bad", days=1, **changes), *good], site=SITE, feeds=feeds)
    without = render_feeds(good, site=SITE, feeds=feeds)
    assert [bytes(rendered.files[name]) for name in MAIN] == [bytes(without.files[name]) for name in MAIN]
    (fault,) = rendered.faults
    assert str(fault).startswith("bad: left out of the feeds: ")
    assert reason in str(fault)


def test_of_two_entries_with_one_id_the_newer_is_shown_and_the_other_named() -> None:
    entries = [entry("first", post_id="same"), entry("second", days=1, post_id="same")]
    rendered = render_feeds(entries, site=SITE, feeds=Feeds())
    assert titles(rendered) == ["Second"]
    (fault,) = rendered.faults
    assert str(fault) == (
        'first: left out of the feeds: "second" has the same id, tag:heronbridge.example,2025:same; '
        "give one of them another."
    )


def test_a_thousand_entries_are_cut_before_they_are_written() -> None:
    entries = [entry(f"n{number:04}", days=-number) for number in range(1000)]
    assert titles(render_feeds(entries, site=SITE, feeds=Feeds(entries=3))) == ["N0000", "N0001", "N0002"]
