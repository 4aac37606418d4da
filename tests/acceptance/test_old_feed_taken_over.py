"""A site that had a feed before: its subscribers see nothing twice, whichever way the old ids come in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest

from tests.support.listeners import Page, web_server
from tests.support.project import Project

SITE = "https://2024.djangocon.us"
NAMES = ("tickets", "venue", "speakers")
NOW = datetime.now(UTC)


class Subscriber:
    """Someone's feed reader, which knows an entry by its id and shows what is new."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}

    def poll(self, feed: Path | bytes) -> list[str]:
        """The titles that look new."""
        content = feed.read_bytes() if isinstance(feed, Path) else feed
        entries = feedparser.parse(content).entries
        assert entries
        new = [entry for entry in entries if entry.id not in self.seen]
        self.seen.update({entry.id: entry for entry in entries})
        return sorted(str(entry.title) for entry in new)


def moment(days: int) -> datetime:
    return (NOW - timedelta(days=days)).replace(hour=12, minute=0, second=0, microsecond=0)


def old_rss(**changes: str) -> bytes:
    """As another generator wrote it: ids of its own, dates hours later than in the files."""
    items = "".join(
        f'<item><guid isPermaLink="false">{number} at old.example</guid><title>About {name}</title>'
        f"<link>{changes.get(name, f'http://2024.djangocon.us/news/{name}')}</link>"
        f"<pubDate>{moment(40 - number) + timedelta(hours=8):%a, %d %b %Y %H:%M:%S} +0000</pubDate></item>"
        for number, name in enumerate(NAMES)
    )
    gone = "<item><guid>99</guid><title>Long gone</title><link>https://2024.djangocon.us/news/gone</link></item>"
    return f"<rss version='2.0'><channel><title>Old</title>{items}{gone}</channel></rss>".encode()


@pytest.fixture
def site(project: Project) -> Project:
    for number, name in enumerate(NAMES):
        project.write_post(name, f"{moment(40 - number):%Y-%m-%d %H:%M}+00:00", title=f"About {name}")
    (project.root / "old.xml").write_bytes(old_rss())
    return project


def add_setting(project: Project, line: str, table: str = "[feeds]") -> None:
    path = project.root / "config/bot.toml"
    text = path.read_text(encoding="utf-8")
    assert table in text
    path.write_text(text.replace(table, f"{table}\n{line}", 1), encoding="utf-8")


@pytest.fixture(params=["rss.xml", "atom.xml"])
def new_feed(site: Project, request: pytest.FixtureRequest) -> Path:
    return site.root / "public/news" / str(request.param)


def test_without_it_every_subscriber_sees_everything_twice(site: Project, new_feed: Path) -> None:
    reader = Subscriber()
    reader.poll(old_rss())
    assert site.announce("tick").returncode == 0
    assert len(reader.poll(new_feed)) == 3


def test_the_command_shows_what_it_would_do_asks_and_then_nobody_sees_anything_twice(
    site: Project, new_feed: Path
) -> None:
    reader = Subscriber()
    assert len(reader.poll(old_rss())) == 4
    refused = site.announce("feeds", "import", "old.xml")
    assert refused.returncode == 2
    assert "tickets  ←  0 at old.example" in refused.stdout
    assert "no post for: Long gone" in refused.stdout
    assert "3 to be taken over, 0 in use already, 0 too late, 1 without a post." in refused.stdout
    assert "Use --yes" in refused.stderr

    assert site.announce("feeds", "import", "old.xml", "--yes").returncode == 0
    assert not new_feed.exists(), "a release is the release's doing"
    assert site.announce("tick").returncode == 0
    dates = {entry.id: entry.published_parsed for entry in feedparser.parse(old_rss()).entries if entry.id != "99"}
    assert reader.poll(new_feed) == []
    assert {entry.id: entry.published_parsed for entry in feedparser.parse(new_feed.read_bytes()).entries} == dates

    site.write_post("fresh", f"{NOW - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}+00:00", title="Fresh")
    assert site.announce("tick").returncode == 0
    assert reader.poll(new_feed) == ["Fresh"]
    assert site.announce("check").stdout.count("datetime-moved") == 0


def test_a_setting_is_enough(site: Project, new_feed: Path) -> None:
    reader = Subscriber()
    reader.poll(old_rss())
    add_setting(site, 'import = "old.xml"')
    first = site.announce("tick")
    assert "old feed read  old.xml: 4 entries" in first.stdout
    assert reader.poll(new_feed) == []
    (site.root / "old.xml").unlink()
    assert "nothing new" in site.announce("tick").stdout, "it was taken over once, and is not needed any more"


