"""Never early: one second before its time, a post makes no difference to anything that others can see or are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain import Severity
from bot.runtime.context import CycleResult
from tests.support.corpus import BY_POST, Corpus
from tests.support.inprocess import World

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
#: A look of the bot at each of these times before the release.
LOOKS = (50 * HOUR, 25 * HOUR, 30 * timedelta(minutes=1), SECOND)
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)

MakeWorld = Callable[..., World]
#: What a post changes at its time: the feeds with their compressed copies, the page, and that post's own topics.
PUBLIC = {f"news/{name}{copy}" for name in ("rss.xml", "atom.xml", "feed.json", "feeds.html") for copy in ("", ".gz")}


def everything_public(settings: str) -> str:
    """Every kind of public output, and of request to the site, is on."""
    assert "entries = 30" in settings
    assert 'wait_for_page = "off"' in settings
    more = 'entries = 4\narchive = 2\ncategories = true\ntags = true\nhubs = ["https://hub.example/"]\ngzip = true'
    site = 'wait_for_page = "30m"\ndeploy_hook = "https://ci.example/build"'
    return settings.replace("entries = 30", more).replace('wait_for_page = "off"', site)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[MakeWorld]:
    made: list[World] = []

    def make(*, now: datetime = NOW) -> World:
        made.append(World(tmp_path / f"world-{len(made)}", now=now, settings=everything_public))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize(("corpus", "slug"), BY_POST)
def test_a_post_of_the_corpus_makes_no_difference_before_its_time(world: MakeWorld, corpus: Corpus, slug: str) -> None:
    due = corpus.instants[slug]
    with_it, without = world(now=due - 3 * DAY), world(now=due - 3 * DAY)
    for one in (with_it, without):
        corpus.copy_to(one.root)
    (without.root / "posts" / f"{slug}.md").unlink()

    for before in LOOKS:
        with_it.tick(due - before)
        without.tick(due - before)
        assert with_it.seen() == without.seen()
    with_it.tick(due)
    without.tick(due)
    shown, hidden = with_it.seen().public, without.seen().public
    assert {name for name in shown if shown[name] != hidden.get(name)} >= PUBLIC, "at its time it shows"
    assert with_it.seen().requests != without.seen().requests
    asked = with_it.seen().site_requests[len(without.seen().site_requests) :]
    assert asked == ["https://ci.example/build", f"https://2024.djangocon.us/news/{slug}/"], "then the site is asked"
    assert f"/news/{slug}/".encode() not in b"".join(without.seen().public.values())


def same_file(world: World, due: datetime) -> None:
    world.write_post("keynote", due, title="A secret")


def same_id(world: World, due: datetime) -> None:
    world.write_post("surprise", due, title="A secret", more="id: https://2024.djangocon.us/news/keynote/\n")


def same_id_first(world: World, due: datetime) -> None:
    world.write_post("a-surprise", due, title="A secret", more="id: https://2024.djangocon.us/news/keynote/\n")


def same_name_elsewhere(world: World, due: datetime) -> None:
    world.write_post("2027/keynote", due, title="A secret")


def same_name_further_down(world: World, due: datetime) -> None:
    world.write_post("zzz/keynote", due, title="A secret")


def renamed_with_the_old_id(world: World, due: datetime) -> None:
    (world.root / "posts/keynote.md").unlink()
    world.write_post("a-surprise", due, title="A secret", more="id: https://2024.djangocon.us/news/keynote/\n")


@pytest.mark.parametrize(
    ("take", "rule"),
    [
        (same_file, "identity-taken"),
        (same_id, ""),
        (same_id_first, "identity-taken"),
        (same_name_elsewhere, "identity-taken"),
        (same_name_further_down, ""),
        (renamed_with_the_old_id, "identity-taken"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_post_to_come_that_takes_a_released_ones_name_shows_nothing(
    world: MakeWorld, take: Callable[[World, datetime], None], rule: str
) -> None:
    due = NOW + 9 * DAY
    with_it, without = world(), world()
    for one in (with_it, without):
        one.write_post("keynote", NOW, title="Who speaks")
        one.write_post("another", NOW + 4 * DAY, title="Something else")
        one.tick(NOW + SECOND)
    take(with_it, due)

    for moment in (NOW + HOUR, NOW + 3 * DAY, NOW + 4 * DAY, due - SECOND):
        result = with_it.tick(moment)
        without.tick(moment)
        assert with_it.seen() == without.seen()
        assert b"A secret" not in b"".join(with_it.seen().public.values()) + with_it.seen().page
        assert rules_of(result, Severity.ERROR) == ({rule} if rule else set())
        assert rule or "has the same " in str(result.scan.faults), "the first by path keeps its name"


def rules_of(result: CycleResult, severity: Severity) -> set[str]:
    return {finding.rule for finding in result.plan.findings if finding.severity is severity}


@pytest.mark.parametrize("state", ["due", "held by the brake"])
def test_a_toot_that_still_waits_is_not_changed_into_the_one_to_come(world: MakeWorld, state: str) -> None:
    one = world()
    for number in range(4 if state == "held by the brake" else 0):
        one.write_post(f"earlier-{number}", NOW - SECOND)
    one.write_post("keynote", NOW, title="Who speaks")
    if state == "due":
        if one.bot.site.call_and_check_once(one.bot.cycle_once().plan):
            one.bot.cycle_once()
    else:
        one.tick(NOW)
    same_file(one, NOW + 9 * DAY)
    one.tick(NOW + HOUR)
    seen = one.seen()
    assert b"A secret" not in b"".join(seen.public.values()) + seen.page
    deliveries = one.bot.context.ledger.snapshot().deliveries.values()
    assert not any("A secret" in delivery.announcement.text for delivery in deliveries)


def test_archive_topics_page_and_compressed_copies_tell_nothing_before_and_all_at_its_time(world: MakeWorld) -> None:
    """The fourth post fills a page of the archive, and begins a category and a tag."""
    due = NOW + 9 * DAY
    with_it, without = world(), world()
    for one in (with_it, without):
        for number in range(3):
            one.write_post(f"news-{number}", NOW + number * HOUR, more="category: News\ntags: [all]\n")
            one.tick(NOW + number * HOUR + SECOND)
    with_it.write_post("keynote", due, title="A secret", more="category: Secrets\ntags: [all, secret]\n")
    for moment in (NOW + 5 * HOUR, NOW + 5 * DAY, due - SECOND):
        with_it.tick(moment)
        without.tick(moment)
        assert with_it.seen() == without.seen()
    before = with_it.seen().public
    pinged = with_it.seen().pings
    with_it.tick(due)
    without.tick(due)
    new = [topic for _, topic in with_it.seen().pings[len(pinged) :]]
    assert {topic.rpartition("/")[0].rpartition("/news")[2] for topic in new} == {
        "",
        "/category/secrets",
        "/tag/all",
        "/tag/secret",
    }
    assert without.seen().pings == pinged
    after = with_it.seen().public
    assert {name.removeprefix("news/").rpartition("/")[0] for name in after.keys() - before.keys()} == {
        "archive/2",
        "category/secrets",
        "tag/secret",
    }
    assert {name for name in before if after[name] == before[name]} == {
        f"news/{folder}/{name}{copy}"
        for folder in ("archive/1", "category/news")
        for copy in ("", ".gz")
        for name in ("rss.xml", "atom.xml", "feed.json")
    }


def test_nobody_is_selected_a_posts_cover_before_its_time_and_once_after_it(world: MakeWorld) -> None:
    due, one = NOW + 2 * DAY, world()
    one.write_post("keynote", due, more="cover:\n    url: https://pictures.example/a.png\n    alt: A pier\n")
    one.write_post("now", NOW, more="cover:\n    url: https://pictures.example/now.png\n    alt: A boat\n")
    for moment in (NOW, NOW + HOUR, due - SECOND):
        one.tick(moment)
    assert one.seen().measured == ["https://pictures.example/now.png"]
    one.tick(due)
    one.tick(due + DAY)
    assert one.seen().measured[1:] == ["https://pictures.example/a.png"]
    assert b'length="30"' in one.seen().public["news/atom.xml"]
