"""What a later pass must still know: an early release's own datetime, an edit that is owed, a mark taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.domain import (
    AccountFacts,
    Action,
    Announcement,
    DeliveryState,
    Hold,
    Limits,
    MastodonOptions,
    Occasion,
    OverrideKind,
    Post,
)
from bot.domain.errors import ComposeError
from bot.domain.reasons import text_reason
from bot.domain.wording import reason_words
from bot.planner.ruling import Verdict
from tests.support.digests import both
from tests.support.planning import ACCOUNT, DAY, HOUR, MINUTE, NOW, OTHER, Season, compose, verdicts, wanted

MakePost = Callable[..., Post]
NEW: dict[str, Any] = {"title": "New words", "digests": both("new")}


@pytest.fixture
def season() -> Season:
    return Season()


def out_early(season: Season, post: Post) -> None:
    season.run(post)
    season.emit(OverrideKind.PUBLISH, post, early=True)
    season.run(post)
    season.send(post.slug)


class TestEarlyAndRenamed:
    @pytest.mark.parametrize("changes", [{}, {"html": "<p>other</p>", "digests": both("x")}, {"title": "Other"}])
    def test_it_is_not_released_again(self, season: Season, make_post: MakePost, changes: dict[str, Any]) -> None:
        post = make_post(published=NOW + DAY, html="<p>words</p>")
        out_early(season, post)
        renamed = make_post("renamed", title=post.title, published=NOW + DAY, html=post.html)
        renamed = replace(renamed, **changes)
        for after in (MINUTE, DAY, HOUR):
            plan = season.run(renamed, after=after)
            assert plan.released == ()
            assert [entry.slug for entry in season.snapshot.entries.values()] == ["renamed"]
            assert season.entry("renamed").published == NOW
            assert [one.action for one in wanted(plan)] in ([], [Action.EDIT]), "a change is an edit, not a toot"

    def test_renamed_and_rewritten_a_person_is_asked(self, season: Season, make_post: MakePost) -> None:
        out_early(season, make_post(published=NOW + DAY))
        other = make_post("other", published=NOW + DAY)
        plan = season.run(other, after=DAY)
        assert (plan.released, verdicts(plan)) == ((), {"other": Verdict.HELD})
        assert "renamed" in {finding.rule for finding in plan.findings}

    def test_a_datetime_that_is_moved_afterwards_is_the_one_that_counts(
        self, season: Season, make_post: MakePost
    ) -> None:
        out_early(season, make_post(published=NOW + DAY))
        season.run(make_post(published=NOW + 2 * DAY))
        renamed = make_post("renamed", title="About tickets", published=NOW + 2 * DAY)
        assert season.run(renamed, after=3 * DAY).released == ()

    def test_a_post_of_another_datetime_is_a_post_of_its_own(self, season: Season, make_post: MakePost) -> None:
        out_early(season, make_post(published=NOW + DAY))
        other = make_post("other", title="About tickets", published=NOW + 2 * DAY)
        assert season.run(other, after=2 * DAY).released == (other,)


def broken_for(*accounts: str) -> Callable[[Post, str], Announcement]:
    def with_a_fault(post: Post, account: str) -> Announcement:
        if account in accounts:
            raise ComposeError("default.j2:1: the template has no end.", kind="file default.j2:1")
        return compose(post, account)

    return with_a_fault


class TestEditsThatAreOwed:
    def test_it_is_made_once_the_template_is_mended(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.send("tickets")
        season.compose = broken_for(ACCOUNT)
        for _ in range(3):
            plan = season.run(make_post(**NEW), after=MINUTE)
            assert [reason_words(trouble) for trouble in plan.troubles] == [
                "the toot of tickets is not edited: default.j2:1: the template has no end."
            ], "as long as it is so"
        season.compose = compose
        plan = season.run(make_post(**NEW), after=MINUTE)
        assert [(one.key.occasion, one.announcement.text) for one in wanted(plan)] == [
            (Occasion.edit(1), f"New words for {ACCOUNT}")
        ]
        assert (plan.troubles, season.run(make_post(**NEW), after=MINUTE).troubles) == ((), ())

    def test_an_account_whose_words_could_be_composed_is_edited_at_once_and_only_once(
        self, make_post: MakePost
    ) -> None:
        season = Season(accounts=(ACCOUNT, OTHER))
        season.run(make_post())
        for account in (ACCOUNT, OTHER):
            season.send("tickets", account=account)
        season.compose = broken_for(OTHER)
        season.run(make_post(**NEW))
        season.send("tickets", Occasion.edit(1))
        season.compose = compose
        plan = season.run(make_post(**NEW), after=MINUTE)
        assert [(one.key.account, one.key.occasion) for one in wanted(plan)] == [(OTHER, Occasion.edit(1))]

    def test_a_post_that_is_put_back_meanwhile_owes_nothing(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.send("tickets")
        season.compose = broken_for(ACCOUNT)
        season.run(make_post(**NEW))
        season.compose = compose
        assert wanted(season.run(make_post(), after=MINUTE)) == []

    def test_it_is_still_owed_after_its_file_was_away(self, season: Season, make_post: MakePost) -> None:
        other = make_post("other", mastodon=MastodonOptions(skip=True))
        season.run(make_post(), other)
        season.send("tickets")
        season.compose = broken_for(ACCOUNT)
        season.run(make_post(**NEW), other)
        season.compose = compose
        season.run(other, after=MINUTE)
        assert [one.key.occasion for one in wanted(season.run(make_post(**NEW), other, after=MINUTE))] == [
            Occasion.edit(1)
        ]

    def test_a_template_that_breaks_and_is_mended_alone_edits_nothing(
        self, season: Season, make_post: MakePost
    ) -> None:
        season.run(make_post())
        season.send("tickets")
        season.compose = broken_for(ACCOUNT)
        season.run(make_post(), after=MINUTE)
        season.compose = compose
        assert wanted(season.run(make_post(), after=MINUTE)) == []


class TestMarksThatAreTakenAway:
    @pytest.mark.parametrize("withdrawn", ["", "It moved."])
    def test_before_it_went_out_nothing_is_taken_back(
        self, season: Season, make_post: MakePost, withdrawn: str
    ) -> None:
        season.run(make_post())
        season.send("tickets")
        season.run(make_post(withdrawn=withdrawn, hidden=True))
        assert season.state("tickets", Occasion.WITHDRAW) is DeliveryState.DUE
        plan = season.run(make_post(), after=MINUTE)
        assert season.state("tickets", Occasion.WITHDRAW) is None
        assert verdicts(plan) == {"tickets": Verdict.SENT}
        season.run(make_post(withdrawn=withdrawn, hidden=True), after=MINUTE)
        assert season.state("tickets", Occasion.WITHDRAW) is DeliveryState.DUE, "the mark may come back"

    def test_what_was_given_up_is_taken_away_too(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.send("tickets")
        season.run(make_post(withdrawn="", hidden=True))
        season.settle(
            "tickets", DeliveryState.HELD, Occasion.WITHDRAW, hold=Hold.FAILED, reason=text_reason("tried for 1 day")
        )
        season.run(make_post(), after=MINUTE)
        assert season.state("tickets", Occasion.WITHDRAW) is None

    @pytest.mark.parametrize("state", [DeliveryState.SENDING, DeliveryState.SENT])
    def test_what_is_under_way_or_done_stays(self, season: Season, make_post: MakePost, state: DeliveryState) -> None:
        season.run(make_post())
        season.send("tickets")
        season.run(make_post(withdrawn="", hidden=True))
        season.settle("tickets", state, Occasion.WITHDRAW)
        season.run(make_post(), after=MINUTE)
        assert season.state("tickets", Occasion.WITHDRAW) is state


class TestReasons:
    def reply(self, season: Season, post: Post) -> Announcement:
        season.run(replace(post, withdrawn=None, hidden=False))
        season.send("tickets")
        season.run(post)
        delivery = season.delivery("tickets", Occasion.WITHDRAW)
        assert delivery is not None
        return delivery.announcement

    def test_a_reason_that_fits_stands_as_it_is(self, season: Season, make_post: MakePost) -> None:
        reply = self.reply(season, make_post(withdrawn="It moved.", hidden=True))
        assert (reply.text, reply.length, reply.limit) == ("It moved.", 9, 500)

    @pytest.mark.parametrize("limit", [None, 100])
    def test_one_that_is_too_long_is_shortened_as_other_texts(
        self, season: Season, make_post: MakePost, limit: int | None
    ) -> None:
        if limit is not None:
            season.run()
            lease = season.ledger.acquire_lease(ACCOUNT, owner="test", duration=MINUTE)
            facts = AccountFacts(address=ACCOUNT, account_id="1", limits=Limits(characters=limit))
            season.ledger.note_account(lease, facts=facts, now=season.now)
            season.ledger.release_lease(lease)
        reply = self.reply(season, make_post(withdrawn="The hall is under water. " * 40, hidden=True))
        assert reply.text.endswith("under water.")
        assert reply.length == len(reply.text) <= (limit or 500)

    def test_a_link_counts_as_the_server_counts_it(self, season: Season, make_post: MakePost) -> None:
        words = f"See https://conf.org/{'x' * 600} for more."
        reply = self.reply(season, make_post(withdrawn=words, hidden=True))
        assert (reply.text, reply.length) == (words, len("See  for more.") + 23)

    def test_one_that_has_no_place_to_be_cut_is_cut_all_the_same(self, season: Season, make_post: MakePost) -> None:
        reply = self.reply(season, make_post(withdrawn=f"{'#' + 'x' * 600}", hidden=True))
        assert reply.text == "#" + "x" * 498 + "…"
