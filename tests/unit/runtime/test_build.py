"""A build: the feeds as of a time, without a ledger or as the ledger has them, and with the bot's own bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.build import build
from bot.config import Config
from bot.domain import Override, OverrideKind, Snapshot, WriteBatch
from bot.domain.clock import ManualClock
from bot.domain.errors import UsageError
from bot.runtime.app import Bot, make_bot
from bot.runtime.build import BuildResult, build_feeds
from tests.support.scratch_ledger import ScratchLedger

MakeConfig = Callable[..., Config]

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NAMES = ("atom.xml", "feed.json", "rss.xml")


@pytest.fixture
def config(site_config: MakeConfig) -> Config:
    made = site_config()
    made.posts_folder.mkdir()
    return made


def write(
    config: Config,
    slug: str,
    published: datetime | None = NOW,
    *,
    title: str = "News",
    body: str = "Words.",
    more: str = "",
) -> Path:
    path = config.posts_folder / f"{slug}.md"
    path.parent.mkdir(exist_ok=True)
    when = f"published_datetime: {published.isoformat()}\n" if published else ""
    path.write_text(f'---\ntitle: "{title}"\n{when}{more}---\n{body}\n', encoding="utf-8")
    return path


def bot_at(config: Config, now: datetime, known: Snapshot | None = None) -> tuple[Bot, ScratchLedger]:
    clock = ManualClock(now)
    ledger = ScratchLedger(clock, known)
    return make_bot(config, environ={}, clock=clock, ledger=ledger), ledger


def tick(config: Config, now: datetime = NOW, known: Snapshot | None = None) -> Snapshot:
    bot, ledger = bot_at(config, now, known)
    bot.tick()
    bot.close()
    return ledger.snapshot()


def built(
    config: Config, now: datetime = NOW, *, known: Snapshot | None = None
) -> tuple[BuildResult, dict[str, bytes]]:
    folder = config.root / "out"
    result = build_feeds(config, now=now, folder=folder, known=known or Snapshot())
    return result, feeds_in(folder)


def feeds_in(folder: Path) -> dict[str, bytes]:
    return {name: (folder / "news" / name).read_bytes() for name in NAMES if (folder / "news" / name).exists()}


def shows(feeds: dict[str, bytes], slug: str) -> bool:
    told = {name: f"/news/{slug}/".encode() in feed for name, feed in feeds.items()}
    assert len(set(told.values())) == 1, told
    return next(iter(told.values()))


def test_without_a_ledger_the_feeds_hold_what_is_due_by_then(config: Config) -> None:
    write(config, "past", NOW - DAY)
    write(config, "now")
    write(config, "future", NOW + timedelta(seconds=1))
    write(config, "draft", None)
    result, feeds = built(config)
    assert result == BuildResult(
        changed=tuple(f"news/{name}" for name in ("atom.xml", "feed.json", "feeds.html", "rss.xml")), faults=()
    )
    assert {slug: shows(feeds, slug) for slug in ("past", "now", "future", "draft")} == {
        "past": True,
        "now": True,
        "future": False,
        "draft": False,
    }
    assert built(config)[0] == BuildResult(changed=(), faults=()), "the same again changes nothing"


def test_a_build_without_a_ledger_has_the_bytes_of_a_first_tick(config: Config) -> None:
    write(config, "one", NOW - DAY, more="category: News\n")
    write(config, "two")
    tick(config)
    assert built(config)[1] == feeds_in(config.public_folder)


def test_with_a_ledger_the_dates_that_it_has_frozen_stay(config: Config) -> None:
    write(config, "one", NOW - DAY)
    known = tick(config)
    write(config, "one", NOW - 5 * DAY, body="Other words.")
    later = NOW + timedelta(hours=1)
    _, feeds = built(config, later, known=known)
    tick(config, later, known)
    assert feeds == feeds_in(config.public_folder)
    assert b"2026-03-09T14:00:00" in feeds["atom.xml"]
    assert b"2026-03-05" not in feeds["atom.xml"]


def released(config: Config) -> Snapshot:
    write(config, "one", NOW - DAY)
    write(config, "two", NOW - DAY, title="Second")
    return tick(config)


def broken(config: Config) -> None:
    (config.posts_folder / "one.md").write_text("---\ntitle: one: two\n---\n")


def gone(config: Config) -> None:
    (config.posts_folder / "one.md").unlink()


def renamed(config: Config) -> None:
    (config.posts_folder / "one.md").rename(config.posts_folder / "uno.md")


def hidden(config: Config) -> None:
    write(config, "one", NOW - DAY, more="hidden: true\n")


def withdrawn(config: Config) -> None:
    write(config, "one", NOW - DAY, more='withdrawn: "a mistake"\n')


def moved_ahead(config: Config) -> None:
    write(config, "one", NOW + 30 * DAY, title="Another one")


def name_taken(config: Config) -> None:
    write(config, "2027/one", NOW + 30 * DAY, title="Another one")


def id_taken(config: Config) -> None:
    write(config, "another", NOW + 30 * DAY, title="Another one", more="id: https://conf.example/news/one/\n")


def added(config: Config) -> None:
    write(config, "three", NOW - DAY, title="Third")


@pytest.mark.parametrize(
    "change",
    [broken, gone, renamed, hidden, withdrawn, moved_ahead, name_taken, id_taken, added],
    ids=lambda change: str(change.__name__),
)
def test_whatever_becomes_of_a_file_a_build_and_a_tick_write_the_same(
    config: Config, change: Callable[[Config], None]
) -> None:
    known = released(config)
    change(config)
    later = NOW + timedelta(hours=1)
    _, feeds = built(config, later, known=known)
    tick(config, later, known)
    assert feeds == feeds_in(config.public_folder)
    assert shows(feeds, "one") is (change not in (hidden, withdrawn)), "a renamed one keeps its id"
    assert b"Another one" not in b"".join(feeds.values())


def test_a_day_after_its_file_went_a_build_leaves_the_entry_out_too(config: Config) -> None:
    known = released(config)
    gone(config)
    known = tick(config, NOW + timedelta(hours=1), known)
    later = NOW + timedelta(hours=26)
    _, feeds = built(config, later, known=known)
    assert not shows(feeds, "one")
    tick(config, later, known)
    assert feeds == feeds_in(config.public_folder)


def word(said: OverrideKind, *, early: bool = False, slug: str = "three") -> Override:
    return Override(post_id=f"https://conf.example/news/{slug}/", kind=said, early=early, who="ada", at=NOW)


def with_word(known: Snapshot, said: Override) -> Snapshot:
    ledger = ScratchLedger(ManualClock(NOW), known)
    ledger.record(WriteBatch(overrides=(said,)), now=NOW)
    return ledger.snapshot()


def test_what_a_person_holds_stays_out(config: Config) -> None:
    known = with_word(released(config), word(OverrideKind.HOLD))
    added(config)
    assert not shows(built(config, known=known)[1], "three")


def test_what_a_person_released_early_stays_in(config: Config) -> None:
    known = with_word(released(config), word(OverrideKind.PUBLISH, early=True))
    write(config, "three", NOW + 9 * DAY, title="Third")
    later = NOW + timedelta(minutes=1)
    known = tick(config, later, known)
    _, feeds = built(config, later, known=known)
    assert shows(feeds, "three")
    assert feeds == feeds_in(config.public_folder)


def test_while_everything_is_paused_nothing_new_comes_in_and_it_says_so(config: Config) -> None:
    known = replace(released(config), paused="ada on 2026-03-10")
    added(config)
    result, feeds = built(config, known=known)
    assert not shows(feeds, "three")
    assert shows(feeds, "one")
    assert any("paused by ada" in fault for fault in result.faults)


def test_a_time_that_has_passed_shows_the_feeds_of_then(config: Config) -> None:
    known = released(config)
    write(config, "three", NOW - 3 * DAY, title="Third")
    _, feeds = built(config, NOW - 2 * DAY, known=known)
    assert [shows(feeds, slug) for slug in ("one", "two", "three")] == [False, False, True]


def test_a_folder_without_posts_writes_nothing(config: Config) -> None:
    result, feeds = built(config)
    assert feeds == {}
    assert result.changed == ()
    assert result.faults == ("there are no posts in posts; nothing was written",)
    assert not (config.root / "out").exists()


def test_a_broken_file_is_a_fault_and_the_others_are_shown(config: Config) -> None:
    write(config, "one")
    (config.posts_folder / "two.md").write_text("---\ntitle: one: two\n---\n")
    result, feeds = built(config)
    assert shows(feeds, "one")
    (fault,) = result.faults
    assert fault.startswith("posts/two.md:2: ")


def command(config: Config, *arguments: str) -> Result:
    return CliRunner().invoke(build, arguments, obj={"config": config.path})


@pytest.mark.parametrize("out", [None, "public", "public/deeper", ".", "link", "public/../public"])
def test_the_future_is_kept_out_of_the_public_folder(config: Config, out: str | None) -> None:
    write(config, "one", datetime(2198, 1, 1, tzinfo=UTC))
    config.public_folder.mkdir()
    (config.root / "link").symlink_to("public")
    done = command(config, "--now", "2199-01-01", *(["--out", str(config.root / out)] if out else []))
    assert isinstance(done.exception, UsageError)
    assert "--now is in the future" in str(done.exception)
    assert list(config.public_folder.iterdir()) == []


def test_the_future_may_be_built_elsewhere_and_the_past_anywhere(config: Config) -> None:
    write(config, "one", datetime(2198, 1, 1, tzinfo=UTC))
    elsewhere = config.root / "elsewhere"
    assert command(config, "--now", "2199-01-01", "--out", str(elsewhere)).exit_code == 0
    assert shows(feeds_in(elsewhere), "one")
    assert command(config, "--now", "2020-01-01").exit_code == 0
    assert not shows(feeds_in(config.public_folder), "one")


def public_files(folder: Path) -> dict[str, bytes]:
    names = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "syndication"))]
    return {str(path.relative_to(folder)): path.read_bytes() for path in names}


@pytest.mark.parametrize(
    ("feeds", "compressed"), [("", {"news/rss.xml.gz"}), ("gzip = false", set())], ids=["as it comes", "without"]
)
def test_compressed_copies_are_a_setting(site_config: MakeConfig, feeds: str, compressed: set[str]) -> None:
    config = site_config(feeds=feeds)
    write(config, "one")
    tick(config)
    built(config)
    for folder in (config.public_folder, config.root / "out"):
        assert {name for name in public_files(folder) if name.endswith("rss.xml.gz")} == compressed


def test_tag_ids_are_a_setting_that_leaves_released_posts_as_they_are(site_config: MakeConfig) -> None:
    config = site_config()
    write(config, "one")
    known = tick(config)
    config = config.model_copy(update={"feeds": config.feeds.model_copy(update={"ids": "tag"})})
    write(config, "two")
    _, feeds = built(config, known=known)
    tick(config, known=known)
    assert feeds == feeds_in(config.public_folder)
    assert b"<id>https://conf.example/news/one/</id>" in feeds["atom.xml"]
    assert b"<id>tag:conf.example,2026:news/two</id>" in feeds["atom.xml"]


def test_a_file_that_has_gone_moves_nothing_in_the_archive(site_config: MakeConfig) -> None:
    config = site_config(feeds="entries = 2\narchive = 2")
    for number in range(6):
        write(config, f"n{number}", NOW - (9 - number) * DAY, title=f"News {number}")
    known = tick(config)
    before = public_files(config.public_folder)
    (config.posts_folder / "n2.md").unlink()
    known = tick(config, NOW + timedelta(hours=1), known)
    later = NOW + timedelta(hours=26)
    tick(config, later, known)
    built(config, later, known=known)
    for folder in (config.public_folder, config.root / "out"):
        after = public_files(folder)
        assert after.keys() == before.keys()
        moved = {name.split("/")[2] for name in before if "/archive/" in name and before[name] != after[name]}
        assert moved == {"2"}, "its own page"


def test_a_topic_without_posts_is_removed_and_everything_else_stays(site_config: MakeConfig) -> None:
    config = site_config(feeds="categories = true")
    write(config, "one", more="category: Talks\n")
    known = tick(config)
    (config.public_folder / "news/category/by-hand.html").write_text("mine")
    assert (config.public_folder / "news/category/talks/rss.xml").exists()
    write(config, "one", more="category: Tea\n")
    tick(config, NOW + timedelta(hours=1), known)
    shown = {name for name in public_files(config.public_folder) if "/category/" in name and name.endswith(("l", "n"))}
    assert shown == {
        *(f"news/category/tea/{name}" for name in NAMES),
        "news/category/by-hand.html",
    }
