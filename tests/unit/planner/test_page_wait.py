"""Releases that wait for their page: feed and toot together, without counting as late, until a person or a deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain import DeliveryState, Missed, OverrideKind, PageAnswer, Post
from bot.domain.wording import event_detail, reason_words
from bot.planner.plan import Plan
from bot.planner.ruling import Verdict
from tests.support.digests import both
from tests.support.planning import ACCOUNT, DAY, HOUR, MINUTE, NOW, POLICY, SECOND, Season, retracted, verdicts, wanted

MakePost = Callable[..., Post]
WAIT = 30 * MINUTE
PATIENT = replace(POLICY, wait_for_page=WAIT)


def season(**policy: Any) -> Season:
    return Season(policy=replace(PATIENT, **policy))


def says(one: Season, *posts: Post, online: bool = False, ago: timedelta = timedelta()) -> dict[str, PageAnswer]:
    """What the site has just answered for these posts' pages."""
    why = "" if online else "it answered 404."
    return {post.url: PageAnswer(at=one.now - ago, online=online, why=why) for post in posts}


def test_feed_and_toot_wait_together_until_the_page_is_online(make_post: MakePost) -> None:
    one, post = season(), make_post(published=NOW)
    plan = one.run(post)
    assert (plan.released, verdicts(plan)) == ((), {"tickets": Verdict.WAITING})
    assert (one.snapshot.entries, one.snapshot.deliveries) == ({}, {})
    (page,) = plan.wanted_pages
    assert (page.url, page.due, page.until) == (post.url, NOW, NOW + WAIT)

    plan = one.run(post, after=17 * MINUTE, pages=says(one, post))
    assert "waits for its page, until 14:30 UTC: it answered 404." in reason_words(plan.items[0].reason)
    plan = one.run(post, pages=says(one, post, online=True))
    assert plan.released == (post,)
    assert one.state("tickets") is DeliveryState.DUE
    assert one.snapshot.waiting == {}
    assert one.entry("tickets").published == NOW, "in the feeds it keeps its datetime"
    assert "17 min after its time, 17 min of it for its page" in event_detail(one.ledger.events(limit=1)[0])


def test_before_its_datetime_no_page_is_wanted(make_post: MakePost) -> None:
    one = season()
    plan = one.run(make_post(published=NOW + SECOND))
    assert (plan.wanted_pages, plan.deploys, one.snapshot.waiting) == ((), {}, {})


@pytest.mark.parametrize(
    ("policy", "changes"),
    [
        ({"wait_for_page": timedelta()}, {}),
        ({}, {"hidden": True}),
        ({}, {"hidden": True, "withdrawn": ""}),
        ({"catch_up": HOUR}, {"published": NOW - HOUR - SECOND}),
    ],
    ids=["off", "hidden", "withdrawn", "too old to be tooted"],
)
def test_what_need_not_wait(make_post: MakePost, policy: dict[str, Any], changes: dict[str, Any]) -> None:
    one = season(**policy)
    plan = one.run(make_post(**{"published": NOW, **changes}))
    assert len(plan.released) == 1
    assert plan.wanted_pages == ()


@pytest.mark.parametrize(
    ("setting", "post"),
    [({"catch_up": 10 * MINUTE}, {}), ({}, {"if_missed": Missed.SKIP}), ({}, {"if_missed": Missed.HOLD})],
    ids=["catch_up", "if_missed: skip", "if_missed: hold"],
)
def test_waiting_is_not_lateness(make_post: MakePost, setting: dict[str, Any], post: dict[str, Any]) -> None:
    one, tickets = season(wait_for_page=3 * HOUR, **setting), make_post(published=NOW, **post)
    one.run(tickets)
    plan = one.run(tickets, after=2 * HOUR, pages=says(one, tickets, online=True))
    # ... nor for the spacing, which goes by when a toot was due.
    assert verdicts(plan) == {"tickets": Verdict.DUE}
    (due,) = wanted(plan)
    assert due.due == one.now


def test_lateness_before_the_wait_counts(make_post: MakePost) -> None:
    one, post = season(), make_post(published=NOW - 2 * HOUR, if_missed=Missed.SKIP)
    one.run(post)
    plan = one.run(post, after=5 * MINUTE, pages=says(one, post, online=True))
    assert verdicts(plan) == {"tickets": Verdict.SKIPPED}
    assert "2 h late" in reason_words(plan.items[0].reason)


