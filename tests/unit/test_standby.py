"""A release that is prepared before its instant: what is done ahead, and what calls it off."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from PIL import Image

from bot.app import Bot, make_bot
from bot.clock import SetClock, ShiftedClock
from bot.config import Config
from bot.drain import Memory
from bot.engines.embedded import EmbeddedEngine
from bot.errors import TransientError
from bot.ledgers.memory import MemoryLedger
from bot.ledgers.sqlite import SqliteLedger
from bot.ledgers.sqlite_file import SqliteFile
from bot.model import AccountFacts, Delivery, DeliveryState, Recording, Said, SeenStatus, Word
from bot.model import Event as HistoryEvent
from bot.publishers.recording import RecordingPublisher
from bot.schedule import standby, stay_up
from bot.schedule.accounts import Accounts
from bot.schedule.alarm import Alarm
from bot.schedule.standby import LATE, LEAVING, PATIENCE, WRITING, carry_out, prepare, stand_by

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ACCOUNT = "main@127.0.0.1:9"
ACCOUNTS = '[accounts.main]\nserver = "http://127.0.0.1:9"'
SECOND = timedelta(seconds=1)


@dataclass
class Asked(RecordingPublisher):
    """Counts the questions before a send."""

    questions: list[str] = field(default_factory=list)

    def introduce(self) -> AccountFacts:
        self.questions.append("who")
        return super().introduce()

    def recent(self, *, since: datetime) -> tuple[SeenStatus, ...]:
        self.questions.append("recent")
        return super().recent(since=since)

    def newest_status_id(self) -> str:
        self.questions.append("newest")
        return super().newest_status_id()


class Stage:
    """A bot some seconds before a release; its publisher, and what it said."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.clock = SetClock(NOON - 20 * SECOND)
        self.ledger = MemoryLedger(self.clock)
        self.publisher = Asked(address=ACCOUNT, clock=self.clock)
        self.said: list[HistoryEvent] = []
        config.posts_folder.mkdir(exist_ok=True)
        self.write("keynote", NOON)
        self.bot = make_bot(
            config,
            environ={},
            clock=self.clock,
            ledger=self.ledger,
            publishers={ACCOUNT: self.publisher},
            say=self.said.append,
        )
        self.bot.tick()
        self.clock.advance(15 * SECOND)

    def write(self, slug: str, published: datetime, *, more: str = "") -> Path:
        path = self.config.posts_folder / f"{slug}.md"
        matter = f"---\ntitle: About {slug}\npublished_datetime: {published:%Y-%m-%d %H:%M:%S}+00:00\n{more}---\n"
        path.write_text(f"{matter}\nThe first paragraph says what there is to be said, at some length.\n")
        return path

    def states(self) -> dict[str, DeliveryState]:
        return {delivery.slug: delivery.state for delivery in self.ledger.snapshot().deliveries.values()}


@pytest.fixture
def stage(site_config: Callable[..., Config]) -> Stage:
    return Stage(site_config(accounts=ACCOUNTS))


def test_before_the_instant_nothing_is_written_and_nothing_sent(stage: Stage) -> None:
    before = stage.ledger.snapshot()
    prepared = prepare(stage.bot.parts, NOON)
    assert prepared is not None
    (expected,) = prepared.expected()[ACCOUNT]
    stage.bot.warm_up(ACCOUNT, [expected])
    after = stage.ledger.snapshot()
    assert stage.publisher.questions
    assert (after.entries, after.deliveries) == (before.entries, before.deliveries) == ({}, {})
    assert not carry_out(stage.bot.parts, prepared), "it is not time yet"
    assert not stage.ledger.snapshot().entries
    assert not stage.publisher.statuses
    assert not stage.said


def test_at_the_instant_it_is_tooted_without_another_question(stage: Stage) -> None:
    prepared = prepare(stage.bot.parts, NOON)
    assert prepared is not None
    stage.bot.warm_up(ACCOUNT, prepared.expected()[ACCOUNT])
    asked = list(stage.publisher.questions)
    stage.clock.step_to(NOON)
    assert carry_out(stage.bot.parts, prepared)
    stage.bot.drain(ACCOUNT)
    assert stage.states() == {"keynote": DeliveryState.SENT}
    assert [event.what for event in stage.said] == ["released", "sent"]
    assert stage.publisher.questions == asked


def test_what_was_asked_too_long_ago_is_asked_again(stage: Stage) -> None:
    prepared = prepare(stage.bot.parts, NOON)
    assert prepared is not None
    stage.bot.warm_up(ACCOUNT, prepared.expected()[ACCOUNT])
    asked = len(stage.publisher.questions)
    stage.clock.advance(timedelta(minutes=1, seconds=1))
    stage.bot.tick()
    assert stage.states() == {"keynote": DeliveryState.SENT}
    assert len(stage.publisher.questions) > asked


