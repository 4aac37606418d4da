"""What planning remembers from pass to pass makes no difference to any plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import (
    Action,
    Announcement,
    Delivery,
    DeliveryKey,
    DeliveryState,
    MastodonOptions,
    Occasion,
    OverrideKind,
    Post,
    Reminder,
)
from bot.domain.wording import reason_words
from bot.planner.cache import PlanCache
from bot.planner.followups import nothing_follows
from bot.planner.plan import PlanInput, make_plan
from bot.planner.ruling import Policy, Verdict
from tests.support.digests import both
from tests.support.planning import ACCOUNT, DAY, HOUR, MINUTE, NOW, OTHER, SECOND, Season, compose, usual

POLICIES = (Policy(catch_up=72 * HOUR, burst_limit=4), Policy(catch_up=timedelta(), burst_limit=4))
steps = st.sampled_from([timedelta(), SECOND, 59 * MINUTE, HOUR - SECOND / 2, HOUR, 30 * HOUR, -2 * SECOND, 4 * DAY])
shapes = st.fixed_dictionaries(
    {
        "age": st.sampled_from([-2, 0, 1, 23, 24, 25, 71, 73, 1000]),
        "expires": st.sampled_from([None, None, -5, 1, 30]),
        "hidden": st.booleans(),
        "withdrawn": st.sampled_from([None, None, ""]),
        "skip": st.booleans(),
    }
)
deeds = st.sampled_from(["none", "none", "again", "words", "withdraw", "send", "hold", "publish"])


def open_posts(shapes: list[dict[str, Any]], make_post: Callable[..., Post]) -> list[Post]:
    return [
        make_post(
            f"n{number}",
            published=NOW - shape["age"] * HOUR,
            expires=None if shape["expires"] is None else NOW + shape["expires"] * HOUR,
            hidden=shape["hidden"],
            withdrawn=shape["withdrawn"],
            mastodon=MastodonOptions(skip=shape["skip"]),
        )
        for number, shape in enumerate(shapes)
    ]


@settings(max_examples=150)
@given(
    shapes=st.lists(shapes, min_size=1, max_size=5),
    course=st.lists(st.tuples(steps, deeds, st.integers(0, 4)), min_size=1, max_size=8),
    policy=st.sampled_from(POLICIES),
)
def test_a_plan_with_a_cache_is_a_plan_without_one(
    shapes: list[dict[str, Any]],
    course: list[tuple[timedelta, str, int]],
    policy: Policy,
    make_post: Callable[..., Post],
) -> None:
    season, cache = Season(accounts=(ACCOUNT, OTHER), policy=policy), PlanCache()
    posts = open_posts(shapes, make_post)
    for step, deed, which in course:
        season.clock.step_to(season.now + step)
        which %= len(posts)
        act(season, deed, posts, which)
        with_cache = season.look(*posts, cache=cache)
        assert with_cache == season.look(*posts)
        season.ledger.record(with_cache.batch, now=season.now)


def act(season: Season, deed: str, posts: list[Post], which: int) -> None:
    post = posts[which]
    if deed == "again":
        posts[which] = replace(post)
    elif deed == "words":
        posts[which] = replace(post, title=f"{post.title}!", digests=both(f"{post.digests.entry}!"))
    elif deed == "withdraw":
        posts[which] = replace(post, withdrawn="" if post.withdrawn is None else None)
    elif deed == "send" and season.state(post.slug) is DeliveryState.DUE:
        season.send(post.slug)
    elif deed in ("hold", "publish"):
        proposal = season.propose(OverrideKind(deed), post)
        if not proposal.refusal:
            season.ledger.record(proposal.batch, now=season.now)


def reason(season: Season, post: Post, cache: PlanCache, **changes: Any) -> str:
    plan = make_plan(
        PlanInput(
            posts=[post],
            snapshot=season.snapshot,
            now=season.now,
            accounts=usual([ACCOUNT]),
            policy=changes.get("policy", season.policy),
            compose=compose,
        ),
        cache=cache,
    )
    (item,) = plan.items
    assert item.verdict is Verdict.SKIPPED
    return reason_words(item.reason)


def test_a_reason_that_counts_hours_goes_on_counting(make_post: Callable[..., Post]) -> None:
    season, cache, post = Season(), PlanCache(), make_post(published=NOW - 100 * HOUR)
    season.run(post)
    said = set()
    for _ in range(2 * 60):
        season.clock.advance(MINUTE)
        said.add(reason(season, post, cache))
    assert said == {f"4 days {hours} h late; `catch_up` is 3 days" for hours in (4, 5, 6)}


@settings(max_examples=150)
@given(
    moments=st.lists(st.integers(-30, 30), min_size=2, max_size=8),
    expires=st.one_of(st.none(), st.integers(-20, 20)),
)
def test_a_reason_is_right_at_each_moment_around_the_full_hour(
    moments: list[int], expires: int | None, make_post: Callable[..., Post]
) -> None:
    season, cache = Season(), PlanCache()
    post = make_post(
        published=NOW - 100 * HOUR, expires=None if expires is None else NOW + timedelta(seconds=expires / 10)
    )
    season.run(post)
    for moment in moments:
        season.clock.step_to(NOW + timedelta(seconds=moment / 10))
        assert reason(season, post, cache) == reason(season, post, PlanCache())


def test_other_rules_are_asked_anew(make_post: Callable[..., Post]) -> None:
    season, cache, post = Season(), PlanCache(), make_post(published=NOW - 100 * HOUR)
    season.run(post)
    assert "is 3 days" in reason(season, post, cache)
    assert "is 4 days" in reason(season, post, cache, policy=Policy(catch_up=4 * DAY, burst_limit=4))


TOOT = Delivery(
    key=DeliveryKey("https://conf.example/news/tickets/", ACCOUNT, Occasion.PUBLISH),
    slug="tickets",
    due=NOW,
    announcement=Announcement(text="x", link=None, length=1, limit=500),
    state=DeliveryState.SENT,
)
EDIT = replace(TOOT, key=replace(TOOT.key, occasion=Occasion.edit(1)), action=Action.EDIT)


@pytest.mark.parametrize(
    ("deliveries", "changes", "expected"),
    [
        ([], {}, True),
        ([], {"withdrawn": ""}, True),
        ([], {"reminders": (Reminder(reminder_id="last", at=NOW),)}, False),
        ([TOOT], {}, True),
        ([replace(TOOT, foreign=True)], {}, True),
        ([TOOT], {"withdrawn": ""}, False),
        ([TOOT], {"reminders": (Reminder(reminder_id="last", at=NOW),)}, False),
        ([replace(TOOT, state=DeliveryState.SENDING)], {}, False),
        ([replace(TOOT, announcement=replace(TOOT.announcement, thread=(TOOT.announcement,)))], {}, False),
        ([TOOT, EDIT], {}, False),
        ([EDIT], {}, False),
    ],
)
def test_nothing_follows_what_was_tooted_at_once_and_never_touched(
    make_post: Callable[..., Post], deliveries: list[Delivery], changes: dict[str, Any], expected: bool
) -> None:
    assert nothing_follows(make_post(**changes), deliveries) is expected


def test_what_is_left_early_has_nothing_to_be_changed(make_post: Callable[..., Post]) -> None:
    season, post = Season(), make_post()
    season.run(post)
    season.send("tickets")
    assert nothing_follows(post, list(season.snapshot.deliveries.values()))
    before: datetime = season.now
    assert not season.run(post, after=DAY).batch
    assert season.now == before + DAY
