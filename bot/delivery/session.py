"""A delivery session for one account: its context, its state, and how it records results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.delivery.protocol import Timing, Wait
from bot.domain import (
    Abilities,
    AccountFacts,
    AccountView,
    Announcement,
    Capabilities,
    CompareAndSet,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Event,
    EventKind,
    Lease,
    Reason,
    SeenStatus,
    WriteBatch,
)
from bot.domain.clock import Clock
from bot.ledger.contract import Ledger
from bot.publishers.contract import Publisher


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryResult:
    """How a session ended."""

    account: str
    events: tuple[Event, ...] = ()
    wait_until: datetime | None = None  #: deliveries are left, but none can be sent before then
    why: Reason | None = None  #: the reason to wait
    attention: bool = False  #: needs the operator: something was rejected, blocked, given up, or left out
    trouble: bool = False  #: the account could not be served, so a session before `wait_until` is of no use
    #: The server reported other facts than the deliveries were composed by, so they have to be planned again.
    facts_changed: bool = False


@dataclass(frozen=True, kw_only=True)
class DeliveryContext:
    """What sessions need; the same for all accounts except for the publisher."""

    ledger: Ledger
    publisher: Publisher
    clock: Clock
    timing: Timing
    owner: str
    stopping: Callable[[], bool]
    jitter: Callable[[], float]
    emit: Callable[[Event], None]
    hold_without_picture: bool = False  #: `if_no_picture = "hold"`
    request_started: Callable[[], None] = lambda: None  #: called right before a request that uploads or sends
    #: What deliveries are composed by, given the account's facts; None: the caller does not plan again.
    abilities_of: Callable[[AccountFacts | None], Abilities] | None = None


@dataclass
class SessionState:
    """What a session has found out since it began."""

    verified: bool = False  #: whether the server has confirmed the account
    capabilities: Capabilities | None = None  #: of the account, once it is verified, if its publisher reports any
    facts_once_sent: AccountFacts | None = None  #: of an account that was blocked when the session began
    read_backs: dict[DeliveryKey, SeenStatus | None] = field(default_factory=dict)
    #: The age of each intent when its read-back began.
    read_back_began: dict[DeliveryKey, timedelta | None] = field(default_factory=dict)
    preflights: dict[DeliveryKey, tuple[Announcement, SeenStatus | None]] = field(default_factory=dict)
    preflight_at: float = 0.0  #: monotonic seconds at the end of the pre-flight read
    made_by_hand: set[tuple[DeliveryKey, str]] = field(default_factory=set)  #: deliveries and ids of their statuses
    uploaded: dict[DeliveryKey, tuple[Announcement, tuple[str, ...]]] = field(default_factory=dict)
    fresh_intent: DeliveryKey | None = None
    failed: Wait | None = None
    events: list[Event] = field(default_factory=list)
    attention: bool = False
    trouble: bool = False
    facts_changed: bool = False  #: the server reported other facts than the deliveries were composed by


@dataclass(frozen=True, kw_only=True)
class DeliverySession:
    """A session under one lease; every step takes it as an argument."""

    context: DeliveryContext
    lease: Lease
    state: SessionState

    @property
    def ledger(self) -> Ledger:
        """The ledger that holds the lease."""
        return self.context.ledger

    @property
    def publisher(self) -> Publisher:
        """The account's publisher."""
        return self.context.publisher

    @property
    def account(self) -> str:
        """The account's verified address."""
        return self.lease.account

    def view(self) -> AccountView:
        """Read the account and its open deliveries from the ledger."""
        return self.ledger.account_view(self.account)

    def now(self) -> datetime:
        """The present time in UTC."""
        return self.context.clock.now()

    def settle(
        self, delivery: Delivery, kind: EventKind, reason: Reason | None = None, *, url: str | None = None
    ) -> None:
        """Record the result of an attempt, even if a plan has changed the delivery meanwhile."""
        event = self.event_of(delivery, kind, reason, url=url)
        self.ledger.settle(self.lease, delivery, event=event, now=event.at)
        self.emit(event)

    def set_aside(self, delivery: Delivery, wanted: Delivery, kind: EventKind) -> None:
        """Record that a delivery is held or skipped instead of sent, with the reason.

        Writes nothing if a plan or the operator has changed a delivery that was not in flight meanwhile.
        """
        if delivery.state is DeliveryState.SENDING:
            self.settle(wanted, kind, wanted.reason)
            return
        event = self.event_of(wanted, kind, wanted.reason)
        change = CompareAndSet(known=delivery, wanted=wanted)
        if not self.ledger.record(WriteBatch(changes=(change,), events=(event,)), now=event.at).refused:
            self.emit(event)

    def event_of(
        self, delivery: Delivery, kind: EventKind, reason: Reason | None = None, *, url: str | None = None
    ) -> Event:
        """Return an event about a delivery, with its reason or the URL of its status."""
        return Event(
            at=self.now(),
            kind=kind,
            slug=delivery.slug,
            account=delivery.key.account,
            occasion=delivery.key.occasion,
            reason=reason,
            detail=url or "",
        )

    def emit(self, event: Event) -> None:
        """Report an event to the caller at once, and again in the session's result."""
        self.context.emit(event)
        self.state.events.append(event)
