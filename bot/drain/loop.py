"""From step to step, until nothing is left or nothing can be done; and what a failed step leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeVar

from bot.clock import Clock
from bot.drain.looking import IN_DOUBT, adopt, look, preflight
from bot.drain.sending import send, upload
from bot.drain.tools import Drain, Drained, Memory, put_aside, say, settle
from bot.durations import format_duration
from bot.errors import AccountBlockedError, LeaseHeldError, LeaseLostError, OutcomeUnknownError, TransientError
from bot.ledger import Ledger
from bot.ledgers.rules import unblocked_event
from bot.model import (
    Action,
    Announcement,
    Change,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Event,
    Hold,
    Lease,
    Recording,
)
from bot.protocol import (
    Adopt,
    CallOff,
    Done,
    GiveUp,
    Introduce,
    Known,
    Learn,
    Look,
    Preflight,
    Restore,
    Send,
    Step,
    Upload,
    Wait,
    WriteIntent,
    backoff,
    next_step,
    refused,
    restored,
)
from bot.turns import anchor_of, head_of

#: A blocked account is asked again after this time: a person is mending the token meanwhile.
ASK_AGAIN: Final = timedelta(minutes=1)
#: Begins the reason of a block that ends as soon as the account can be read again.
UNREACHABLE: Final = "not served: "
#: An account that cannot be read is asked at least this often.
LONGEST_PATIENCE: Final = timedelta(minutes=5)
#: A pre-flight look is believed for this long; then there is another before anything is sent.
PREFLIGHT_LASTS: Final = timedelta(minutes=1)

Learnt = TypeVar("Learnt")


def drain(tools: Drain, memory: Memory | None = None) -> Drained:
    """Deliver what the account is owed. Returns when nothing is left, or nothing can be done before a time.

    `memory` is what `warm_up` learnt a moment ago. Raises LedgerError: without the ledger nothing may be sent.
    """
    address, memory = tools.publisher.address, memory or Memory()
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
        trouble=memory.trouble,
    )


def warm_up(tools: Drain, expected: Sequence[Delivery]) -> Memory | None:
    """Ask before the instant what a drain asks first: who we are, and whether what is `expected` is there already.

    Nothing is sent and nothing is settled. Returns what a `drain` within `PREFLIGHT_LASTS` need not ask again; None
    where it has to ask all by itself. Raises LedgerError.
    """
    address, memory, now = tools.publisher.address, Memory(), tools.clock.now()
    state = tools.ledger.account(address)
    if state.blocked or (state.not_before is not None and state.not_before > now):
        return None
    try:
        lease = tools.ledger.lease(address, owner=tools.owner, duration=tools.timing.lease)
    except LeaseHeldError:
        return None
    try:
        _introduce(tools, lease, memory)
        tools.ledger.renew(lease)
        preflight(expected, tools, lease, memory)
        for delivery in expected:
            tools.publisher.get_ready(delivery.announcement)
    except (AccountBlockedError, TransientError, LeaseLostError):
        return None  # the drain meets it again, and says so
    finally:
        tools.ledger.give_back(lease)
    return memory


def is_warm(memory: Memory, clock: Clock) -> bool:
    """Whether what `warm_up` learnt may still be believed."""
    return clock.monotonic() - memory.met_at <= PREFLIGHT_LASTS.total_seconds()


def _steps(tools: Drain, lease: Lease, memory: Memory) -> Wait | None:
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
            memory.failed = _failed(error, step, tools, lease, memory)


def _known(tools: Drain, memory: Memory) -> Known:
    now, deliveries = tools.clock.now(), tools.ledger.open_deliveries(tools.publisher.address)
    sending = next((d for d in deliveries if d.state is DeliveryState.SENDING), None)
    if tools.clock.monotonic() - memory.met_at > PREFLIGHT_LASTS.total_seconds():
        memory.met.clear()
    head = head_of(deliveries, now=now) if deliveries else None
    return Known(
        now=now,
        account=tools.ledger.account(tools.publisher.address),
        deliveries=deliveries,
        anchor=_anchor(head, tools.ledger) if head else None,
        introduced=memory.introduced,
        looked=memory.looked,
        by_hand=frozenset(
            key for key, found in memory.looked.items() if found and (key, found.status_id) in memory.foreign
        ),
        met=_still_true(memory.met, deliveries),
        uploaded=_still_true(memory.uploaded, deliveries),
        fresh_intent=memory.fresh_intent,
        failed=memory.failed,
        stopping=tools.stopping() or bool(tools.ledger.paused()),
        # Last: what is sent on it must follow at once, and reading the ledger may take its time.
        intent_age=_intent_age(sending, tools, memory) if sending else None,
    )


def _anchor(head: Delivery, ledger: Ledger) -> Delivery | None:
    return ledger.delivery(anchor_of(head))


def _intent_age(sending: Delivery, tools: Drain, memory: Memory) -> timedelta | None:
    # A slow look may end after `settle`, but it proves nothing about what came while it lasted.
    if sending.key in memory.look_began:
        return memory.look_began[sending.key]
    return tools.clock.since(sending.intended_mark)


def _still_true(
    learnt: Mapping[DeliveryKey, tuple[Announcement, Learnt]], deliveries: Iterable[Delivery]
) -> dict[DeliveryKey, Learnt]:
    # The post may have been changed meanwhile: the new words want their own look, and their own pictures.
    return {
        delivery.key: learnt[delivery.key][1]
        for delivery in deliveries
        if delivery.key in learnt and learnt[delivery.key][0] == delivery.announcement
    }


def _perform(step: Step, tools: Drain, lease: Lease, memory: Memory) -> None:
    ledger, publisher, now = tools.ledger, tools.publisher, tools.clock.now()
    if not isinstance(step, WriteIntent | Send):
        # Writing the intent renews, and a Send was just preceded by it: between the two nothing may take time.
        ledger.renew(lease)
    match step:
        case Introduce():
            _introduce(tools, lease, memory)
        case Learn():
            ledger.note_account(lease, last_status_id=publisher.newest_status_id(), now=now)
        case Preflight(delivery):
            preflight([delivery], tools, lease, memory)
        case Look(delivery):
            look(delivery, tools, lease, memory)
        case Adopt(delivery, status):
            adopt(delivery, status, tools, lease, memory)
        case Restore(delivery):
            _restore(delivery, tools, lease, memory)
        case GiveUp(delivery):
            _give_up(delivery, tools, lease, memory)
        case CallOff(delivery, why):
            off = replace(delivery, state=DeliveryState.SKIPPED, reason=why, settled_at=now, not_before=None)
            put_aside(delivery, off, "skipped", why, tools, lease, memory)
        case Upload(delivery):
            media_ids = upload(delivery, tools, lease, memory)
            if media_ids is not None:
                memory.uploaded[delivery.key] = (delivery.announcement, media_ids)
        case WriteIntent(delivery):
            after_id = ledger.account(lease.account).last_status_id or "0"
            if ledger.write_intent(lease, delivery, after_id=after_id, now=now):
                memory.fresh_intent = delivery.key
        case Send(delivery):
            send(delivery, tools, lease, memory)
        case Done() | Wait():
            raise AssertionError("these end the loop")


def _introduce(tools: Drain, lease: Lease, memory: Memory) -> None:
    facts = tools.publisher.introduce()
    memory.introduced, memory.software = True, facts.limits.software
    now, blocked = tools.clock.now(), tools.ledger.account(lease.account).blocked
    if blocked and not blocked.startswith(UNREACHABLE):
        # A token may be good for reading and not for posting: the block stands until a toot went out.
        memory.facts_once_sent = facts
        return
    tools.ledger.note_account(lease, facts=facts, now=now)
    if blocked:
        say(unblocked_event(lease.account, blocked=blocked, now=now), tools, memory)


def _restore(delivery: Delivery, tools: Drain, lease: Lease, memory: Memory) -> None:
    detail = "looked for, not found: is sent again" if delivery.action.posts else "is done once more, without harm"
    due, now = restored(delivery), tools.clock.now()
    if delivery.action is Action.EDIT:
        due = replace(due, not_before=now + tools.timing.settle)
    elif delivery.action.posts and delivery.attempts > 1:
        # A server that never answers rightly is not asked every two minutes for a day.
        due = replace(due, not_before=now + backoff(delivery.attempts, jitter=tools.jitter(), retry_after=None))
    settle(due, "not there" if delivery.action.posts else "again", detail, tools, lease, memory)
    for learnt in (memory.looked, memory.look_began, memory.met):
        learnt.pop(delivery.key, None)


def _give_up(delivery: Delivery, tools: Drain, lease: Lease, memory: Memory) -> None:
    now = tools.clock.now()
    lasted = format_duration(now - (delivery.first_tried_at or now))
    cause = memory.failed.why if memory.failed else delivery.reason
    reason = f"tried for {lasted}: {cause or 'it never arrived'}"
    # What was in flight is proven absent.
    unsent = restored(delivery) if delivery.state is DeliveryState.SENDING else delivery
    held = replace(unsent, state=DeliveryState.HELD, hold=Hold.FAILED, reason=reason, settled_at=now)
    memory.attention = True
    remedy = f"`announce retry {delivery.slug}` tries again."
    put_aside(delivery, held, "held", f"{reason} {remedy}", tools, lease, memory)


def _failed(error: TransientError, step: Step, tools: Drain, lease: Lease, memory: Memory) -> Wait:
    """Nothing was posted: back off, in the ledger if a delivery was being tried."""
    delivery = getattr(step, "delivery", None)
    attempts = delivery.attempts if isinstance(delivery, Delivery) else 0
    now = tools.clock.now()
    until = now + backoff(attempts, jitter=tools.jitter(), retry_after=error.retry_after)
    memory.trouble = True
    if error.retry_after is not None:
        tools.ledger.block_account(lease, why=error.message, not_before=until, now=now)
    elif not isinstance(step, Send):
        until = max(until, now + _patience(tools, lease))
        _doubt_what_is_in_flight(tools, lease)
        if isinstance(step, Introduce):
            _note_block(f"{UNREACHABLE}{error}", tools, lease, memory)
        else:
            say(Event(at=now, what="will retry", account=lease.account, detail=str(error)), tools, memory)
    if isinstance(step, Send):
        if step.delivery.action is Action.EDIT and isinstance(error.__cause__, OutcomeUnknownError):
            # Arriving late, it must not undo a later edit.
            until = max(until, tools.clock.now() + tools.timing.settle)
        due = replace(refused(step.delivery, software=memory.software), reason=str(error), not_before=until)
        settle(due, "will retry", str(error), tools, lease, memory)
    _begin_trying(str(error), tools, lease)
    return Wait(until, str(error))


def _doubt_what_is_in_flight(tools: Drain, lease: Lease) -> None:
    # What keeps the server from answering may be holding the request as well, and let it through after our next look.
    now = tools.clock.now()
    for delivery in tools.ledger.open_deliveries(lease.account):
        if delivery.state is DeliveryState.SENDING and delivery.action.posts:
            tools.ledger.settle(lease, replace(delivery, intended_mark=IN_DOUBT), event=None, now=now)


def _patience(tools: Drain, lease: Lease) -> timedelta:
    """The wait after a failure to read: it grows with the time that the trouble has lasted."""
    now = tools.clock.now()
    began = [d.first_tried_at for d in tools.ledger.open_deliveries(lease.account) if d.first_tried_at is not None]
    return min((now - min(began)) / 4, LONGEST_PATIENCE) if began else timedelta()


def _begin_trying(why: str, tools: Drain, lease: Lease) -> None:
    # From here on what waits counts as tried: it does not silently become too late, and is given up aloud.
    now = tools.clock.now()
    untried = [
        delivery
        for delivery in tools.ledger.open_deliveries(lease.account)
        if delivery.state is DeliveryState.DUE and delivery.first_tried_at is None
    ]
    changes = tuple(Change(known=d, wanted=replace(d, first_tried_at=now, reason=d.reason or why)) for d in untried)
    if changes:
        # Those that a plan or a person has changed meanwhile are left as they are.
        tools.ledger.record(Recording(changes=changes), now=now)


def _blocked(error: AccountBlockedError, step: Step, tools: Drain, lease: Lease, memory: Memory) -> Wait:
    now = tools.clock.now()
    if isinstance(step, Send):
        # A clear no: nothing was posted, so the delivery is owed as before.
        due = replace(refused(step.delivery, software=memory.software), reason=str(error))
        tools.ledger.settle(lease, due, event=None, now=now)
    _note_block(str(error), tools, lease, memory)
    memory.trouble = True
    # From here on what waits is owed: once the account works again, a person hears of what has become too old.
    _begin_trying(str(error), tools, lease)
    return Wait(now + ASK_AGAIN, str(error))


def _note_block(why: str, tools: Drain, lease: Lease, memory: Memory) -> None:
    now = tools.clock.now()
    if tools.ledger.block_account(lease, why=why, not_before=None, now=now):
        # Told once, not at every tick of a token that nobody has mended yet.
        memory.attention = True
        say(Event(at=now, what="blocked", account=lease.account, detail=why), tools, memory)
