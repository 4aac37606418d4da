"""One account, its server and its ledger, and a bot that delivers: the stage of the tests of delivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.delivery import DeliveryContext, DeliveryResult, deliver_pending
from bot.delivery.protocol import Timing
from bot.domain import (
    AccountFacts,
    AccountState,
    Action,
    Announcement,
    CompareAndSet,
    Delivery,
    DeliveryKey,
    Event,
    Lease,
    Occasion,
    Picture,
    Receipt,
    SeenStatus,
    WriteBatch,
)
from bot.domain.clock import ManualClock
from bot.domain.errors import LeaseHeldError
from tests.support.recording_publisher import RecordingPublisher
from tests.support.scratch_ledger import ScratchLedger

ACCOUNT = "conf@example.social"
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
TIMING = Timing(
    lease=timedelta(seconds=60), settle=timedelta(seconds=120), send_within=timedelta(seconds=5), spacing=2 * MINUTE
)

MakeDelivery = Callable[..., Delivery]


@dataclass
class Server(RecordingPublisher):
    """The recording publisher, which also counts its calls and runs events that a test schedules during them."""

    asked: list[str] = field(default_factory=list)
    keys: list[tuple[str, bool]] = field(default_factory=list)
    since: list[datetime] = field(default_factory=list)  #: of each pre-flight search
    shown: list[Announcement | None] = field(default_factory=list)  #: what each edit was given as shown so far
    answers: dict[str, list[Callable[[], None]]] = field(default_factory=dict)

    def during(self, method: str, *happenings: Callable[[], None]) -> None:
        """Schedule what happens during the next calls of a method, one item per call; an exception is raised there."""
        self.answers[method] = list(happenings)

    def _happen(self, method: str) -> None:
        self.asked.append(method)
        if self.answers.get(method):
            self.answers[method].pop(0)()

    def verify_account(self) -> AccountFacts:
        self._happen("verify_account")
        return super().verify_account()

    def newest_status_id(self) -> str:
        self._happen("newest_status_id")
        return super().newest_status_id()

    def read_back(self, announcement: Announcement, *, after_id: str) -> tuple[SeenStatus, ...]:
        seen = super().read_back(announcement, after_id=after_id)
        self._happen("read_back")
        return seen

    def upload(self, picture: Picture) -> str:
        self._happen("upload")
        return super().upload(picture)

    def list_recent(self, *, since: datetime) -> tuple[SeenStatus, ...]:
        self._happen("list_recent")
        self.since.append(since)
        return super().list_recent(since=since)

    def fetch_text(self, status: SeenStatus) -> SeenStatus:
        self._happen("fetch_text")
        return super().fetch_text(status)

    def publish(
        self,
        announcement: Announcement,
        *,
        media_ids: tuple[str, ...],
        key: str,
        repeat: bool,
        in_reply_to: str | None = None,
    ) -> Receipt:
        self._happen("publish")
        self.keys.append((key, repeat))
        return super().publish(announcement, media_ids=media_ids, key=key, repeat=repeat, in_reply_to=in_reply_to)

    def edit(self, status_id: str, announcement: Announcement, *, shown: Announcement | None) -> Receipt:
        self._happen("edit")
        self.shown.append(shown)
        return super().edit(status_id, announcement, shown=shown)

    def delete(self, status_id: str) -> None:
        self._happen("delete")
        super().delete(status_id)

    def hand(self, announcement: Announcement) -> SeenStatus:
        """Post this toot by hand."""
        receipt = super().publish(announcement, media_ids=(), key="", repeat=False)
        return next(status for status in self.statuses if status.status_id == receipt.status_id)

    @property
    def texts(self) -> list[str | None]:
        return [status.text for status in self.statuses]


class RacingLedger(ScratchLedger):
    """A ledger that other processes write to between the decision on a step and the write of that step."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.meanwhile: dict[int, Callable[[], None]] = {}  #: the number of the step → what happens before it
        self._steps = 0

    def renew_lease(self, lease: Lease) -> None:
        super().renew_lease(lease)
        self._steps += 1
        self.meanwhile.pop(self._steps, lambda: None)()


