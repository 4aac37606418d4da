"""Which new words may be shown ahead of a pass: those of posts that are out and stay what they are, and no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain import Entry, Picture, Post, Snapshot, Upcoming
from bot.planner.incremental import Base, reworded_entries
from tests.support.digests import both

NOW = datetime(2026, 3, 10, 15, 0, 7, 250_000, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LATER = Upcoming(post_id="later", slug="later", due=NOW + MINUTE)


class Case:
    """A post that is out, and what has become of it since the latest pass."""

    def __init__(self, before: Post, entry: Entry) -> None:
        self.before = before
        self.after = replace(before, title="New words", digests=both("new"))
        self.snapshot = Snapshot(
            entries={entry.post_id: entry, "other": replace(entry, post_id="other")}, upcoming={"later": LATER}
        )
        self.base = Base(posts=(before,), snapshot=self.snapshot, next_release=NOW + MINUTE)
        self.server_times: dict[str, datetime] = {}

    def decide(self) -> tuple[Entry, ...]:
        return reworded_entries(
            [(self.before, self.after)],
            base=self.base,
            snapshot=self.snapshot,
            now=NOW,
            server_times=self.server_times,
        )

    def change(self, **changes: Any) -> None:
        self.after = replace(self.after, **changes)

    def ledger(self, **changes: Any) -> None:
        """The ledger, and the pass knows it."""
        self.snapshot = replace(self.snapshot, **changes)
        self.base = replace(self.base, snapshot=self.snapshot)

    def entry(self, **changes: Any) -> None:
        known = self.snapshot.entries[self.before.post_id]
        self.ledger(entries={**self.snapshot.entries, self.before.post_id: replace(known, **changes)})


@pytest.fixture
def case(make_post: Callable[..., Post], make_entry: Callable[..., Entry]) -> Case:
    return Case(make_post(), make_entry())


def test_new_words_of_a_released_post_are_shown_and_owed_to_its_toots(case: Case, make_entry: Any) -> None:
    (entry,) = case.decide()
    assert entry == make_entry(
        title="New words", digests=both("new"), updated=NOW.replace(microsecond=0), revision=1, edit_owed=True
    )


def test_what_the_toots_do_not_say_owes_them_nothing(case: Case, make_entry: Any) -> None:
    cover = Picture(url="https://conf.example/a.png")
    case.change(title=case.before.title, digests=case.before.digests, cover=cover)
    assert case.decide() == (make_entry(cover=cover),)


def test_what_was_owed_already_stays_owed(case: Case) -> None:
    case.entry(edit_owed=True)
    case.change(digests=case.before.digests)
    (entry,) = case.decide()
    assert entry.edit_owed


def test_nothing_is_written_where_nothing_is_new(case: Case) -> None:
    case.change(title=case.before.title, digests=case.before.digests, expires=NOW)
    assert case.decide() == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"path": Path("posts/other.md")},
        {"slug": "other"},
        {"url": "https://conf.example/other/"},
        {"explicit_id": "another"},
        {"published": None},
        {"published": NOW - MINUTE},
        {"published": NOW + MINUTE},
        {"hidden": True},
        {"withdrawn": ""},
        {"withdrawn": "the room is gone"},
    ],
)
def test_a_post_that_is_not_the_same_any_more_waits_for_the_pass(case: Case, changes: dict[str, Any]) -> None:
    case.change(**changes)
    assert case.decide() == ()


@pytest.mark.parametrize("changes", [{"hidden": True}, {"withdrawn": ""}])
def test_a_post_that_is_not_shown_waits_for_the_pass(case: Case, changes: dict[str, Any]) -> None:
    case.before = replace(case.before, **changes)
    case.base = replace(case.base, posts=(case.before,))
    case.change(**changes)
    assert case.decide() == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden": True},
        {"missing_since": NOW - MINUTE},
        {"slug": "other"},
        {"url": "https://conf.example/other/"},
        {"published": NOW - MINUTE},
        {"dated": NOW - MINUTE},
    ],
)
def test_an_entry_that_is_not_just_that_of_its_file_waits_for_the_pass(case: Case, changes: dict[str, Any]) -> None:
    case.entry(**changes)
    assert case.decide() == ()


def test_a_post_that_was_never_released_waits_for_the_pass(case: Case) -> None:
    case.ledger(entries={})
    assert case.decide() == ()


def test_a_post_that_the_pass_left_out_waits_for_the_pass(case: Case) -> None:
    case.base = replace(case.base, posts=(replace(case.before),))  # another one: there was a clash
    assert case.decide() == ()


def test_nothing_is_shown_while_everything_is_paused(case: Case) -> None:
    case.ledger(paused="amy")
    assert case.decide() == ()


def test_nothing_is_shown_by_a_clock_that_is_behind(case: Case) -> None:
    case.ledger(newest=NOW + MINUTE)
    assert case.decide() == ()


def test_nothing_is_shown_by_a_clock_that_no_server_shares(case: Case) -> None:
    case.server_times = {"conf@example.social": NOW + 10 * MINUTE}
    assert case.decide() == ()


@pytest.mark.parametrize(
    ("soon", "shown"), [(None, True), (timedelta(seconds=2), True), (timedelta(seconds=1), False), (-MINUTE, False)]
)
def test_a_release_that_is_near_is_not_delayed(case: Case, soon: timedelta | None, shown: bool) -> None:
    case.base = replace(case.base, next_release=None if soon is None else NOW + soon)
    assert bool(case.decide()) is shown


@pytest.mark.parametrize("changes", [{"entries": {}}, {"upcoming": {}}])
def test_what_somebody_else_has_written_meanwhile_waits_for_the_pass(case: Case, changes: dict[str, Any]) -> None:
    case.base = replace(case.base, snapshot=replace(case.snapshot, **changes))
    assert case.decide() == ()
    case.base = replace(case.base, snapshot=replace(case.snapshot))
    assert case.decide()


def test_of_several_posts_all_are_simple_or_none_is_shown(case: Case, make_post: Callable[..., Post]) -> None:
    other = make_post("other")
    case.base = replace(case.base, posts=(case.before, other))
    decide = [(case.before, case.after), (other, replace(other, hidden=True))]
    assert reworded_entries(decide, base=case.base, snapshot=case.snapshot, now=NOW) == ()
