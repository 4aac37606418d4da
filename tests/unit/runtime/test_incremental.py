"""The quick pass: the feeds have new words at once, and the whole pass then leaves what it would leave alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import load_config
from bot.domain import DeliveryState, Event, Occasion, Override, OverrideKind, Upcoming, WriteBatch, WriteResult
from bot.domain.clock import ManualClock
from bot.runtime.app import Bot, make_bot
from tests.support.changed_bot import with_parts
from tests.support.recording_publisher import RecordingPublisher
from tests.support.scratch_ledger import ScratchLedger

ACCOUNT = "conf@example.social"
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
#: Where the files lie, if the machine has such a place: there are thousands, which no disk has to keep.
MEMORY = Path("/dev/shm")
SETTINGS = f"""
[site]
title = "Conf"
url = "https://conf.example"
timezone = "UTC"
[feeds]
entries = 3
archive = 2
categories = true
[accounts.main]
server = "https://example.social"
acct = "@{ACCOUNT}"
[release]
wait_for_page = "off"
brake = 4
spacing = "off"
"""


class Folder:
    """A site in a folder, with a bot on a clock that is set."""

    def __init__(self, root: Path) -> None:
        (root / "config").mkdir()
        (root / "posts").mkdir()
        (root / "config/bot.toml").write_text(SETTINGS)
        self.posts = root / "posts"
        self.public = root / "public"
        self.clock = ManualClock(NOW)
        self.said: list[Event] = []
        self.ledger = ScratchLedger(self.clock)
        publisher = RecordingPublisher(address=ACCOUNT, clock=self.clock)
        self.bot: Bot = make_bot(
            load_config(root / "config/bot.toml"),
            environ={},
            clock=self.clock,
            ledger=self.ledger,
            publishers={ACCOUNT: publisher},
            emit=self.said.append,
        )

    def write(self, slug: str, **fields: Any) -> None:
        body = fields.pop("body", "What there is to be said of it, at some length, so that it makes an excerpt.")
        front = "".join(f"{name}: {value}\n" for name, value in fields.items())
        (self.posts / f"{slug}.md").write_text(f"---\n{front}---\n\n{body}\n")

    def run(self, *, quickly: bool, after: timedelta = MINUTE) -> tuple[str, ...]:
        """A pass, quickly first or not; returns what the quick one changed."""
        self.clock.advance(after)
        changed = self.bot.incremental_cycle() if quickly else ()
        self.bot.cycle_once()
        return changed

    def feed(self, name: str = "feed.json") -> str:
        return (self.public / "news" / name).read_text()

    def left(self) -> dict[str, object]:
        """Everything that somebody could find afterwards."""
        files = [path for path in sorted(self.public.rglob("*")) if path.is_file()]
        return {
            "ledger": self.ledger.snapshot(),
            "events": self.ledger.events(limit=1000),
            "said": self.said,
            "files": {str(path.relative_to(self.public)): path.read_bytes() for path in files},
        }


@contextmanager
def folder() -> Iterator[Folder]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as root:
        made = Folder(Path(root))
        yield made
        made.bot.close()


@pytest.fixture
def site() -> Iterator[Folder]:
    with folder() as made:
        for number in range(6):
            made.write(f"n{number}", **plain(number))
        made.run(quickly=False)
        made.run(quickly=False)
        yield made


def plain(number: int, **changes: Any) -> dict[str, Any]:
    """A post's fields; the higher its number, the newer. Number 5 is due just now."""
    published = NOW - timedelta(days=5 - number)
    return {"title": f"Post {number}", "published_datetime": f"{published:%Y-%m-%d %H:%M:%S}", **changes}


def test_new_words_are_in_the_feeds_before_the_pass(site: Folder) -> None:
    site.write("n5", **plain(5, title="New words"))
    changed = site.bot.incremental_cycle()
    assert {f"news/{name}" for name in ("rss.xml", "atom.xml", "feed.json", "feeds.html")} <= set(changed)
    assert all("New words" in site.feed(name) for name in ("rss.xml", "atom.xml", "feed.json", "feeds.html"))
    assert "New words" in site.feed("archive/3/atom.xml")


