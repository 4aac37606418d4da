"""What holds for every plan, whatever the posts and the history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SetClock
from bot.errors import ComposeError
from bot.ledgers.memory import MemoryLedger
from bot.model import Announcement, DeliveryState, MastodonOptions, Post, Snapshot
from bot.plan import Plan, make_plan
from bot.verdict import Policy, Verdict

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
ACCOUNTS = ("conf@example.social", "kids@example.social")
POLICY = Policy(catch_up=timedelta(hours=72), brake=2)

#: Hours from now; dense around the moment itself and around the end of catch-up.
hours = st.sampled_from([-1000, -73, -72, -71, -2, -1, 0, 0, 0, 1, 2, 100])

#: True now and then: most posts are plain.
rarely = st.sampled_from([False, False, False, True])

shapes = st.fixed_dictionaries(
    {
        "slug": st.sampled_from("pqrstuv"),
        "hours": st.one_of(hours, hours, st.none()),
        "broken": rarely,
        "hidden": rarely,
        "skip": rarely,
        "explicit_id": st.sampled_from([None, None, "x", "y"]),
        "words": st.integers(0, 3),
    }
)
#: One folder at several moments. Files keep their names or change them, and an old name may come back.
seasons = st.lists(st.lists(shapes, max_size=7, unique_by=lambda shape: str(shape["slug"])), min_size=1, max_size=4)


def compose(post: Post, account: str) -> Announcement:
    if post.title.startswith("broken"):
        raise ComposeError(post.title)
    return Announcement(text=f"{post.title} {account}", link=post.url, length=1, limit=500)


def folder(make_post: Callable[..., Post], season: list[dict[str, object]]) -> list[Post]:
    posts = []
    for shape in season:
        offset = shape["hours"]
        assert offset is None or isinstance(offset, int)
        posts.append(
            make_post(
                str(shape["slug"]),
                published=None if offset is None else NOW + timedelta(hours=offset),
                title=f"{'broken' if shape['broken'] else 'fine'} {shape['words']}",
                digest=f"{shape['words']}",
                hidden=shape["hidden"],
                mastodon=MastodonOptions(skip=bool(shape["skip"])),
                explicit_id=shape["explicit_id"],
            )
        )
    return posts


def plan_of(posts: list[Post], snapshot: Snapshot, now: datetime) -> Plan:
    return make_plan(posts, snapshot, now=now, accounts=ACCOUNTS, policy=POLICY, compose=compose)


@given(seasons)
def test_planning_again_finds_nothing_left_to_write(
    make_post: Callable[..., Post], seasons: list[list[dict[str, object]]]
) -> None:
    ledger, now = MemoryLedger(SetClock(NOW)), NOW
    for season in seasons:
        posts = folder(make_post, season)
        first = plan_of(posts, ledger.snapshot(), now)
        ledger.record(first.recording, now=now)
        again = plan_of(posts, ledger.snapshot(), now)
        assert not again.recording
        assert again.released == ()
        now += timedelta(hours=1)


@given(seasons, st.randoms(use_true_random=False))
def test_the_order_of_the_files_decides_nothing_but_whose_id_it_is(
    make_post: Callable[..., Post], seasons: list[list[dict[str, object]]], random: object
) -> None:
    posts = [replace(post, explicit_id=None) for post in folder(make_post, seasons[0])]
    shuffled = list(posts)
    getattr(random, "shuffle")(shuffled)  # noqa: B009 — the strategy's type is private
    one, other = plan_of(posts, Snapshot(), NOW), plan_of(shuffled, Snapshot(), NOW)
    assert one.items == other.items
    assert set(one.recording.deliveries) == set(other.recording.deliveries)
    assert {entry.post_id for entry in one.recording.entries} == {entry.post_id for entry in other.recording.entries}


@given(seasons)
def test_nothing_of_a_future_post_is_in_a_recording(
    make_post: Callable[..., Post], seasons: list[list[dict[str, object]]]
) -> None:
    ledger, now = MemoryLedger(SetClock(NOW)), NOW
    for season in seasons:
        posts = folder(make_post, season)
        known = ledger.snapshot()
        plan = plan_of(posts, known, now)
        recording = plan.recording
        assert all(entry.published <= now for entry in recording.entries)
        assert all(delivery.due <= now for delivery in recording.deliveries)
        assert all(post.published is not None and post.published <= now for post in plan.released)
        # The same plan comes out if the future posts that were never released were not there at all.
        past = [post for post in posts if post.published is None or post.published <= now or released(post, known)]
        assert plan_of(past, known, now).recording == recording or clashes(posts)
        ledger.record(recording, now=now)
        now += timedelta(hours=1)


@given(seasons)
def test_no_more_than_the_brake_allows_becomes_due_within_an_hour(
    make_post: Callable[..., Post], seasons: list[list[dict[str, object]]]
) -> None:
    ledger = MemoryLedger(SetClock(NOW))
    for season in seasons:
        plan = plan_of(folder(make_post, season), ledger.snapshot(), NOW)
        ledger.record(plan.recording, now=NOW)
        due = Counter(
            delivery.key.account
            for delivery in ledger.snapshot().deliveries.values()
            if delivery.state is DeliveryState.DUE
        )
        assert all(due[account] <= POLICY.brake for account in ACCOUNTS)


@given(seasons)
def test_every_item_that_is_not_simply_due_or_upcoming_has_a_reason(
    make_post: Callable[..., Post], seasons: list[list[dict[str, object]]]
) -> None:
    plan = plan_of(folder(make_post, seasons[0]), Snapshot(), NOW)
    for item in plan.items:
        assert bool(item.reason) is (item.verdict in (Verdict.HELD, Verdict.SKIPPED)) or item.account == ""


def released(post: Post, known: Snapshot) -> bool:
    return any(entry.slug == post.slug or entry.post_id == post.post_id for entry in known.entries.values())


def clashes(posts: list[Post]) -> bool:
    """Whether two files share an id: then a future file may keep a released one out, which is a finding."""
    ids = [post.post_id for post in posts if post.published is not None]
    return len(ids) != len(set(ids))
