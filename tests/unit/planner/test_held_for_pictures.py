"""A toot that is held because a picture could not be uploaded: what lets it go, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bot.domain import (
    Announcement,
    CompareAndSet,
    DeliveryKey,
    DeliveryState,
    Hold,
    Occasion,
    OverrideKind,
    Picture,
    Post,
    Reason,
    ReasonCode,
    WriteBatch,
)
from bot.domain.wording import event_detail
from bot.planner.ruling import Policy, Verdict
from tests.support.digests import both
from tests.support.planning import ACCOUNT, DAY, MINUTE, NOW, POLICY, Season, compose, verdicts

MakePost = Callable[..., Post]
COVER = Picture(url="https://conf.example/a.png", path=Path("a.png"), alt="A", size=10)
REASON = Reason(code=ReasonCode.PICTURE_FAILED, text="too large.")


def with_cover(post: Post, account: str) -> Announcement:
    pictures = () if post.cover is None else (post.cover,)
    return replace(compose(post, account), pictures=pictures)


def held_season(post: Post) -> Season:
    """A season in which the post's picture was just refused by the server."""
    season = Season()
    season.compose = with_cover
    season.run(post)
    key = DeliveryKey(post.post_id, ACCOUNT, Occasion.PUBLISH)
    due = season.snapshot.deliveries[key]
    held = replace(due, state=DeliveryState.HELD, hold=Hold.UNCLEAR, reason=REASON, settled_at=season.now)
    season.ledger.record(WriteBatch(changes=(CompareAndSet(known=due, wanted=held),)), now=season.now)
    return season


def test_it_stays_held_while_the_picture_is_the_same(make_post: MakePost) -> None:
    post = make_post(published=NOW, cover=COVER)
    season = held_season(post)
    plan = season.run(replace(post, title="Other words", digests=both("new")), after=MINUTE)
    (item,) = plan.items
    assert (item.verdict, item.hold, item.reason) == (Verdict.HELD, Hold.UNCLEAR, REASON)
    (delivery,) = season.snapshot.deliveries.values()
    assert delivery.announcement.text.startswith("Other words")


def test_another_picture_lets_it_go(make_post: MakePost) -> None:
    post = make_post(published=NOW, cover=COVER)
    for mended in (replace(post, cover=replace(COVER, size=5)), replace(post, cover=None)):
        assert verdicts(held_season(post).run(mended, after=MINUTE)) == {"tickets": Verdict.DUE}


def test_a_word_lets_it_go(make_post: MakePost) -> None:
    post = make_post(published=NOW, cover=COVER)
    season = held_season(post)
    season.emit(OverrideKind.RELEASE, post)
    assert verdicts(season.run(post, after=MINUTE)) == {"tickets": Verdict.DUE}
    (delivery,) = season.snapshot.deliveries.values()
    assert delivery.ordered_by == "amy"


def test_one_that_is_mended_too_late_is_not_tooted(make_post: MakePost) -> None:
    post = make_post(published=NOW, cover=COVER)
    season = held_season(post)
    assert verdicts(season.run(post, after=4 * DAY)) == {"tickets": Verdict.HELD}
    mended = replace(post, cover=replace(COVER, size=5))
    assert verdicts(season.run(mended, after=MINUTE)) == {"tickets": Verdict.SKIPPED}


def test_one_that_cannot_be_composed_any_more_stays_held(make_post: MakePost) -> None:
    post = make_post(published=NOW, cover=COVER)
    season = held_season(post)
    assert verdicts(season.run(replace(post, title="broken"), after=MINUTE)) == {"tickets": Verdict.HELD}


def test_a_release_tells_of_each_picture_that_is_left_out(make_post: MakePost) -> None:
    post = make_post(published=NOW, cover=replace(COVER, path=None, problem="there is no file a.png"))
    (told,) = [event for event in Season().run(post).batch.events if event.kind.value == "picture left out"]
    assert event_detail(told) == "there is no file a.png; it goes out without this picture"
    holding = Season(policy=Policy(catch_up=POLICY.catch_up, burst_limit=4, hold_without_picture=True))
    assert [event.kind.value for event in holding.run(post).batch.events] == ["released"]
