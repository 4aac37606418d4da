"""A release that is prepared before its instant: what is done ahead, and what calls it off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from bot.domain import DeliveryState, Limits, Override, OverrideKind, SeenStatus, WriteBatch
from bot.domain.errors import TransientError
from bot.runtime.deliverer import Accounts
from bot.runtime.precise_release import Tolerance, carry_out, prepare_release
from tests.support.before_release import ACCOUNT, NOON, SECOND, Stage


def test_before_the_instant_nothing_is_written_and_nothing_sent(stage: Stage) -> None:
    before = stage.ledger.snapshot()
    prepared = prepare_release(stage.bot.context, NOON)
    assert prepared is not None
    (expected,) = prepared.expected()[ACCOUNT]
    stage.bot.deliverer.warm_up(ACCOUNT, [expected])
    after = stage.ledger.snapshot()
    assert stage.publisher.questions
    assert (after.entries, after.deliveries) == (before.entries, before.deliveries) == ({}, {})
    assert not carry_out(stage.bot.context, prepared), "it is not time yet"
    assert not stage.ledger.snapshot().entries
    assert not stage.publisher.statuses
    assert not stage.said


def test_at_the_instant_it_is_tooted_without_another_question(stage: Stage) -> None:
    prepared = prepare_release(stage.bot.context, NOON)
    assert prepared is not None
    stage.bot.deliverer.warm_up(ACCOUNT, prepared.expected()[ACCOUNT])
    asked = list(stage.publisher.questions)
    stage.clock.step_to(NOON)
    assert carry_out(stage.bot.context, prepared)
    stage.bot.deliverer.deliver_pending(ACCOUNT)
    assert stage.states() == {"keynote": DeliveryState.SENT}
    assert [event.kind.value for event in stage.said] == ["released", "sent"]
    assert stage.publisher.questions == asked


def test_what_was_asked_too_long_ago_is_asked_again(stage: Stage) -> None:
    prepared = prepare_release(stage.bot.context, NOON)
    assert prepared is not None
    stage.bot.deliverer.warm_up(ACCOUNT, prepared.expected()[ACCOUNT])
    asked = len(stage.publisher.questions)
    stage.clock.advance(timedelta(minutes=1, seconds=1))
    stage.bot.tick()
    assert stage.states() == {"keynote": DeliveryState.SENT}
    assert len(stage.publisher.questions) > asked


def test_a_toot_by_hand_that_is_there_before_the_instant_is_taken_for_ours(stage: Stage) -> None:
    prepared = prepare_release(stage.bot.context, NOON)
    assert prepared is not None
    (expected,) = prepared.expected()[ACCOUNT]
    stage.publisher.publish(expected.announcement, media_ids=(), key="", repeat=False)
    stage.bot.deliverer.warm_up(ACCOUNT, [expected])
    stage.clock.step_to(NOON)
    assert carry_out(stage.bot.context, prepared)
    stage.bot.deliverer.deliver_pending(ACCOUNT)
    assert stage.states() == {"keynote": DeliveryState.SENT}
    assert len(stage.publisher.statuses) == 1


def test_limits_that_are_learnt_too_late_to_plan_again_delay_the_toot_by_a_cycle(stage: Stage) -> None:
    prepared = prepare_release(stage.bot.context, NOON)
    assert prepared is not None
    asked_for: list[str] = []
    accounts = Accounts(
        stage.bot.deliverer,
        workers=stage.bot.workers,
        call_at=lambda *_: None,
        wake_loop=lambda: asked_for.append("cycle"),
    )
    stage.publisher.limits = Limits(characters=60)
    accounts.expect(ACCOUNT, prepared.expected()[ACCOUNT])
    accounts.serve(ACCOUNT)
    assert asked_for == ["cycle"], "so that the release is planned again, if there is time"
    stage.clock.step_to(NOON)
    assert carry_out(stage.bot.context, prepared)
    accounts.serve(ACCOUNT)
    assert (asked_for, stage.publisher.statuses) == (["cycle", "cycle"], [])
    stage.bot.cycle_once()
    accounts.serve(ACCOUNT)
    (toot,) = stage.ledger.snapshot().deliveries.values()
    assert (toot.state, toot.announcement.limit, len(stage.publisher.statuses)) == (DeliveryState.SENT, 60, 1)


def test_limits_that_are_learnt_in_time_delay_nothing(stage: Stage) -> None:
    stage.publisher.limits = Limits(characters=60)
    for again in (True, False):
        prepared = prepare_release(stage.bot.context, NOON)
        assert prepared is not None
        assert stage.bot.deliverer.warm_up(ACCOUNT, prepared.expected()[ACCOUNT]) is again
    stage.clock.step_to(NOON)
    assert prepared is not None
    assert carry_out(stage.bot.context, prepared)
    stage.bot.deliverer.deliver_pending(ACCOUNT)
    (toot,) = stage.ledger.snapshot().deliveries.values()
    assert (toot.state, toot.announcement.limit) == (DeliveryState.SENT, 60)


def test_limits_count_even_if_the_server_fails_right_after_reporting_them(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*, since: datetime) -> tuple[SeenStatus, ...]:
        raise TransientError("no answer.")

    prepared = prepare_release(stage.bot.context, NOON)
    assert prepared is not None
    stage.publisher.limits = Limits(characters=60)
    with monkeypatch.context() as patch:
        patch.setattr(stage.publisher, "list_recent", unreachable)
        assert stage.bot.deliverer.warm_up(ACCOUNT, prepared.expected()[ACCOUNT]), "the release is to be planned again"
    stage.clock.step_to(NOON)
    assert carry_out(stage.bot.context, prepared)
    assert stage.bot.deliverer.deliver_pending(ACCOUNT).facts_changed
    assert not stage.publisher.statuses, "its text was composed by the limits of before"


def the_post_is_edited(stage: Stage) -> None:
    stage.write("keynote", NOON, more="category: Keynotes\n")


def the_post_is_gone(stage: Stage) -> None:
    (stage.config.posts_folder / "keynote.md").unlink()


def a_person_holds_it(stage: Stage) -> None:
    post_id = f"{stage.config.site.url}/news/keynote/"
    word = Override(post_id=post_id, kind=OverrideKind.HOLD, who="ann", at=stage.clock.now())
    stage.ledger.record(WriteBatch(overrides=(word,)), now=stage.clock.now())


def everything_is_paused(stage: Stage) -> None:
    stage.ledger.record(WriteBatch(paused="ann on 2026-03-10 11:59 UTC"), now=stage.clock.now())


def the_machine_sleeps(stage: Stage) -> None:
    stage.clock.advance(Tolerance().lateness + 10 * SECOND)


def the_clock_is_set_back(stage: Stage) -> None:
    stage.clock.step_to(NOON - timedelta(minutes=1))


@pytest.mark.parametrize(
    "happens",
    [
        *(the_post_is_edited, the_post_is_gone, a_person_holds_it, everything_is_paused),
        *(the_machine_sleeps, the_clock_is_set_back),
    ],
)
def test_what_happens_meanwhile_calls_it_off(stage: Stage, happens: Callable[[Stage], None]) -> None:
    prepared = prepare_release(stage.bot.context, NOON)
    assert prepared is not None
    stage.clock.step_to(NOON)
    happens(stage)
    assert not carry_out(stage.bot.context, prepared)
    assert not stage.ledger.snapshot().entries
    assert not stage.said


def test_what_another_process_has_released_is_not_released_again(stage: Stage) -> None:
    prepared = prepare_release(stage.bot.context, NOON)
    assert prepared is not None
    stage.clock.step_to(NOON)
    stage.bot.tick()
    carry_out(stage.bot.context, prepared)
    stage.bot.tick()
    assert [event.kind.value for event in stage.said] == ["released", "sent"]
    assert len(stage.publisher.statuses) == 1


@pytest.mark.parametrize("happens", [the_post_is_gone, a_person_holds_it, everything_is_paused])
def test_what_will_not_be_released_is_not_prepared(stage: Stage, happens: Callable[[Stage], None]) -> None:
    happens(stage)
    assert prepare_release(stage.bot.context, NOON) is None


def test_what_is_more_than_a_release_is_left_to_a_pass(stage: Stage) -> None:
    """Another post that was edited since the latest pass: its edit would be planned on what is known now."""
    stage.write("earlier", NOON - timedelta(days=1))
    stage.bot.tick()
    stage.write("earlier", NOON - timedelta(days=1), more="category: Keynotes\n")
    assert prepare_release(stage.bot.context, NOON) is None
    stage.bot.tick()
    assert prepare_release(stage.bot.context, NOON) is not None


def test_which_posts_are_to_come_is_written_by_the_pass_that_follows(stage: Stage) -> None:
    stage.write("later", NOON + timedelta(days=1))
    stage.bot.tick()
    prepared = prepare_release(stage.bot.context, NOON)
    assert prepared is not None
    stage.clock.step_to(NOON)
    assert carry_out(stage.bot.context, prepared)
    assert [post.slug for post in stage.ledger.snapshot().upcoming.values()] == ["keynote", "later"]
    stage.bot.tick()
    assert [post.slug for post in stage.ledger.snapshot().upcoming.values()] == ["later"]
