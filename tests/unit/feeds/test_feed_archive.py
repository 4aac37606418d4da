"""The archive: complete, and its pages stay as they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bot.config import Feeds, Site
from bot.domain import Entry
from bot.feeds.build import render_feeds
from tests.support.digests import both

SITE = Site(title="Heronbridge Conf", url="https://heronbridge.example", timezone="UTC")
MOMENT = datetime(2025, 3, 4, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ATOM = "{http://www.w3.org/2005/Atom}"
ARCHIVE_MARK = "{http://purl.org/syndication/history/1.0}archive"
BASE = "https://heronbridge.example/news/"


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
    )
    return replace(plain, **changes)


def made(entries: Iterable[Entry], /, released: Iterable[Entry] | None = None, **changes: Any) -> Mapping[str, bytes]:
    feeds = Feeds(**{"entries": 4, "archive": 3, **changes})
    files = render_feeds(entries, site=SITE, feeds=feeds, released=released).files
    return {name.removeprefix("news/"): bytes(content) for name, content in files.items()}


def titles(files: Mapping[str, bytes], name: str = "feed.json") -> list[str]:
    return [item["title"] for item in json.loads(files[name])["items"]]


def pages(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if name.startswith("archive/")}


def test_every_so_many_posts_fill_a_page_the_oldest_first() -> None:
    files = made(entry(number) for number in range(8))
    assert titles(files) == ["N7", "N6", "N5", "N4"]
    assert titles(files, "archive/1/feed.json") == ["N2", "N1", "N0"]
    assert titles(files, "archive/2/feed.json") == ["N5", "N4", "N3"]
    assert len(pages(files)) == 2 * 3


@pytest.mark.parametrize(("archive", "entries"), [(0, 4), (3, 30)])
def test_there_is_no_archive_where_none_is_wanted_or_no_page_is_full(archive: int, entries: int) -> None:
    files = made([entry(number) for number in range(2)], archive=archive, entries=entries)
    assert pages(files) == {}
    assert b"prev-archive" not in files["atom.xml"]
    assert "next_url" not in json.loads(files["feed.json"])


def test_a_page_never_holds_more_posts_than_the_feed() -> None:
    files = made([entry(number) for number in range(5)], entries=2, archive=100)
    assert [len(titles(files, f"archive/{page}/feed.json")) for page in (1, 2)] == [2, 2]


def links(document: bytes) -> dict[str, str]:
    root = etree.fromstring(document)
    channel = root if root.tag == f"{ATOM}feed" else root[0]
    return {str(link.get("rel")): str(link.get("href")) for link in channel.findall(f"{ATOM}link")}


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
def test_the_pages_are_chained_from_the_feed_back_to_the_first(name: str) -> None:
    files = made([entry(number) for number in range(9)])
    chain = [name]
    while before := links(files[chain[-1]]).get("prev-archive"):
        chain.append(before.removeprefix(BASE))
    assert chain == [name, *(f"archive/{page}/{name}" for page in (3, 2, 1))]
    for step, document in enumerate(chain):
        found = links(files[document])
        assert found["self"] == BASE + document
        assert found.get("current") == (BASE + name if step else None)
        assert bool(etree.fromstring(files[document]).findall(f".//{ARCHIVE_MARK}")) is bool(step)


def test_json_pages_are_chained_and_the_chain_ends() -> None:
    files = made([entry(number) for number in range(9)])
    chain = ["feed.json"]
    while before := json.loads(files[chain[-1]]).get("next_url"):
        chain.append(before.removeprefix(BASE))
    assert chain == ["feed.json", *(f"archive/{page}/feed.json" for page in (3, 2, 1))]


def test_the_atom_pages_belong_to_the_feed() -> None:
    files = made([entry(number) for number in range(9)])
    ids = {etree.fromstring(files[f"{at}atom.xml"]).findtext(f"{ATOM}id") for at in ("", "archive/1/", "archive/3/")}
    assert ids == {f"{BASE}atom.xml"}


def test_pages_name_no_hub_for_they_do_not_change() -> None:
    files = made([entry(number) for number in range(4)], hubs=("https://hub.example/",))
    assert [name for name, content in files.items() if b"https://hub.example/" in content] == [
        "rss.xml",
        "atom.xml",
        "feed.json",
    ]


def test_a_new_post_changes_no_page_that_is_full() -> None:
    history = [entry(number) for number in range(40)]
    for count in range(3, 40):
        before, after = pages(made(history[:count])), pages(made(history[: count + 1]))
        assert {name: after[name] for name in before} == before


@pytest.mark.parametrize(
    "change",
    [
        {"hidden": True},
        {"title": "Edited", "updated": MOMENT + 90 * DAY, "revision": 1},
        {"slug": "renamed", "url": f"{BASE}renamed/"},
    ],
    ids=["hidden", "edited", "renamed"],
)
def test_a_change_to_a_post_changes_its_page_and_no_other(change: dict[str, Any]) -> None:
    history = [entry(number) for number in range(12)]
    changed = [*history[:4], replace(history[4], **change), *history[5:]]
    before, after = pages(made(history)), pages(made(changed))
    assert before.keys() == after.keys()
    assert {name.split("/")[1] for name in before if before[name] != after[name]} == {"2"}


def test_a_post_whose_file_is_gone_leaves_its_place_empty() -> None:
    history = [entry(number) for number in range(12)]
    before, after = pages(made(history)), pages(made(history[:4] + history[5:], released=history))
    assert {name.split("/")[1] for name in before if before[name] != after[name]} == {"2"}


def test_a_post_that_is_released_late_moves_no_other_and_stands_in_the_feed_until_its_page_is_full() -> None:
    history = [entry(number) for number in range(6)]
    late = entry(90, published=MOMENT - 9 * DAY, updated=MOMENT - 9 * DAY, title="Late")
    files = made([*history, late])
    assert pages(files) == pages(made(history))
    assert titles(files) == ["N5", "N4", "N3", "N2", "Late"]
    filled = made([*history, late, entry(91), entry(92)])
    assert titles(filled) == ["N92", "N91", "N5", "N4"]
    assert titles(filled, "archive/3/feed.json") == ["N92", "N91", "Late"]


def test_a_post_that_is_edited_long_after_comes_into_the_feed_again_for_a_while() -> None:
    history = [entry(number) for number in range(8)]
    history[0] = replace(history[0], updated=MOMENT + 5 * DAY, title="Edited")
    assert titles(made(history)) == ["N7", "N6", "N5", "N4", "Edited"]
    assert titles(made([*history, entry(8), entry(9)])) == ["N9", "N8", "N7", "N6"]


def test_after_an_edit_of_everything_the_feed_is_at_most_twice_as_long() -> None:
    history = [entry(number, updated=MOMENT + (100 - number) * DAY) for number in range(30)]
    assert titles(made(history)) == ["N29", "N28", "N27", "N26", "N3", "N2", "N1", "N0"]


Draw = st.tuples(st.integers(0, 60), st.integers(0, 60), st.booleans())


@settings(deadline=None, max_examples=60)
@given(st.lists(Draw, max_size=25), st.integers(1, 6), st.integers(1, 9))
def test_feed_and_pages_together_hold_every_post_that_may_be_shown(
    drawn: list[tuple[int, int, bool]], entries: int, archive: int
) -> None:
    moments = [(MOMENT + day * DAY, MOMENT + at * DAY, hidden) for day, at, hidden in drawn]
    history = [
        entry(number, published=when, updated=when, released_at=released_at, hidden=hidden)
        for number, (when, released_at, hidden) in enumerate(moments)
    ]
    files = made(history, entries=entries, archive=archive)
    held = {title for name in files if name.endswith("feed.json") for title in titles(files, name)}
    assert held == {one.title for one in history if not one.hidden}
    assert made(reversed(history), entries=entries, archive=archive) == files