def test_the_pass_has_nothing_left_to_do_for_the_feeds(site: Folder) -> None:
    site.write("n5", **plain(5, title="New words"))
    assert site.bot.incremental_cycle()
    assert site.bot.cycle_once().changed_files == ()


def test_a_toot_is_edited_by_the_pass(site: Folder) -> None:
    assert site.bot.deliverer.deliver_pending(ACCOUNT).events
    site.run(quickly=True)
    site.write("n5", **plain(5, title="New words"))
    assert site.bot.incremental_cycle()
    assert site.ledger.account_view(ACCOUNT).open == ()
    site.bot.cycle_once()
    (edit,) = site.ledger.account_view(ACCOUNT).open
    assert "New words" in edit.announcement.text


def test_an_edit_is_owed_if_the_bot_dies_before_the_pass(site: Folder) -> None:
    assert site.bot.deliverer.deliver_pending(ACCOUNT).events
    site.run(quickly=True)
    site.write("n5", **plain(5, title="New words"))
    assert site.bot.incremental_cycle()
    # Another process, which knows only the ledger.
    fresh = make_bot(
        site.bot.context.config, environ={}, clock=site.clock, ledger=site.ledger, publishers=site.bot.publishers
    )
    fresh.cycle_once()
    assert [edit.key.occasion for edit in site.ledger.account_view(ACCOUNT).open] == [Occasion.edit(1)]
    fresh.cycle_once()
    assert len(site.ledger.account_view(ACCOUNT).open) == 1
    assert not any(entry.edit_owed for entry in site.ledger.snapshot().entries.values())


def test_nothing_is_written_before_the_first_pass_nor_twice_without_one(site: Folder) -> None:
    site.write("n5", **plain(5, title="New words"))
    assert site.bot.incremental_cycle()
    site.write("n5", **plain(5, title="Newer words"))
    assert site.bot.incremental_cycle() == ()
    with folder() as fresh:
        fresh.write("n5", **plain(5))
        assert fresh.bot.incremental_cycle() == ()
        assert not fresh.public.exists()


def test_a_word_that_comes_in_between_leaves_it_to_the_pass(site: Folder) -> None:
    class Interrupted(ScratchLedger):
        def record(self, batch: WriteBatch, *, now: datetime) -> WriteResult:
            super().record(WriteBatch(paused="amy"), now=now)
            return super().record(batch, now=now)

    site.write("n5", **plain(5, title="New words"))
    ledger = Interrupted(site.clock, site.ledger.snapshot())
    assert with_parts(site.bot, ledger=ledger).incremental_cycle() == ()
    assert ledger.snapshot().entries == site.ledger.snapshot().entries
    assert "New words" not in site.feed()


def test_an_entry_that_somebody_else_released_is_not_lost_from_the_feeds(site: Folder) -> None:
    (known, *_) = site.ledger.snapshot().entries.values()
    other = replace(known, post_id="other", slug="other", feed_id="other", url="https://conf.example/other/")
    site.ledger.record(WriteBatch(entries=(other,)), now=site.clock.now())
    site.write("n5", **plain(5, title="New words"))
    assert site.bot.incremental_cycle() == ()
    site.bot.cycle_once()
    assert "New words" in site.feed()


kinds = st.one_of(
    st.sampled_from(["words", "words", "body", "updated", "two"]),
    st.sampled_from(["category", "early", "hidden", "withdrawn", "moved", "broken", "gone", "renamed", "same"]),
    st.sampled_from(["id", "expires", "reminder", "new", "many"]),
)
deeds = st.sampled_from(["none", "none", "none", "send", "pause", "hold", "clock", "upcoming"])
courses = st.lists(
    st.tuples(kinds, st.integers(0, 6), deeds, st.sampled_from([0, 1, 61, 4000, 90000])), min_size=1, max_size=6
)


