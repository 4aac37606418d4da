"""Which file belongs to which released entry: names, renames, and files that are gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from bot.domain import Action, DeliveryState, Entry, Hold, Occasion, Post
from bot.domain.wording import reason_words
from bot.planner.matching import GONE_AFTER, entry_by_name, match
from bot.planner.ruling import Verdict
from tests.support.digests import both
from tests.support.planning import DAY, HOUR, MINUTE, NOW, SECOND, Season, verdicts, wanted

MakePost = Callable[..., Post]
MakeEntry = Callable[..., Entry]


def keyed(*entries: Entry) -> dict[str, Entry]:
    return {entry.post_id: entry for entry in entries}


@pytest.fixture
def season() -> Season:
    return Season()


class TestNames:
    @pytest.mark.parametrize(
        ("entry", "post"),
        [
            ({}, {}),
            ({"post_id": "x"}, {"explicit_id": "x", "slug": "other", "url": "https://conf.example/news/other/"}),
            ({}, {"explicit_id": "x"}),
            ({"post_id": "x"}, {}),
            ({"post_id": "x"}, {"url": "https://new.example/tickets/"}),
        ],
    )
    def test_an_id_the_permalink_or_the_file_name_make_it_the_same(
        self, make_post: MakePost, make_entry: MakeEntry, entry: dict[str, Any], post: dict[str, Any]
    ) -> None:
        known, file = make_entry(**entry), make_post(**post)
        matching = match([file], keyed(known), broken=())
        assert (matching.entries, matching.unclear, matching.vanished) == ({file.path: known}, {}, ())
        assert entry_by_name(file, keyed(known)) == known

    def test_a_stranger_is_none(self, make_post: MakePost, make_entry: MakeEntry) -> None:
        file, known = make_post("new", published=NOW + HOUR), make_entry()
        matching = match([file], keyed(known), broken=())
        assert (matching.entries, matching.unclear, matching.vanished) == ({}, {}, (known,))
        assert entry_by_name(file, keyed(known)) is None

    def test_the_stronger_name_wins_whatever_the_order_of_the_files(
        self, make_post: MakePost, make_entry: MakeEntry
    ) -> None:
        first = make_entry(post_id="x")
        second = make_entry("cfp")
        by_id = make_post("renamed", explicit_id="x")
        by_url = make_post("moved", url=second.url)
        by_slug = make_post("cfp", explicit_id="z", url="https://conf.example/else/", published=NOW + HOUR)
        old_name = make_post(published=NOW + HOUR)
        for files in permutations([by_id, by_url, by_slug, old_name]):
            matching = match(files, keyed(first, second), broken=())
            assert matching.entries == {by_id.path: first, by_url.path: second}

    def test_a_file_with_a_fault_is_not_gone(self, make_entry: MakeEntry) -> None:
        assert match([], keyed(make_entry()), broken=("tickets",)).vanished == ()

    def test_another_post_of_the_same_moment_is_no_name(self, make_post: MakePost, make_entry: MakeEntry) -> None:
        twin = make_post("twin", title="About tickets")
        assert entry_by_name(twin, keyed(make_entry())) is None


class TestRenames:
    @pytest.mark.parametrize(
        ("changes", "verdict"),
        [
            ({}, "same"),
            ({"title": "Other"}, "same"),
            ({"html": "<p>other</p>"}, "same"),
            ({"title": "About {{ tickets }}tickets"}, "same"),
            ({"title": "Other", "html": "<p>other</p>"}, "unclear"),
            ({"published": NOW - SECOND}, "new"),
        ],
    )
    def test_the_same_datetime_and_title_or_body_make_it_the_same(
        self, make_post: MakePost, make_entry: MakeEntry, changes: dict[str, Any], verdict: str
    ) -> None:
        known = make_entry(html="<p>body</p>")
        file = make_post("renamed", **{"title": known.title, "html": known.html, **changes})
        matching = match([file], keyed(known), broken=())
        found = {True: "same", False: "unclear" if matching.unclear else "new"}[file.path in matching.entries]
        assert found == verdict
        assert (matching.vanished == ()) is (verdict == "same")

    def test_two_posts_without_a_body_are_not_alike_for_that(self, make_post: MakePost, make_entry: MakeEntry) -> None:
        file = make_post("renamed", html="")
        assert file.path in match([file], keyed(make_entry(html="")), broken=()).unclear

    def test_one_that_could_be_two_is_unclear(self, make_post: MakePost, make_entry: MakeEntry) -> None:
        one, two = make_entry("one", title="Same"), make_entry("two", title="Same")
        file = make_post("renamed", title="Same")
        matching = match([file], keyed(one, two), broken=())
        assert reason_words(matching.unclear[file.path]).startswith(
            "it has the datetime of one, two, which was released"
        )
        assert matching.vanished == (one, two)

    def test_a_file_that_is_there_gives_its_entry_to_nobody(self, make_post: MakePost, make_entry: MakeEntry) -> None:
        here, twin = make_post(), make_post("twin", title="About tickets")
        matching = match([twin, here], keyed(make_entry()), broken=())
        assert matching.entries == {here.path: make_entry()}
        assert matching.unclear == {}

    @pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.REJECTED])
    def test_a_renamed_post_keeps_its_id_and_date_and_is_never_tooted_again(
        self, season: Season, make_post: MakePost, state: DeliveryState
    ) -> None:
        season.run(make_post())
        before = season.entry("tickets")
        season.settle("tickets", state)
        renamed = make_post("get-tickets", title=before.title)
        plan = season.run(renamed, after=HOUR)
        assert (plan.released, wanted(plan)) == ((), [])
        after = season.entry("get-tickets")
        assert (after.post_id, after.published, after.released_at) == (before.post_id, NOW, NOW)
        assert len(season.snapshot.entries) == 1
        assert verdicts(plan) == {"get-tickets": Verdict(state.value)}
        assert not season.run(renamed, after=10 * DAY).batch

    def test_an_owed_toot_of_a_renamed_post_has_its_new_name(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.run(make_post("get-tickets", title="About tickets"))
        assert season.state("get-tickets") is DeliveryState.DUE
        assert len(season.snapshot.deliveries) == 1

    def test_an_unclear_one_is_held_and_said(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.send("tickets")
        doubtful = make_post("get-tickets", title="Rewritten", html="<p>all new</p>")
        for after in (HOUR, 10 * DAY):
            plan = season.run(doubtful, after=after)
            assert (plan.released, wanted(plan)) == ((), [])
            (item,) = plan.items
            assert (item.verdict, item.hold) == (Verdict.HELD, Hold.UNCLEAR)
            (finding,) = plan.findings
            assert finding.rule == "renamed"
            assert "write `id: https://conf.example/news/tickets/` into it" in finding.problem

    def test_its_remedies_work(self, season: Season, make_post: MakePost) -> None:
        season.run(make_post())
        season.send("tickets")
        same = make_post("get-tickets", title="Rewritten", explicit_id="https://conf.example/news/tickets/")
        plan = season.look(same)
        assert plan.released == ()
        assert verdicts(plan) == {"get-tickets": Verdict.SENT, "get-tickets edit:1": Verdict.DUE}
        another = make_post("get-tickets", title="Rewritten", published=NOW + SECOND)
        assert season.run(another, after=SECOND).released == (another,)


class TestVanished:
    def test_its_toot_stays_and_its_entry_leaves_the_feeds_after_a_day(
        self, season: Season, make_post: MakePost
    ) -> None:
        other = make_post("other")
        season.run(make_post(), other)
        season.send("tickets")
        plan = season.run(other, after=HOUR)
        assert season.entry("tickets").missing_since == NOW + HOUR
        (trouble,) = plan.troubles
        assert reason_words(trouble).startswith(
            "the file of tickets is gone: its toot stays, its entry leaves the feeds on 2026-03-11"
        )
        assert season.state("tickets") is DeliveryState.SENT
        assert season.look(other).troubles == plan.troubles, "told as one trouble, not as many"
        assert season.run(other, after=GONE_AFTER - SECOND).troubles == plan.troubles
        assert season.run(other, after=SECOND).troubles == ()
        assert season.entry("tickets").missing_since == NOW + HOUR

    def test_it_comes_back_as_it_was(self, season: Season, make_post: MakePost) -> None:
        other = make_post("other")
        season.run(make_post(), other)
        season.send("tickets")
        before = season.entry("tickets")
        season.run(other, after=HOUR)
        for after in (HOUR, 10 * DAY):
            season.run(other, after=after)
            plan = season.look(make_post(), other)
            assert wanted(plan) == []
            assert plan.batch.entries == (before,)

    @pytest.mark.parametrize("options", [{"broken": ("tickets",)}, {"readable": False}])
    def test_what_cannot_be_read_is_not_gone(
        self, season: Season, make_post: MakePost, options: dict[str, Any]
    ) -> None:
        other = make_post("other")
        season.run(make_post(), other)
        season.send("tickets")
        plan = season.run(other, after=HOUR, **options)
        assert (plan.troubles, season.entry("tickets").missing_since) == ((), None)

    def test_an_owed_toot_waits_for_its_file(self, season: Season, make_post: MakePost) -> None:
        other = make_post("other")
        season.run(make_post(), other)
        plan = season.run(other)
        held = season.delivery("tickets")
        assert held is not None
        assert (held.state, held.hold) == (DeliveryState.HELD, Hold.UNCLEAR)
        assert [event.kind.value for event in plan.batch.events] == ["held"]
        season.run(make_post(), other, after=MINUTE)
        assert season.state("tickets") is DeliveryState.DUE

    def test_an_edit_of_it_goes_on(self, season: Season, make_post: MakePost) -> None:
        other = make_post("other")
        season.run(make_post(), other)
        season.send("tickets")
        season.run(make_post(title="New", digests=both("new")), other)
        season.run(other, after=MINUTE)
        assert season.state("tickets", Occasion.edit(1)) is DeliveryState.DUE


@pytest.mark.parametrize("after", [MINUTE, timedelta(days=3)])
def test_a_twin_of_a_released_post_is_a_post_of_its_own(season: Season, make_post: MakePost, after: timedelta) -> None:
    season.run(make_post())
    season.send("tickets")
    twin = make_post("twin", title="About tickets")
    assert season.run(make_post(), twin, after=after).released == (twin,)


def test_a_file_with_a_later_datetime_never_takes_over_a_released_post(make_post: Callable[..., Post]) -> None:
    season = Season()
    season.run(make_post(published=NOW, digests=both("old")))
    other = make_post(published=NOW + DAY, title="Another announcement", digests=both("new"))
    for after in (HOUR, 2 * DAY, 10 * DAY):
        plan = season.run(other, after=after)
        assert (plan.released, plan.batch.entries) == ((), ())
        assert all(change.wanted is None or change.wanted.action is Action.PUBLISH for change in plan.batch.changes)
        assert [finding.rule for finding in plan.findings] == ["identity-taken"]


def test_next_years_post_of_the_same_name_is_another_one_if_its_permalink_is(
    make_post: Callable[..., Post], make_entry: Callable[..., Entry]
) -> None:
    old = make_entry("meetup", post_id="https://conf.example/2026/meetup/", url="https://conf.example/2026/meetup/")
    url = "https://conf.example/2027/meetup/"
    later = make_post("meetup", url=url, published=old.published + timedelta(days=300))
    assert match([later], {old.post_id: old}, broken=()).entries == {}
    assert entry_by_name(later, {old.post_id: old}) is None
    moved = make_post("meetup", url=url, published=old.published + timedelta(days=30))
    assert match([moved], {old.post_id: old}, broken=()).entries == {moved.path: old}
    assert entry_by_name(moved, {old.post_id: old}) == old
    same_page = make_post("meetup", url=old.url, published=old.published + timedelta(days=300))
    assert match([same_page], {old.post_id: old}, broken=()).entries == {same_page.path: old}
