"""One pass of the loop over real files: what is written where, and deliveries that move on while they are planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.config import Config
from bot.domain import (
    CompareAndSet,
    DeliveryState,
    Entry,
    Event,
    Occasion,
    Override,
    OverrideKind,
    Reason,
    ReasonCode,
    Snapshot,
    WriteBatch,
    WriteResult,
    wording,
)
from bot.domain.clock import ManualClock
from bot.domain.reasons import text_reason
from bot.domain.wording import reason_words
from bot.files.public_folder import PublicFolder
from bot.integrations.server_clock import ServerTimes
from bot.posts.folder import PostFolder
from bot.runtime.context import CycleContext, CycleResult
from bot.runtime.cycle import run_cycle
from bot.runtime.planning import policy_of
from bot.runtime.wiring import Surroundings, make_site
from tests.support.scratch_ledger import ScratchLedger

ACCOUNT = "conf@example.social"
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REAL = f'[accounts.main]\nserver = "https://example.social"\nacct = "@{ACCOUNT}"'


class BusyLedger(ScratchLedger):
    """A ledger in which something else happens just before a plan is recorded."""

    meanwhile: Callable[[], None] | None = None

    def record(self, batch: WriteBatch, *, now: datetime) -> WriteResult:
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        return super().record(batch, now=now)


class Site:
    """A site in a folder, and passes over it."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.clock = ManualClock(NOW)
        self.ledger = BusyLedger(self.clock)
        self.said: list[Event] = []
        self.rung: list[str] = []
        config.posts_folder.mkdir(exist_ok=True)

    def write(self, slug: str, title: str, *, published: str = "2026-03-10 14:00:00+00:00") -> Path:
        path = self.config.posts_folder / f"{slug}.md"
        matter = f"---\ntitle: {title}\npublished_datetime: {published}\n---\n"
        path.write_text(f"{matter}\nThe first paragraph says what there is to be said, at some length.\n")
        return path

    def run(self, after: timedelta = timedelta()) -> CycleResult:
        self.clock.advance(after)
        return run_cycle(
            CycleContext(
                config=self.config,
                clock=self.clock,
                posts=PostFolder(self.config),
                ledger=self.ledger,
                public=PublicFolder(self.config.public_folder),
                server_times=ServerTimes(self.clock, timeout=MINUTE),
                notify=self.rung.append,
                site=make_site(
                    Surroundings(
                        config=self.config,
                        environ={},
                        ledger=self.ledger,
                        clock=self.clock,
                        emit=self.said.append,
                    ),
                    on_news=lambda: None,
                ),
                emit=self.said.append,
            )
        )

    def feed(self) -> str:
        return (self.config.public_folder / "news" / "atom.xml").read_text()

    def begin_to_send(self) -> None:
        lease = self.ledger.acquire_lease(ACCOUNT, owner="other", duration=MINUTE)
        (due,) = self.ledger.account_view(ACCOUNT).open
        assert self.ledger.write_intent(lease, due, after_id="0", now=self.clock.now())
        self.ledger.release_lease(lease)

    def send(self) -> None:
        self.begin_to_send()
        lease = self.ledger.acquire_lease(ACCOUNT, owner="other", duration=MINUTE)
        (sending,) = self.ledger.account_view(ACCOUNT).open
        sent = replace(sending, state=DeliveryState.SENT, settled_at=self.clock.now(), status_id="7")
        self.ledger.settle(lease, sent, event=None, now=self.clock.now())
        self.ledger.release_lease(lease)


@pytest.fixture
def site(site_config: Callable[..., Config]) -> Site:
    return Site(site_config(accounts=REAL, release='wait_for_page = "off"'))


def states(snapshot: Snapshot) -> dict[str, DeliveryState]:
    return {str(delivery.key.occasion): delivery.state for delivery in snapshot.deliveries.values()}


@pytest.mark.parametrize(
    ("happens", "state"), [(Site.begin_to_send, DeliveryState.SENDING), (Site.send, DeliveryState.SENT)]
)
def test_words_that_changed_while_the_toot_left_edit_it(
    site: Site, happens: Callable[[Site], None], state: DeliveryState
) -> None:
    site.write("tickets", "Old words")
    site.run()
    site.write("tickets", "New words")
    site.ledger.meanwhile = lambda: happens(site)
    site.run(after=MINUTE)
    assert states(site.ledger.snapshot()) == {"publish": state, "edit:1": DeliveryState.DUE}
    edit = next(d for d in site.ledger.snapshot().deliveries.values() if d.key.occasion == Occasion.edit(1))
    assert "New words" in edit.announcement.text
    assert "New words" in site.feed()
    assert not site.run(after=MINUTE).plan.batch
    assert [event.kind.value for event in site.said] == ["released"]


def test_a_post_that_is_withdrawn_while_its_toot_leaves_is_taken_back(site: Site) -> None:
    path = site.write("tickets", "Words")
    site.run()
    path.write_text(path.read_text().replace("title:", "withdrawn: true\ntitle:"))
    site.ledger.meanwhile = site.begin_to_send
    site.run(after=MINUTE)
    assert states(site.ledger.snapshot()) == {"publish": DeliveryState.SENDING, "withdraw": DeliveryState.DUE}
    assert "Words" not in site.feed()