@settings(max_examples=20, deadline=None)
@given(courses)
def test_a_pass_after_a_quick_one_leaves_what_a_pass_alone_leaves(course: list[tuple[str, int, str, int]]) -> None:
    with folder() as one, folder() as other:
        for site in (one, other):
            for number in range(7):
                site.write(f"n{number}", **plain(number, category=("News", "Travel")[number % 2]))
            site.run(quickly=False)
        for step, (kind, number, deed, seconds) in enumerate(course):
            for site in (one, other):
                change(site, kind, number, step)
                act(site, deed)
                site.run(quickly=site is one, after=timedelta(seconds=seconds))
            assert one.left() == other.left()


def change(site: Folder, kind: str, number: int, step: int) -> None:
    slug, fields = f"n{number}", plain(number, category=("News", "Travel")[number % 2])
    more: dict[str, dict[str, Any]] = {
        "words": {"title": f"Words {step}"},
        "body": {"body": f"Other words, number {step}, and enough of them for an excerpt that says something."},
        "updated": {"updated_datetime": f"2026-03-09 10:00:{step:02}"},
        "category": {"category": "Other"},
        "early": {"published_datetime": "2026-01-01 10:00:00"},
        "hidden": {"hidden": "true"},
        "withdrawn": {"withdrawn": "true"},
        "moved": {"published_datetime": "2026-05-01 10:00:00"},
        "broken": {"published_datetime": "never"},
        "id": {"id": f"x{step}"},
        "expires": {"expires": "2026-03-11 10:00:00"},
        "reminder": {"reminders": "[{id: last, at: 2026-03-10 15:00:00, text: Soon over}]"},
    }
    if kind == "gone":
        (site.posts / f"{slug}.md").unlink(missing_ok=True)
    elif kind == "renamed" and (site.posts / f"{slug}.md").exists():
        (site.posts / f"{slug}.md").rename(site.posts / f"m{step}.md")
    elif kind == "new":
        site.write(f"new{step}", title=f"New {step}", published_datetime="2026-03-10 14:00:30")
    elif kind == "many":
        for each in range(7):
            site.write(f"n{each}", **plain(each, title=f"All new {step}"))
    elif kind == "two":
        site.write("n1", **plain(1, category="Travel", title=f"One {step}"))
        site.write("n4", **plain(4, category="News", title=f"Two {step}"))
    elif kind in more:
        site.write(slug, **{**fields, **more[kind]})


def act(site: Folder, deed: str) -> None:
    now = site.clock.now()
    if deed == "send":
        site.bot.deliverer.deliver_pending(ACCOUNT)
    elif deed == "pause":
        site.ledger.record(WriteBatch(paused="" if site.ledger.snapshot().paused else "amy"), now=now)
    elif deed == "hold":
        word = Override(post_id="https://conf.example/news/n5/", kind=OverrideKind.HOLD, who="amy", at=now)
        site.ledger.record(WriteBatch(overrides=(word,)), now=now)
    elif deed == "clock":
        site.clock.step_to(now - timedelta(seconds=30))
    elif deed == "upcoming":
        known = {name: Upcoming(post_id=name, slug=name, due=now) for name in ("a", "b", "c")}
        site.ledger.record(WriteBatch(upcoming=known), now=now)


@pytest.mark.parametrize("state", [DeliveryState.DUE, DeliveryState.SENT])
def test_the_property_is_tried_with_toots_that_are_due_and_sent(site: Folder, state: DeliveryState) -> None:
    if state is DeliveryState.SENT:
        site.bot.deliverer.deliver_pending(ACCOUNT)
    (toot,) = (one for one in site.ledger.snapshot().deliveries.values() if one.slug == "n5")
    assert toot.state is state
