"""Covers on other hosts: an enclosure once their type and size are known, and whom to ask when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config import Feeds, Site
from bot.domain import Entry, Picture, RemotePicture
from bot.feeds.build import render_feeds
from bot.feeds.covers import ASK_AGAIN, add_known_covers, choose_covers_to_ask

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
URL = "https://pictures.example/pier.jpg"
REMOTE = Picture(url=URL, alt="A pier", remote=True)
LOCAL = Picture(url="https://conf.example/a.jpg", path=Path("a.jpg"), media_type="image/jpeg", size=9)
KNOWN = RemotePicture(url=URL, media_type="image/jpeg", size=4711, asked_at=NOW)
SITE = Site(title="Conf", url="https://conf.example", timezone="UTC")
MakeEntry = Callable[..., Entry]


def asked_in_vain(ago: timedelta) -> RemotePicture:
    return RemotePicture(url=URL, asked_at=NOW - ago)


@pytest.mark.parametrize(
    ("known", "urls"),
    [
        (None, (URL,)),
        (KNOWN, ()),
        (replace(KNOWN, asked_at=NOW - 99 * ASK_AGAIN), ()),
        (asked_in_vain(timedelta()), ()),
        (asked_in_vain(ASK_AGAIN - SECOND), ()),
        (asked_in_vain(ASK_AGAIN), (URL,)),
        (asked_in_vain(-SECOND), ()),
        (asked_in_vain(-ASK_AGAIN), (URL,)),
    ],
)
def test_a_cover_is_selected_once_and_after_a_failure_a_day_later(
    make_entry: MakeEntry, known: RemotePicture | None, urls: tuple[str, ...]
) -> None:
    assert choose_covers_to_ask([make_entry(cover=REMOTE)], {URL: known} if known else {}, now=NOW) == urls


@pytest.mark.parametrize(
    "changes",
    [
        {"cover": None},
        {"cover": LOCAL},
        {"cover": replace(REMOTE, problem="there is no file")},
        {"cover": REMOTE, "hidden": True},
    ],
)
def test_nobody_is_selected_what_no_feed_needs(make_entry: MakeEntry, changes: dict[str, Any]) -> None:
    assert choose_covers_to_ask([make_entry(**changes)], {}, now=NOW) == ()


def test_the_newest_is_selected_first_and_each_address_once(make_entry: MakeEntry) -> None:
    entries = [
        make_entry(f"post-{number}", cover=replace(REMOTE, url=f"{URL}?{number % 3}"), published=NOW + number * SECOND)
        for number in range(5)
    ]
    assert choose_covers_to_ask(entries, {}, now=NOW) == (f"{URL}?1", f"{URL}?0", f"{URL}?2")


@pytest.mark.parametrize(
    ("cover", "expected"),
    [
        (REMOTE, replace(REMOTE, media_type="image/jpeg", size=4711)),
        (replace(REMOTE, url=f"{URL}?2"), replace(REMOTE, url=f"{URL}?2")),
        (replace(REMOTE, problem="it is a template tag"), replace(REMOTE, problem="it is a template tag")),
        (LOCAL, LOCAL),
        (None, None),
    ],
)
def test_what_is_known_completes_the_cover(
    make_entry: MakeEntry, cover: Picture | None, expected: Picture | None
) -> None:
    entry = make_entry(cover=cover)
    found = {URL: KNOWN, LOCAL.url: replace(KNOWN, url=LOCAL.url)}
    assert add_known_covers([entry], found) == [replace(entry, cover=expected)]


def test_the_feeds_name_it_as_an_enclosure_once_it_is_known_and_no_date_moves(make_entry: MakeEntry) -> None:
    entry = make_entry(cover=REMOTE)
    before, after = (
        {name: bytes(file).decode() for name, file in render_feeds(entries, site=SITE, feeds=Feeds()).files.items()}
        for entries in (
            add_known_covers([entry], {URL: asked_in_vain(SECOND)}),
            add_known_covers([entry], {URL: KNOWN}),
        )
    )
    enclosures = {
        "news/rss.xml": f'<enclosure url="{URL}" length="4711" type="image/jpeg"/>',
        "news/atom.xml": f'<link rel="enclosure" type="image/jpeg" length="4711" href="{URL}"/>',
        "news/feed.json": f'"attachments": [{{"url": "{URL}", "mime_type": "image/jpeg", "size_in_bytes": 4711}}]',
    }
    for name, enclosure in enclosures.items():
        assert enclosure in after[name]
        assert "enclosure" not in before[name]
        assert "attachments" not in before[name]
        for date in ("<updated>", "pubDate", "date_modified", "lastBuildDate"):
            assert lines_with(date, before[name]) == lines_with(date, after[name])


def lines_with(word: str, text: str) -> list[str]:
    return [part[:60] for part in text.split(word)[1:]]