def test_a_ledger_that_never_comes_to_rest_does_not_stop_the_pass(site: Site) -> None:
    site.write("tickets", "Old words")
    site.run()
    restless = site.ledger

    def another(reason: Reason | None) -> Reason | None:
        return text_reason(reason_words(reason) + ".")

    def stir() -> None:
        (due,) = restless.account_view(ACCOUNT).open
        stirred = CompareAndSet(known=due, wanted=replace(due, reason=another(due.reason)))
        ScratchLedger.record(restless, WriteBatch(changes=(stirred,)), now=NOW)
        restless.meanwhile = stir

    restless.meanwhile = stir
    site.write("tickets", "New words")
    site.run(after=MINUTE)
    restless.meanwhile = None
    site.run(after=MINUTE)
    (due,) = site.ledger.account_view(ACCOUNT).open
    assert "New words" in due.announcement.text


def test_a_post_to_come_is_in_no_file(site: Site) -> None:
    site.write("tickets", "Secret", published="2026-03-10 15:00:00+00:00")
    result = site.run()
    assert result.plan.next_release == NOW + timedelta(hours=1)
    assert all("ecret" not in path.read_text() for path in site.config.public_folder.rglob("*") if path.is_file())
    assert "Secret" in (site.run(after=timedelta(hours=1)), site.feed())[1]
    assert site.rung == [ACCOUNT, ACCOUNT]


def test_an_entry_whose_file_is_gone_leaves_the_feed_after_a_day(site: Site) -> None:
    path = site.write("tickets", "Gone soon")
    site.write("other", "Stays", published="2026-03-10 13:00:00+00:00")
    site.run()
    path.unlink()
    result = site.run(after=MINUTE)
    assert any("the file of tickets is gone" in problem for problem in result.problems)
    assert result.attention
    assert "Gone soon" in site.feed()
    site.run(after=timedelta(hours=24) - timedelta(seconds=1))
    assert "Gone soon" in site.feed()
    site.run(after=timedelta(seconds=1))
    assert "Gone soon" not in site.feed()
    assert "Stays" in site.feed()
    site.write("tickets", "Gone soon")
    site.run(after=MINUTE)
    assert "Gone soon" in site.feed()


def test_a_folder_that_is_gone_changes_nothing(site: Site) -> None:
    site.write("tickets", "Stays")
    site.run()
    before = site.ledger.snapshot()
    site.config.posts_folder.rename(site.config.root / "elsewhere")
    result = site.run(after=timedelta(days=9))
    assert "Stays" in site.feed()
    assert result.attention
    entries: dict[str, Entry] = dict(site.ledger.snapshot().entries)
    assert (entries, site.ledger.snapshot().deliveries) == (before.entries, before.deliveries)


def test_the_settings_are_the_policy(site_config: Callable[..., Config]) -> None:
    release = (
        'catch_up = "5h"\nbrake = 7\ndaytime = "08:00-21:00"\nedits = false\nedit_window = "3d"\ngive_up_after = "9h"'
    )
    policy = policy_of(site_config(release=release))
    assert (policy.catch_up, policy.burst_limit, policy.edits) == (timedelta(hours=5), 7, False)
    assert (policy.edit_window, policy.give_up_after) == (timedelta(days=3), timedelta(hours=9))
    assert policy.daytime is not None
    assert (policy.daytime.begin, policy.daytime.end) == (time(8), time(21))
    assert policy.daytime.zone.key == "America/New_York"
    plain = policy_of(site_config())
    assert (plain.daytime, plain.edits, plain.edit_window) == (None, True, timedelta(days=30))


def test_what_another_process_recorded_first_is_not_said(site: Site) -> None:
    site.write("tickets", "News")
    other = Site(site.config)
    other.ledger = site.ledger
    site.ledger.meanwhile = lambda: void(other.run())
    result = site.run()
    assert [(event.kind.value, event.slug) for event in other.said] == [("released", "tickets")]
    assert (site.said, result.events) == ([], ())
    assert "News" in site.feed()


def void(_result: CycleResult) -> None:
    """For its effect only."""


@pytest.mark.parametrize("paused", [None, "amy on Monday"], ids=["held", "paused"])
def test_what_a_person_has_just_held_is_not_released_by_a_plan_that_was_made_before(
    site: Site, paused: str | None
) -> None:
    site.write("tickets", "Tickets")
    word = Override(post_id="https://conf.example/news/tickets/", kind=OverrideKind.HOLD, who="amy", at=NOW)
    spoken = WriteBatch(overrides=() if paused else (word,), paused=paused)

    def propose_override() -> None:
        site.ledger.record(spoken, now=NOW)

    site.ledger.meanwhile = propose_override
    site.run()
    assert site.ledger.snapshot().entries == {}
    assert site.ledger.account_view(ACCOUNT).open == ()
    assert "Tickets" not in site.feed()
    assert [event.kind.value for event in site.said] != ["released"]


def test_a_problem_that_is_worded_otherwise_is_no_news(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.ledger.record(WriteBatch(paused="amy"), now=NOW)
    assert site.run().attention
    monkeypatch.setattr(wording, "REASON_WORDS", dict.fromkeys(ReasonCode, "in other words"))
    again = site.run()
    assert (again.problems, again.attention) == (frozenset({"in other words"}), False)