def test_expires_still_wins(make_post: MakePost) -> None:
    one, post = season(), make_post(published=NOW, expires=NOW + 10 * MINUTE)
    one.run(post)
    plan = one.run(post, after=10 * MINUTE, pages=says(one, post, online=True))
    assert verdicts(plan) == {"tickets": Verdict.SKIPPED}
    assert len(plan.released) == 1


class TestTheDeadline:
    def missing(self, one: Season, post: Post) -> Plan:
        one.run(post)
        one.clock.advance(WAIT)
        return one.run(post, pages=says(one, post))

    def test_holds_until_a_person_lets_go(self, make_post: MakePost) -> None:
        one, post = season(), make_post(published=NOW)
        plan = self.missing(one, post)
        assert verdicts(plan) == {"tickets": Verdict.HELD}
        assert reason_words(plan.items[0].reason).startswith(
            "its page is missing: it answered 404. `announce release tickets`"
        )
        assert plan.wanted_pages == (), "it is not asked for any more"
        assert (one.ledger.events(limit=1)[0].kind.value, one.ledger.events(limit=1)[0].slug) == ("held", "tickets")
        # Nor does an answer that comes now, or another process that knows the ledger alone.
        assert verdicts(one.run(post, after=DAY, pages=says(one, post, online=False))) == {"tickets": Verdict.HELD}
        one.emit(OverrideKind.RELEASE, post)
        assert one.run(post, after=SECOND).released == (post,)
        assert one.state("tickets") is DeliveryState.DUE

    def test_or_releases_without_the_page_and_says_so_for_a_day(self, make_post: MakePost) -> None:
        one, post = season(release_without_page=True), make_post(published=NOW)
        plan = self.missing(one, post)
        assert plan.released == (post,)
        assert [reason_words(trouble) for trouble in plan.troubles] == [
            "tickets was released without its page: it answered 404."
        ]
        assert one.run(post, after=DAY - SECOND).troubles == plan.troubles
        assert one.run(post, after=SECOND).troubles == ()

    def test_lets_a_skipped_one_into_the_feeds_for_without_a_toot_nothing_is_to_be_let_go(
        self, make_post: MakePost
    ) -> None:
        one, post = season(), make_post(published=NOW)
        self.missing(one, post)
        one.emit(OverrideKind.SKIP, post)
        assert reason_words(one.propose(OverrideKind.RELEASE, post).refusal).startswith("nothing of it is held")
        plan = one.run(post, after=SECOND)
        assert (plan.released, verdicts(plan)) == ((post,), {"tickets": Verdict.SKIPPED})

    @pytest.mark.parametrize("looked", [None, 20 * MINUTE], ids=["never asked", "asked before the deadline"])
    def test_is_not_over_before_the_site_was_asked_once_more(
        self, make_post: MakePost, looked: timedelta | None
    ) -> None:
        """A machine that slept, a bot that was off, a tick that comes by every half hour."""
        one, post = season(), make_post(published=NOW)
        one.run(post)
        one.clock.advance(HOUR)
        plan = one.run(post, pages=says(one, post, ago=HOUR - looked) if looked is not None else {})
        assert verdicts(plan) == {"tickets": Verdict.WAITING}
        assert "asked for once more" in reason_words(plan.items[0].reason)
        assert len(plan.wanted_pages) == 1
        assert one.run(post, pages=says(one, post, online=True)).released == (post,)


class TestWords:
    def test_publish_overrides_the_wait(self, make_post: MakePost) -> None:
        one, post = season(), make_post(published=NOW)
        one.run(post)
        one.clock.advance(SECOND)
        one.emit(OverrideKind.PUBLISH, post)
        assert one.run(post).released == (post,)

    def test_so_does_an_early_one(self, make_post: MakePost) -> None:
        one, post = season(), make_post(published=NOW + DAY)
        one.run(post)
        one.emit(OverrideKind.PUBLISH, post, early=True)
        assert one.run(post).released == (post,)

    def test_a_release_from_an_earlier_hold_does_not(self, make_post: MakePost) -> None:
        one, post = season(), make_post(published=NOW + HOUR)
        one.emit(OverrideKind.HOLD, post)
        one.emit(OverrideKind.RELEASE, post)
        assert verdicts(one.run(post, after=HOUR)) == {"tickets": Verdict.WAITING}

    def test_what_is_held_meanwhile_asks_for_its_page_afterwards(self, make_post: MakePost) -> None:
        one, post = season(), make_post(published=NOW)
        one.run(post)
        one.emit(OverrideKind.HOLD, post)
        plan = one.run(post, after=SECOND)
        assert (verdicts(plan), plan.wanted_pages) == ({"tickets": Verdict.HELD}, ())
        one.emit(OverrideKind.RELEASE, post)
        plan = one.run(post, after=SECOND)
        assert verdicts(plan) == {"tickets": Verdict.WAITING}
        assert plan.wanted_pages[0].until == one.now + WAIT

    def test_nothing_is_asked_and_nothing_forgotten_while_all_is_paused(self, make_post: MakePost) -> None:
        one, post = season(), make_post(published=NOW)
        one.run(post)
        one.pause()
        plan = one.run(post, after=MINUTE, pages=says(one, post, online=True))
        assert (plan.released, plan.wanted_pages) == ((), ())
        one.resume()
        assert one.run(post, after=MINUTE).wanted_pages[0].until == NOW + WAIT


