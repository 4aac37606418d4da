"""Performs the delivery protocol for one account: asks `protocol.next_step` and does what it says, until it waits.

Nothing is decided here but how each step is carried out, and what is written down when a step fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import (
    AccountBlockedError,
    LeaseHeldError,
    LeaseLostError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from bot.ledger import Ledger
from bot.ledgers.rules import unblocked_event
from bot.model import (
    AccountFacts,
    Announcement,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Event,
    Lease,
    Receipt,
    SeenStatus,
)
from bot.protocol import (
    Adopt,
    Done,
    Introduce,
    Known,
    Learn,
    Look,
    Restore,
    Send,
    Step,
    Timing,
    Upload,
    Wait,
    WriteIntent,
    backoff,
    find_status,
    idempotency_key,
    next_step,
    restored,
)
from bot.publisher import Publisher

#: A blocked account is asked again after this time: a person is mending the token meanwhile.
ASK_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Drained:
    """How a drain ended."""

    account: str
    events: tuple[Event, ...] = ()
    wait_until: datetime | None = None  #: something is left, not before then
    why: str = ""  #: why it waits
    attention: bool = False  #: a person should look: something was refused, blocked, or left out


@dataclass(frozen=True, kw_only=True)
class Drain:
    """What a drain needs; the same for all accounts but for the publisher."""

    ledger: Ledger
    publisher: Publisher
    clock: Clock
    timing: Timing
    owner: str
    stopping: Callable[[], bool]
    jitter: Callable[[], float]
    say: Callable[[Event], None]


@dataclass
class _Memory:
    """What one drain has learnt since it began."""

    introduced: bool = False
    facts_once_sent: AccountFacts | None = None  #: of an account that was blocked when the drain began
    looked: dict[DeliveryKey, SeenStatus | None] = field(default_factory=dict)
    look_began: dict[DeliveryKey, timedelta | None] = field(default_factory=dict)  #: the intent's age then
    foreign: set[str] = field(default_factory=set)
    uploaded: dict[DeliveryKey, tuple[Announcement, tuple[str, ...]]] = field(default_factory=dict)
    fresh_intent: DeliveryKey | None = None
    events: list[Event] = field(default_factory=list)
    attention: bool = False


def drain(tools: Drain) -> Drained:
    """Deliver what the account is owed. Returns when nothing is left, or nothing can be done before a time.

    Raises LedgerError: without the ledger nothing may be sent.
    """
    address, memory = tools.publisher.address, _Memory()
    if not tools.ledger.open_deliveries(address):
        return Drained(account=address)
    try:
        lease = tools.ledger.lease(address, owner=tools.owner, duration=tools.timing.lease)
    except LeaseHeldError as error:
        return Drained(account=address, wait_until=tools.clock.now() + error.remaining, why=error.message)
    try:
        wait = _steps(tools, lease, memory)
    except LeaseLostError as error:
        wait = Wait(tools.clock.now() + tools.timing.lease, error.message)
    finally:
        tools.ledger.give_back(lease)
    return Drained(
        account=address,
        events=tuple(memory.events),
        wait_until=wait.until if wait else None,
        why=wait.why if wait else "",
        attention=memory.attention,
    )


def _steps(tools: Drain, lease: Lease, memory: _Memory) -> Wait | None:
    while True:
        step = next_step(_known(tools, memory), tools.timing)
        if isinstance(step, Done):
            return None
        if isinstance(step, Wait):
            return step
        try:
            _perform(step, tools, lease, memory)
        except AccountBlockedError as error:
            return _blocked(error, step, tools, lease, memory)
        except TransientError as error:
            return _failed(error, step, tools, lease, memory)


def _known(tools: Drain, memory: _Memory) -> Known:
    deliveries = tools.ledger.open_deliveries(tools.publisher.address)
    sending = next((d for d in deliveries if d.state is DeliveryState.SENDING), None)
    return Known(
        now=tools.clock.now(),
        account=tools.ledger.account(tools.publisher.address),
        deliveries=deliveries,
        introduced=memory.introduced,
        looked=memory.looked,
        uploaded=_still_wanted(memory.uploaded, deliveries),
        intent_age=_intent_age(sending, tools, memory) if sending else None,
        fresh_intent=memory.fresh_intent,
        stopping=tools.stopping(),
    )


def _intent_age(sending: Delivery, tools: Drain, memory: _Memory) -> timedelta | None:
    # A slow look may end after `settle`, but it proves nothing about what came while it lasted.
    if sending.key in memory.look_began:
        return memory.look_began[sending.key]
    return tools.clock.since(sending.intended_mark)


def _still_wanted(
    uploaded: Mapping[DeliveryKey, tuple[Announcement, tuple[str, ...]]], deliveries: Iterable[Delivery]
) -> dict[DeliveryKey, tuple[str, ...]]:
    # The post may have been changed while its pictures were under way: the new words want their own.
    return {
        delivery.key: uploaded[delivery.key][1]
        for delivery in deliveries
        if delivery.key in uploaded and uploaded[delivery.key][0] == delivery.announcement
    }


def _perform(step: Step, tools: Drain, lease: Lease, memory: _Memory) -> None:
    ledger, publisher, now = tools.ledger, tools.publisher, tools.clock.now()
    if not isinstance(step, Send):
        # A Send was just preceded by the intent, which renews; between the two nothing may take time.
        ledger.renew(lease)
    match step:
        case Introduce():
            facts = publisher.introduce()
            memory.introduced = True
            if ledger.account(lease.account).blocked:
                # A token may be good for reading and not for posting: the block stands until a toot went out.
                memory.facts_once_sent = facts
            else:
                ledger.note_account(lease, facts=facts, now=now)
        case Learn():
            ledger.note_account(lease, last_status_id=publisher.newest_status_id(), now=now)
        case Look(delivery):
            _look(delivery, tools, memory)
        case Adopt(delivery, status):
            _adopt(delivery, status, tools, lease, memory)
        case Restore(delivery):
            _write(restored(delivery), "not there", "looked for, not found: is sent again", tools, lease, memory)
            del memory.looked[delivery.key], memory.look_began[delivery.key]
        case Upload(delivery):
            memory.uploaded[delivery.key] = (delivery.announcement, _upload(delivery, tools, memory))
        case WriteIntent(delivery):
            after_id = ledger.account(lease.account).last_status_id or "0"
            if ledger.write_intent(lease, delivery, after_id=after_id, now=now):
                memory.fresh_intent = delivery.key
        case Send(delivery):
            _send(delivery, tools, lease, memory)
        case Done() | Wait():
            raise AssertionError("these end the loop")


def _look(delivery: Delivery, tools: Drain, memory: _Memory) -> None:
    # An intent that was not sent in time counts as any other of unknown outcome from here on.
    memory.fresh_intent = None
    memory.look_began[delivery.key] = tools.clock.since(delivery.intended_mark)
    seen = tools.publisher.look(delivery.announcement, after_id=delivery.after_id or "0")
    claimed = tools.ledger.known_status_ids(tools.publisher.address)
    status, is_foreign = find_status(delivery.announcement, seen, claimed=claimed)
    memory.looked[delivery.key] = status
    if status is not None and is_foreign:
        memory.foreign.add(status.status_id)


def _adopt(delivery: Delivery, status: SeenStatus, tools: Drain, lease: Lease, memory: _Memory) -> None:
    is_foreign = status.status_id in memory.foreign
    receipt = Receipt(status_id=status.status_id, url=status.url, created_at=status.created_at)
    sent = replace(_sent(delivery, receipt, tools), foreign=is_foreign)
    what = "found, tooted by hand" if is_foreign else "found"
    _write(sent, what, status.url, tools, lease, memory)
    _works_again(tools, lease, memory)


def _send(delivery: Delivery, tools: Drain, lease: Lease, memory: _Memory) -> None:
    # Sent once and never again on this intent, whatever comes.
    memory.fresh_intent = None
    _, media_ids = memory.uploaded.pop(delivery.key, (None, ()))
    key, repeat = idempotency_key(delivery), delivery.attempts > 1
    try:
        receipt = tools.publisher.publish(delivery.announcement, media_ids=media_ids, key=key, repeat=repeat)
    except RejectedError as error:
        rejected = replace(
            delivery, state=DeliveryState.REJECTED, reason=str(error), settled_at=tools.clock.now(), not_before=None
        )
        memory.attention = True
        _write(rejected, "rejected", str(error), tools, lease, memory)
    except OutcomeUnknownError as error:
        # Stays `sending`; the next step looks for it.
        _write(replace(delivery, reason=str(error)), "no answer", str(error), tools, lease, memory)
    else:
        _write(_sent(delivery, receipt, tools), "sent", receipt.url, tools, lease, memory)
        _works_again(tools, lease, memory)


def _works_again(tools: Drain, lease: Lease, memory: _Memory) -> None:
    if memory.facts_once_sent is None:
        return
    blocked, now = tools.ledger.account(lease.account).blocked, tools.clock.now()
    tools.ledger.note_account(lease, facts=memory.facts_once_sent, now=now)
    memory.facts_once_sent = None
    _say(unblocked_event(lease.account, blocked=blocked, now=now), tools, memory)


def _sent(delivery: Delivery, receipt: Receipt, tools: Drain) -> Delivery:
    return replace(
        delivery,
        state=DeliveryState.SENT,
        reason="",
        status_id=receipt.status_id,
        status_url=receipt.url,
        settled_at=tools.clock.now(),
    )


def _upload(delivery: Delivery, tools: Drain, memory: _Memory) -> tuple[str, ...]:
    media_ids = []
    for picture in delivery.announcement.pictures:
        try:
            media_ids.append(tools.publisher.upload(picture))
        except RejectedError as error:
            # The news matters more than its picture; a person is told.
            memory.attention = True
            _say(_event(delivery, "picture left out", str(error), tools), tools, memory)
        except OutcomeUnknownError as error:
            # A picture that nobody attaches shows nowhere, so it may be uploaded again.
            raise TransientError(error.message, remedy=error.remedy) from error
    return tuple(media_ids)


def _failed(error: TransientError, step: Step, tools: Drain, lease: Lease, memory: _Memory) -> Wait:
    """Nothing was posted: back off, in the ledger if a delivery was being tried."""
    delivery = getattr(step, "delivery", None)
    attempts = delivery.attempts if isinstance(delivery, Delivery) else 0
    until = tools.clock.now() + backoff(attempts, jitter=tools.jitter(), retry_after=error.retry_after)
    if error.retry_after is not None:
        tools.ledger.block_account(lease, why=error.message, not_before=until, now=tools.clock.now())
    if isinstance(step, Send):
        due = replace(step.delivery, state=DeliveryState.DUE, reason=str(error), not_before=until)
        _write(due, "will retry", str(error), tools, lease, memory)
    else:
        _say(Event(at=tools.clock.now(), what="will retry", account=lease.account, detail=str(error)), tools, memory)
    return Wait(until, str(error))


def _blocked(error: AccountBlockedError, step: Step, tools: Drain, lease: Lease, memory: _Memory) -> Wait:
    now = tools.clock.now()
    if isinstance(step, Send):
        # A clear no: nothing was posted, so the delivery is owed as before.
        due = replace(step.delivery, state=DeliveryState.DUE, reason=str(error))
        tools.ledger.settle(lease, due, event=None, now=now)
    news = tools.ledger.block_account(lease, why=str(error), not_before=None, now=now)
    if news:
        # Told once, not at every tick of a token that nobody has mended yet.
        memory.attention = True
        _say(Event(at=now, what="blocked", account=lease.account, detail=str(error)), tools, memory)
    return Wait(now + ASK_AGAIN, str(error))


def _write(delivery: Delivery, what: str, detail: str, tools: Drain, lease: Lease, memory: _Memory) -> None:
    event = _event(delivery, what, detail, tools)
    tools.ledger.settle(lease, delivery, event=event, now=event.at)
    _say(event, tools, memory)


def _event(delivery: Delivery, what: str, detail: str, tools: Drain) -> Event:
    return Event(
        at=tools.clock.now(),
        what=what,
        slug=delivery.slug,
        account=delivery.key.account,
        occasion=delivery.key.occasion,
        detail=detail,
    )


def _say(event: Event, tools: Drain, memory: _Memory) -> None:
    tools.say(event)
    memory.events.append(event)
