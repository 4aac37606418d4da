"""What a drain works with, what it has learnt so far, and how it writes things down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.delivery.protocol import Timing, Wait
from bot.domain import (
    AccountFacts,
    Announcement,
    CompareAndSet,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Event,
    EventKind,
    Lease,
    SeenStatus,
    WriteBatch,
)
from bot.domain.clock import Clock
from bot.ledger import Ledger
from bot.publishers.contract import Publisher

#: Begins the reason of a block that ends as soon as the account can be read again.
UNREACHABLE: Final = "not served: "


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryResult:
    """How a drain ended."""

    account: str
    events: tuple[Event, ...] = ()
    wait_until: datetime | None = None  #: something is left, not before then
    why: str = ""  #: why it waits
    attention: bool = False  #: a person should look: something was refused, blocked, given up, or left out
    trouble: bool = False  #: the account could not be served, so asking it again before `wait_until` is of no use


@dataclass(frozen=True, kw_only=True)
class DeliveryContext:
    """What a drain needs; the same for all accounts but for the publisher."""

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


@dataclass
class DeliverySession:
    """What one drain has learnt since it began."""

    introduced: bool = False
    software: str = ""  #: of the account's server, since it was introduced
    facts_once_sent: AccountFacts | None = None  #: of an account that was blocked when the drain began
    looked: dict[DeliveryKey, SeenStatus | None] = field(default_factory=dict)
    look_began: dict[DeliveryKey, timedelta | None] = field(default_factory=dict)  #: the intent's age then
    met: dict[DeliveryKey, tuple[Announcement, SeenStatus | None]] = field(default_factory=dict)
    met_at: float = 0.0  #: monotonic seconds at the end of the pre-flight look
    foreign: set[tuple[DeliveryKey, str]] = field(default_factory=set)  #: deliveries with the ids of toots by hand
    uploaded: dict[DeliveryKey, tuple[Announcement, tuple[str, ...]]] = field(default_factory=dict)
    fresh_intent: DeliveryKey | None = None
    failed: Wait | None = None
    events: list[Event] = field(default_factory=list)
    attention: bool = False
    trouble: bool = False


def settle(
    delivery: Delivery, kind: EventKind, detail: str, tools: DeliveryContext, lease: Lease, memory: DeliverySession
) -> None:
    """Write how an attempt ended, whatever was planned meanwhile: the server has spoken."""
    event = event_of(delivery, kind, detail, tools)
    tools.ledger.settle(lease, delivery, event=event, now=event.at)
    emit(event, tools, memory)


def set_aside(
    delivery: Delivery,
    wanted: Delivery,
    kind: EventKind,
    detail: str,
    tools: DeliveryContext,
    lease: Lease,
    memory: DeliverySession,
) -> None:
    """Write what becomes of a delivery that was not sent; not if a plan or a person has changed it meanwhile."""
    if delivery.state is DeliveryState.SENDING:
        settle(wanted, kind, detail, tools, lease, memory)
        return
    event = event_of(wanted, kind, detail, tools)
    if not tools.ledger.record(
        WriteBatch(changes=(CompareAndSet(known=delivery, wanted=wanted),)), now=event.at
    ).refused:
        tools.ledger.record(WriteBatch(events=(event,)), now=event.at)
        emit(event, tools, memory)


def event_of(delivery: Delivery, kind: EventKind, detail: str, tools: DeliveryContext) -> Event:
    """A line of history about a delivery."""
    return Event(
        at=tools.clock.now(),
        kind=kind,
        slug=delivery.slug,
        account=delivery.key.account,
        occasion=delivery.key.occasion,
        detail=detail,
    )


def emit(event: Event, tools: DeliveryContext, memory: DeliverySession) -> None:
    """Tell whoever listens, and the drain's caller at its end."""
    tools.emit(event)
    memory.events.append(event)
