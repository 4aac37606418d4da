"""Reading a feed that the site had before: ids, links, titles and dates, in every format and as found in the wild."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import OldEntry
from bot.domain.errors import OldFeedError
from bot.feeds.old_feed import read_old_feed

DAY = datetime(2024, 7, 9, 10, 0, tzinfo=UTC)
LATER = datetime(2024, 7, 10, 10, 0, tzinfo=UTC)
LINK = "https://old.example/news/a/"
WHOLE = OldEntry(feed_id="urn:a", link=LINK, title="A & B", published=DAY, updated=LATER)

RSS = f"""<?xml version="1.0"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>Old</title><link>https://old.example/</link>
<item><guid isPermaLink="false">urn:a</guid><link>{LINK}</link><title>A &amp; B</title>
<pubDate>Tue, 09 Jul 2024 06:00:00 -0400</pubDate><atom:updated>2024-07-10T10:00:00Z</atom:updated></item>
</channel></rss>"""
ATOM = f"""<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:feed</id><title>Old</title>
<entry><id>urn:a</id><link rel="enclosure" href="https://x.example/p.png"/><link href="{LINK}"/>
<title type="html">A
   &amp; B</title><published>2024-07-09T10:00:00+00:00</published><updated>2024-07-10T12:00:00+02:00</updated></entry>
</feed>"""
JSON_ITEM = {"id": "urn:a", "url": LINK, "title": "A & B", "date_published": "2024-07-09T10:00:00Z"}
JSON_ITEM["date_modified"] = "2024-07-10T10:00:00Z"


def json_feed(*items: object) -> str:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Old", "items": list(items)})


def read(text: str | bytes) -> tuple[OldEntry, ...]:
    return read_old_feed(text.encode() if isinstance(text, str) else text, source="old").entries


@pytest.mark.parametrize("text", [RSS, ATOM, json_feed(JSON_ITEM)], ids=["rss", "atom", "json"])
@pytest.mark.parametrize("before", ["", "\ufeff", "\n  "])
def test_each_format_says_the_same(text: str, before: str) -> None:
    assert read(before + text) == (WHOLE,)


@pytest.mark.parametrize(
    ("item", "feed_id", "link"),
    [
        ("<guid>https://old.example/1</guid>", "https://old.example/1", "https://old.example/1"),
        (
            "<guid>https://old.example/1</guid><link>https://old.example/2</link>",
            "https://old.example/1",
            "https://old.example/2",
        ),
        ("<link>https://old.example/2</link>", "https://old.example/2", "https://old.example/2"),
        ('<guid isPermaLink="false">https://old.example/1</guid>', "https://old.example/1", ""),
        ("<guid>17 at https://old.example</guid>", "17 at https://old.example", ""),
        ("<guid><![CDATA[ 17 ]]></guid>", "17", ""),
    ],
)
def test_an_rss_item_is_known_by_its_guid_else_by_its_link(item: str, feed_id: str, link: str) -> None:
    (entry,) = read(f"<rss><channel><item>{item}</item></channel></rss>")
    assert (entry.feed_id, entry.link) == (feed_id, link)
    known_to_readers = feedparser.parse(f"<rss><channel><item>{item}</item></channel></rss>".encode()).entries[0]
    assert known_to_readers.get("id", known_to_readers.get("link")) == feed_id


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Tue, 09 Jul 2024 10:00:00 GMT", DAY),
        ("9 Jul 2024 10:00:00 +0000", DAY),
        ("Tue, 09 Jul 2024 06:00:00 EDT", DAY),
        ("2024-07-09T10:00:00", DAY),
        ("2024-07-09", datetime(2024, 7, 9, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("Tue, 99 Jul 2024 10:00:00 GMT", None),
        ("9999-12-31T23:59:59-23:00", None),
    ],
)
def test_dates_as_feeds_write_them(text: str, moment: datetime | None) -> None:
    (entry,) = read(f"<rss><channel><item><guid>1</guid><pubDate>{text}</pubDate></item></channel></rss>")
    assert entry.published == moment


def test_older_kinds_of_feed_are_read_as_well() -> None:
    rdf = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
        xmlns:dc="http://purl.org/dc/elements/1.1/"><item><link>https://old.example/1</link><title>One</title>
        <dc:date>2024-07-09T10:00:00Z</dc:date></item></rdf:RDF>"""
    assert read(rdf)[0].published == DAY
    atom = ATOM.replace("<published>2024-07-09T10:00:00+00:00</published>", "")
    assert read(atom)[0].published == LATER, "a feed that has only one date means that one"


def test_numbers_as_ids_are_texts_and_items_without_one_are_left_out() -> None:
    items = ({"id": 17}, {"title": "no id"}, "no item", {"id": ""}, {"id": None}, {"id": True})
    assert [entry.feed_id for entry in read(json_feed(*items))] == ["17"]


def test_of_two_entries_with_one_id_the_first_is_meant() -> None:
    entries = read(json_feed({"id": "a", "title": "newer"}, {"id": "b"}, {"id": "a", "title": "older"}))
    assert [(entry.feed_id, entry.title) for entry in entries] == [("a", "newer"), ("b", "")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<html><body><p>Not here</p></body></html>",
        b"<rss><channel/></rss>",
        b"{}",
        b'{"items": 3}',
        b'{"items": []}',
        b"[1]",
        b"<rss><channel><item>",
        b"\x00\x01",
        b'{"items": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_feed_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(OldFeedError, match=r"^old: "):
        read(content)


def test_a_file_that_asks_for_other_files_gets_none(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret words")
    text = f"""<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>
        <rss><channel><item><guid>1</guid><title>&x;</title></item></channel></rss>"""
    (entry,) = read(text)
    assert "secret" not in entry.title


def test_entities_that_grow_without_end_do_not() -> None:
    grown = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
    item = "<item><guid>1</guid><title>&a8;</title></item>"
    text = f'<!DOCTYPE rss [<!ENTITY a0 "ha">{grown}]><rss><channel>{item}</channel></rss>'
    try:
        (entry,) = read(text)
    except OldFeedError:
        return
    assert len(entry.title) < 1000


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_a_feed_or_an_error(content: bytes) -> None:
    with suppress(OldFeedError):
        assert read(content)
