"""What follows a toot that is out: edits and withdrawals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain import (
    Action,
    Announcement,
    Capabilities,
    CompareAndSet,
    Delivery,
    DeliveryState,
    EventKind,
    Hold,
    Occasion,
    Picture,
    Post,
    QuotePolicy,
    Reason,
    ReasonCode,
    Visibility,
    WriteBatch,
)
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
    POLICY,
    SECOND,
    Season,
    louder,
    retracted,
    usual,
    verdicts,
    wanted,
)

MakePost = Callable[..., Post]
NEW: dict[str, Any] = {"title": "New words", "digests": both("new")}
NEW_TEXT = "New words for conf@example.social"


@pytest.fixture
def season() -> Season:
    return Season()


def edit_of(season: Season, revision: int = 1) -> Delivery:
    delivery = season.delivery("tickets", Occasion.edit(revision))
    assert delivery is not None
    return delivery


class TestEdits:
    def test_before_the_toot_is_sent_it_just_says_the_new_words(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        plan = season.run(make_post(**NEW), after=MINUTE)
        (delivery,) = season.snapshot.deliveries.values()
        assert (delivery.state, delivery.announcement.text) == (DeliveryState.DUE, NEW_TEXT)
        assert verdicts(plan) == {"tickets": Verdict.DUE}

    @pytest.mark.parametrize("state", [DeliveryState.SENDING, DeliveryState.SENT])
    def test_while_or_after_it_is_sent_it_is_edited_once(
        self, season: Season, make_post: MakePost, state: DeliveryState
    ) -> None:
        season.run(make_post())
        season.settle("tickets", state)
        plan = season.run(make_post(**NEW), after=MINUTE)
        assert verdicts(plan) == {"tickets": Verdict(state.value), "tickets edit:1": Verdict.DUE}
        edit = edit_of(season)
        assert (edit.action, edit.announcement.text, edit.due) == (Action.EDIT, NEW_TEXT, NOW + MINUTE)
        if state is DeliveryState.SENDING:
            season.send("tickets")
        season.send("tickets", Occasion.edit(1))
        for after in (MINUTE, DAY):
            assert not season.run(make_post(**NEW), after=after).batch
        assert len(season.snapshot.deliveries) == 2

    def test_words_that_are_changed_again_before_the_edit_are_said_better_in_its_place(
        self, season: Season, make_post: MakePost
    ) -> None:
        season.run(make_post())
        season.send("tickets")
        season.run(make_post(**NEW))
        season.run(make_post(title="Better", digests=both("better")), after=MINUTE)
        assert edit_of(season).announcement.text == "Better for conf@example.social"
        assert len(season.snapshot.deliveries) == 2

    def test_one_that_waits_is_called_by_the_name_that_the_file_has_now(
        self, season: Season, make_post: MakePost
    ) -> None:
        season.run(make_post())
        season.send("tickets")
        season.run(make_post(**NEW))
        renamed = make_post("passes", explicit_id=make_post().url, **NEW)
        assert verdicts(season.run(renamed))["passes edit:1"] is Verdict.DUE

    @pytest.mark.parametrize("state", [DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.REJECTED])
    def test_later_changes_are_edits_of_their_own(
        self, season: Season, make_post: MakePost, state: DeliveryState
    ) -> None:
        season.run(make_post())
        season.send("tickets")
        season.run(make_post(**NEW))
        season.settle("tickets", state, occasion=Occasion.edit(1))
        season.run(make_post(title="Better", digests=both("better")), after=MINUTE)
        assert edit_of(season, 2).announcement.text == "Better for conf@example.social"

    def test_words_that_are_changed_back_are_put_back(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.send("tickets")
        season.run(make_post(**NEW))
        season.send("tickets", Occasion.edit(1))
        season.run(make_post(), after=MINUTE)
        assert edit_of(season, 2).announcement.text == "About tickets for conf@example.social"

    def test_a_change_that_the_toot_does_not_show_edits_nothing(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.send("tickets")
        plan = season.run(make_post(html="<p>more</p>", digests=both("new")))
        assert (wanted(plan), season.entry("tickets").revision) == ([], 1)

    def test_another_template_edits_nothing(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.send("tickets")
        season.compose = louder
        for changes in ({}, {"language": "de"}, {"url": "https://other.example/tickets/"}):
            assert wanted(season.run(make_post(**changes), after=MINUTE)) == []

    @pytest.mark.parametrize(("after", "edits"), [(timedelta(days=30), True), (timedelta(days=30) + SECOND, False)])
    def test_it_is_edited_within_the_window(
        self, season: Season, make_post: MakePost, after: timedelta, edits: bool
    ) -> None:
        season.run(make_post())
        season.clock.advance(HOUR)
        season.send("tickets")
        plan = season.run(make_post(**NEW), after=after)
        assert bool(wanted(plan)) is edits
        assert season.entry("tickets").title == "New words"

    def test_edits_may_be_turned_off(self, make_post: MakePost) -> None:
        season = Season(policy=replace(POLICY, edits=False))
        season.run(make_post())
        season.send("tickets")
        assert wanted(season.run(make_post(**NEW))) == []
        assert season.entry("tickets").revision == 1

    def test_a_toot_that_was_made_by_hand_is_not_edited(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.settle("tickets", DeliveryState.SENT, foreign=True, status_id="7")
        assert wanted(season.run(make_post(**NEW))) == []

    @pytest.mark.parametrize(
        ("state", "changes"),
        [(DeliveryState.REJECTED, {}), (DeliveryState.HELD, {"hold": Hold.FAILED}), (DeliveryState.SKIPPED, {})],
    )
    def test_what_is_not_out_is_not_edited(
        self, season: Season, make_post: MakePost, state: DeliveryState, changes: dict[str, Any]
    ) -> None:
        season.run(make_post())
        season.settle("tickets", state, **changes)
        season.run(make_post(**NEW))
        assert len(season.snapshot.deliveries) == 1

    def test_words_that_cannot_be_composed_leave_the_toot_and_are_told(
        self, season: Season, make_post: MakePost
    ) -> None:
        season.run(make_post())
        season.send("tickets")
        plan = season.look(make_post(title="broken", digests=both("new")))
        assert wanted(plan) == []
        assert [reason_words(trouble) for trouble in plan.troubles] == [
            "the toot of tickets is not edited: posts/tickets.md: the template has no end."
        ]

    def test_the_brake_holds_a_pile_of_edits_and_resume_lets_them_go(self, make_post: MakePost) -> None:
        season = Season(policy=replace(POLICY, burst_limit=2))
        posts = [make_post(slug, published=NOW - number * HOUR) for number, slug in enumerate("cba")]
        for post in reversed(posts):
            season.run(post)
            season.send(post.slug)
            season.clock.advance(2 * HOUR)
        changed = [replace(post, title=f"New {post.slug}", digests=both("new")) for post in posts]
        plan = season.run(*changed)
        assert [season.state(slug, Occasion.edit(1)) for slug in "abc"] == [
            DeliveryState.DUE,
            DeliveryState.DUE,
            DeliveryState.HELD,
        ]
        assert [event.slug for event in plan.batch.events if event.kind.value == "held"] == ["c"]
        better = [replace(post, title=f"Better {post.slug}", digests=both("better")) for post in posts]
        season.run(*better)
        held = season.delivery("c", Occasion.edit(1))
        assert held is not None
        assert (held.hold, held.announcement.text) == (Hold.BURST_LIMIT, "Better c for conf@example.social")
        assert reason_words(held.reason).startswith("more than 2")
        season.resume()
        season.run(*better)
        assert season.state("c", Occasion.edit(1)) is DeliveryState.DUE

    def test_where_the_network_knows_no_edits_none_is_due_nor_held_and_the_reason_is_kept(
        self, make_post: MakePost
    ) -> None:
        season = Season(policy=replace(POLICY, burst_limit=1))
        posts = [make_post(slug, published=NOW - number * HOUR) for number, slug in enumerate("ba")]
        for post in reversed(posts):
            season.run(post)
            season.send(post.slug)
            season.clock.advance(2 * HOUR)
        changed = [replace(post, title=f"New {post.slug}", digests=both("new")) for post in posts]
        no_edits = replace(usual([ACCOUNT])[ACCOUNT], capabilities=Capabilities(edits=False))
        plan = season.run(*changed, abilities={ACCOUNT: no_edits})
        for slug in "ab":
            edit = season.delivery(slug, Occasion.edit(1))
            assert edit is not None
            assert (edit.state, edit.hold, edit.settled_at) == (DeliveryState.SKIPPED, None, season.now)
            assert edit.reason == Reason(code=ReasonCode.NO_EDITS)
        assert not [event for event in plan.batch.events if event.kind is EventKind.HELD]

    def test_edits_and_new_toots_share_the_room(self, make_post: MakePost) -> None:
        season = Season(policy=replace(POLICY, burst_limit=1))
        season.run(make_post())
        season.send("tickets")
        plan = season.run(make_post(**NEW), make_post("next", published=NOW + 2 * HOUR), after=2 * HOUR)
        assert (season.state("tickets", Occasion.edit(1)), season.state("next")) == (
            DeliveryState.DUE,
            DeliveryState.HELD,
        )
        assert verdicts(plan)["next"] is Verdict.HELD

    @pytest.mark.parametrize(
        ("changes", "same"),
        [
            ({}, True),
            ({"limit": 1, "length": 2}, True),
            ({"text": "other"}, False),
            ({"content_warning": "other"}, False),
            ({"language": "de"}, False),
            ({"sensitive": True}, False),
            ({"quote_policy": QuotePolicy.NOBODY}, False),
            ({"visibility": Visibility.UNLISTED}, True),
            ({"pictures": (Picture(url="https://x.example/p.png", alt="a", size=1),)}, False),
        ],
    )
    def test_what_a_follower_sees_makes_the_words(
        self, make_announcement: Callable[..., Announcement], changes: dict[str, Any], same: bool
    ) -> None:
        assert make_announcement().needs_edit(make_announcement(**changes)) is not same

    @pytest.mark.parametrize(
        ("changes", "same"),
        [
            ({"path": Path("x"), "problem": "p"}, True),
            ({"alt": "b"}, False),
            ({"size": 2}, False),
            ({"url": "u"}, False),
        ],
    )
    def test_a_picture_is_another_with_another_text_or_file(
        self, make_announcement: Callable[..., Announcement], changes: dict[str, Any], same: bool
    ) -> None:
        picture = Picture(url="https://x.example/p.png", alt="a", size=1)
        one, other = (make_announcement(pictures=(p,)) for p in (picture, replace(picture, **changes)))
        assert one.needs_edit(other) is not same


WITHDRAWN: dict[str, Any] = {"withdrawn": "", "hidden": True}


class TestWithdrawals:
    @pytest.mark.parametrize("reason", ["", "the room is gone"])
    def test_a_toot_that_was_never_sent_is_called_off(self, season: Season, make_post: MakePost, reason: str) -> None:
        season.run(make_post())
        plan = season.run(make_post(withdrawn=reason, hidden=True))
        assert verdicts(plan) == {"tickets": Verdict.SKIPPED}
        assert len(season.snapshot.deliveries) == 1

    @pytest.mark.parametrize("hold", Hold)
    def test_one_that_is_held_too(self, make_post: MakePost, hold: Hold) -> None:
        season = Season(policy=replace(POLICY, burst_limit=1))
        season.run(make_post())
        if hold is Hold.FAILED:
            season.settle("tickets", DeliveryState.HELD, hold=hold, reason=text_reason("tried for 24 h"))
        else:
            known = season.delivery("tickets")
            assert known is not None
            held = CompareAndSet(known=known, wanted=replace(known, state=DeliveryState.HELD, hold=hold))
            season.ledger.record(WriteBatch(changes=(held,)), now=season.now)
        season.run(make_post(**WITHDRAWN))
        delivery = season.delivery("tickets")
        assert delivery is not None
        assert (delivery.state, delivery.hold) == (DeliveryState.SKIPPED, None)
        season.run(make_post(), after=DAY)
        assert season.state("tickets") is DeliveryState.SKIPPED

    @pytest.mark.parametrize("state", [DeliveryState.SENDING, DeliveryState.SENT])
    @pytest.mark.parametrize(
        ("reason", "action", "text"),
        [
            ("", Action.DELETE, "About tickets for conf@example.social"),
            ("the room is gone", Action.REPLY, "the room is gone"),
        ],
    )
    def test_one_that_is_out_or_may_be_is_taken_back_once(
        self, season: Season, make_post: MakePost, state: DeliveryState, reason: str, action: Action, text: str
    ) -> None:
        post = make_post(withdrawn=reason, hidden=True, published=NOW)
        season.run(make_post())
        season.settle("tickets", state)
        plan = season.run(post, after=MINUTE)
        assert verdicts(plan) == {"tickets": Verdict(state.value), "tickets withdraw": Verdict.DUE}
        back = season.delivery("tickets", Occasion.WITHDRAW)
        assert back is not None
        assert (back.action, back.announcement.text, back.due) == (action, text, NOW + MINUTE)
        assert season.entry("tickets").hidden
        if state is DeliveryState.SENDING:
            season.send("tickets")
        season.settle("tickets", DeliveryState.SENT, occasion=Occasion.WITHDRAW)
        assert not season.run(post, after=DAY).batch
        plan = season.run(make_post(), after=DAY)
        assert (wanted(plan), season.state("tickets")) == ([], DeliveryState.SENT)

    def test_the_answer_carries_neither_link_nor_picture_nor_warning(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.send("tickets")
        season.run(make_post(withdrawn="the room is gone", hidden=True))
        answer = season.delivery("tickets", Occasion.WITHDRAW)
        assert answer is not None
        words = answer.announcement
        assert (words.link, words.pictures, words.content_warning, words.length) == (None, (), None, 16)

    @pytest.mark.parametrize("reason", ["", "the room is gone"])
    def test_what_the_server_refused_is_left(self, season: Season, make_post: MakePost, reason: str) -> None:
        season.run(make_post())
        season.settle("tickets", DeliveryState.REJECTED, reason=text_reason("too long"))
        plan = season.run(make_post(withdrawn=reason, hidden=True))
        assert (verdicts(plan), wanted(plan)) == ({"tickets": Verdict.REJECTED}, [])

    def test_a_toot_that_was_made_by_hand_is_left(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.settle("tickets", DeliveryState.SENT, foreign=True, status_id="7")
        assert wanted(season.run(make_post(**WITHDRAWN))) == []

    @pytest.mark.parametrize("held", [False, True])
    def test_an_edit_that_was_not_sent_yet_no_longer_matters(
        self, season: Season, make_post: MakePost, held: bool
    ) -> None:
        season.run(make_post())
        season.send("tickets")
        if held:
            season.policy = replace(POLICY, burst_limit=1)
        season.run(make_post(**NEW))
        assert edit_of(season).state is (DeliveryState.HELD if held else DeliveryState.DUE)
        plan = season.run(make_post(**NEW, **WITHDRAWN))
        assert [key.occasion for key in retracted(plan)] == [Occasion.edit(1)]
        assert season.state("tickets", Occasion.WITHDRAW) is DeliveryState.DUE

    def test_an_edit_that_may_be_out_stays_in_the_memory(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.send("tickets")
        season.run(make_post(**NEW))
        season.settle("tickets", DeliveryState.SENDING, occasion=Occasion.edit(1))
        season.run(make_post(**NEW, **WITHDRAWN))
        assert edit_of(season).state is DeliveryState.SENDING

    def test_it_waits_for_no_brake_and_takes_no_room(self, make_post: MakePost) -> None:
        season = Season(policy=replace(POLICY, burst_limit=1))
        posts = [make_post(slug, published=NOW + n * 2 * HOUR) for n, slug in enumerate("ab")]
        for slug in "ab":
            season.run(*posts)
            season.send(slug)
            season.clock.advance(2 * HOUR)
        back = [replace(post, **WITHDRAWN) for post in posts]
        season.run(*back)
        assert [season.state(slug, Occasion.WITHDRAW) for slug in "ab"] == [DeliveryState.DUE] * 2
        season.run(*back, make_post("next", published=season.now))
        assert season.state("next") is DeliveryState.DUE

    def test_one_that_found_no_toot_is_done_once_there_is_one(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.settle("tickets", DeliveryState.SENDING)
        season.run(make_post(**WITHDRAWN))
        lease = season.ledger.acquire_lease("conf@example.social", owner="test", duration=MINUTE)
        back = season.delivery("tickets", Occasion.WITHDRAW)
        assert back is not None
        off = replace(
            back, state=DeliveryState.SKIPPED, reason=text_reason("there is no toot to change"), settled_at=season.now
        )
        season.ledger.settle(lease, off, event=None, now=season.now)
        season.ledger.release_lease(lease)
        season.send("tickets")
        season.run(make_post(**WITHDRAWN), after=MINUTE)
        again = season.delivery("tickets", Occasion.WITHDRAW)
        assert again is not None
        assert (again.state, reason_words(again.reason), again.sequence) == (DeliveryState.DUE, "", back.sequence)

    def test_its_file_may_be_removed_at_once(self, season: Season, make_post: MakePost) -> None:
        other = make_post("other")
        season.run(make_post(), other)
        season.send("tickets")
        season.run(make_post(**WITHDRAWN), other)
        plan = season.run(other, after=MINUTE)
        assert season.state("tickets", Occasion.WITHDRAW) is DeliveryState.DUE
        assert plan.troubles == (), "an entry that no feed shows is not missed"


def test_an_edit_of_a_toot_that_never_arrived_brings_no_older_words_back(season: Season, make_post: MakePost) -> None:
    season.run(make_post(published=NOW))
    season.settle("tickets", DeliveryState.SENDING)
    season.run(make_post(published=NOW, title="Second", digests=both("2")), after=MINUTE)
    assert season.state("tickets", Occasion.edit(1)) is DeliveryState.DUE
    season.settle("tickets", DeliveryState.DUE)
    season.run(make_post(published=NOW, title="Third", digests=both("3")), after=MINUTE)
    publish = season.delivery("tickets")
    assert publish is not None
    assert publish.announcement.text.startswith("Third")
    assert season.state("tickets", Occasion.edit(1)) is None


def test_a_mark_that_is_taken_away_while_nobody_knows_whether_the_toot_is_out_never_toots(
    season: Season, make_post: MakePost
) -> None:
    season.run(make_post())
    season.settle("tickets", DeliveryState.SENDING)
    season.run(make_post(withdrawn="", hidden=True))
    season.run(make_post())
    assert season.state("tickets", Occasion.WITHDRAW) is DeliveryState.DUE