def test_a_toot_by_hand_that_is_there_before_the_instant_is_taken_for_ours(stage: Stage) -> None:
    prepared = prepare(stage.bot.parts, NOON)
    assert prepared is not None
    (expected,) = prepared.expected()[ACCOUNT]
    stage.publisher.publish(expected.announcement, media_ids=(), key="", repeat=False)
    stage.bot.warm_up(ACCOUNT, [expected])
    stage.clock.step_to(NOON)
    assert carry_out(stage.bot.parts, prepared)
    stage.bot.drain(ACCOUNT)
    assert stage.states() == {"keynote": DeliveryState.SENT}
    assert len(stage.publisher.statuses) == 1


def the_post_is_edited(stage: Stage) -> None:
    stage.write("keynote", NOON, more="category: Keynotes\n")


def the_post_is_gone(stage: Stage) -> None:
    (stage.config.posts_folder / "keynote.md").unlink()


def a_person_holds_it(stage: Stage) -> None:
    post_id = f"{stage.config.site.url}/news/keynote/"
    word = Word(post_id=post_id, said=Said.HOLD, who="ann", at=stage.clock.now())
    stage.ledger.record(Recording(words=(word,)), now=stage.clock.now())


def everything_is_paused(stage: Stage) -> None:
    stage.ledger.record(Recording(paused="ann on 2026-03-10 11:59 UTC"), now=stage.clock.now())


def the_machine_sleeps(stage: Stage) -> None:
    stage.clock.advance(LATE + 10 * SECOND)


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
    prepared = prepare(stage.bot.parts, NOON)
    assert prepared is not None
    stage.clock.step_to(NOON)
    happens(stage)
    assert not carry_out(stage.bot.parts, prepared)
    assert not stage.ledger.snapshot().entries
    assert not stage.said


def test_what_another_process_has_released_is_not_released_again(stage: Stage) -> None:
    prepared = prepare(stage.bot.parts, NOON)
    assert prepared is not None
    stage.clock.step_to(NOON)
    stage.bot.tick()
    carry_out(stage.bot.parts, prepared)
    stage.bot.tick()
    assert [event.what for event in stage.said] == ["released", "sent"]
    assert len(stage.publisher.statuses) == 1


@pytest.mark.parametrize("happens", [the_post_is_gone, a_person_holds_it, everything_is_paused])
def test_what_will_not_be_released_is_not_prepared(stage: Stage, happens: Callable[[Stage], None]) -> None:
    happens(stage)
    assert prepare(stage.bot.parts, NOON) is None


def test_what_is_more_than_a_release_is_left_to_a_pass(stage: Stage) -> None:
    """Another post that was edited since the latest pass: its edit would be planned on what is known now."""
    stage.write("earlier", NOON - timedelta(days=1))
    stage.bot.tick()
    stage.write("earlier", NOON - timedelta(days=1), more="category: Keynotes\n")
    assert prepare(stage.bot.parts, NOON) is None
    stage.bot.tick()
    assert prepare(stage.bot.parts, NOON) is not None


