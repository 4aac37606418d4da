"""Reminders: each goes out once, at its moment, after the post's own toot, and only while that stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain import (
    Action,
    Announcement,
    DeliveryState,
    EffectKind,
    Hold,
    Missed,
    Occasion,
    OverrideKind,
    Post,
    Reminder,
)
from bot.domain.errors import ComposeError
from bot.domain.reasons import text_reason
from bot.domain.wording import reason_words
from bot.planner.plan import Plan
from bot.planner.ruling import Verdict
from bot.posts.frontmatter.reminders import source_of
from tests.support.digests import both
from tests.support.planning import (
    ACCOUNT,
    DAY,
    HOUR,
    MINUTE,
    NOW,
    OTHER,
    POLICY,
    Season,
    compose,
    retracted,
    wanted,
)

MakePost = Callable[..., Post]
CALL = Occasion.reminder("call")
AT = NOW + 2 * DAY


def saying(post: Post, account: str) -> Announcement:
    one = post.reminding
    if one is None:
        return compose(post, account)
    if one.text == "broken":
        raise ComposeError("there is no such template.", kind="file default.j2")
    text = f"{one.text} for {account}"
    return Announcement(
        text=text,
        link=post.url,
        length=len(text),
        limit=500,
        answers=one.reply,
        source=source_of(one),
        expires=post.expires,
    )


def remind(reminder_id: str = "call", at: Any = AT, text: str = "Two days on", **more: Any) -> Reminder:
    return Reminder(reminder_id=reminder_id, at=at, text=text, **more)


@pytest.fixture
def season() -> Season:
    season = Season()
    season.compose = saying
    return season


@pytest.fixture
def post(make_post: MakePost) -> Post:
    return make_post(published=NOW, reminders=(remind(),))


def said_of(plan: Plan, occasion: Occasion = CALL, account: str = ACCOUNT) -> tuple[Verdict, str]:
    (item,) = (item for item in plan.items if item.occasion == occasion and item.account == account)
    return item.verdict, reason_words(item.reason)


def tooted(season: Season, post: Post) -> None:
    season.run(post)
    season.send(post.slug)


class TestAtItsMoment:
    def test_it_is_owed_at_its_moment_and_not_before(self, season: Season, post: Post) -> None:
        tooted(season, post)
        plan = season.run(post, after=2 * DAY - timedelta(seconds=1))
        assert wanted(plan) == []
        assert said_of(plan) == (Verdict.UPCOMING, "")
        assert plan.next_release == AT
        plan = season.run(post, after=timedelta(seconds=1))
        (delivery,) = wanted(plan)
        assert (delivery.key.occasion, delivery.due, delivery.action) == (CALL, AT, Action.PUBLISH)
        assert delivery.announcement.text == f"Two days on for {ACCOUNT}"
        assert said_of(plan) == (Verdict.DUE, "")
        assert plan.next_release is None
        season.send(post.slug, CALL)
        assert said_of(season.run(post, after=DAY)) == (Verdict.SENT, "")

    def test_before_the_release_it_is_upcoming_with_its_post(self, season: Season, post: Post) -> None:
        waiting = replace(post, published=NOW + DAY)
        plan = season.run(waiting)
        assert wanted(plan) == []
        assert said_of(plan) == (Verdict.UPCOMING, "")
        assert plan.next_release == NOW + DAY

    def test_a_changed_list_sends_nothing_again(self, season: Season, post: Post) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        season.send(post.slug, CALL)
        moved = replace(post, reminders=(remind(at=AT + DAY), remind("new", at=AT + 2 * DAY)))
        plan = season.run(moved, after=DAY)
        assert wanted(plan) == []
        assert said_of(plan, Occasion.reminder("new")) == (Verdict.UPCOMING, "")
        assert wanted(season.run(replace(post, reminders=()))) == []

    def test_each_account_gets_its_own(self, post: Post) -> None:
        season = Season(accounts=(ACCOUNT, OTHER))
        season.compose = saying
        season.run(post)
        season.send(post.slug)
        season.send(post.slug, account=OTHER)
        plan = season.run(post, after=2 * DAY)
        assert sorted((one.key.account, one.key.occasion) for one in wanted(plan)) == [(ACCOUNT, CALL), (OTHER, CALL)]

    def test_a_renamed_post_keeps_its_reminders(self, season: Season, post: Post, make_post: MakePost) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        season.send(post.slug, CALL)
        renamed = make_post("renamed", title=post.title, published=NOW, reminders=(*post.reminders, remind("b")))
        plan = season.run(renamed)
        assert [one.key.occasion for one in wanted(plan)] == [Occasion.reminder("b")]


class TestAfterTheToot:
    @pytest.mark.parametrize("state", [DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.REJECTED])
    def test_it_waits_for_the_post_s_own_toot(self, season: Season, post: Post, state: DeliveryState) -> None:
        season.run(post)
        season.settle(post.slug, state)
        plan = season.run(post, after=2 * DAY)
        assert season.delivery(post.slug, CALL) is None
        assert said_of(plan) == (Verdict.UPCOMING, "waits for the post's own toot")

    def test_a_toot_that_was_later_than_it_leaves_nothing_to_remind_of(self, season: Season, post: Post) -> None:
        season.run(post)
        season.settle(post.slug, DeliveryState.DUE)
        season.run(post, after=2 * DAY + HOUR)
        season.send(post.slug)
        plan = season.run(post)
        assert season.delivery(post.slug, CALL) is None
        assert said_of(plan) == (Verdict.SKIPPED, "its toot went out later than this")

    def test_a_post_that_was_too_late_for_a_toot_is_reminded_of_all_the_same(self, make_post: MakePost) -> None:
        season = Season()
        season.compose = saying
        old = make_post(published=NOW - 30 * DAY, reminders=(remind(at=NOW + DAY), remind("old", at=NOW - 5 * DAY)))
        plan = season.run(old)
        assert said_of(plan, Occasion.reminder("old"))[0] is Verdict.SKIPPED
        assert [one.key.occasion for one in wanted(season.run(old, after=DAY))] == [CALL]

    def test_a_toot_that_a_person_skipped_has_none(self, season: Season, post: Post) -> None:
        season.run(post)
        season.emit(OverrideKind.SKIP, post)
        assert said_of(season.run(post, after=2 * DAY)) == (Verdict.SKIPPED, "skipped by amy")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"hidden": True}, "hidden (`hidden: true`)"),
        ({"withdrawn": "", "hidden": True}, "withdrawn (`withdrawn:`)"),
        ({"expires": AT}, "expired on 2026-03-12 14:00 UTC (`expires:`)"),
        ({"deadline": AT + MINUTE}, "the deadline was on 2026-03-12 14:01 UTC (`deadline:`)"),
    ],
)
def test_it_is_skipped_when_the_post_is_over(season: Season, post: Post, changes: dict[str, Any], reason: str) -> None:
    tooted(season, post)
    plan = season.run(replace(post, **changes), after=2 * DAY + MINUTE)
    assert said_of(plan) == (Verdict.SKIPPED, reason)
    assert not any(one.key.occasion == CALL and one.state is DeliveryState.DUE for one in wanted(plan))


def test_after_a_withdrawal_that_was_taken_back_nothing_is_reminded_of(season: Season, post: Post) -> None:
    tooted(season, post)
    season.run(replace(post, withdrawn="", hidden=True))
    season.send(post.slug, Occasion.WITHDRAW)
    assert said_of(season.run(post)) == (Verdict.SKIPPED, "its toot was taken back")
    assert said_of(season.run(post, after=2 * DAY)) == (Verdict.SKIPPED, "its toot was taken back")
    assert season.delivery(post.slug, CALL) is None


class TestLate:
    @pytest.mark.parametrize(
        ("late", "changes", "verdict"),
        [
            (59 * MINUTE, {"if_missed": Missed.SKIP}, Verdict.DUE),
            (61 * MINUTE, {"if_missed": Missed.SKIP}, Verdict.SKIPPED),
            (61 * MINUTE, {"if_missed": Missed.HOLD}, Verdict.HELD),
            (71 * HOUR, {}, Verdict.DUE),
            (73 * HOUR, {}, Verdict.SKIPPED),
        ],
    )
    def test_it_is_late_like_a_toot(
        self, season: Season, post: Post, late: timedelta, changes: dict[str, Any], verdict: Verdict
    ) -> None:
        changed = replace(post, **changes)
        tooted(season, changed)
        assert said_of(season.run(changed, after=2 * DAY + late))[0] is verdict

    def test_the_brake_holds_it(self, post: Post) -> None:
        season = Season(policy=replace(POLICY, burst_limit=2))
        season.compose = saying
        many = replace(post, reminders=tuple(remind(name) for name in "abc"))
        tooted(season, many)
        plan = season.run(many, after=2 * DAY)
        assert [one.hold for one in wanted(plan)] == [None, None, Hold.BURST_LIMIT]
        season.resume()
        assert season.state(post.slug, Occasion.reminder("c")) is DeliveryState.DUE


class TestPeople:
    def test_what_is_held_waits_and_goes_when_it_is_let_go(self, season: Season, post: Post) -> None:
        tooted(season, post)
        season.emit(OverrideKind.HOLD, post)
        assert said_of(season.run(post)) == (Verdict.HELD, "held by amy")
        season.run(post, after=2 * DAY)
        assert season.state(post.slug, CALL) is DeliveryState.HELD
        season.emit(OverrideKind.RELEASE, post)
        season.run(post)
        assert season.state(post.slug, CALL) is DeliveryState.DUE

    def test_what_is_skipped_does_not_go(self, season: Season, post: Post) -> None:
        tooted(season, post)
        (effect, _) = season.emit(OverrideKind.SKIP, post).effects
        assert effect.kind is EffectKind.SKIP_REMINDERS
        season.run(post, after=2 * DAY)
        assert season.state(post.slug, CALL) is DeliveryState.SKIPPED

    def test_without_reminders_a_tooted_post_has_nothing_to_hold(self, season: Season, post: Post) -> None:
        plain = replace(post, reminders=())
        tooted(season, plain)
        assert reason_words(season.propose(OverrideKind.HOLD, plain).refusal).startswith("it is tooted already")

    def test_what_let_the_toot_go_late_does_not_mean_its_reminders(self, season: Season, make_post: MakePost) -> None:
        late = make_post(published=NOW - 10 * DAY, reminders=(remind(at=NOW - 8 * DAY), remind("b", at=NOW + DAY)))
        season.run(late)
        season.emit(OverrideKind.PUBLISH, late)
        plan = season.run(late)
        assert [one.key.occasion for one in wanted(plan)] == [Occasion.PUBLISH]
        season.send(late.slug)
        plan = season.run(late, after=DAY + 80 * HOUR)
        assert said_of(plan, Occasion.reminder("b"))[0] is Verdict.SKIPPED, "too late for itself"

    def test_what_was_rejected_is_tried_again(self, season: Season, post: Post) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        season.settle(post.slug, DeliveryState.REJECTED, CALL, reason=text_reason("too rude"))
        assert said_of(season.run(post)) == (Verdict.REJECTED, "too rude")
        season.emit(OverrideKind.RETRY, post)
        season.run(replace(post, reminders=(remind(text="Kinder"),)))
        delivery = season.delivery(post.slug, CALL)
        assert delivery is not None
        assert (delivery.state, delivery.announcement.text) == (DeliveryState.DUE, f"Kinder for {ACCOUNT}")


class TestItsWords:
    def test_before_it_went_out_they_follow_the_file(self, season: Season, post: Post) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        (change,) = wanted(season.run(replace(post, reminders=(remind(text="Better"),))))
        assert (change.key.occasion, change.announcement.text) == (CALL, f"Better for {ACCOUNT}")

    def test_afterwards_each_change_edits_it_and_nothing_else(self, season: Season, post: Post) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        season.send(post.slug, CALL)
        for number, words in enumerate(("Better", "Best"), start=1):
            plan = season.run(replace(post, reminders=(remind(text=words),)))
            (change,) = wanted(plan)
            assert (change.key.occasion, change.action) == (Occasion.edit(number).of_reminder("call"), Action.EDIT)
            assert change.announcement.text == f"{words} for {ACCOUNT}"
            assert plan.batch.entries == (), "the feed does not move"
            season.send(post.slug, Occasion.edit(number).of_reminder("call"))

    def test_another_template_edits_nothing(self, season: Season, post: Post) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        season.send(post.slug, CALL)
        season.compose = lambda post, account: replace(saying(post, account), text="LOUD")
        assert wanted(season.run(post)) == []

    def test_one_that_cannot_be_composed_is_held_until_it_is_mended(self, season: Season, post: Post) -> None:
        broken = replace(post, reminders=(remind(text="broken"),))
        tooted(season, broken)
        assert said_of(season.run(broken, after=2 * DAY)) == (Verdict.HELD, "there is no such template.")
        season.run(post)
        assert season.state(post.slug, CALL) is DeliveryState.DUE

    def test_an_edit_that_cannot_be_composed_is_told(self, season: Season, post: Post) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        season.send(post.slug, CALL)
        plan = season.look(replace(post, reminders=(remind(text="broken"),)))
        assert [reason_words(trouble) for trouble in plan.troubles] == [
            "reminder call of tickets is not edited: there is no such template."
        ]


class TestTakenOut:
    def test_of_the_list_before_it_went_out_it_is_not_owed(self, season: Season, post: Post) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        assert [key.occasion for key in retracted(season.run(replace(post, reminders=())))] == [CALL]

    def test_moved_into_the_future_it_waits_again(self, season: Season, post: Post) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        plan = season.run(replace(post, reminders=(remind(at=AT + DAY),)))
        assert [key.occasion for key in retracted(plan)] == [CALL]
        assert said_of(plan)[0] is Verdict.UPCOMING

    def test_moved_within_the_past_it_is_as_late_as_that(self, season: Season, post: Post) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        (change,) = wanted(season.run(replace(post, reminders=(remind(at=AT - MINUTE),))))
        assert change.due == AT - MINUTE

    def test_after_a_try_it_is_remembered_that_it_was(self, season: Season, post: Post) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        season.settle(post.slug, DeliveryState.DUE, CALL)
        season.run(replace(post, reminders=()))
        assert season.state(post.slug, CALL) is DeliveryState.SKIPPED

    def test_a_file_that_is_gone_holds_what_is_owed(self, season: Season, post: Post, make_post: MakePost) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        season.run(make_post("other", published=NOW - 30 * DAY))
        assert season.state(post.slug, CALL) is DeliveryState.HELD
        season.run(post)
        assert season.state(post.slug, CALL) is DeliveryState.DUE

    @pytest.mark.parametrize(
        ("reason", "taken"),
        [("", [Occasion.WITHDRAW, Occasion.WITHDRAW.of_reminder("call")]), ("the hall is closed", [Occasion.WITHDRAW])],
    )
    def test_a_withdrawal_deletes_it_and_a_reason_keeps_it(
        self, season: Season, post: Post, reason: str, taken: list[Occasion]
    ) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        season.send(post.slug, CALL)
        plan = season.run(replace(post, withdrawn=reason, hidden=True, reminders=()))
        assert [one.key.occasion for one in wanted(plan)] == taken

    def test_a_withdrawal_that_has_not_happened_is_called_back(self, season: Season, post: Post) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        season.send(post.slug, CALL)
        season.run(replace(post, withdrawn="", hidden=True))
        assert sorted(key.occasion for key in retracted(season.run(post))) == [
            Occasion.WITHDRAW.of_reminder("call"),
            Occasion.WITHDRAW,
        ]
        assert season.state(post.slug, CALL) is DeliveryState.SENT

    def test_what_was_deleted_is_not_edited_any_more(self, season: Season, post: Post) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        season.send(post.slug, CALL)
        season.run(replace(post, withdrawn="", hidden=True))
        for occasion in (Occasion.WITHDRAW, Occasion.WITHDRAW.of_reminder("call")):
            season.send(post.slug, occasion)
        again = replace(post, title="It stands after all", digests=both("other"), reminders=(remind(text="Better"),))
        assert wanted(season.run(again)) == []

    def test_one_that_somebody_tooted_by_hand_is_left_alone(self, season: Season, post: Post) -> None:
        tooted(season, post)
        season.run(post, after=2 * DAY)
        season.settle(post.slug, DeliveryState.SENT, CALL, status_id="7", foreign=True)
        assert wanted(season.run(replace(post, reminders=(remind(text="Better"),)))) == []
        plan = season.run(replace(post, withdrawn="", hidden=True))
        assert [one.key.occasion for one in wanted(plan)] == [Occasion.WITHDRAW]