def test_the_wait_goes_on_from_its_beginning_after_a_restart_and_a_slip_in_the_file(make_post: MakePost) -> None:
    one, post = season(), make_post(published=NOW)
    one.run(post, make_post("other", published=NOW + DAY))
    one.run(make_post("other", published=NOW + DAY), after=MINUTE, broken=["tickets"])
    plan = one.run(post, make_post("other", published=NOW + DAY), after=MINUTE)
    assert plan.wanted_pages[0].until == NOW + WAIT


def test_a_later_datetime_ends_the_wait_and_begins_another(make_post: MakePost) -> None:
    one, post = season(), make_post(published=NOW)
    one.run(post)
    later = replace(post, published=NOW + HOUR)
    assert verdicts(one.run(later, after=MINUTE, pages=says(one, post))) == {"tickets": Verdict.UPCOMING}
    assert one.snapshot.waiting == {}
    old = says(one, post, online=True)
    plan = one.run(later, after=HOUR, pages=old)
    assert verdicts(plan) == {"tickets": Verdict.WAITING}, "that answer was from before its time"


def test_a_clock_that_was_ahead_when_the_wait_began_does_not_shorten_it(make_post: MakePost) -> None:
    one, post = season(), make_post(published=NOW)
    one.clock.step_to(NOW + HOUR)
    one.run(post)
    one.clock.step_to(NOW)
    one.resume()
    assert one.run(post).wanted_pages[0].until == NOW + WAIT


def test_posts_of_one_datetime_go_by_order_and_then_by_slug(make_post: MakePost) -> None:
    one = Season()
    posts = [
        make_post("b", published=NOW),
        make_post("a", published=NOW, order=2),
        make_post("c", published=NOW, order=-1),
        make_post("d", published=NOW - SECOND, order=9),
        make_post("0", published=NOW),
    ]
    before = one.look(*posts, doubt="as it is shown")
    plan = one.run(*posts)
    assert [post.slug for post in plan.released] == ["d", "c", "0", "b", "a"]
    assert [item.slug for item in plan.items] == [item.slug for item in before.items] == ["d", "c", "0", "b", "a"]
    assert [delivery.slug for delivery in one.ledger.account_view(ACCOUNT).open] == ["d", "c", "0", "b"], "a is braked"


class TestWhatTheSiteShouldShow:
    def test_is_each_post_that_is_due_with_its_words(self, make_post: MakePost) -> None:
        one = season()
        waits, out, later = (
            make_post("w", published=NOW),
            make_post("o", published=NOW),
            make_post("l", published=NOW + DAY),
        )
        plan = one.run(waits, out, later, pages=says(one, out, online=True))
        assert plan.deploys == {waits.post_id: waits.digests.whole, out.post_id: out.digests.whole}
        changed = replace(out, digests=both("new words"))
        assert one.run(waits, changed, later).deploys == {
            waits.post_id: waits.digests.whole,
            out.post_id: changed.digests.whole,
        }
        assert one.run(waits, replace(out, hidden=True), later).deploys[out.post_id] == "hidden"

    def test_is_nothing_new_under_a_doubt(self, make_post: MakePost) -> None:
        assert season().look(make_post(published=NOW), doubt="a doubt").deploys == {}


def test_two_that_wait_are_released_each_by_its_own_page(make_post: MakePost) -> None:
    one, first, second = season(), make_post("a", published=NOW), make_post("b", published=NOW)
    one.run(first, second)
    plan = one.run(first, second, after=MINUTE, pages={**says(one, first), **says(one, second, online=True)})
    assert (plan.released, verdicts(plan)) == ((second,), {"a": Verdict.WAITING, "b": Verdict.DUE})
    assert retracted(plan) == []