def test_a_build_without_a_ledger_takes_the_ids_over_as_well(site: Project) -> None:
    reader = Subscriber()
    reader.poll(old_rss())
    add_setting(site, 'import = "old.xml"')
    assert site.announce("build", "--out", "out").returncode == 0
    assert reader.poll(site.root / "out/news/rss.xml") == []
    assert site.announce("tick").returncode == 0
    for name in ("rss.xml", "atom.xml", "feed.json"):
        built, ticked = (site.root / folder / "news" / name for folder in ("out", "public"))
        assert built.read_bytes() == ticked.read_bytes()


@pytest.fixture
def old_site() -> Iterator[tuple[str, dict[str, Page]]]:
    pages = {"/rss.xml": Page(body=old_rss())}
    with web_server(pages) as address:
        yield f"{address}/rss.xml", pages


def test_an_address_is_fetched_and_while_it_is_down_nothing_is_released(
    site: Project, old_site: tuple[str, dict[str, Page]], new_feed: Path
) -> None:
    address, pages = old_site
    reader = Subscriber()
    reader.poll(old_rss())
    add_setting(site, f'import = "{address}"')
    refused = site.announce("tick")
    assert "private network" in refused.stdout + refused.stderr
    assert not new_feed.exists() or not feedparser.parse(new_feed.read_bytes()).entries

    add_setting(site, "private_addresses = true", table="[site]")
    good = dict(pages)
    pages["/rss.xml"] = Page(status=503)
    down = site.announce("tick")
    assert "cannot be read" in down.stdout
    assert not feedparser.parse(new_feed.read_bytes()).entries
    built = site.announce("build", "--out", "out")
    assert "announce feeds import" in built.stderr
    assert built.returncode == 1

    pages.update(good)
    assert site.announce("tick").returncode == 0
    assert reader.poll(new_feed) == []


def test_posts_that_were_released_before_stay_as_they_are_and_it_says_so(site: Project, new_feed: Path) -> None:
    assert site.announce("tick").returncode == 0
    before = new_feed.read_bytes()
    done = site.announce("feeds", "import", "old.xml", "--yes")
    assert f"tickets: is in the feeds already as {SITE}/news/tickets/, which stays" in done.stdout
    assert "0 to be taken over, 0 in use already, 3 too late" in done.stdout
    assert site.announce("tick").returncode == 0
    assert new_feed.read_bytes() == before


def test_saying_it_twice_is_no_harm(site: Project, new_feed: Path) -> None:
    for _ in range(2):
        assert site.announce("feeds", "import", "old.xml", "--yes").returncode == 0
    assert site.announce("tick").returncode == 0
    before = new_feed.read_bytes()
    again = site.announce("feeds", "import", "old.xml", "--yes")
    assert "0 to be taken over, 3 in use already, 0 too late, 1 without a post." in again.stdout
    assert site.announce("tick").returncode == 0
    assert new_feed.read_bytes() == before


def test_posts_whose_page_has_moved_are_known_by_title_and_date(site: Project, new_feed: Path) -> None:
    (site.root / "old.xml").write_bytes(old_rss(venue="https://old.example/2024/07/the-venue"))
    reader = Subscriber()
    reader.poll(site.root / "old.xml")
    assert site.announce("feeds", "import", "old.xml", "--yes").returncode == 0
    assert site.announce("tick").returncode == 0
    assert reader.poll(new_feed) == []


def test_it_is_there_as_data(site: Project) -> None:
    done = site.announce("feeds", "import", "old.xml", "--yes", "--json")
    report = json.loads(done.stdout)
    assert sorted(line["slug"] for line in report["taken_over"]) == sorted(NAMES)
    assert [line["title"] for line in report["without_post"]] == ["Long gone"]


@pytest.mark.parametrize(
    ("source", "words"),
    [("nowhere.xml", "cannot be read"), ("posts/venue.md", "neither a JSON feed nor sound XML"), ("", "no feed is")],
)
def test_what_cannot_be_read_is_named_and_nothing_changes(site: Project, source: str, words: str) -> None:
    done = site.announce("feeds", "import", *filter(None, [source]), "--yes")
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (site.root / "var/ledger.db").exists()
