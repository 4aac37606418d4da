"""The last look at a feed before it replaces the one that readers have, and what makes it unnecessary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.config import Feeds, Site
from bot.domain import Entry
from bot.feeds import rss
from bot.feeds.build import FORMATS, ItemCache, render_feeds
from bot.feeds.document import BrokenFeedError, Document, FeedFile, Format
from bot.files.public_folder import PublicFolder
from tests.support.digests import both

SITE = Site(title="Heronbridge Conf", url="https://heronbridge.example", timezone="UTC")
MOMENT = datetime(2025, 3, 4, 14, 0, tzinfo=UTC)


def entry(slug: str, **changes: Any) -> Entry:
    url = f"https://heronbridge.example/news/{slug}/"
    plain = Entry(
        post_id=url,
        slug=slug,
        url=url,
        title=slug,
        published=MOMENT,
        updated=MOMENT,
        released_at=MOMENT,
        language="en",
        html=f"<p>{slug}</p>",
        digests=both(slug),
    )
    return replace(plain, **changes)


@dataclass(frozen=True)
class Garbled:
    """A format whose bytes have been spoilt."""

    real: Format
    old: str
    new: str

    @property
    def MEDIA_TYPE(self) -> str:
        return self.real.MEDIA_TYPE

    @property
    def FILE_NAME(self) -> str:
        return self.real.FILE_NAME

    def render(self, document: Document) -> bytes:
        text = self.real.render(document).decode()
        assert self.old in text
        return text.replace(self.old, self.new).encode()


def document_of(*slugs: str) -> Document:
    made = render_feeds([entry(slug) for slug in slugs], site=SITE, feeds=Feeds())
    file = made.files["news/rss.xml"]
    assert isinstance(file, FeedFile)
    return file.document


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.FILE_NAME)
def test_what_is_made_is_sound(kind: Format) -> None:
    assert bytes(FeedFile(document_of("a", "b"), kind))
    assert bytes(FeedFile(document_of(), kind))


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.FILE_NAME)
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<p>a", "<p>\x00a", "cannot be read back"),
        ("heronbridge.example/news/a/", "heronbridge.example/news/c/", "entries that are not"),
        ("heronbridge.example/news/{}", "elsewhere.example/news/{}", "as its own address"),
    ],
    ids=["unreadable", "other-entries", "other-address"],
)
def test_a_feed_that_would_be_broken_is_refused(kind: Format, old: str, new: str, reason: str) -> None:
    old, new = (text.format(kind.FILE_NAME) for text in (old, new))
    if kind is not FORMATS[2]:
        old, new = old.replace("<p>", "&lt;p&gt;"), new.replace("<p>", "&lt;p&gt;")
    with pytest.raises(BrokenFeedError, match=reason):
        bytes(FeedFile(document_of("a", "b"), Garbled(kind, old, new)))


@pytest.mark.parametrize("content", ["<html/>", "<rss/>", "<rss><channel/></rss>", "{}", "", "<feed/>"])
def test_what_is_no_feed_is_refused(content: str) -> None:
    @dataclass(frozen=True)
    class Nonsense(Garbled):
        def render(self, document: Document) -> bytes:
            return content.encode()

    with pytest.raises(BrokenFeedError):
        bytes(FeedFile(document_of("a"), Nonsense(rss, "", "")))


def test_of_a_broken_feed_the_last_good_one_stays_and_the_others_are_written(tmp_path: Path) -> None:
    public = PublicFolder(tmp_path, gzip=True)
    first, second = document_of("a"), document_of("a", "b")
    public.write({kind.FILE_NAME: FeedFile(first, kind) for kind in FORMATS})
    good = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    files = {kind.FILE_NAME: FeedFile(second, kind) for kind in FORMATS}
    files["rss.xml"] = FeedFile(second, Garbled(rss, "<channel>", "<channel"))
    written = public.write(files)
    assert written.changed == ("atom.xml", "feed.json")
    (fault,) = written.faults
    assert f"{tmp_path}/rss.xml: it was left as it is, for its new content would be broken: it cannot be" in str(fault)
    for name in ("rss.xml", "rss.xml.gz"):
        assert (tmp_path / name).read_bytes() == good[name]
    assert public.write({**files, "rss.xml": FeedFile(second, rss)}).changed == ("rss.xml",)


def test_an_unchanged_entry_keeps_its_item_and_a_changed_one_does_not() -> None:
    cache = ItemCache()

    def items(*entries: Entry, rights: str = "") -> list[int]:
        file = render_feeds(entries, site=SITE, feeds=Feeds(rights=rights), cache=cache).files["news/rss.xml"]
        assert isinstance(file, FeedFile)
        kept.append(file)  # so that no id is used again
        return [id(item) for item in file.document.items]

    kept: list[FeedFile] = []
    before = items(entry("a"), entry("b"))
    after = items(entry("a"), entry("b", title="B"))
    assert (before[1] == after[1], before[0] == after[0]) == (True, False)
    assert set(items(entry("a"), entry("b"), rights="mine")).isdisjoint(before)


@pytest.mark.parametrize(
    "changes",
    [{"title": "x"}, {"rights": "mine"}, {"hubs": ("https://hub.example/",)}, {"entry": "c"}, {}],
    ids=str,
)
def test_files_are_equal_only_if_their_bytes_are(changes: dict[str, Any]) -> None:
    settings = {name: value for name, value in changes.items() if name in ("rights", "hubs")}
    site = SITE.model_copy(update={name: value for name, value in changes.items() if name == "title"})
    slugs = ["a", changes.get("entry", "b")]
    before = render_feeds([entry("a"), entry("b")], site=SITE, feeds=Feeds()).files
    after = render_feeds([entry(slug) for slug in slugs], site=site, feeds=Feeds(**settings)).files
    for name, content in before.items():
        assert bytes(content) == bytes(after[name]) or content != after[name], name
    assert (before == after) is (not changes)