class Waiting(Stage):
    """Its clock runs; the release is a second away."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.moment = NOON
        self.expected: dict[str, list[Delivery]] = {}
        self.meanwhile: Callable[[], object] = lambda: None  #: happens once the release is prepared
        self.reason = Event()  #: for another pass
        self.running = ShiftedClock(NOON - SECOND)
        self.bot = replace(self.bot, parts=replace(self.bot.parts, clock=self.running))

    def stand_by(self, *, pass_takes: timedelta = timedelta()) -> bool:
        return stand_by(self.bot, NOON, expect=self._expect, wait=self._wait, pass_takes=pass_takes)

    def _wait(self, due: datetime) -> None:
        while self.running.now() < due and not self.reason.wait(0.01):
            continue

    def _expect(self, account: str, deliveries: list[Delivery]) -> None:
        self.expected[account] = deliveries
        self.meanwhile()


@pytest.fixture
def waiting(site_config: Callable[..., Config], monkeypatch: pytest.MonkeyPatch) -> Waiting:
    # A busy machine stalls for seconds: whoever is late here is so by the machine's doing.
    monkeypatch.setattr(standby, "LATE", 60 * SECOND)
    return Waiting(site_config(accounts=ACCOUNTS))


def test_it_waits_for_the_instant_and_never_comes_before_it(waiting: Waiting) -> None:
    assert waiting.stand_by()
    (entry,) = waiting.ledger.snapshot().entries.values()
    assert entry.released_at == NOON <= waiting.running.now()
    assert list(waiting.expected) == [ACCOUNT]


def test_a_change_in_the_folder_gives_way_to_a_pass(waiting: Waiting) -> None:
    waiting.running.step_to(NOON - 10 * SECOND)
    waiting.meanwhile = waiting.reason.set
    assert not waiting.stand_by()
    assert waiting.running.now() < NOON
    assert not waiting.ledger.snapshot().entries


def test_where_a_pass_would_come_too_late_the_release_goes_first(waiting: Waiting) -> None:
    waiting.meanwhile = lambda: waiting.write("another", NOON - timedelta(days=30))
    assert waiting.stand_by(pass_takes=3 * SECOND)
    assert [entry.slug for entry in waiting.ledger.snapshot().entries.values()] == ["keynote"]


def test_no_pass_begins_within_the_last_second_before_a_release(waiting: Waiting) -> None:
    waiting.meanwhile = waiting.reason.set
    assert waiting.stand_by()
    assert len(waiting.ledger.snapshot().entries) == 1


@pytest.mark.parametrize(("ahead", "times"), [(4, 1), (0.5, 0)])
def test_the_ledger_is_made_ready_while_there_is_time(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch, ahead: float, times: int
) -> None:
    waiting.running.step_to(NOON - timedelta(seconds=ahead))
    made: list[datetime] = []
    monkeypatch.setattr(waiting.ledger, "make_ready", lambda: made.append(waiting.running.now()))
    assert waiting.stand_by()
    assert len(made) == times
    assert all(moment < NOON for moment in made)


def test_all_is_written_before_the_instant_and_kept_at_it(waiting: Waiting) -> None:
    seen: list[tuple[bool, int]] = []
    prepared = prepare(waiting.bot.parts, NOON)
    assert prepared is not None

    def instant() -> bool:
        seen.append((waiting.running.now() < NOON, len(waiting.ledger.snapshot().entries)))
        waiting.running.step_to(NOON)
        return True

    assert carry_out(waiting.bot.parts, prepared, instant=instant)
    assert seen == [(True, 0)]
    assert len(waiting.ledger.snapshot().entries) == 1


@dataclass
class Slow:
    """Somebody who sends: its request leaves so many seconds after the release."""

    bot: Bot
    seconds: float
    left: list[float] = field(default_factory=list)  #: monotonic

    def begin(self) -> Thread:
        self.bot.warm[ACCOUNT] = Memory()
        thread = Thread(target=self._send, daemon=True)
        thread.start()
        return thread

    def _send(self) -> None:
        while not self.bot.parts.ledger.snapshot().entries:
            time.sleep(0.005)
        time.sleep(self.seconds)
        self.left.append(time.monotonic())
        self.bot.departures.leaves(ACCOUNT)


@pytest.mark.parametrize("seconds", [0.0, 0.4])
def test_the_pass_that_follows_lets_the_toots_leave_first(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(standby, "PATIENCE", 60 * SECOND)
    slow = Slow(waiting.bot, seconds)
    sender = slow.begin()
    assert waiting.stand_by()
    returned = time.monotonic()
    sender.join()
    assert returned >= slow.left[0] + LEAVING.total_seconds() * 0.9


def test_what_does_not_leave_keeps_the_feeds_waiting_for_a_moment_only(waiting: Waiting) -> None:
    waiting.bot.warm[ACCOUNT] = Memory()
    assert waiting.stand_by()
    assert waiting.running.now() - NOON >= PATIENCE


def test_an_account_whose_server_has_not_answered_yet_keeps_the_feeds_waiting_not_at_all(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standby, "PATIENCE", 60 * SECOND)
    assert waiting.stand_by()
    assert waiting.running.now() - NOON < 60 * SECOND


@pytest.mark.parametrize("rests", [False, True])
def test_who_sends_nothing_is_not_waited_for(stage: Stage, monkeypatch: pytest.MonkeyPatch, rests: bool) -> None:
    """Nothing is open, since another process was faster; or the account rests after trouble."""

    def unreachable() -> AccountFacts:
        raise TransientError("nobody answers.")

    accounts = Accounts(stage.bot, Alarm(stage.clock))
    if rests:
        stage.clock.step_to(NOON)
        stage.bot.pass_once()
        monkeypatch.setattr(stage.publisher, "introduce", unreachable)
        accounts.serve(ACCOUNT)
        monkeypatch.undo()
    stage.bot.departures.expect([ACCOUNT])
    assert not stage.bot.departures.wait(0.05, stop=Event())
    accounts.serve(ACCOUNT)
    assert stage.bot.departures.wait(0.05, stop=Event())
    assert not stage.publisher.statuses


@pytest.mark.parametrize(("more", "flushes"), [("", 1), ("cover: {url: /cover.png, alt: A plain picture}\n", 0)])
def test_between_the_instant_and_the_first_request_the_disk_is_waited_for_as_little_as_can_be(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, flushes: int
) -> None:
    """Once for the intent of a toot, which must not be lost; what is uploaded first needs none yet."""
    Image.new("RGB", (64, 36), "navy").save(stage.config.root / "cover.png")
    stage.write("keynote", NOON, more=more)
    ledger = SqliteLedger(tmp_path / "ledger.db", stage.clock)
    bot = replace(stage.bot, parts=replace(stage.bot.parts, ledger=ledger))
    bot.tick()
    flushed: list[bool] = []
    until_first: list[list[bool]] = []
    transaction = SqliteFile.transaction

    def noting(self: SqliteFile, begin: str = "BEGIN IMMEDIATE", *, flush: bool = True) -> Any:
        if begin == "BEGIN IMMEDIATE":
            flushed.append(flush)
        return transaction(self, begin, flush=flush)

    monkeypatch.setattr(SqliteFile, "transaction", noting)
    bot.departures.expect([ACCOUNT])
    monkeypatch.setattr(bot.departures, "leaves", lambda _: until_first.append(list(flushed)))
    prepared = prepare(bot.parts, NOON)
    assert prepared is not None
    bot.warm_up(ACCOUNT, prepared.expected()[ACCOUNT])
    stage.clock.step_to(NOON)
    flushed.clear()
    assert carry_out(bot.parts, prepared)
    bot.drain(ACCOUNT)
    ledger.close()
    assert until_first[0].count(True) == flushes
    assert stage.publisher.statuses


def test_a_clock_that_is_set_back_in_the_last_milliseconds_calls_it_off(waiting: Waiting) -> None:
    class SetBack(ShiftedClock):
        def now(self) -> datetime:
            now = super().now()
            if NOON - WRITING <= now < NOON:
                self.step_to(NOON - timedelta(hours=1))
            return now

    waiting.bot = replace(waiting.bot, parts=replace(waiting.bot.parts, clock=SetBack(NOON - SECOND)))
    assert not waiting.stand_by()
    assert not waiting.ledger.snapshot().entries
    assert not waiting.said


def test_which_posts_are_to_come_is_written_by_the_pass_that_follows(stage: Stage) -> None:
    stage.write("later", NOON + timedelta(days=1))
    stage.bot.tick()
    prepared = prepare(stage.bot.parts, NOON)
    assert prepared is not None
    stage.clock.step_to(NOON)
    assert carry_out(stage.bot.parts, prepared)
    assert [post.slug for post in stage.ledger.snapshot().upcoming.values()] == ["keynote", "later"]
    stage.bot.tick()
    assert [post.slug for post in stage.ledger.snapshot().upcoming.values()] == ["later"]


@pytest.mark.parametrize("prepared_late", [False, True])
def test_a_stop_ends_it(waiting: Waiting, prepared_late: bool) -> None:
    def meanwhile() -> None:
        waiting.bot.ask_to_stop()
        while prepared_late and waiting.running.now() < NOON:
            Event().wait(0.01)

    waiting.meanwhile = meanwhile
    assert not waiting.stand_by()
    assert not waiting.ledger.snapshot().entries


def test_a_stop_right_after_the_release_leaves_no_half_of_it(site_config: Callable[..., Config]) -> None:
    """The toot leaves first and the feeds follow, whatever comes between the two."""
    config = site_config(accounts=ACCOUNTS)
    config.posts_folder.mkdir(exist_ok=True)
    (config.posts_folder / "keynote.md").write_text(
        "---\ntitle: The keynote\npublished_datetime: 2026-03-10 12:00:00+00:00\n---\n\nWho will give it, and when.\n"
    )
    clock = ShiftedClock(NOON - 2 * SECOND)
    publisher = RecordingPublisher(address=ACCOUNT, clock=clock)
    feed = config.public_folder / "news/rss.xml"
    at_the_stop: list[str] = []

    def say(event: HistoryEvent) -> None:
        if event.what == "released":
            at_the_stop.append(feed.read_text(encoding="utf-8"))
            bot.ask_to_stop()

    bot = make_bot(
        config,
        environ={},
        clock=clock,
        ledger=MemoryLedger(clock),
        publishers={ACCOUNT: publisher},
        engine=EmbeddedEngine(),
        say=say,
    )
    stay_up(bot, follow_settings=False)
    assert "/news/keynote/" not in at_the_stop[0], "it was stopped between the two"
    assert "/news/keynote/" in feed.read_text(encoding="utf-8")
