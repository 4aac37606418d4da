"""What a person says of a post, from the word to what becomes of it; and a pause of everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain import DeliveryState, Hold, MastodonOptions, Missed, Occasion, OverrideKind, Post, ReasonCode
from bot.domain.reasons import text_reason
from bot.domain.wording import reason_words
from bot.planner.ruling import Verdict
from tests.support.digests import both
from tests.support.planning import (
    ACCOUNT,
    DAY,
    HOUR,
    MINUTE,
    NOW,
    OTHER,
    POLICY,
    SECOND,
    Season,
    retracted,
    verdicts,
    wanted,
)

MakePost = Callable[..., Post]
LONG = timedelta(days=10)


@pytest.fixture
def season() -> Season:
    return Season()


class TestHold:
    def test_a_held_post_enters_neither_feeds_nor_toots_when_its_time_comes(
        self, season: Season, make_post: MakePost
    ) -> None:
        post = make_post(published=NOW + HOUR)
        season.emit(OverrideKind.HOLD, post)
        before = season.run(post)
        assert (verdicts(before), reason_words(before.items[0].reason)) == ({"tickets": Verdict.HELD}, "held by amy")
        for after in (HOUR, SECOND, LONG):
            plan = season.run(post, after=after)
            assert (plan.released, plan.batch.entries, wanted(plan)) == ((), (), [])
            (item,) = plan.items
            assert (item.verdict, item.hold, reason_words(item.reason)) == (Verdict.HELD, Hold.OPERATOR, "held by amy")

    @pytest.mark.parametrize("gap", [False, True])
    @pytest.mark.parametrize("renamed", [{"slug": "new-name"}, {"explicit_id": "tickets-2026"}])
    def test_a_rename_does_not_lose_the_hold(
        self, season: Season, make_post: MakePost, renamed: dict[str, str], gap: bool
    ) -> None:
        post = make_post(published=NOW + HOUR)
        season.run(post)
        season.emit(OverrideKind.HOLD, post)
        season.run(post)
        other, bystander = make_post(published=NOW + HOUR, **renamed), make_post("bystander", published=NOW + LONG)
        if gap:
            season.run(bystander, after=MINUTE)
        season.run(other, bystander, after=MINUTE)
        plan = season.run(other, bystander, after=2 * HOUR)
        assert (plan.released, wanted(plan)) == ((), [])
        season.emit(OverrideKind.RELEASE, other)
        assert season.run(other, bystander).released == (other,)

    @pytest.mark.parametrize("late", [timedelta(), LONG])
    def test_once_let_go_it_is_released_and_tooted_however_late(
        self, season: Season, make_post: MakePost, late: timedelta
    ) -> None:
        post = make_post(published=NOW + HOUR)
        season.emit(OverrideKind.HOLD, post)
        season.run(post, after=HOUR + late)
        season.emit(OverrideKind.RELEASE, post, who="bob")
        plan = season.run(post)
        assert plan.released == (post,)
        assert season.entry("tickets").published == NOW + HOUR
        delivery = season.delivery("tickets")
        assert delivery is not None
        assert (delivery.state, delivery.ordered_by) == (DeliveryState.DUE, "bob")

    def test_one_that_is_let_go_before_its_time_still_waits_for_it(self, season: Season, make_post: MakePost) -> None:
        post = make_post(published=NOW + HOUR)
        season.emit(OverrideKind.HOLD, post)
        season.emit(OverrideKind.RELEASE, post)
        assert verdicts(season.run(post, after=HOUR - SECOND)) == {"tickets": Verdict.UPCOMING}
        assert verdicts(season.run(post, after=SECOND)) == {"tickets": Verdict.DUE}

    def test_a_toot_that_is_owed_waits_and_stays_in_the_feeds(self, season: Season, make_post: MakePost) -> None:
        post = make_post()
        season.run(post)
        season.emit(OverrideKind.HOLD, post)
        assert season.state("tickets") is DeliveryState.HELD, "at once, before the next pass"
        plan = season.run(post, after=LONG)
        assert verdicts(plan) == {"tickets": Verdict.HELD}
        assert not plan.batch.events, "the person who said so need not be told"
        assert season.entry("tickets").missing_since is None
        season.emit(OverrideKind.RELEASE, post)
        assert season.state("tickets") is DeliveryState.DUE
        assert verdicts(season.run(post)) == {"tickets": Verdict.DUE}

    def test_what_is_let_go_says_the_words_that_the_file_has_now(self, season: Season, make_post: MakePost) -> None:
        post = make_post()
        season.run(post)
        season.emit(OverrideKind.HOLD, post)
        changed = make_post(title="New words", digests=both("new"))
        season.run(changed, after=MINUTE)
        season.emit(OverrideKind.RELEASE, changed)
        delivery = season.delivery("tickets")
        assert delivery is not None
        assert delivery.announcement.text == "New words for conf@example.social", "also before the next pass"

    def test_a_post_that_is_missed_with_if_missed_hold_is_told_of_and_let_go_by_name(
        self, season: Season, make_post: MakePost
    ) -> None:
        post = make_post(if_missed=Missed.HOLD)
        plan = season.run(post, after=HOUR + SECOND)
        assert [event.kind.value for event in plan.batch.events] == ["released", "held"]
        season.run(post, after=LONG)
        season.resume()
        assert season.state("tickets") is DeliveryState.HELD
        season.emit(OverrideKind.RELEASE, post)
        assert verdicts(season.run(post)) == {"tickets": Verdict.DUE}

    def test_letting_go_does_not_toot_what_is_for_the_feeds_only(self, season: Season, make_post: MakePost) -> None:
        post = make_post(published=NOW + HOUR, mastodon=MastodonOptions(skip=True))
        season.emit(OverrideKind.HOLD, post)
        season.run(post, after=HOUR)
        season.emit(OverrideKind.RELEASE, post)
        plan = season.run(post)
        assert (plan.released, wanted(plan)) == ((post,), [])
        assert verdicts(plan) == {"tickets": Verdict.SKIPPED}


class TestPublish:
    def test_a_late_one_goes_out(self, season: Season, make_post: MakePost) -> None:
        post = make_post()
        assert verdicts(season.run(post, after=LONG)) == {"tickets": Verdict.SKIPPED}
        season.emit(OverrideKind.PUBLISH, post)
        assert verdicts(season.run(post)) == {"tickets": Verdict.DUE}
        season.send("tickets")
        assert verdicts(season.run(post, after=MINUTE)) == {"tickets": Verdict.SENT}

    def test_one_that_expired_does_not(self, season: Season, make_post: MakePost) -> None:
        post = make_post(expires=NOW + HOUR)
        season.run(post, after=2 * HOUR)
        season.emit(OverrideKind.PUBLISH, post)
        plan = season.run(post)
        assert verdicts(plan) == {"tickets": Verdict.SKIPPED}
        assert "expired" in reason_words(plan.items[0].reason)

    def test_early_releases_it_now_and_dates_it_now(self, season: Season, make_post: MakePost) -> None:
        season.clock.advance(timedelta(microseconds=7))
        post, other = make_post(published=NOW + DAY), make_post("other", published=NOW + DAY)
        season.run(post, other)
        season.emit(OverrideKind.PUBLISH, post, early=True)
        plan = season.run(post, other)
        assert plan.released == (post,)
        assert set(plan.batch.upcoming or ()) == {other.post_id}
        entry, delivery = season.entry("tickets"), season.delivery("tickets")
        assert (entry.published, entry.updated) == (NOW, NOW)
        assert delivery is not None
        assert (delivery.state, delivery.due) == (DeliveryState.DUE, NOW)
        assert verdicts(plan) == {"tickets": Verdict.DUE, "other": Verdict.UPCOMING}

    def test_what_went_out_early_does_not_go_out_again_at_its_datetime(
        self, season: Season, make_post: MakePost
    ) -> None:
        post = make_post(published=NOW + DAY)
        season.emit(OverrideKind.PUBLISH, post, early=True)
        season.run(post)
        season.send("tickets")
        for after in (MINUTE, DAY, LONG):
            plan = season.run(post, after=after)
            assert (plan.released, wanted(plan), plan.findings) == ((), [], ())
            assert verdicts(plan) == {"tickets": Verdict.SENT}
            assert season.entry("tickets").published == NOW

    @pytest.mark.parametrize("said", [OverrideKind.HOLD, OverrideKind.RETRY, OverrideKind.SKIP])
    def test_later_words_on_it_do_not_undo_that_it_is_out(
        self, season: Season, make_post: MakePost, said: OverrideKind
    ) -> None:
        post = make_post(published=NOW + DAY)
        season.emit(OverrideKind.PUBLISH, post, early=True)
        season.run(post)
        if said is OverrideKind.RETRY:
            season.settle("tickets", DeliveryState.REJECTED, reason=text_reason("too long"))
        season.emit(said, post)
        plan = season.run(post, after=MINUTE)
        expected = {
            OverrideKind.HOLD: Verdict.HELD,
            OverrideKind.RETRY: Verdict.DUE,
            OverrideKind.SKIP: Verdict.SKIPPED,
        }[said]
        assert (verdicts(plan), plan.findings) == ({"tickets": expected}, ())
        assert season.entry("tickets").published == NOW

    def test_without_early_a_word_does_not_move_a_post_to_come(self, season: Season, make_post: MakePost) -> None:
        post = make_post(published=NOW + DAY)
        assert season.propose(OverrideKind.PUBLISH, post).refusal
        season.ledger.record(season.propose(OverrideKind.PUBLISH, post).batch, now=NOW)
        assert verdicts(season.run(post)) == {"tickets": Verdict.UPCOMING}

    def test_a_new_account_does_not_toot_what_was_once_ordered_for_others(
        self, season: Season, make_post: MakePost
    ) -> None:
        post = make_post()
        season.run(post, after=LONG)
        season.emit(OverrideKind.PUBLISH, post)
        season.run(post)
        season.send("tickets")
        season.accounts.append(OTHER)
        season.run(post, after=DAY)
        assert season.state("tickets", account=OTHER) is None
        season.emit(OverrideKind.PUBLISH, post)
        season.run(post)
        assert season.state("tickets", account=OTHER) is DeliveryState.DUE
        assert season.state("tickets", account=ACCOUNT) is DeliveryState.SENT


class TestSkip:
    def test_a_post_to_come_enters_the_feeds_only(self, season: Season, make_post: MakePost) -> None:
        post = make_post(published=NOW + HOUR)
        season.emit(OverrideKind.SKIP, post)
        (item,) = season.run(post).items
        assert (item.verdict, item.account, reason_words(item.reason)) == (
            Verdict.UPCOMING,
            "",
            "in the feeds only: skipped by amy",
        )
        plan = season.run(post, after=HOUR)
        assert plan.released == (post,)
        assert verdicts(plan) == {"tickets": Verdict.SKIPPED}
        assert season.state("tickets") is DeliveryState.SKIPPED

    def test_a_toot_that_is_owed_is_called_off_at_once(self, season: Season, make_post: MakePost) -> None:
        post = make_post()
        season.run(post)
        season.emit(OverrideKind.SKIP, post)
        assert season.state("tickets") is DeliveryState.SKIPPED
        plan = season.run(post, after=MINUTE)
        assert (verdicts(plan), wanted(plan)) == ({"tickets": Verdict.SKIPPED}, [])

    @pytest.mark.parametrize("tried", [False, True])
    def test_it_may_be_ordered_again(self, season: Season, make_post: MakePost, tried: bool) -> None:
        post = make_post()
        season.run(post)
        if tried:
            season.settle(
                "tickets", DeliveryState.DUE, reason=text_reason("the server was away"), not_before=NOW + HOUR
            )
        season.emit(OverrideKind.SKIP, post)
        season.run(post)
        season.clock.advance(MINUTE)
        season.emit(OverrideKind.PUBLISH, post)
        season.run(post)
        delivery = season.delivery("tickets")
        assert delivery is not None
        assert (delivery.state, reason_words(delivery.reason), delivery.not_before) == (DeliveryState.DUE, "", None)


class TestRetry:
    ENDS: tuple[tuple[DeliveryState, dict[str, Any]], ...] = (
        (DeliveryState.REJECTED, {"reason": text_reason("too long")}),
        (DeliveryState.HELD, {"hold": Hold.FAILED, "reason": text_reason("tried for 24 h")}),
    )

    @pytest.mark.parametrize(("state", "changes"), ENDS)
    def test_what_was_given_up_is_tried_again_with_the_words_of_now(
        self, season: Season, make_post: MakePost, state: DeliveryState, changes: dict[str, Any]
    ) -> None:
        post = make_post()
        season.run(post)
        season.settle("tickets", state, **changes)
        mended = make_post(title="Shorter", digests=both("new"))
        season.run(mended, after=LONG)
        assert season.state("tickets") is state
        season.emit(OverrideKind.RETRY, mended)
        season.run(mended)
        delivery = season.delivery("tickets")
        assert delivery is not None
        assert (delivery.state, reason_words(delivery.reason), delivery.first_tried_at) == (DeliveryState.DUE, "", None)
        assert delivery.announcement.text == "Shorter for conf@example.social"
        assert delivery.generation == 1
        assert verdicts(season.run(mended, after=MINUTE)) == {"tickets": Verdict.DUE}

    def test_one_that_still_cannot_be_composed_is_held_until_its_file_is_mended(
        self, season: Season, make_post: MakePost
    ) -> None:
        season.run(make_post())
        season.settle("tickets", DeliveryState.REJECTED, reason=text_reason("too long"))
        season.emit(OverrideKind.RETRY, make_post(title="broken"))
        season.run(make_post(title="broken"))
        held = season.delivery("tickets")
        assert held is not None
        assert (held.hold, reason_words(held.reason)) == (Hold.UNCLEAR, "posts/tickets.md: the template has no end.")
        assert verdicts(season.run(make_post(), after=MINUTE)) == {"tickets": Verdict.DUE}

    def test_it_means_the_account_where_it_failed_and_no_other(self, make_post: MakePost) -> None:
        season, post = Season(accounts=(ACCOUNT, OTHER)), make_post()
        season.run(post)
        season.settle("tickets", DeliveryState.REJECTED, reason=text_reason("too long"))
        season.emit(OverrideKind.SKIP, post)
        season.run(post)
        season.clock.advance(SECOND)
        season.emit(OverrideKind.RETRY, post)
        season.run(post)
        assert season.state("tickets") is DeliveryState.DUE
        assert season.state("tickets", account=OTHER) is DeliveryState.SKIPPED

    @pytest.mark.parametrize(("state", "changes"), ENDS)
    def test_an_edit_that_was_given_up_is_tried_again_too(
        self, season: Season, make_post: MakePost, state: DeliveryState, changes: dict[str, Any]
    ) -> None:
        season.run(make_post())
        season.send("tickets")
        changed = make_post(title="Changed", digests=both("new"))
        season.run(changed)
        season.settle("tickets", state, occasion=Occasion.edit(1), **changes)
        season.run(changed, after=HOUR)
        assert season.state("tickets", Occasion.edit(1)) is state
        season.emit(OverrideKind.RETRY, changed)
        season.run(changed)
        assert season.state("tickets", Occasion.edit(1)) is DeliveryState.DUE


class TestBrake:
    def test_resume_lets_go_what_the_brake_holds_and_nothing_that_a_person_holds(self, make_post: MakePost) -> None:
        season = Season(policy=replace(POLICY, burst_limit=1))
        posts = [make_post(slug) for slug in ("a", "b", "c")]
        season.emit(OverrideKind.HOLD, posts[2])
        season.run(*posts)
        season.emit(OverrideKind.HOLD, posts[0])
        assert [season.state(slug) for slug in "abc"] == [DeliveryState.HELD, DeliveryState.HELD, None]
        season.resume()
        season.run(*posts)
        assert [season.state(slug) for slug in "abc"] == [DeliveryState.HELD, DeliveryState.DUE, None]

    def test_a_word_by_name_lets_one_go(self, make_post: MakePost) -> None:
        season = Season(policy=replace(POLICY, burst_limit=1))
        posts = [make_post(slug) for slug in ("a", "b", "c")]
        season.run(*posts)
        season.emit(OverrideKind.RELEASE, posts[2])
        season.run(*posts)
        assert [season.state(slug) for slug in "abc"] == [DeliveryState.DUE, DeliveryState.HELD, DeliveryState.DUE]


class TestPause:
    def test_nothing_is_released_changed_or_taken_back_until_it_ends(self, season: Season, make_post: MakePost) -> None:
        out, coming = make_post("out"), make_post("coming", published=NOW + HOUR)
        season.run(out, coming)
        season.send("out")
        season.pause()
        changed = replace(out, title="New", digests=both("new"), withdrawn="", hidden=True)
        plan = season.run(changed, coming, after=2 * HOUR)
        assert not plan.batch
        assert reason_words(plan.doubt) == "paused by amy on 2026-03-10 14:00 UTC; `announce resume` goes on"
        assert plan.of(Verdict.DUE) == ()
        season.resume()
        plan = season.run(changed, coming)
        assert verdicts(plan) == {
            "out": Verdict.SENT,
            "out withdraw": Verdict.DUE,
            "coming": Verdict.DUE,
        }

    def test_an_edit_of_the_pause_is_made_after_it(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.send("tickets")
        season.pause()
        changed = make_post(title="New", digests=both("new"))
        season.run(changed, after=HOUR)
        season.resume()
        season.run(changed)
        assert season.state("tickets", Occasion.edit(1)) is DeliveryState.DUE

    def test_resume_does_not_free_what_a_person_holds(self, season: Season, make_post: MakePost) -> None:
        owed, coming = make_post("owed"), make_post("coming", published=NOW + HOUR)
        season.run(owed, coming)
        season.emit(OverrideKind.HOLD, owed)
        season.emit(OverrideKind.HOLD, coming)
        season.pause()
        season.clock.advance(HOUR)
        season.resume()
        assert verdicts(season.run(owed, coming)) == {"owed": Verdict.HELD, "coming": Verdict.HELD}


def test_a_withdrawn_mark_that_is_taken_away_never_toots(season: Season, make_post: MakePost) -> None:
    post = make_post(withdrawn="", hidden=True)
    season.run(post)
    for after in (timedelta(), MINUTE, LONG):
        plan = season.run(make_post(), after=after)
        assert (verdicts(plan), wanted(plan)) == ({"tickets": Verdict.SKIPPED}, [])
        assert not season.entry("tickets").hidden


@pytest.mark.parametrize("said", [OverrideKind.PUBLISH, OverrideKind.RELEASE])
def test_not_even_where_a_person_had_ordered_it_before(season: Season, make_post: MakePost, said: OverrideKind) -> None:
    if said is OverrideKind.RELEASE:
        season.emit(OverrideKind.HOLD, make_post())
    season.emit(said, make_post())
    season.run(make_post())
    season.run(make_post(withdrawn="", hidden=True), after=MINUTE)
    assert verdicts(season.run(make_post(), after=MINUTE)) == {"tickets": Verdict.SKIPPED}
    assert season.state("tickets") is DeliveryState.SKIPPED


def test_a_hidden_mark_that_is_taken_away_toots_what_is_still_in_time(season: Season, make_post: MakePost) -> None:
    season.run(make_post())
    plan = season.run(make_post(hidden=True))
    assert [key.occasion for key in retracted(plan)] == [Occasion.PUBLISH]
    assert verdicts(season.run(make_post(), after=MINUTE)) == {"tickets": Verdict.DUE}


def test_a_held_file_that_takes_another_posts_id_stays_held(make_post: MakePost) -> None:
    season = Season()
    held, other = make_post("a", published=NOW + HOUR), make_post("b", published=NOW + HOUR, explicit_id="x")
    season.run(held, other)
    season.emit(OverrideKind.HOLD, held)
    season.run(make_post("a", published=NOW + HOUR, explicit_id="x"), after=HOUR)
    assert season.snapshot.entries == {}


def test_what_cannot_be_composed_keeps_its_reason_when_the_burst_limit_is_used_up(make_post: MakePost) -> None:
    season = Season()
    posts = [make_post(slug=f"post-{number}", published=season.now) for number in range(4)]
    broken = make_post(slug="z-broken", title="broken template", published=season.now)
    for _ in range(2):
        season.run(*posts, broken)
        held = season.delivery("z-broken")
        assert held is not None
        assert held.reason is not None
        assert (held.hold, held.reason.code) == (Hold.UNCLEAR, ReasonCode.CANNOT_BE_COMPOSED)
    season.resume()
    assert season.state("z-broken") is DeliveryState.HELD, "there is no text that could be sent"
    season.run(*posts, replace(broken, title="Mended"))
    held = season.delivery("z-broken")
    assert held is not None
    assert held.hold is Hold.BURST_LIMIT
