"""Reasons to release nothing at all: the clock, a pause, a folder that lost most of what was planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain import DeliveryState, Post, ReasonCode, Snapshot, Upcoming
from bot.domain.wording import reason_words
from bot.planner.guards import CLOCK_TOLERANCE, believable, doubt_of
from bot.planner.ruling import Verdict
from tests.support.planning import DAY, HOUR, MINUTE, NOW, SECOND, Season, verdicts, wanted

MakePost = Callable[..., Post]
TICK = timedelta(microseconds=1)


@pytest.fixture
def season() -> Season:
    return Season()


class TestClock:
    @pytest.mark.parametrize("behind", [-HOUR, timedelta(), SECOND, CLOCK_TOLERANCE])
    def test_a_small_correction_is_no_doubt(self, behind: timedelta) -> None:
        assert doubt_of(Snapshot(newest=NOW + behind), (), broken=(), now=NOW) is None

    def test_a_clock_behind_the_ledger_releases_nothing_and_says_why(self, season: Season, make_post: MakePost) -> None:
        now, coming = make_post(published=NOW), make_post("coming", published=NOW + HOUR)
        season.clock.step_to(NOW + CLOCK_TOLERANCE + TICK)
        season.run()
        season.clock.step_to(NOW)
        plan = season.run(now, coming)
        assert reason_words(plan.doubt).startswith(
            "the clock is behind 2026-03-10 14:00:05 UTC, which the ledger has seen"
        )
        assert (bool(plan.batch), plan.released) == (False, ())
        assert verdicts(plan) == {"tickets": Verdict.HELD, "coming": Verdict.UPCOMING}
        assert plan.next_release == NOW + HOUR
        season.clock.step_to(NOW + TICK)
        assert season.run(now, coming).released == (now,)

    def test_a_person_may_believe_it(self, season: Season, make_post: MakePost) -> None:
        season.clock.step_to(NOW + DAY)
        season.run()
        season.clock.step_to(NOW)
        season.resume()
        post = make_post()
        assert season.run(post).released == (post,)


def servers(*offsets: timedelta) -> dict[str, datetime]:
    """What the time is by servers whose clocks are off ours by so much."""
    return {f"conf@server-{number}.example": NOW + offset for number, offset in enumerate(offsets)}


class TestServers:
    @pytest.mark.parametrize("offset", [timedelta(), SECOND, 5 * MINUTE, -5 * MINUTE])
    def test_within_five_minutes_nothing_is_doubted(self, offset: timedelta) -> None:
        assert doubt_of(Snapshot(), (), broken=(), now=NOW, server_times=servers(offset)) is None

    @pytest.mark.parametrize(
        ("offsets", "how"),
        [
            ((-5 * MINUTE - SECOND,), "ahead of that of server-0.example"),
            ((5 * MINUTE + SECOND,), "behind that of server-0.example"),
            ((-DAY, -HOUR), "ahead of that of server-0.example, server-1.example"),
            ((DAY, -HOUR), "unlike that of server-0.example, server-1.example"),
        ],
    )
    def test_beyond_it_says_how_it_is_off(self, offsets: tuple[timedelta, ...], how: str) -> None:
        doubt = doubt_of(Snapshot(), (), broken=(), now=NOW, server_times=servers(*offsets))
        assert reason_words(doubt).startswith(f"the clock is more than 5 minutes {how}: nothing is released")
        later = doubt_of(Snapshot(), (), broken=(), now=NOW, server_times=servers(*(2 * offset for offset in offsets)))
        assert later == doubt, "the same doubt is told once"

    @pytest.mark.parametrize("offsets", [(), (DAY, SECOND), (-DAY, DAY, -MINUTE)])
    def test_one_server_that_agrees_is_enough(self, offsets: tuple[timedelta, ...]) -> None:
        assert doubt_of(Snapshot(), (), broken=(), now=NOW, server_times=servers(*offsets)) is None

    @pytest.mark.parametrize(
        ("offset", "told"),
        [(MINUTE, False), (MINUTE + SECOND, True), (-MINUTE - SECOND, True), (5 * MINUTE, True), (6 * MINUTE, False)],
    )
    def test_over_a_minute_off_somebody_is_told(self, season: Season, offset: timedelta, told: bool) -> None:
        plan = season.run(server_times=servers(offset))
        assert any(trouble.code is ReasonCode.CLOCK_SLIGHTLY_OFF for trouble in plan.troubles) is told

    @pytest.mark.parametrize(
        ("offsets", "remembered"), [((), NOW), ((MINUTE,), NOW), ((-HOUR, -DAY), NOW - HOUR), ((DAY,), NOW + DAY)]
    )
    def test_a_doubted_time_is_not_remembered(self, offsets: tuple[timedelta, ...], remembered: datetime) -> None:
        assert believable(NOW, servers(*offsets)) == remembered

    def test_nothing_is_released_while_it_lasts(self, season: Season, make_post: MakePost) -> None:
        post = make_post(published=NOW)
        plan = season.run(post, server_times=servers(-HOUR))
        assert (bool(plan.batch), plan.released) == (False, ())
        assert verdicts(plan) == {"tickets": Verdict.HELD}
        assert season.run(post, server_times=servers(SECOND)).released == (post,)


class TestEmptied:
    @pytest.mark.parametrize(
        ("planned", "gone", "doubted"),
        [(1, 1, False), (2, 1, False), (2, 2, True), (3, 1, False), (3, 2, True), (4, 2, False), (4, 3, True)],
    )
    def test_more_than_half_of_at_least_two_upcoming_posts(
        self, make_post: MakePost, planned: int, gone: int, doubted: bool
    ) -> None:
        posts = [make_post(f"p{number}", published=NOW + HOUR) for number in range(planned)]
        upcoming = {post.url: Upcoming(post_id=post.url, slug=post.slug, due=NOW + HOUR) for post in posts}
        doubt = doubt_of(Snapshot(upcoming=upcoming), posts[gone:], broken=(), now=NOW)
        assert bool(doubt) is doubted
        if doubted:
            assert reason_words(doubt).startswith(f"{gone} of {planned} upcoming posts are gone")

    def test_what_has_a_fault_an_id_or_another_permalink_is_not_gone(self, make_post: MakePost) -> None:
        posts = [make_post(slug) for slug in ("a", "b", "c")]
        upcoming = {post.url: Upcoming(post_id=post.url, slug=post.slug, due=NOW + HOUR) for post in posts}
        here = [make_post("a", explicit_id="x"), make_post("b", url="https://new.example/b/")]
        assert doubt_of(Snapshot(upcoming=upcoming), here, broken=("c",), now=NOW) is None
        assert reason_words(doubt_of(Snapshot(upcoming=upcoming), (), broken=("c",), now=NOW)).startswith("2 of 2")

    def test_a_branch_switch_releases_nothing_and_everything_recovers(
        self, season: Season, make_post: MakePost
    ) -> None:
        out = make_post("out")
        coming = [make_post(f"p{hours}", published=NOW + hours * HOUR) for hours in (1, 2, 3)]
        season.run(out, *coming)
        season.send("out")
        before = season.snapshot
        stranger = make_post("on-this-branch-only", published=NOW + MINUTE)
        for _ in range(3):
            plan = season.run(out, stranger, after=HOUR)
            assert (plan.released, bool(plan.batch)) == ((), False)
            assert reason_words(plan.doubt)
        assert replace(season.snapshot, newest=None) == replace(before, newest=None)
        plan = season.run(out, *coming)
        assert (plan.doubt, plan.released) == (None, tuple(coming))
        assert season.state("out") is DeliveryState.SENT

    def test_a_person_may_accept_that_they_are_gone(self, season: Season, make_post: MakePost) -> None:
        kept = make_post("kept", published=NOW + HOUR)
        season.run(kept, *(make_post(f"p{n}", published=NOW + DAY) for n in range(3)))
        assert season.run(kept).doubt
        season.resume()
        plan = season.run(kept)
        assert (plan.doubt, set(season.snapshot.upcoming)) == (None, {kept.url})
        assert season.run(kept, after=HOUR).released == (kept,)

    def test_posts_that_leave_by_being_released_are_not_gone(self, season: Season, make_post: MakePost) -> None:
        posts = [make_post(f"p{n}", published=NOW + HOUR) for n in range(4)]
        season.run(*posts)
        plan = season.run(*posts, after=HOUR)
        assert (plan.doubt, plan.released, season.snapshot.upcoming) == (None, tuple(posts), {})

    def test_a_folder_that_cannot_be_read_forgets_nothing(self, season: Season, make_post: MakePost) -> None:
        post = make_post(published=NOW + HOUR)
        season.run(post)
        season.run(readable=False)
        assert set(season.snapshot.upcoming) == {post.url}

    def test_an_empty_folder_takes_nothing_out_of_the_feeds(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.send("tickets")
        plan = season.run(after=HOUR)
        assert (plan.batch.entries, wanted(plan), plan.troubles) == ((), [], ())
