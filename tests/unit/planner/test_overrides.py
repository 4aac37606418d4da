"""A person's word before it is recorded: what it would do, when it is refused and why, and that it may be repeated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.domain import DeliveryState, Hold, Occasion, OverrideKind, Post, Snapshot, WriteBatch
from bot.domain.reasons import text_reason
from bot.domain.wording import effect_words, event_detail, reason_words
from bot.planner.overrides import Proposal, pause, resume
from tests.support.digests import both
from tests.support.planning import ACCOUNT, DAY, HOUR, MINUTE, NOW, OTHER, SECOND, Season

MakePost = Callable[..., Post]
TOOTED = "it is tooted already; to take it back write `withdrawn: true` into the file"
NOT_HELD = "nothing of it is held; a late or skipped one goes out with `announce publish`"
NOT_GIVEN_UP = "nothing of it was rejected or given up"
UNDER_WAY = "its toot is under way at this moment; look at `announce queue` and try again"
TOO_EARLY = "its datetime has not come; to release it now all the same, add --early"


@pytest.fixture
def season() -> Season:
    return Season()


def bring(season: Season, post: Post, standing: str) -> None:
    """Bring the ledger to where a word finds the post."""
    if standing == "to come":
        season.clock.step_to(NOW - HOUR)
    elif standing == "too late":
        season.clock.advance(timedelta(days=9))
    season.run(post)
    ends: dict[str, tuple[DeliveryState, dict[str, Any]]] = {
        "sending": (DeliveryState.SENDING, {}),
        "sent": (DeliveryState.SENT, {}),
        "rejected": (DeliveryState.REJECTED, {"reason": text_reason("too long")}),
        "given up": (DeliveryState.HELD, {"hold": Hold.FAILED, "reason": text_reason("tried for 24 h")}),
    }
    if standing in ends:
        state, changes = ends[standing]
        season.settle("tickets", state, **changes)
    elif standing in ("held", "skipped"):
        season.emit(OverrideKind.HOLD if standing == "held" else OverrideKind.SKIP, post)
        season.run(post)


STANDINGS = ("to come", "too late", "due", "sending", "sent", "rejected", "given up", "held", "skipped")
REFUSED = {
    OverrideKind.HOLD: {"sending": UNDER_WAY, "sent": TOOTED},
    OverrideKind.SKIP: {"sending": UNDER_WAY, "sent": TOOTED},
    OverrideKind.PUBLISH: {"to come": TOO_EARLY, "sent": TOOTED},
    OverrideKind.RELEASE: {
        "to come": NOT_HELD,
        "too late": NOT_HELD,
        "due": NOT_HELD,
        "sending": NOT_HELD,
        "sent": TOOTED,
        "rejected": NOT_HELD,
        "skipped": NOT_HELD,
    },
    OverrideKind.RETRY: {standing: NOT_GIVEN_UP for standing in STANDINGS if standing not in ("rejected", "given up")},
}


def lines_of(proposal: Proposal) -> list[str]:
    return [effect_words(effect) for effect in proposal.effects]


@pytest.mark.parametrize("said", OverrideKind)
@pytest.mark.parametrize("standing", STANDINGS)
def test_what_makes_no_sense_is_refused_with_its_reason(
    season: Season, make_post: MakePost, said: OverrideKind, standing: str
) -> None:
    post = make_post()
    bring(season, post, standing)
    assert reason_words(season.propose(said, post).refusal) == REFUSED[said].get(standing, "")


@pytest.mark.parametrize("said", OverrideKind)
@pytest.mark.parametrize("standing", STANDINGS)
def test_what_makes_sense_may_be_said_twice(
    season: Season, make_post: MakePost, said: OverrideKind, standing: str
) -> None:
    post = make_post()
    bring(season, post, standing)
    if season.propose(said, post).refusal:
        return
    twin = Season()
    bring(twin, post, standing)
    for one, times in ((season, 1), (twin, 2)):
        for _ in range(times):
            one.ledger.record(one.propose(said, post).batch, now=one.now)
        one.run(post)
    assert season.snapshot == twin.snapshot


@pytest.mark.parametrize("said", [OverrideKind.HOLD, OverrideKind.SKIP, OverrideKind.RELEASE])
@pytest.mark.parametrize("standing", ["due", "held", "given up", "to come", "too late"])
def test_the_next_pass_comes_to_the_same_as_what_was_done_at_once(
    season: Season, make_post: MakePost, said: OverrideKind, standing: str
) -> None:
    post = make_post()
    bring(season, post, standing)
    proposal = season.propose(said, post)
    if proposal.refusal:
        return
    season.ledger.record(proposal.batch, now=season.now)
    done = season.state("tickets")
    assert not season.look(post).batch.changes or done is None
    season.run(post)
    assert done in (season.state("tickets"), None)


@pytest.mark.parametrize("said", OverrideKind)
def test_a_draft_is_refused(season: Season, make_post: MakePost, said: OverrideKind) -> None:
    refusal = reason_words(season.propose(said, make_post(published=None)).refusal)
    assert refusal == "it is a draft: give it a published_datetime first"


@pytest.mark.parametrize("said", [OverrideKind.RELEASE, OverrideKind.PUBLISH])
def test_what_is_withdrawn_is_let_go_by_its_file_alone(season: Season, make_post: MakePost, said: OverrideKind) -> None:
    post = make_post(withdrawn="", hidden=True)
    season.run(post)
    season.emit(OverrideKind.HOLD, post)
    refusal = reason_words(season.propose(said, post).refusal)
    assert refusal == "it is withdrawn: take `withdrawn:` out of its file first"
    season.run(make_post())
    assert season.state("tickets") is not DeliveryState.DUE, "taking the mark away never toots"


def test_a_word_is_recorded_with_who_and_when(season: Season, make_post: MakePost) -> None:
    post = make_post(published=NOW + HOUR)
    recording = season.emit(OverrideKind.PUBLISH, post, who="bob", early=True).batch
    (word,), (event,) = recording.overrides, recording.events
    assert (word.post_id, word.kind, word.early, word.who, word.at) == (
        post.url,
        OverrideKind.PUBLISH,
        True,
        "bob",
        NOW,
    )
    assert (event.kind.value, event.slug, event.who, event.at) == ("ordered", "tickets", "bob", NOW)
    assert event_detail(event) == "before its datetime"


@pytest.mark.parametrize(
    ("said", "published", "line"),
    [
        (OverrideKind.HOLD, NOW, "tickets (About tickets) is not released and not tooted until `announce release`."),
        (OverrideKind.PUBLISH, NOW, "tickets (About tickets) goes out now."),
        (OverrideKind.SKIP, NOW, "tickets (About tickets) enters the feeds and is not tooted."),
        (OverrideKind.RELEASE, NOW, "tickets (About tickets) goes out now."),
        (OverrideKind.RELEASE, NOW + HOUR, "tickets (About tickets) goes out at its datetime."),
        (OverrideKind.RETRY, NOW, "tickets (About tickets) is tried again now."),
    ],
)
def test_it_says_beforehand_what_will_happen(
    season: Season, make_post: MakePost, said: OverrideKind, published: Any, line: str
) -> None:
    assert lines_of(season.propose(said, make_post(published=published))) == [line]


def test_it_says_how_the_toot_stands_on_each_account(make_post: MakePost) -> None:
    season, post = Season(accounts=(ACCOUNT, OTHER)), make_post()
    season.run(post)
    season.send("tickets", account=OTHER)
    lines = lines_of(season.propose(OverrideKind.HOLD, post))[1:]
    assert sorted(lines) == [f"    {ACCOUNT}: is due now", f"    {OTHER}: is sent now"]


def test_it_means_the_accounts_in_the_settings_only(make_post: MakePost) -> None:
    season, post = Season(accounts=(ACCOUNT, OTHER)), make_post()
    season.run(post)
    season.accounts.remove(OTHER)
    season.emit(OverrideKind.SKIP, post)
    assert season.state("tickets") is DeliveryState.SKIPPED
    assert season.state("tickets", account=OTHER) is DeliveryState.DUE


def test_one_that_is_tooted_on_one_of_two_accounts_may_be_held_on_the_other(make_post: MakePost) -> None:
    season, post = Season(accounts=(ACCOUNT, OTHER)), make_post()
    season.run(post)
    season.send("tickets", account=OTHER)
    season.emit(OverrideKind.HOLD, post)
    season.run(post)
    assert season.state("tickets") is DeliveryState.HELD
    assert season.state("tickets", account=OTHER) is DeliveryState.SENT


def test_a_hold_holds_edits_and_never_a_withdrawal(make_post: MakePost) -> None:
    season = Season(accounts=(ACCOUNT, OTHER))
    season.run(make_post())
    season.send("tickets", account=OTHER)
    changed = make_post(title="New", digests=both("new"))
    season.run(changed)
    season.emit(OverrideKind.HOLD, changed)
    assert season.state("tickets", Occasion.edit(1), OTHER) is DeliveryState.HELD
    season.emit(OverrideKind.RELEASE, changed)
    assert season.state("tickets", Occasion.edit(1), OTHER) is DeliveryState.DUE
    back = make_post(title="New", digests=both("new"), withdrawn="", hidden=True)
    season.run(back)
    proposal = season.propose(OverrideKind.HOLD, back)
    assert [change.key.occasion for change in proposal.batch.changes] == []


def test_a_post_is_known_by_any_of_its_names(season: Season, make_post: MakePost) -> None:
    season.run(make_post())
    named = make_post(explicit_id="x")
    assert season.emit(OverrideKind.HOLD, named).batch.overrides[0].post_id == make_post().url
    season.run(named)
    assert season.state("tickets") is DeliveryState.HELD


def test_a_plan_of_before_the_word_does_not_undo_it(season: Season, make_post: MakePost) -> None:
    post = make_post()
    season.run(post)
    old = season.look(make_post(title="New", digests=both("new")))
    season.emit(OverrideKind.HOLD, post)
    assert season.ledger.record(old.batch, now=season.now).outdated
    assert season.state("tickets") is DeliveryState.HELD


class TestEverything:
    def test_a_pause_says_who_and_when_and_is_refused_the_second_time(self, season: Season) -> None:
        first = season.pause("bob")
        assert season.snapshot.paused == "bob on 2026-03-10 14:00 UTC"
        assert lines_of(first) == ["Nothing is released and nothing is tooted until `announce resume`."]
        again = pause(season.snapshot, who="amy", now=NOW)
        assert (again.effects, again.batch) == ((), WriteBatch())
        assert reason_words(again.refusal) == "paused already, by bob on 2026-03-10 14:00 UTC"

    def test_resume_says_what_it_lets_go_and_may_be_repeated(self, make_post: MakePost) -> None:
        season = Season()
        posts = [make_post(f"p{number}") for number in range(6)]
        season.run(*posts)
        season.pause()
        season.clock.advance(MINUTE)
        proposal = season.resume("bob")
        assert lines_of(proposal)[:3] == [
            f"p4 → {ACCOUNT}: held by the brake, goes out",
            f"p5 → {ACCOUNT}: held by the brake, goes out",
            "the pause ends (paused by amy on 2026-03-10 14:00 UTC)",
        ]
        assert [(e.kind.value, e.slug, e.who) for e in proposal.batch.events] == [
            ("let go", "p4", "bob"),
            ("let go", "p5", "bob"),
            ("resumed", "", "bob"),
        ]
        freed = season.delivery("p5")
        assert freed is not None
        assert (freed.state, freed.hold, reason_words(freed.reason), freed.ordered_by) == (
            DeliveryState.DUE,
            None,
            "",
            "bob",
        )
        before = season.snapshot
        again = season.resume("bob")
        assert (again.batch.changes, again.batch.events, again.batch.paused) == ((), (), None)
        assert season.snapshot.deliveries == before.deliveries

    def test_resume_leaves_all_other_holds(self, make_post: MakePost) -> None:
        season, post = Season(), make_post()
        season.run(post)
        season.settle("tickets", DeliveryState.HELD, hold=Hold.FAILED, reason=text_reason("tried for 24 h"))
        assert resume(season.snapshot, who="amy", now=NOW).batch.changes == ()

    @pytest.mark.parametrize(("behind", "believed"), [(timedelta(), False), (DAY, True)])
    def test_resume_believes_a_clock_that_is_doubted(self, behind: timedelta, believed: bool) -> None:
        proposal = resume(Snapshot(newest=NOW), who="amy", now=NOW - behind)
        assert proposal.batch.accept_clock is believed
        assert ("the clock is believed: it is 2026-03-09 14:00 UTC" in lines_of(proposal)) is believed


def test_retry_of_a_refused_toot_leaves_it_to_the_next_pass(season: Season, make_post: MakePost) -> None:
    post = make_post()
    bring(season, post, "rejected")
    season.clock.advance(SECOND)
    assert season.emit(OverrideKind.RETRY, post).batch.changes == ()
    assert season.state("tickets") is DeliveryState.REJECTED, "its words are to be composed anew first"
    season.run(post)
    assert season.state("tickets") is DeliveryState.DUE
