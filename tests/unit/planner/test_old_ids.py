"""Which entry of an old feed belongs to which post, and what a release takes over from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from bot.config import Config
from bot.domain import Entry, OldEntry, Post, Reason, ReasonCode, Snapshot, WriteBatch
from bot.planner.old_ids import match_old, normal_link
from bot.planner.plan import Plan, PlanInput, make_plan
from bot.planner.ruling import Policy
from bot.runtime.planning import make_composer
from tests.conftest import PUBLISHED, SITE

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
POLICY = Policy(catch_up=3 * DAY, burst_limit=4)
MakePost = Callable[..., Post]


def old(feed_id: str = "old-1", **facts: Any) -> OldEntry:
    return OldEntry(feed_id=feed_id, **facts)


def matched(posts: list[Post], *entries: OldEntry, taken: tuple[str, ...] = ()) -> dict[str, str]:
    return {path.stem: one.feed_id for path, one in match_old(posts, entries, taken=taken).items()}


@pytest.mark.parametrize(
    "link",
    [
        f"{SITE}/news/tickets/",
        f"{SITE}/news/tickets",
        f"{SITE}/news/tickets.html",
        f"{SITE}/news/tickets/index.html",
        "http://conf.example/news/tickets/",
        "https://www.conf.example/news/tickets/?utm_source=feed#top",
        "HTTPS://CONF.example:443/news/ticket%73/",
        f"  {SITE}/news/tickets/\n",
    ],
)
def test_the_same_page_has_the_same_link(make_post: MakePost, link: str) -> None:
    assert matched([make_post()], old(link=link)) == {"tickets": "old-1"}


@pytest.mark.parametrize(
    "link", [f"{SITE}/news/", f"{SITE}/news/ticket/", "https://other.example/news/tickets/", SITE, "", "no link", "//["]
)
def test_another_page_has_another_link(make_post: MakePost, link: str) -> None:
    assert matched([make_post()], old(link=link)) == {}


def test_a_normal_link_keeps_what_tells_pages_apart() -> None:
    links = [f"{SITE}/{name}" for name in ("a", "b", "a/b", "A", "index", "a.xml")]
    assert len({normal_link(link) for link in links}) == len(links)


@pytest.mark.parametrize(
    ("facts", "fits"),
    [
        ({"title": "About tickets", "published": PUBLISHED}, True),
        ({"title": "about  TICKETS!", "published": PUBLISHED + DAY}, True),
        ({"title": "About tickets", "published": PUBLISHED + DAY + HOUR}, False),
        ({"title": "About tickets", "published": None}, False),
        ({"title": "About ticket", "published": PUBLISHED}, False),
        ({"title": "", "published": PUBLISHED}, False),
    ],
)
def test_title_and_date_together_are_an_identity(make_post: MakePost, facts: dict[str, Any], fits: bool) -> None:
    moved = old(link="https://elsewhere.example/2024/07/some-page", **facts)
    assert matched([make_post()], moved) == ({"tickets": "old-1"} if fits else {})


def test_what_fits_twice_is_nobodys(make_post: MakePost) -> None:
    weekly = [make_post("one", title="News"), make_post("two", title="News", published=PUBLISHED + HOUR)]
    assert matched(weekly, old(title="News", published=PUBLISHED)) == {}
    same = {"title": "About tickets", "published": PUBLISHED}
    assert matched([make_post()], old("a", **same), old("b", **same)) == {}


def test_a_link_counts_more_than_a_title_and_leaves_the_rest_clear(make_post: MakePost) -> None:
    posts = [make_post("one", title="News"), make_post("two", title="News")]
    entries = (
        old("a", link=f"{SITE}/news/two/", title="News", published=PUBLISHED),
        old("b", link="https://elsewhere.example/x", title="News", published=PUBLISHED),
    )
    for some in permutations(entries):
        for these in permutations(posts):
            assert matched(list(these), *some) == {"one": "b", "two": "a"}


def test_an_id_in_the_front_matter_counts_more_than_all_else(make_post: MakePost) -> None:
    post = make_post(explicit_id="mine")
    assert matched([post], old("other", link=post.url)) == {}
    assert matched([post], old("mine"), old("other", link=post.url)) == {"tickets": "mine"}


def test_ids_that_are_in_use_are_given_to_nobody(make_post: MakePost) -> None:
    assert matched([make_post()], old("used", link=f"{SITE}/news/tickets/"), taken=("used",)) == {}


@pytest.fixture
def plan(site_config: Callable[..., Config]) -> Callable[..., Plan]:
    def make(posts: list[Post], known: Snapshot, **options: Any) -> Plan:
        now = options.pop("now", PUBLISHED + HOUR)
        compose = make_composer(site_config(), known)
        return make_plan(
            PlanInput(posts=posts, snapshot=known, now=now, accounts={}, policy=POLICY, compose=compose, **options)
        )

    return make


def released(plan: Plan) -> dict[str, Entry]:
    return {entry.slug: entry for entry in plan.batch.entries}


LINK = f"{SITE}/news/tickets/"


@pytest.mark.parametrize(
    ("facts", "published", "updated"),
    [
        ({"published": PUBLISHED - 3 * HOUR}, PUBLISHED - 3 * HOUR, PUBLISHED - 3 * HOUR),
        ({"published": PUBLISHED - 3 * HOUR, "updated": PUBLISHED}, PUBLISHED - 3 * HOUR, PUBLISHED),
        ({"published": PUBLISHED, "updated": PUBLISHED - DAY}, PUBLISHED, PUBLISHED),
        ({"published": PUBLISHED + DAY, "updated": PUBLISHED + DAY}, PUBLISHED, PUBLISHED),
        ({}, PUBLISHED, PUBLISHED),
    ],
    ids=["earlier", "edited", "edited before", "to come", "no dates"],
)
def test_a_release_takes_over_id_and_dates(
    plan: Callable[..., Plan], make_post: MakePost, facts: dict[str, Any], published: Any, updated: Any
) -> None:
    known = Snapshot(old_entries={"17": old("17", link=LINK, **facts)})
    entry = released(plan([make_post()], known))["tickets"]
    assert (entry.feed_id, entry.published, entry.updated) == ("17", published, updated)
    assert entry.post_id == LINK, "the post itself is known by what it was"


def test_the_next_pass_changes_nothing_and_finds_nothing_wrong(plan: Callable[..., Plan], make_post: MakePost) -> None:
    known = Snapshot(old_entries={"17": old("17", link=LINK, published=PUBLISHED - 3 * HOUR)})
    first = plan([make_post()], known)
    entries = {entry.post_id: entry for entry in first.batch.entries}
    again = plan([make_post()], Snapshot(old_entries=known.old_entries, entries=entries), now=PUBLISHED + 2 * HOUR)
    assert (bool(again.batch), again.findings, again.troubles) == (False, (), ())


def test_what_is_released_keeps_its_id_and_dates(
    plan: Callable[..., Plan], make_post: MakePost, make_entry: Callable[..., Entry]
) -> None:
    entry = make_entry(feed_id=LINK)
    known = Snapshot(
        entries={entry.post_id: entry}, old_entries={"17": old("17", link=LINK, published=PUBLISHED - DAY)}
    )
    assert released(plan([make_post()], known)) == {}


def test_a_post_to_come_decides_nothing_before_its_time(plan: Callable[..., Plan], make_post: MakePost) -> None:
    known = Snapshot(old_entries={"17": old("17", title="News", published=PUBLISHED)})
    here, to_come = make_post("here", title="News"), make_post("to-come", title="News", published=PUBLISHED + 2 * HOUR)
    assert released(plan([here, to_come], known)) == released(plan([here], known))
    assert released(plan([here], known))["here"].feed_id == "17"


def test_a_doubt_from_outside_releases_nothing(plan: Callable[..., Plan], make_post: MakePost) -> None:
    gone = Reason(code=ReasonCode.OLD_FEED_UNREADABLE, text="404")
    doubted = plan([make_post()], Snapshot(), doubt=gone)
    assert (doubted.batch, doubted.doubt) == (WriteBatch(), gone)
