"""The plan: posts + ledger + now → what is released, owed, held and skipped, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain import (
    AccountState,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Entry,
    Hold,
    MastodonOptions,
    Occasion,
    OverridesSeen,
    Post,
    Severity,
    Snapshot,
    Upcoming,
    WriteBatch,
)
from bot.domain.clock import ManualClock
from bot.domain.wording import event_detail, reason_words
from bot.planner.overrides import resume
from bot.planner.plan import Plan, PlanInput, make_plan
from bot.planner.ruling import Policy, Verdict
from tests.support.digests import both
from tests.support.planning import compose, retracted, usual, verdicts, wanted
from tests.support.scratch_ledger import ScratchLedger

ACCOUNT = "conf@example.social"
OTHER = "kids@example.social"
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
POLICY = Policy(catch_up=timedelta(hours=72), burst_limit=4)

MakePost = Callable[..., Post]
MakeEntry = Callable[..., Entry]
MakeDelivery = Callable[..., Delivery]


def planned(
    posts: Sequence[Post],
    snapshot: Snapshot | None = None,
    *,
    now: datetime = NOW,
    accounts: Sequence[str] = (ACCOUNT,),
    brake: int = 4,
) -> Plan:
    return make_plan(
        PlanInput(
            posts=tuple(posts),
            snapshot=snapshot or Snapshot(),
            now=now,
            accounts=usual(accounts),
            policy=replace(POLICY, burst_limit=brake),
            compose=compose,
        )
    )


def after(plan: Plan, snapshot: Snapshot | None = None) -> Snapshot:
    """The ledger once the plan was recorded."""
    ledger = ScratchLedger(ManualClock(plan.now), snapshot)
    ledger.record(plan.batch, now=plan.now)
    return ledger.snapshot()


def test_a_post_is_released_at_its_datetime_and_not_before(make_post: MakePost) -> None:
    post = make_post(published=NOW)
    before = planned([post], now=NOW - SECOND)
    assert verdicts(before) == {"tickets": Verdict.UPCOMING}
    assert before.released == ()
    waits = Upcoming(post_id=post.url, slug="tickets", due=NOW)
    new_accounts = (AccountState(address=ACCOUNT, joined_at=None),)
    assert before.batch == WriteBatch(
        new_accounts=new_accounts, upcoming={post.url: waits}, overrides_seen=OverridesSeen()
    )
    assert before.next_release == NOW

    plan = planned([post])
    assert verdicts(plan) == {"tickets": Verdict.DUE}
    assert plan.released == (post,)
    assert plan.next_release is None
    (entry,), (delivery,) = plan.batch.entries, wanted(plan)
    assert (entry.post_id, entry.published, entry.released_at) == (post.url, NOW, NOW)
    assert delivery == Delivery(
        key=DeliveryKey(post.url, ACCOUNT, Occasion.PUBLISH),
        slug="tickets",
        due=NOW,
        announcement=compose(post, ACCOUNT),
    )
    (event,) = plan.batch.events
    assert (event.at, event.kind.value, event.slug, event_detail(event)) == (
        NOW,
        "released",
        "tickets",
        "0 s after its time",
    )


def test_the_next_release_is_the_earliest_of_the_coming_ones(make_post: MakePost) -> None:
    posts = [make_post(f"p{n}", published=NOW + n * HOUR) for n in (3, 1, 2, 0, -1)]
    assert planned(posts).next_release == NOW + HOUR


def test_a_draft_has_no_part_in_it(make_post: MakePost) -> None:
    plan = planned([make_post(published=None)])
    assert (plan.items, plan.released, plan.batch.entries) == ((), (), ())


def test_items_are_in_the_order_of_their_datetimes(make_post: MakePost) -> None:
    posts = [
        make_post("late", published=NOW + HOUR),
        make_post("b", published=NOW - HOUR),
        make_post("a", published=NOW - HOUR),
        make_post("first", published=NOW - 2 * HOUR),
    ]
    plan = planned(posts, accounts=(OTHER, ACCOUNT))
    assert [(item.slug, item.account) for item in plan.items] == [
        (slug, account) for slug in ("first", "a", "b", "late") for account in (ACCOUNT, OTHER)
    ]


def test_a_too_late_post_enters_the_feeds_and_is_not_tooted(make_post: MakePost) -> None:
    plan = planned([make_post(published=NOW - timedelta(hours=72) - SECOND)])
    assert verdicts(plan) == {"tickets": Verdict.SKIPPED}
    assert "catch_up" in reason_words(plan.items[0].reason)
    assert len(plan.batch.entries) == 1
    assert wanted(plan) == []


def test_a_post_for_the_feeds_only_is_never_upcoming_on_an_account(make_post: MakePost) -> None:
    post = make_post(published=NOW + HOUR, mastodon=MastodonOptions(skip=True))
    (item,) = planned([post], accounts=(ACCOUNT, OTHER)).items
    assert (item.account, item.verdict, reason_words(item.reason)) == (
        "",
        Verdict.UPCOMING,
        "in the feeds only (`mastodon.skip`)",
    )


def test_without_accounts_posts_enter_the_feeds(make_post: MakePost) -> None:
    plan = planned([make_post(), make_post("next", published=NOW + HOUR)], accounts=())
    assert len(plan.batch.entries) == 1
    assert wanted(plan) == []
    assert [(item.slug, item.account) for item in plan.items] == [("next", "")]


def test_each_account_gets_its_own_delivery(make_post: MakePost) -> None:
    plan = planned([make_post()], accounts=(ACCOUNT, OTHER))
    assert {d.key.account: d.announcement.text for d in wanted(plan)} == {
        ACCOUNT: "About tickets for conf@example.social",
        OTHER: "About tickets for kids@example.social",
    }


class TestAccounts:
    def test_on_a_fresh_ledger_an_account_was_there_from_the_beginning(self, make_post: MakePost) -> None:
        plan = planned([make_post(published=NOW - HOUR)])
        assert plan.batch.new_accounts == (AccountState(address=ACCOUNT, joined_at=None),)
        assert verdicts(plan) == {"tickets": Verdict.DUE}

    def test_an_account_that_joins_a_living_ledger_gets_later_posts_only(self, make_post: MakePost) -> None:
        old, new = make_post("old", published=NOW - HOUR), make_post("new", published=NOW + HOUR)
        living = after(planned([old, new]))
        plan = planned([old, new], living, now=NOW + MINUTE, accounts=(ACCOUNT, OTHER))
        assert plan.batch.new_accounts == (AccountState(address=OTHER, joined_at=NOW + MINUTE),)
        assert wanted(plan) == []
        (item,) = (item for item in plan.items if item.account == OTHER and item.slug == "old")
        assert (item.verdict, reason_words(item.reason)) == (
            Verdict.SKIPPED,
            "the account joined later, on 2026-03-10 14:01 UTC",
        )
        later = planned([old, new], after(plan, living), now=NOW + HOUR, accounts=(ACCOUNT, OTHER))
        assert {(d.slug, d.key.account) for d in wanted(later)} == {("new", ACCOUNT), ("new", OTHER)}

    def test_an_account_that_leaves_the_settings_owes_nothing_new(self, make_post: MakePost) -> None:
        living = after(planned([make_post()], accounts=(ACCOUNT, OTHER)))
        plan = planned([make_post()], living, accounts=(ACCOUNT,))
        assert not plan.batch
        assert {item.account for item in plan.items} == {ACCOUNT}


class TestBrake:
    def test_the_fifth_of_a_pile_is_held(self, make_post: MakePost) -> None:
        posts = [make_post(f"p{n}", published=NOW - n * MINUTE) for n in range(6)]
        plan = planned(posts)
        assert verdicts(plan) == {
            "p5": Verdict.DUE,
            "p4": Verdict.DUE,
            "p3": Verdict.DUE,
            "p2": Verdict.DUE,
            "p1": Verdict.HELD,
            "p0": Verdict.HELD,
        }
        held = [d for d in wanted(plan) if d.state is DeliveryState.HELD]
        assert {d.hold for d in held} == {Hold.BURST_LIMIT}
        assert all(d.announcement.text for d in held)
        assert [e.slug for e in plan.batch.events if e.kind.value == "held"] == ["p1", "p0"]
        assert len(plan.batch.entries) == 6

    def test_what_was_sent_within_the_hour_and_what_is_pending_count_together(
        self, make_post: MakePost, make_entry: MakeEntry, make_delivery: MakeDelivery
    ) -> None:
        rows = [
            make_delivery("sent", state=DeliveryState.SENT, settled_at=NOW - HOUR + SECOND),
            make_delivery("sent-before", state=DeliveryState.SENT, settled_at=NOW - HOUR),
            make_delivery("pending"),
        ]
        living = Snapshot(
            entries={entry.post_id: entry for entry in (make_entry(row.slug) for row in rows)},
            accounts={ACCOUNT: AccountState(address=ACCOUNT, joined_at=None)},
            deliveries={row.key: row for row in rows},
        )
        posts = [make_post(slug, published=NOW) for slug in ("a", "b", "c")]
        plan = planned([*(make_post(row.slug) for row in rows), *posts], living)
        assert {slug: verdicts(plan)[slug] for slug in "abc"} == {
            "a": Verdict.DUE,
            "b": Verdict.DUE,
            "c": Verdict.HELD,
        }

    def test_it_holds_on_each_account_for_itself(self, make_post: MakePost) -> None:
        posts = [make_post(f"p{n}") for n in range(3)]
        plan = planned(posts, accounts=(ACCOUNT, OTHER), brake=2)
        assert [item.account for item in plan.of(Verdict.HELD)] == [ACCOUNT, OTHER]

    def test_what_it_holds_stays_held_until_a_person_lets_go(self, make_post: MakePost) -> None:
        posts = [make_post(f"p{n}") for n in range(3)]
        ledger = ScratchLedger(ManualClock(NOW))
        ledger.record(planned(posts, brake=2).batch, now=NOW)
        much_later = NOW + timedelta(days=30)
        plan = planned(posts, ledger.snapshot(), now=much_later, brake=2)
        (item,) = plan.of(Verdict.HELD)
        assert (item.slug, item.hold) == ("p2", Hold.BURST_LIMIT)
        assert not plan.batch.events

        ledger.record(resume(ledger.snapshot(), who="amy", now=much_later).batch, now=much_later)
        plan = planned(posts, ledger.snapshot(), now=much_later, brake=2)
        assert verdicts(plan)["p2"] is Verdict.DUE, "a person's word beats lateness and the brake"

    def test_mending_a_template_frees_no_pile(self, make_post: MakePost) -> None:
        broken = [make_post(f"p{n}", title="broken") for n in range(6)]
        living = after(planned(broken))
        mended = planned([replace(post, title="fine") for post in broken], living)
        assert [len(mended.of(verdict)) for verdict in (Verdict.DUE, Verdict.HELD)] == [4, 2]
        assert {item.hold for item in mended.of(Verdict.HELD)} == {Hold.BURST_LIMIT}

    def test_a_post_that_cannot_be_composed_takes_no_room(self, make_post: MakePost) -> None:
        posts = [make_post("a", title="broken"), make_post("b"), make_post("c")]
        assert verdicts(planned(posts, brake=2)) == {"a": Verdict.HELD, "b": Verdict.DUE, "c": Verdict.DUE}


class TestUnclear:
    def test_what_cannot_be_composed_is_held_and_the_others_go_on(self, make_post: MakePost) -> None:
        plan = planned([make_post("bad", title="broken"), make_post("good")])
        assert verdicts(plan) == {"bad": Verdict.HELD, "good": Verdict.DUE}
        (held,) = (d for d in wanted(plan) if d.slug == "bad")
        assert (held.state, held.hold) == (DeliveryState.HELD, Hold.UNCLEAR)
        assert reason_words(held.reason) == "posts/bad.md: the template has no end."
        assert held.announcement.text == ""
        assert [(e.kind.value, e.slug, event_detail(e)) for e in plan.batch.events if e.kind.value == "held"] == [
            ("held", "bad", reason_words(held.reason))
        ]
        assert len(plan.batch.entries) == 2

    def test_once_mended_it_is_due(self, make_post: MakePost) -> None:
        living = after(planned([make_post(title="broken")]))
        plan = planned([make_post()], living)
        (delivery,) = wanted(plan)
        assert (delivery.state, delivery.hold, reason_words(delivery.reason)) == (DeliveryState.DUE, None, "")
        assert delivery.announcement.text == "About tickets for conf@example.social"

    def test_what_was_due_and_breaks_is_held_with_its_last_words(self, make_post: MakePost) -> None:
        living = after(planned([make_post()]))
        plan = planned([make_post(title="broken")], living)
        (delivery,) = wanted(plan)
        assert delivery.hold is Hold.UNCLEAR
        assert delivery.announcement.text == "About tickets for conf@example.social"

    def test_it_is_told_once(self, make_post: MakePost) -> None:
        living = after(planned([make_post(title="broken")]))
        assert not planned([make_post(title="broken")], living, now=NOW + MINUTE).batch

    def test_a_new_reason_is_written_down(self, make_post: MakePost) -> None:
        living = after(planned([make_post(title="broken")]))
        plan = planned([make_post(title="broken", path=Path("posts/x.md"))], living)
        (delivery,) = wanted(plan)
        assert reason_words(delivery.reason) == "posts/x.md: the template has no end."
        assert not plan.batch.events


class TestAfterTheRelease:
    def test_words_that_changed_before_the_toot_went_out_are_the_words_of_the_toot(self, make_post: MakePost) -> None:
        living = after(planned([make_post()]))
        plan = planned([make_post(title="Mended", digests=both("new"))], living, now=NOW + MINUTE)
        (delivery,), (entry,) = wanted(plan), plan.batch.entries
        assert delivery.announcement.text == "Mended for conf@example.social"
        assert (entry.title, entry.revision, entry.updated) == ("Mended", 1, NOW + MINUTE)
        assert plan.released == ()

    @pytest.mark.parametrize("state", [DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.REJECTED])
    def test_words_that_changed_later_do_not_touch_the_first_delivery(
        self, make_post: MakePost, state: DeliveryState
    ) -> None:
        living = after(planned([make_post()]))
        (row,) = living.deliveries.values()
        kept = replace(row, state=state, intended_at=NOW, status_url="https://example.social/1")
        plan = planned([make_post(title="Mended", digests=both("new"))], replace(living, deliveries={row.key: kept}))
        assert row.key not in [delivery.key for delivery in wanted(plan)]
        assert len(plan.batch.entries) == 1
        (item,) = (item for item in plan.items if item.occasion == Occasion.PUBLISH)
        assert item.status_url == "https://example.social/1"

    def test_a_moved_datetime_is_a_finding_and_no_second_release(self, make_post: MakePost) -> None:
        living = after(planned([make_post(published=NOW)]))
        post = make_post(published=NOW - HOUR, lines={"published_datetime": 3})
        plan = planned([post], living, now=NOW + MINUTE)
        assert (plan.released, plan.batch.entries, wanted(plan)) == ((), (), [])
        assert plan.next_release is None
        assert verdicts(plan) == {"tickets": Verdict.DUE}
        assert plan.items[0].due == NOW
        (finding,) = plan.findings
        assert (finding.rule, finding.severity, finding.line) == ("datetime-moved", Severity.WARNING, 3)
        assert "2026-03-10 14:00 UTC" in finding.problem

    @pytest.mark.parametrize("moved", [MINUTE + SECOND, timedelta(days=9)])
    def test_a_released_post_that_gets_a_datetime_to_come_shows_nothing_new(
        self, make_post: MakePost, moved: timedelta
    ) -> None:
        living = after(planned([make_post(published=NOW)]))
        plan = planned(
            [make_post(published=NOW + moved, title="Secret", digests=both("new"))], living, now=NOW + MINUTE
        )
        assert (plan.released, plan.batch.entries, plan.batch.upcoming) == ((), (), None)
        (held,) = wanted(plan)
        assert (held.hold, held.announcement.text) == (Hold.UNCLEAR, "About tickets for conf@example.social")
        (finding,) = plan.findings
        assert (finding.rule, finding.severity) == ("identity-taken", Severity.ERROR)

    def test_an_untried_late_toot_is_taken_back(self, make_post: MakePost) -> None:
        living = after(planned([make_post()]))
        plan = planned([make_post()], living, now=NOW + timedelta(hours=72) + SECOND)
        assert retracted(plan) == list(living.deliveries)
        assert verdicts(plan) == {"tickets": Verdict.SKIPPED}
        assert after(plan, living).deliveries == {}

    def test_a_post_that_becomes_hidden_before_its_toot_is_taken_back(self, make_post: MakePost) -> None:
        living = after(planned([make_post()]))
        plan = planned([make_post(hidden=True)], living)
        assert retracted(plan) == list(living.deliveries)
        (entry,) = plan.batch.entries
        assert entry.hidden


class TestIdentity:
    def test_two_files_with_one_id_are_a_finding_and_one_release(self, make_post: MakePost) -> None:
        one = make_post("one", explicit_id="x")
        two = make_post("two", explicit_id="x", lines={"id": 4})
        plan = planned([one, two])
        assert plan.released == (one,)
        assert [d.slug for d in wanted(plan)] == ["one"]
        (finding,) = plan.findings
        assert (finding.rule, finding.severity, finding.path, finding.line) == (
            "same-id",
            Severity.ERROR,
            Path("posts/two.md"),
            4,
        )
        assert "posts/one.md" in finding.problem

    def test_an_id_that_is_added_later_changes_nothing(self, make_post: MakePost) -> None:
        living = after(planned([make_post()]))
        plan = planned([make_post(explicit_id="x")], living)
        assert not plan.batch
        assert verdicts(plan) == {"tickets": Verdict.DUE}

    def test_an_id_that_is_taken_away_changes_nothing(self, make_post: MakePost) -> None:
        living = after(planned([make_post(explicit_id="x")]))
        assert not planned([make_post()], living).batch

    def test_a_renamed_file_with_an_id_is_the_same_post(self, make_post: MakePost) -> None:
        living = after(planned([make_post(explicit_id="x")]))
        plan = planned([make_post("renamed", explicit_id="x")], living)
        assert plan.released == ()
        (entry,) = plan.batch.entries
        assert (entry.post_id, entry.slug) == ("x", "renamed")
        assert [d.key.post_id for d in wanted(plan)] == ["x"]

    def test_a_new_file_with_the_old_name_of_a_renamed_one_is_a_new_post(self, make_post: MakePost) -> None:
        living = after(planned([make_post(explicit_id="x")]))
        renamed, new = make_post("renamed", explicit_id="x"), make_post(published=NOW + MINUTE)
        for posts in ([renamed, new], [new, renamed]):
            plan = planned(posts, living, now=NOW + MINUTE)
            assert plan.released == (new,)
            assert {entry.post_id for entry in plan.batch.entries} == {"x", new.url}
            assert not planned(posts, after(plan, living), now=NOW + MINUTE).batch
