"""The rules for one post and one account: each with its reason and its boundary. Their order: test_rule_order.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain import (
    AccountState,
    Action,
    Announcement,
    Delivery,
    DeliveryState,
    Entry,
    Hold,
    MastodonOptions,
    Missed,
    Override,
    OverrideKind,
    Post,
    Reason,
    ReasonCode,
    Snapshot,
)
from bot.domain.durations import Daytime
from bot.domain.reasons import text_reason
from bot.domain.wording import reason_words
from bot.planner.rules import rule
from bot.planner.ruling import Case, Policy, Ruling, Verdict, burst_room

ACCOUNT = "conf@example.social"
DUE = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
LATE = DUE + timedelta(hours=73)
POLICY = Policy(catch_up=timedelta(hours=72), burst_limit=4)
AS_BEFORE = Reason(code=ReasonCode.PUBLISH_ERROR, text="as before")

MakeCase = Callable[..., Case]
MakeDelivery = Callable[..., Delivery]


def word(said: OverrideKind, *, at: datetime = DUE, who: str = "amy", early: bool = False) -> Override:
    return Override(post_id="x", kind=said, early=early, who=who, at=at)


@pytest.fixture
def make_case(make_post: Callable[..., Post], make_entry: Callable[..., Entry]) -> MakeCase:
    def make(
        *,
        known: Delivery | None = None,
        room: int = 1,
        joined: datetime | None = None,
        said: Override | None = None,
        **post: Any,
    ) -> Case:
        return Case(
            post=make_post(**post),
            entry=make_entry(published=DUE),
            state=AccountState(address=ACCOUNT, joined_at=joined),
            known=known,
            override=said,
            room=room,
        )

    return make


def ruled(case: Case, now: datetime = DUE, policy: Policy = POLICY) -> Ruling:
    return rule(case, now=now, policy=policy)


class TestCatchUp:
    @pytest.mark.parametrize("late", [timedelta(), SECOND, timedelta(hours=72)])
    def test_a_post_within_it_is_due(self, make_case: MakeCase, late: timedelta) -> None:
        expected = Ruling(verdict=Verdict.DUE, counts=True, compose=True, writes=True)
        assert ruled(make_case(), DUE + late) == expected

    def test_a_post_one_second_beyond_it_is_skipped_and_that_is_not_remembered(self, make_case: MakeCase) -> None:
        ruling = ruled(make_case(), DUE + timedelta(hours=72, seconds=1))
        assert ruling == Ruling(
            verdict=Verdict.SKIPPED,
            reason=Reason(code=ReasonCode.TOO_LATE, lasted=timedelta(days=3), limit=timedelta(days=3)),
        )

    def test_without_it_only_the_very_moment_is_on_time(self, make_case: MakeCase) -> None:
        policy = Policy(catch_up=timedelta(), burst_limit=4)
        assert ruled(make_case(), DUE, policy).verdict is Verdict.DUE
        assert ruled(make_case(), DUE + SECOND, policy).verdict is Verdict.SKIPPED


class TestIfMissed:
    @pytest.mark.parametrize("missed", Missed)
    @pytest.mark.parametrize("late", [timedelta(), HOUR])
    def test_up_to_an_hour_late_is_not_missed(self, make_case: MakeCase, missed: Missed, late: timedelta) -> None:
        assert ruled(make_case(if_missed=missed), DUE + late).verdict is Verdict.DUE

    @pytest.mark.parametrize(
        ("missed", "verdict", "hold", "writes", "reason"),
        [
            (Missed.POST, Verdict.DUE, None, True, ""),
            (Missed.SKIP, Verdict.SKIPPED, None, False, "1 h late (`if_missed: skip`)"),
            (
                Missed.HOLD,
                Verdict.HELD,
                Hold.OPERATOR,
                True,
                "1 h late (`if_missed: hold`); `announce release` lets it go",
            ),
        ],
    )
    def test_a_second_more_is(
        self, make_case: MakeCase, missed: Missed, verdict: Verdict, hold: Hold | None, writes: bool, reason: str
    ) -> None:
        ruling = ruled(make_case(if_missed=missed), DUE + HOUR + SECOND)
        assert (ruling.verdict, ruling.hold, ruling.writes, reason_words(ruling.reason)) == (
            verdict,
            hold,
            writes,
            reason,
        )

    @pytest.mark.parametrize("missed", [Missed.SKIP, Missed.HOLD])
    @pytest.mark.parametrize("standing", [{"attempts": 1}, {"first_tried_at": DUE}, {"ordered_by": "amy"}])
    def test_what_was_tried_or_ordered_is_owed_however_late(
        self, make_case: MakeCase, make_delivery: MakeDelivery, missed: Missed, standing: dict[str, Any]
    ) -> None:
        case = make_case(known=make_delivery(**standing), if_missed=missed)
        assert ruled(case, LATE).verdict is Verdict.DUE


class TestExpires:
    def test_until_then_it_is_due(self, make_case: MakeCase) -> None:
        assert ruled(make_case(expires=DUE + SECOND)).verdict is Verdict.DUE

    def test_from_then_on_it_is_skipped_and_that_is_not_remembered(self, make_case: MakeCase) -> None:
        ruling = ruled(make_case(expires=DUE))
        assert ruling == Ruling(verdict=Verdict.SKIPPED, reason=Reason(code=ReasonCode.EXPIRED, at=DUE))

    @pytest.mark.parametrize(
        ("standing", "retract", "writes"),
        [
            ({}, True, False),
            ({"state": DeliveryState.HELD, "hold": Hold.BURST_LIMIT}, True, False),
            ({"state": DeliveryState.HELD, "hold": Hold.OPERATOR}, True, False),
            ({"attempts": 1}, False, True),
            ({"state": DeliveryState.HELD, "hold": Hold.FAILED, "attempts": 3}, False, True),
        ],
    )
    def test_what_was_tried_is_settled_and_the_rest_is_taken_back(
        self, make_case: MakeCase, make_delivery: MakeDelivery, standing: dict[str, Any], retract: bool, writes: bool
    ) -> None:
        ruling = ruled(make_case(known=make_delivery(**standing), expires=DUE))
        assert (ruling.verdict, ruling.retract, ruling.writes) == (Verdict.SKIPPED, retract, writes)


class TestDaytime:
    HOURS = Daytime(begin=time(8), end=time(21), zone=ZoneInfo("America/New_York"))
    POLICY = replace(POLICY, daytime=HOURS)
    NIGHT = datetime(2026, 3, 11, 1, 0, tzinfo=UTC)  # 21:00 there
    MORNING = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)

    def test_a_late_toot_waits_for_the_morning_and_says_so(self, make_case: MakeCase) -> None:
        ruling = ruled(make_case(), self.NIGHT, self.POLICY)
        assert (ruling.verdict, ruling.not_before) == (Verdict.DUE, self.MORNING)
        assert reason_words(ruling.reason) == "late: waits for the hours of `daytime`"
        assert ruled(make_case(), self.NIGHT - SECOND, self.POLICY).not_before is None
        assert ruled(make_case(), self.NIGHT).not_before is None

    def test_in_the_morning_it_waits_no_more(self, make_case: MakeCase, make_delivery: MakeDelivery) -> None:
        case = make_case()
        waiting = ruled(case, self.NIGHT, self.POLICY).apply(make_delivery(), now=self.NIGHT)
        assert (waiting.not_before, waiting.reason) == (self.MORNING, Reason(code=ReasonCode.WAITS_FOR_DAYTIME))
        freed = ruled(replace(case, known=waiting), self.MORNING, self.POLICY).apply(waiting, now=self.MORNING)
        assert (freed.state, freed.not_before, reason_words(freed.reason)) == (DeliveryState.DUE, None, "")

    @pytest.mark.parametrize(("late", "waits"), [(timedelta(), False), (HOUR, False), (HOUR + SECOND, True)])
    def test_a_toot_on_time_goes_at_any_hour(
        self, make_case: MakeCase, make_entry: Callable[..., Entry], late: timedelta, waits: bool
    ) -> None:
        case = replace(make_case(), entry=make_entry(published=self.NIGHT))
        assert (ruled(case, self.NIGHT + late, self.POLICY).not_before is not None) is waits

    def test_a_persons_word_waits_for_no_hour(self, make_case: MakeCase, make_delivery: MakeDelivery) -> None:
        for case in (make_case(said=word(OverrideKind.PUBLISH)), make_case(known=make_delivery(ordered_by="amy"))):
            assert ruled(case, self.NIGHT, self.POLICY).not_before is None

    def test_a_back_off_is_left_alone(self, make_case: MakeCase, make_delivery: MakeDelivery) -> None:
        soon = self.NIGHT + SECOND
        tried = make_delivery(
            attempts=1, first_tried_at=DUE, not_before=soon, reason=text_reason("the server was away")
        )
        wanted = ruled(make_case(known=tried), self.NIGHT, self.POLICY).apply(tried, now=self.NIGHT)
        assert (wanted.not_before, reason_words(wanted.reason)) == (soon, "the server was away")


class TestJoining:
    @pytest.mark.parametrize(
        ("joined", "verdict", "reason"),
        [
            (None, Verdict.DUE, ""),
            (DUE - SECOND, Verdict.DUE, ""),
            (DUE, Verdict.DUE, ""),
            (DUE + SECOND, Verdict.SKIPPED, "the account joined later, on 2026-03-10 14:00 UTC"),
        ],
    )
    def test_an_account_gets_posts_from_when_it_joined(
        self, make_case: MakeCase, joined: datetime | None, verdict: Verdict, reason: str
    ) -> None:
        ruling = ruled(make_case(joined=joined), DUE + HOUR)
        assert (ruling.verdict, reason_words(ruling.reason)) == (verdict, reason)

    @pytest.mark.parametrize("said", [OverrideKind.PUBLISH, OverrideKind.RELEASE, OverrideKind.RETRY])
    def test_a_word_of_before_it_joined_is_not_meant_for_it(self, make_case: MakeCase, said: OverrideKind) -> None:
        case = make_case(joined=DUE + HOUR, said=word(said, at=DUE + HOUR - SECOND))
        assert ruled(case, DUE + 2 * HOUR) == ruled(replace(case, override=None), DUE + 2 * HOUR)

    def test_a_person_may_toot_an_older_post_there(self, make_case: MakeCase) -> None:
        case = make_case(joined=DUE + HOUR, said=word(OverrideKind.PUBLISH, at=DUE + HOUR))
        assert ruled(case, DUE + 2 * HOUR).verdict is Verdict.DUE


class TestWhatThePostSays:
    SAYS: tuple[tuple[dict[str, Any], ReasonCode], ...] = (
        ({"hidden": True}, ReasonCode.HIDDEN),
        ({"mastodon": MastodonOptions(skip=True)}, ReasonCode.FEEDS_ONLY),
    )

    @pytest.mark.parametrize(("post", "code"), SAYS)
    def test_it_is_skipped_and_that_is_not_remembered(
        self, make_case: MakeCase, post: dict[str, Any], code: ReasonCode
    ) -> None:
        assert ruled(make_case(**post)) == Ruling(verdict=Verdict.SKIPPED, reason=Reason(code=code))

    @pytest.mark.parametrize(("post", "code"), SAYS)
    @pytest.mark.parametrize(
        "standing",
        [
            {},
            *({"state": DeliveryState.HELD, "hold": hold} for hold in (Hold.BURST_LIMIT, Hold.UNCLEAR, Hold.OPERATOR)),
        ],
    )
    def test_an_untried_delivery_is_taken_back(
        self,
        make_case: MakeCase,
        make_delivery: MakeDelivery,
        post: dict[str, Any],
        code: ReasonCode,
        standing: dict[str, Any],
    ) -> None:
        ruling = ruled(make_case(known=make_delivery(**standing), **post))
        assert ruling == Ruling(verdict=Verdict.SKIPPED, reason=Reason(code=code), retract=True)

    @pytest.mark.parametrize(("post", "code"), SAYS)
    def test_a_tried_one_is_settled(
        self, make_case: MakeCase, make_delivery: MakeDelivery, post: dict[str, Any], code: ReasonCode
    ) -> None:
        ruling = ruled(make_case(known=make_delivery(attempts=1), **post))
        assert ruling == Ruling(verdict=Verdict.SKIPPED, reason=Reason(code=code), writes=True)

    @pytest.mark.parametrize(("post", "code"), SAYS)
    def test_letting_go_does_not_overrule_it_and_publishing_does(
        self, make_case: MakeCase, post: dict[str, Any], code: ReasonCode
    ) -> None:
        assert ruled(make_case(said=word(OverrideKind.RELEASE), **post)).reason == Reason(code=code)
        assert ruled(make_case(said=word(OverrideKind.PUBLISH), **post)).verdict is Verdict.DUE


class TestSettled:
    @pytest.mark.parametrize(
        ("standing", "verdict", "reason"),
        [
            ({"state": DeliveryState.SENDING, "intended_at": DUE}, Verdict.SENDING, AS_BEFORE),
            ({"state": DeliveryState.SENT}, Verdict.SENT, None),
            ({"state": DeliveryState.SENT, "foreign": True}, Verdict.SENT, Reason(code=ReasonCode.TOOTED_BY_HAND)),
            ({"state": DeliveryState.REJECTED}, Verdict.REJECTED, AS_BEFORE),
        ],
    )
    @pytest.mark.parametrize(
        "post", [{}, {"hidden": True}, {"withdrawn": ""}, {"expires": DUE}, {"if_missed": Missed.HOLD}]
    )
    @pytest.mark.parametrize("said", [None, word(OverrideKind.HOLD), word(OverrideKind.SKIP)])
    @pytest.mark.parametrize("now", [DUE, LATE])
    def test_what_is_sent_refused_or_under_way_stays_whatever_is_said(
        self,
        make_case: MakeCase,
        make_delivery: MakeDelivery,
        standing: dict[str, Any],
        verdict: Verdict,
        reason: Reason | None,
        post: dict[str, Any],
        said: Override | None,
        now: datetime,
    ) -> None:
        ruling = ruled(make_case(known=make_delivery(reason=AS_BEFORE, **standing), said=said, **post), now)
        assert ruling == Ruling(verdict=verdict, reason=reason)

    @pytest.mark.parametrize("said", [OverrideKind.PUBLISH, OverrideKind.RELEASE, OverrideKind.RETRY])
    @pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.SENDING])
    def test_a_word_that_lets_go_touches_nothing_that_may_be_out(
        self, make_case: MakeCase, make_delivery: MakeDelivery, said: OverrideKind, state: DeliveryState
    ) -> None:
        known = make_delivery(state=state, intended_at=DUE, settled_at=DUE)
        ruling = ruled(make_case(known=known, said=word(said, at=LATE)), LATE)
        assert (ruling.verdict.value, ruling.writes, ruling.retract) == (state.value, False, False)

    @pytest.mark.parametrize("hold", [Hold.BURST_LIMIT, Hold.OPERATOR, Hold.FAILED])
    @pytest.mark.parametrize("now", [DUE, LATE])
    def test_what_is_held_stays_held_and_its_words_follow_the_file(
        self, make_case: MakeCase, make_delivery: MakeDelivery, hold: Hold, now: datetime
    ) -> None:
        known = make_delivery(state=DeliveryState.HELD, hold=hold, reason=AS_BEFORE)
        ruling = ruled(make_case(known=known, room=9), now)
        assert ruling == Ruling(verdict=Verdict.HELD, hold=hold, reason=AS_BEFORE, writes=True, compose=True)

    @pytest.mark.parametrize(
        "said", [None, word(OverrideKind.PUBLISH), word(OverrideKind.RELEASE), word(OverrideKind.RETRY)]
    )
    def test_what_was_skipped_for_good_stays_so_after_older_words(
        self, make_case: MakeCase, make_delivery: MakeDelivery, said: Override | None
    ) -> None:
        known = make_delivery(state=DeliveryState.SKIPPED, reason=AS_BEFORE, settled_at=DUE + SECOND)
        assert ruled(make_case(known=known, said=said)) == Ruling(verdict=Verdict.SKIPPED, reason=AS_BEFORE)


class TestWithdrawn:
    @pytest.mark.parametrize(
        "standing",
        [None, {}, {"attempts": 1}, *({"state": DeliveryState.HELD, "hold": hold} for hold in Hold)],
    )
    @pytest.mark.parametrize("reason", ["", "the room is gone"])
    def test_it_is_skipped_and_that_is_remembered(
        self, make_case: MakeCase, make_delivery: MakeDelivery, standing: dict[str, Any] | None, reason: str
    ) -> None:
        known = None if standing is None else make_delivery(**standing)
        case = make_case(known=known, withdrawn=reason, hidden=True, said=word(OverrideKind.PUBLISH), expires=DUE)
        assert ruled(case) == Ruling(verdict=Verdict.SKIPPED, reason=Reason(code=ReasonCode.WITHDRAWN), writes=True)


class TestWords:
    def test_hold(self, make_case: MakeCase, make_delivery: MakeDelivery) -> None:
        for known in (None, make_delivery(), make_delivery(state=DeliveryState.HELD, hold=Hold.BURST_LIMIT)):
            ruling = ruled(make_case(known=known, said=word(OverrideKind.HOLD)))
            assert (ruling.verdict, ruling.hold, reason_words(ruling.reason)) == (
                Verdict.HELD,
                Hold.OPERATOR,
                "held by amy",
            )
            assert ruling.writes

    def test_skip(self, make_case: MakeCase, make_delivery: MakeDelivery) -> None:
        for known in (None, make_delivery(), make_delivery(attempts=2)):
            ruling = ruled(make_case(known=known, said=word(OverrideKind.SKIP)))
            assert ruling == Ruling(
                verdict=Verdict.SKIPPED, reason=Reason(code=ReasonCode.SKIPPED_BY, who="amy"), writes=True
            )

    @pytest.mark.parametrize("said", [OverrideKind.PUBLISH, OverrideKind.RELEASE])
    @pytest.mark.parametrize(
        "standing",
        [None, {}, *({"state": DeliveryState.HELD, "hold": hold} for hold in Hold if hold is not Hold.FAILED)],
    )
    def test_publish_and_release_let_go(
        self, make_case: MakeCase, make_delivery: MakeDelivery, said: OverrideKind, standing: dict[str, Any] | None
    ) -> None:
        known = None if standing is None else make_delivery(**standing)
        ruling = ruled(make_case(known=known, said=word(said), room=0, if_missed=Missed.HOLD), LATE)
        assert ruling == Ruling(verdict=Verdict.DUE, writes=True, compose=True, ordered_by="amy")

    GIVEN_UP: tuple[dict[str, Any], ...] = (
        {"state": DeliveryState.REJECTED},
        {"state": DeliveryState.HELD, "hold": Hold.FAILED},
    )

    @pytest.mark.parametrize("standing", GIVEN_UP)
    @pytest.mark.parametrize("said", [OverrideKind.RETRY, OverrideKind.PUBLISH, OverrideKind.RELEASE])
    @pytest.mark.parametrize(("at", "again"), [(DUE - SECOND, False), (DUE, True), (DUE + SECOND, True)])
    def test_what_was_given_up_is_tried_again_after_a_later_word(
        self,
        make_case: MakeCase,
        make_delivery: MakeDelivery,
        standing: dict[str, Any],
        said: OverrideKind,
        at: datetime,
        again: bool,
    ) -> None:
        known = make_delivery(**standing, attempts=3, settled_at=DUE, reason=text_reason("no"))
        ruling = ruled(make_case(known=known, said=word(said, at=at)), LATE)
        assert (ruling.verdict is Verdict.DUE, ruling.again) == (again, again)

    @pytest.mark.parametrize(
        "standing",
        [
            None,
            {},
            {"state": DeliveryState.SKIPPED, "settled_at": DUE},
            {"state": DeliveryState.SKIPPED, "settled_at": DUE, "ordered_by": "amy"},
            *({"state": DeliveryState.HELD, "hold": hold} for hold in Hold if hold is not Hold.FAILED),
            {"state": DeliveryState.HELD, "hold": Hold.OPERATOR, "ordered_by": "amy"},
        ],
    )
    def test_retry_means_nothing_else(
        self, make_case: MakeCase, make_delivery: MakeDelivery, standing: dict[str, Any] | None
    ) -> None:
        known = None if standing is None else make_delivery(**standing)
        case = make_case(known=known, said=word(OverrideKind.RETRY, at=LATE), if_missed=Missed.HOLD)
        for now in (DUE, LATE):
            assert ruled(case, now) == ruled(replace(case, override=None), now)

    @pytest.mark.parametrize("said", [OverrideKind.RETRY, OverrideKind.PUBLISH, OverrideKind.RELEASE])
    def test_a_second_refusal_is_not_tried_for_ever(
        self, make_case: MakeCase, make_delivery: MakeDelivery, said: OverrideKind
    ) -> None:
        refused = make_delivery(state=DeliveryState.REJECTED, attempts=1, settled_at=DUE)
        case = make_case(known=refused, said=word(said, at=DUE + SECOND))
        again = ruled(case).apply(refused, now=DUE + SECOND)
        assert again.state is DeliveryState.DUE
        refused = replace(again, state=DeliveryState.REJECTED, settled_at=DUE + 2 * SECOND)
        assert ruled(replace(case, known=refused)).verdict is Verdict.REJECTED

    @pytest.mark.parametrize("said", [OverrideKind.PUBLISH, OverrideKind.RELEASE])
    def test_what_was_skipped_goes_out_after_a_later_word(
        self, make_case: MakeCase, make_delivery: MakeDelivery, said: OverrideKind
    ) -> None:
        skipped = make_delivery(state=DeliveryState.SKIPPED, reason=text_reason("skipped by bob"), settled_at=DUE)
        ruling = ruled(make_case(known=skipped, said=word(said)), LATE)
        freed = ruling.apply(skipped, now=LATE)
        assert (freed.state, reason_words(freed.reason), freed.ordered_by) == (DeliveryState.DUE, "", "amy")


class TestBrake:
    def test_without_room_a_new_delivery_is_held(self, make_case: MakeCase) -> None:
        ruling = ruled(make_case(room=0))
        assert (ruling.verdict, ruling.hold, ruling.compose, ruling.counts) == (
            Verdict.HELD,
            Hold.BURST_LIMIT,
            True,
            False,
        )
        assert reason_words(ruling.reason) == "more than 4 new toots within an hour; `announce resume` lets them go"

    def test_a_pending_delivery_needs_no_room(self, make_case: MakeCase, make_delivery: MakeDelivery) -> None:
        assert ruled(make_case(known=make_delivery(), room=0)) == Ruling(verdict=Verdict.DUE, compose=True, writes=True)

    @pytest.mark.parametrize(
        ("room", "standing", "verdict", "counts"),
        [
            (1, {}, Verdict.DUE, True),
            (0, {}, Verdict.HELD, False),
            (0, {"ordered_by": "amy"}, Verdict.DUE, False),
            (0, {"attempts": 1}, Verdict.DUE, False),
        ],
    )
    def test_an_unclear_post_that_was_mended_does_not_slip_past(
        self,
        make_case: MakeCase,
        make_delivery: MakeDelivery,
        room: int,
        standing: dict[str, Any],
        verdict: Verdict,
        counts: bool,
    ) -> None:
        known = make_delivery(state=DeliveryState.HELD, hold=Hold.UNCLEAR, reason=text_reason("no room"), **standing)
        ruling = ruled(make_case(known=known, room=room))
        assert (ruling.verdict, ruling.counts) == (verdict, counts)

    @pytest.mark.parametrize(
        ("standing", "taken"),
        [
            ({}, 1),
            ({"state": DeliveryState.SENDING, "intended_at": DUE}, 1),
            ({"state": DeliveryState.SENT, "settled_at": DUE}, 1),
            ({"state": DeliveryState.SENT, "settled_at": DUE - HOUR + SECOND}, 1),
            ({"state": DeliveryState.SENT, "settled_at": DUE - HOUR}, 0),
            ({"state": DeliveryState.SENT, "settled_at": DUE - 2 * HOUR}, 0),
            ({"state": DeliveryState.SENT, "settled_at": DUE, "action": Action.EDIT}, 1),
            ({"action": Action.EDIT}, 1),
            ({"action": Action.DELETE}, 0),
            ({"ordered_by": "amy"}, 0),
            ({"state": DeliveryState.REJECTED, "settled_at": DUE}, 0),
            ({"state": DeliveryState.SKIPPED, "settled_at": DUE}, 0),
            ({"state": DeliveryState.HELD, "hold": Hold.BURST_LIMIT}, 0),
            ({"state": DeliveryState.HELD, "hold": Hold.UNCLEAR}, 0),
            ({"account": "other@example.social"}, 0),
        ],
    )
    def test_it_counts_what_is_pending_and_what_was_sent_within_the_hour(
        self, make_delivery: MakeDelivery, standing: dict[str, Any], taken: int
    ) -> None:
        rows = [make_delivery(slug, **standing) for slug in ("a", "b")]
        snapshot = Snapshot(deliveries={row.key: row for row in rows})
        assert burst_room(snapshot, ACCOUNT, now=DUE, policy=POLICY) == 4 - 2 * taken


class TestApplying:
    def test_a_ruling_is_applied_to_the_delivery(
        self, make_delivery: MakeDelivery, make_announcement: Callable[..., Announcement]
    ) -> None:
        text = make_announcement(text="new")
        tried = make_delivery(attempts=2, reason=text_reason("the server cannot be reached."), ordered_by="amy")
        held = Ruling(verdict=Verdict.HELD, hold=Hold.UNCLEAR, reason=text_reason("no title"), announcement=text)
        wanted = held.apply(tried, now=DUE)
        assert wanted == replace(
            tried, announcement=text, state=DeliveryState.HELD, hold=Hold.UNCLEAR, reason=text_reason("no title")
        )
        due = Ruling(verdict=Verdict.DUE, announcement=text)
        assert due.apply(wanted, now=DUE) == replace(tried, announcement=text, reason=None)

    def test_the_reason_of_the_last_failure_stays_while_it_is_due(
        self, make_case: MakeCase, make_delivery: MakeDelivery
    ) -> None:
        tried = make_delivery(attempts=2, reason=text_reason("the server cannot be reached."))
        for said in (None, word(OverrideKind.PUBLISH)):
            ruling = ruled(make_case(known=tried, said=said))
            assert reason_words(ruling.reason) == "the server cannot be reached."
            assert reason_words(ruling.apply(tried, now=DUE).reason) == "the server cannot be reached."

    def test_another_try_begins_afresh_with_a_key_of_its_own(
        self, make_case: MakeCase, make_delivery: MakeDelivery
    ) -> None:
        refused = make_delivery(
            state=DeliveryState.REJECTED,
            reason=text_reason("too long"),
            attempts=3,
            generation=2,
            after_id="7",
            first_tried_at=DUE,
            not_before=LATE,
            settled_at=DUE,
        )
        again = ruled(make_case(known=refused, said=word(OverrideKind.RETRY))).apply(refused, now=DUE)
        assert again == replace(
            refused,
            state=DeliveryState.DUE,
            reason=None,
            generation=3,
            first_tried_at=None,
            not_before=None,
            settled_at=None,
            ordered_by="amy",
        )

    def test_a_skip_is_settled_once(self, make_delivery: MakeDelivery) -> None:
        skip = Ruling(verdict=Verdict.SKIPPED, reason=text_reason("skipped by amy"))
        skipped = skip.apply(make_delivery(), now=DUE)
        assert skipped.settled_at == DUE
        assert skip.apply(skipped, now=LATE) == skipped
