"""The posts of two seasons, an invented one and a real one where it is present, as a feed reader sees them."""

from __future__ import annotations

import html
import json
from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from runpy import run_path

import feedparser
import pytest

from bot.config import Config, Feeds, Site
from bot.domain import Entry
from bot.feeds.build import FeedFiles, render_feeds
from bot.feeds.entry import entry_of
from bot.posts.reader import read_post
from tests.support.corpus import BY_NAME, Corpus

NOW = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Season:
    """A season as its feeds show it at the end of the year."""

    corpus: Corpus

    @cached_property
    def config(self) -> Config:
        site = Site(title="A season", url="https://2024.djangocon.us", timezone="America/New_York", assets=Path())
        root = self.corpus.root
        return Config(root=root, path=root / "config" / "bot.toml", site=site, feeds=Feeds())

    @cached_property
    def released(self) -> dict[str, Entry]:
        """Permalink, made from the file's name alone → the entry."""
        entries: dict[str, Entry] = {}
        for path in self.corpus.files:
            post = read_post(path, config=self.config)
            assert post is not None
            entries[f"https://2024.djangocon.us/news/{path.stem}/"] = entry_of(post, released_at=NOW)
        return entries

    @cached_property
    def rendered(self) -> FeedFiles:
        return render_feeds(self.released.values(), site=self.config.site, feeds=self.config.feeds)


@pytest.fixture(scope="module", params=BY_NAME)
def season(request: pytest.FixtureRequest) -> Season:
    return Season(request.param)


def test_every_post_is_in_every_feed(season: Season) -> None:
    assert season.rendered.faults == ()
    assert len(season.released) == 21
    items = json.loads(bytes(season.rendered.files["news/feed.json"]))["items"]
    assert {item["url"] for item in items} == set(season.released)
    assert len({item["id"] for item in items}) == 21
    assert all(entry.published < NOW for entry in season.released.values())


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
def test_a_reader_finds_each_posts_link_dates_author_summary_and_enclosure(season: Season, name: str) -> None:
    feed = feedparser.parse(bytes(season.rendered.files[f"news/{name}"]))
    assert not feed.bozo
    assert len(feed.entries) == 21
    for read in feed.entries:
        entry = season.released[read.link]
        assert read.title == entry.title
        assert timegm(read.published_parsed) == int(entry.published.timestamp())
        assert [author.name for author in read.authors] == list(entry.authors)
        assert entry.authors
        assert entry.summary
        assert (html.unescape(read.summary) if name == "rss.xml" else read.summary) == entry.summary
        cover = entry.cover if entry.cover and not entry.cover.problem else None
        enclosures = [(cover.url, cover.media_type, str(cover.size))] if cover else []
        assert [(one.href, one.type, one.length) for one in read.enclosures] == enclosures
        assert read.content[0].value


def test_newest_posts_stand_first_in_every_feed(season: Season) -> None:
    newest_first = sorted(season.released, key=lambda url: season.released[url].published, reverse=True)
    assert [item["url"] for item in json.loads(bytes(season.rendered.files["news/feed.json"]))["items"]] == newest_first
    for name in ("rss.xml", "atom.xml"):
        assert [
            read.link for read in feedparser.parse(bytes(season.rendered.files[f"news/{name}"])).entries
        ] == newest_first


def test_covers_that_are_there_are_shown_and_missing_ones_are_left_out(season: Season) -> None:
    for item in json.loads(bytes(season.rendered.files["news/feed.json"]))["items"]:
        cover = season.released[item["url"]].cover
        usable = cover is not None and not cover.problem
        assert ("image" in item) is usable
        assert not usable or item["content_html"].count(f'src="{item["image"]}"') == 1
    with_cover = [entry.cover for entry in season.released.values() if entry.cover]
    assert len([cover for cover in with_cover if cover.problem]) == 2
    assert len([cover for cover in with_cover if not cover.problem]) > 10


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml", "feed.json"])
def test_the_feeds_of_real_posts_keep_the_rules(season: Season, name: str) -> None:
    rules = run_path(str(Path(__file__).with_name("test_feed_w3c_rules.py")))["RULES"]
    findings = rules[name](bytes(season.rendered.files[f"news/{name}"]), f"https://2024.djangocon.us/news/{name}")
    assert list(findings) == []


def test_archive_topics_and_all_formats_of_real_posts_keep_the_rules_and_agree(season: Season) -> None:
    rules = run_path(str(Path(__file__).with_name("test_feed_w3c_rules.py")))["RULES"]
    tables = run_path(str(Path(__file__).with_name("test_feed_readers.py")))
    feeds = Feeds(entries=6, archive=5, categories=True, tags=True, hubs=("https://hub.example/",), rights="© them")
    made = render_feeds(season.released.values(), site=season.config.site, feeds=feeds)
    assert made.faults == ()
    files = {name: bytes(content) for name, content in made.files.items()}
    for name, content in files.items():
        if not name.endswith(".html"):
            findings = rules[name.rpartition("/")[2]](content, f"https://2024.djangocon.us/{name}")
            assert list(findings) == [], name
    folders = [name.removesuffix("feed.json") for name in files if name.endswith("feed.json")]
    assert sum("/archive/" in folder for folder in folders) == 4
    assert sum("/category/" in folder for folder in folders) >= 1
    for folder in folders:
        table = tables["json_table"](files[f"{folder}feed.json"])
        assert tables["rss_table"](files[f"{folder}rss.xml"]) == table
        assert tables["atom_table"](files[f"{folder}atom.xml"]) == table
    held = {
        row[1] for folder in folders if "/archive/" in folder or folder == "news/" for row in rows_of(files, folder)
    }
    assert held == set(season.released)


def rows_of(files: dict[str, bytes], folder: str) -> list[tuple[str, str]]:
    return [(item["id"], item["url"]) for item in json.loads(files[f"{folder}feed.json"])["items"]]