@dataclass
class World:
    """One account, its server, its ledger, and a bot that delivers."""

    clock: ManualClock
    ledger: ScratchLedger
    server: Server
    said: list[Event] = field(default_factory=list)
    stopping: bool = False
    timing: Timing = TIMING
    hold_without_picture: bool = False

    def owes(self, *deliveries: Delivery) -> None:
        """A plan that wants these, from the ledger as it stands."""
        for wanted in deliveries:
            self.change(wanted.key, wanted)

    def change(self, key: DeliveryKey, wanted: Delivery | None) -> None:
        change = CompareAndSet(known=self.ledger.snapshot().deliveries.get(key), wanted=wanted)
        self.ledger.record(WriteBatch(changes=(change,)), now=self.clock.now())

    def retract(self, delivery: Delivery) -> None:
        self.change(delivery.key, None)

    def loses_its_ledger(self, *still_owed: Delivery) -> None:
        """A new ledger that knows the account's name, and what a plan makes of the posts."""
        self.ledger = ScratchLedger(self.clock)
        new_accounts = (AccountState(address=ACCOUNT, joined_at=None),)
        self.ledger.record(WriteBatch(new_accounts=new_accounts), now=self.clock.now())
        self.owes(*still_owed)

    def pauses(self, who: str = "amy") -> None:
        self.ledger.record(WriteBatch(paused=who), now=self.clock.now())

    def deliver_pending(self, owner: str = "me") -> DeliveryResult:
        return deliver_pending(
            DeliveryContext(
                ledger=self.ledger,
                publisher=self.server,
                clock=self.clock,
                timing=self.timing,
                owner=owner,
                stopping=lambda: self.stopping,
                jitter=lambda: 0.0,
                emit=self.said.append,
                hold_without_picture=self.hold_without_picture,
            )
        )

    def later(self, by: timedelta) -> DeliveryResult:
        self.clock.advance(by)
        return self.deliver_pending()

    def row(self, slug: str = "tickets", occasion: Occasion = Occasion.PUBLISH) -> Delivery:
        rows = self.ledger.snapshot().deliveries.values()
        (row,) = (row for row in rows if (row.slug, row.key.occasion) == (slug, occasion))
        return row

    @property
    def account(self) -> AccountState:
        return self.ledger.account_view(ACCOUNT).account

    @property
    def history(self) -> list[tuple[str, str]]:
        return [(event.kind.value, event.slug) for event in self.ledger.events(limit=99)]


def racing_world() -> tuple[World, RacingLedger]:
    world = new_world()
    ledger = RacingLedger(world.clock)
    ledger.record(WriteBatch(new_accounts=(AccountState(address=ACCOUNT, joined_at=None),)), now=NOW)
    world.ledger = ledger
    return world, ledger


def raising(error: BaseException) -> Callable[[], None]:
    def answer() -> None:
        raise error

    return answer


def free(world: World) -> bool:
    """Whether the account's lease is free; takes it and gives it back."""
    try:
        world.ledger.release_lease(world.ledger.acquire_lease(ACCOUNT, owner="probe", duration=SECOND))
    except LeaseHeldError:
        return False
    return True


def new_world() -> World:
    clock = ManualClock(NOW)
    ledger = ScratchLedger(clock)
    ledger.record(WriteBatch(new_accounts=(AccountState(address=ACCOUNT, joined_at=None),)), now=NOW)
    return World(clock=clock, ledger=ledger, server=Server(address=ACCOUNT, clock=clock))


def following(publish: Delivery, action: Action, **changes: Any) -> Delivery:
    """Return the deliveries that edit, delete or reply to a publication."""
    occasion = Occasion.edit(1) if action is Action.EDIT else Occasion.WITHDRAW
    key = DeliveryKey(publish.key.post_id, publish.key.account, occasion)
    return replace(publish, **{"key": key, "action": action, **changes})


def saying(text: str, *, link: str | None = None) -> Announcement:
    return Announcement(text=text, link=link, length=len(text), limit=500)


def pictured(*alts: str) -> Announcement:
    pictures = tuple(Picture(url=f"https://conf.example/{alt}.png", path=Path(f"{alt}.png"), alt=alt) for alt in alts)
    return Announcement(text="with pictures", link=None, pictures=pictures, length=13, limit=500)


def status(status_id: str, announcement: Announcement) -> SeenStatus:
    return SeenStatus(
        status_id=status_id,
        url=f"https://example.social/{status_id}",
        created_at=NOW,
        links=frozenset(filter(None, [announcement.link])),
        text=announcement.text,
    )
