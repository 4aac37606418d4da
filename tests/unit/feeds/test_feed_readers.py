"""What a feed reader finds in the feeds, and that the three formats agree entry by entry."""

from __future__ import annotations

import html
import json
from calendar import timegm
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from pydantic import TypeAdapter

from bot.config import Feeds, Site
from bot.domain import Entry
from bot.feeds.build import render_feeds
from bot.feeds.text import clean_line

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "feeds"
SITE = Site(title="Heronbridge Conf", url="https://heronbridge.example", timezone="UTC")
ATOM = "{http://www.w3.org/2005/Atom}"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


def season() -> list[Entry]:
    return TypeAdapter(list[Entry]).validate_json((GOLDEN / "season.json").read_bytes())


def rendered(entries: list[Entry]) -> dict[str, bytes]:
    return {name.removeprefix("news/"): content for name, content in feeds_of(entries).items()}


def feeds_of(entries: list[Entry]) -> dict[str, bytes]:
    feeds = render_feeds(entries, site=SITE, feeds=Feeds())
    assert feeds.faults == ()
    return {name: bytes(content) for name, content in feeds.files.items()}


def shown_entries() -> list[Entry]:
    visible = [entry for entry in season() if not entry.hidden]
    return sorted(visible, key=lambda entry: entry.published, reverse=True)


def as_read(parsed_time: Any) -> datetime:
    return datetime.fromtimestamp(timegm(parsed_time), tz=UTC)


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
def test_a_reader_finds_post_dates_authors_summary_and_enclosure(name: str) -> None:
    feed = feedparser.parse(rendered(season())[name])
    assert not feed.bozo
    assert feed.feed.link == "https://heronbridge.example/"
    for entry, read in zip(shown_entries(), feed.entries, strict=True):
        assert read.link == entry.url
        assert read.title == entry.title
        assert as_read(read.published_parsed) == entry.published.replace(microsecond=0)
        changed = read.updated_parsed if "updated_parsed" in list(read.keys()) else read.published_parsed
        assert as_read(changed) == entry.updated.replace(microsecond=0)
        assert [author.name for author in read.authors] == list(entry.authors or ("Heronbridge Conf",))
        if entry.summary:
            # RSS has HTML there, Atom has plain text.
            assert (html.unescape(read.summary) if name == "rss.xml" else read.summary) == entry.summary
        cover = entry.cover
        known = [(cover.url, cover.media_type, str(cover.size))] if cover and cover.size else []
        assert [(one.href, one.type, one.length) for one in read.enclosures] == known


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
def test_a_reader_finds_the_alt_text_of_the_cover(name: str) -> None:
    read = feedparser.parse(rendered(season())[name]).entries[1]
    assert "red" in read.content[0].value.split('alt="')[1]
    root = etree.fromstring(rendered(season())[name])
    alts = [element.text for element in root.iter("{http://search.yahoo.com/mrss/}description")]
    assert alts == [entry.cover.alt for entry in shown_entries() if entry.cover and entry.cover.alt]


def test_atom_links_keep_their_attributes() -> None:
    entry = etree.fromstring(rendered(season())["atom.xml"]).findall(f"{ATOM}entry")[1]
    assert [dict(link.items()) for link in entry.findall(f"{ATOM}link")] == [
        {"rel": "alternate", "type": "text/html", "href": season()[0].url},
        {
            "rel": "enclosure",
            "type": "image/jpeg",
            "length": "48213",
            "href": "https://heronbridge.example/assets/img/ines.jpg",
        },
    ]


def test_the_generator_is_named_without_a_version() -> None:
    files = rendered(season())
    assert etree.fromstring(files["rss.xml"]).findtext("channel/generator") == "announce"
    generator = etree.fromstring(files["atom.xml"]).find(f"{ATOM}generator")
    assert generator is not None
    assert (generator.text, dict(generator.items())) == ("announce", {})


def test_only_a_changed_item_of_rss_tells_a_change_date() -> None:
    items = etree.fromstring(rendered(season())["rss.xml"]).findall("channel/item")
    assert [item.findtext(f"{ATOM}updated") for item in items] == [None, "2025-03-05T09:30:00+00:00", None, None]


def plain(title: str) -> str:
    """An RSS title as readers show it, where ours is HTML: only then does it hold the end of an element, escaped."""
    return html.unescape(title) if "&lt;/" in title else title


def atom_text(node: etree._Element | None) -> str:
    """A text construct of Atom (RFC 4287 section 3.1) as readers show it."""
    assert node is not None
    return html.unescape(node.text or "") if node.get("type") == "html" else node.text or ""


def rss_table(content: bytes) -> list[tuple[object, ...]]:
    encoded = "{http://purl.org/rss/1.0/modules/content/}encoded"
    return [
        (
            item.findtext("guid"),
            item.findtext("link"),
            plain(item.findtext("title") or ""),
            item.findtext(encoded) or item.findtext("description"),
            [name.text for name in item.findall("{http://purl.org/dc/elements/1.1/}creator")],
            [name.text for name in item.findall("category")],
            datetime.strptime(item.findtext("pubDate") or "", "%a, %d %b %Y %H:%M:%S %z"),
        )
        for item in etree.fromstring(content).findall("channel/item")
    ]


def atom_table(content: bytes) -> list[tuple[object, ...]]:
    return [
        (
            entry.findtext(f"{ATOM}id"),
            next(link.get("href") for link in entry.findall(f"{ATOM}link") if link.get("rel") == "alternate"),
            atom_text(entry.find(f"{ATOM}title")),
            entry.findtext(f"{ATOM}content"),
            [name.text for name in entry.findall(f"{ATOM}author/{ATOM}name")],
            [category.get("term") for category in entry.findall(f"{ATOM}category")],
            datetime.fromisoformat(entry.findtext(f"{ATOM}published") or ""),
        )
        for entry in etree.fromstring(content).findall(f"{ATOM}entry")
    ]


def json_table(content: bytes) -> list[tuple[object, ...]]:
    return [
        (
            item["id"],
            item["url"],
            item["title"],
            item["content_html"],
            [author["name"] for author in item["authors"]],
            item.get("tags", []),
            datetime.fromisoformat(item["date_published"]),
        )
        for item in json.loads(content)["items"]
    ]


def test_the_three_formats_agree_entry_by_entry() -> None:
    files = rendered(season())
    table = json_table(files["feed.json"])
    assert [row[1] for row in table] == [entry.url for entry in shown_entries()]
    assert rss_table(files["rss.xml"]) == table
    assert atom_table(files["atom.xml"]) == table


@settings(deadline=None, max_examples=60)
@given(title=ANY_TEXT, summary=ANY_TEXT, author=ANY_TEXT, body=ANY_TEXT)
def test_whatever_the_texts_all_formats_parse_and_agree(title: str, summary: str, author: str, body: str) -> None:
    entry = replace(season()[0], title=f"T{title}", summary=summary, authors=(author,), html=f"<p>{html.escape(body)}")
    files = rendered([entry])
    table = json_table(files["feed.json"])
    assert table[0][2] == clean_line(f"T{title}")
    assert rss_table(files["rss.xml"]) == table
    assert atom_table(files["atom.xml"]) == table
    atom_summary = etree.fromstring(files["atom.xml"]).findtext(f"{ATOM}entry/{ATOM}summary") or ""
    assert atom_summary == json.loads(files["feed.json"])["items"][0].get("summary", "") == clean_line(summary)
