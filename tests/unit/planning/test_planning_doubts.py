"""Reasons to release nothing at all: the clock, a pause, a folder that lost most of what was planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model import DeliveryState, Post, Snapshot, Upcoming
from bot.planning.doubts import CLOCK_TOLERANCE, doubt_of
from bot.planning.verdict import Verdict
from tests.support.planning import DAY, HOUR, MINUTE, NOW, SECOND, Season, verdicts, wanted

MakePost = Callable[..., Post]
TICK = timedelta(microseconds=1)


@pytest.fixture
def season() -> Season:
    return Season()


class TestClock:
    @pytest.mark.parametrize("behind", [-HOUR, timedelta(), SECOND, CLOCK_TOLERANCE])
    def test_a_small_correction_is_no_doubt(self, behind: timedelta) -> None:
        assert doubt_of(Snapshot(newest=NOW + behind), (), broken=(), now=NOW) == ""

    def test_a_clock_behind_the_ledger_releases_nothing_and_says_why(self, season: Season, make_post: MakePost) -> None:
        now, coming = make_post(published=NOW), make_post("coming", published=NOW + HOUR)
        season.clock.step_to(NOW + CLOCK_TOLERANCE + TICK)
        season.run()
        season.clock.step_to(NOW)
        plan = season.run(now, coming)
        assert plan.doubt.startswith("the clock is behind 2026-03-10 14:00:05 UTC, which the ledger has seen")
        assert (bool(plan.recording), plan.released) == (False, ())
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
            assert doubt.startswith(f"{gone} of {planned} upcoming posts are gone")

    def test_what_has_a_fault_an_id_or_another_permalink_is_not_gone(self, make_post: MakePost) -> None:
        posts = [make_post(slug) for slug in ("a", "b", "c")]
        upcoming = {post.url: Upcoming(post_id=post.url, slug=post.slug, due=NOW + HOUR) for post in posts}
        here = [make_post("a", explicit_id="x"), make_post("b", url="https://new.example/b/")]
        assert doubt_of(Snapshot(upcoming=upcoming), here, broken=("c",), now=NOW) == ""
        assert doubt_of(Snapshot(upcoming=upcoming), (), broken=("c",), now=NOW).startswith("2 of 2")

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
            assert (plan.released, bool(plan.recording)) == ((), False)
            assert plan.doubt
        assert replace(season.snapshot, newest=None) == replace(before, newest=None)
        plan = season.run(out, *coming)
        assert (plan.doubt, plan.released) == ("", tuple(coming))
        assert season.state("out") is DeliveryState.SENT

    def test_a_person_may_accept_that_they_are_gone(self, season: Season, make_post: MakePost) -> None:
        kept = make_post("kept", published=NOW + HOUR)
        season.run(kept, *(make_post(f"p{n}", published=NOW + DAY) for n in range(3)))
        assert season.run(kept).doubt
        season.resume()
        plan = season.run(kept)
        assert (plan.doubt, set(season.snapshot.upcoming)) == ("", {kept.url})
        assert season.run(kept, after=HOUR).released == (kept,)

    def test_posts_that_leave_by_being_released_are_not_gone(self, season: Season, make_post: MakePost) -> None:
        posts = [make_post(f"p{n}", published=NOW + HOUR) for n in range(4)]
        season.run(*posts)
        plan = season.run(*posts, after=HOUR)
        assert (plan.doubt, plan.released, season.snapshot.upcoming) == ("", tuple(posts), {})

    def test_a_folder_that_cannot_be_read_forgets_nothing(self, season: Season, make_post: MakePost) -> None:
        post = make_post(published=NOW + HOUR)
        season.run(post)
        season.run(readable=False)
        assert set(season.snapshot.upcoming) == {post.url}

    def test_an_empty_folder_takes_nothing_out_of_the_feeds(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.send("tickets")
        plan = season.run(after=HOUR)
        assert (plan.recording.entries, wanted(plan), plan.troubles) == ((), [], ())
