"""A bot a few seconds before a release, on a manual clock or a running one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from bot.config import Config
from bot.domain import AccountFacts, Delivery, DeliveryState, SeenStatus
from bot.domain import Event as HistoryEvent
from bot.domain.clock import ManualClock, ShiftedClock
from bot.runtime.app import make_bot
from bot.runtime.precise_release import Tolerance, release_on_time
from tests.support.changed_bot import with_parts
from tests.support.recording_publisher import RecordingPublisher
from tests.support.scratch_ledger import ScratchLedger

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ACCOUNT = "main@127.0.0.1:9"
ACCOUNTS = '[accounts.main]\nserver = "http://127.0.0.1:9"'
SECOND = timedelta(seconds=1)


@dataclass
class Asked(RecordingPublisher):
    """Counts the pre-flight requests before each send."""

    questions: list[str] = field(default_factory=list)

    def verify_account(self) -> AccountFacts:
        self.questions.append("who")
        return super().verify_account()

    def list_recent(self, *, since: datetime) -> tuple[SeenStatus, ...]:
        self.questions.append("list_recent")
        return super().list_recent(since=since)

    def newest_status_id(self) -> str:
        self.questions.append("newest")
        return super().newest_status_id()


class Stage:
    """A bot a few seconds before a release, its publisher, and the events that it reported."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.clock = ManualClock(NOON - 20 * SECOND)
        self.ledger = ScratchLedger(self.clock)
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
            emit=self.said.append,
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


class WaitingStage(Stage):
    """A stage whose clock runs; the release is one second away."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.moment = NOON
        self.expected: dict[str, list[Delivery]] = {}
        self.meanwhile: Callable[[], object] = lambda: None  #: happens once the release is prepared
        self.reason = Event()  #: for another pass
        # A busy machine can stall for seconds, which would make a release late through no fault of the bot.
        self.tolerance = Tolerance(lateness=10 * SECOND)
        self.running = ShiftedClock(NOON - SECOND)
        self.bot = with_parts(self.bot, clock=self.running)

    def release_on_time(self, *, cycle_takes: timedelta = timedelta()) -> bool:
        return release_on_time(
            self.bot, NOON, expect=self._expect, wait=self._wait, cycle_takes=cycle_takes, tolerance=self.tolerance
        )

    def _wait(self, due: datetime) -> None:
        while self.running.now() < due and not self.reason.wait(0.01):
            continue

    def _expect(self, account: str, deliveries: list[Delivery]) -> None:
        self.expected[account] = deliveries
        self.meanwhile()
