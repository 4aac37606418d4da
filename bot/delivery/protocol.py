"""The delivery protocol, sans-I/O: chooses the next step from what is known. The worker performs the steps.

The rules, and their reasons:

- The worker commits an intent before it sends a request, so a process that dies leaves a trace: `sending`.
- A delivery that is `sending` while no process sends it has an unknown outcome. The worker reads the account's own
  statuses back before it sends anything else for this account, and sends again only once absence is proven.
- Absence is proven only `settle` after the intent, because the server may still be working on a request that timed
  out. A server that could not be read may have held the request as well, so then `settle` begins once it answers.
- The read-back starts after the newest status id that was known before the first attempt. That makes it independent
  of clocks, of toots made by hand, and of two announcements with the same text.
- Before each send the worker reads the account's recent statuses, and recognises by the post's link what a lost ledger
  no longer records, or what a volunteer has tooted by hand.
- The worker gives up only after a failure: after a pause, or after the machine was off, it tries again first.
- The parts of a thread are deliveries of their own; each is sent once the part before it is confirmed.
- A reminder has the same link as the post's toot. Only a status made at its moment or later can be the reminder, and
  a status with a reminder's text cannot be the toot.
- Edits and deletions may be repeated, so they are not read back, and one that fails delays no other delivery.
- The Idempotency-Key helps where a server honours it. Mastodon forgets it after an hour, 4.6 answers a repeat with
  500 (mastodon/mastodon#40399), GoToSocial ignores it: it never proves anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.delivery.ordering import ANNOUNCING, WITHDRAWALS, is_on_time, next_delivery, superseded_reason
from bot.domain import AccountState, Action, Delivery, DeliveryKey, DeliveryState, Reason, ReasonCode, SeenStatus
from bot.domain.backoff import Backoff


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """The protocol's times (settings: `[delivery]`, `[release] spacing`)."""

    lease: timedelta
    settle: timedelta
    send_within: timedelta
    spacing: timedelta
    give_up_after: timedelta = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProtocolState:
    """Everything that the next step depends on."""

    now: datetime
    account: AccountState
    deliveries: tuple[Delivery, ...]  #: due and sending, in order
    anchor: Delivery | None = None  #: the toot that the head of the queue edits, deletes or answers
    verified: bool = False  #: the server has confirmed the account since this session began
    read_backs: Mapping[DeliveryKey, SeenStatus | None] = field(default_factory=dict)  #: results of read-backs
    by_hand: frozenset[DeliveryKey] = frozenset()  #: the read-backs that found a status made by hand
    preflights: Mapping[DeliveryKey, SeenStatus | None] = field(default_factory=dict)  #: results of pre-flight reads
    uploaded: Mapping[DeliveryKey, tuple[str, ...]] = field(
        default_factory=dict
    )  #: media ids, once all pictures are uploaded
    #: The age of the intent of the delivery in `sending`: now, or when its read-back began. None if the machine was
    #: restarted since.
    intent_age: timedelta | None = None
    #: The age of the intent of the head of the queue, if it is an edit whose answer was lost. None also if the machine
    #: was restarted since.
    lost_edit_age: timedelta | None = None
    fresh_intent: DeliveryKey | None = None  #: the intent that this session wrote and has not sent yet
    failed: Wait | None = None  #: what stopped this session; nothing more is tried
    stopping: bool = False  #: begin nothing new


@dataclass(frozen=True, slots=True)
class VerifyAccount:
    """Ask the server which account the token belongs to, and what the server accepts."""


@dataclass(frozen=True, slots=True)
class FetchCursor:
    """Fetch the newest status id of an account that was never read before."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Read the account's statuses back to find a delivery of unknown outcome."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Preflight:
    """Read the account's recent statuses before a send, to check whether the post is announced already."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Hold a delivery that has failed for too long, for the operator to decide."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Skip:
    """Settle a delivery as skipped, because there is nothing to send."""

    delivery: Delivery
    why: Reason


@dataclass(frozen=True, slots=True)
class Adopt:
    """Settle a delivery as sent, because its status was found."""

    delivery: Delivery
    status: SeenStatus


@dataclass(frozen=True, slots=True)
class Requeue:
    """Make a delivery due again, with the next generation of its key, because its absence is proven."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Upload:
    """Upload the pictures of the next delivery."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class WriteIntent:
    """Commit the intent to send the request."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Send:
    """Send the request at once; the delivery stays `sending` if the outcome is unknown."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be done before `until`."""

    until: datetime
    why: Reason | None


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do."""


Step = (
    VerifyAccount
    | FetchCursor
    | Preflight
    | ReadBack
    | Adopt
    | Requeue
    | GiveUp
    | Skip
    | Upload
    | WriteIntent
    | Send
    | Wait
    | Done
)


def next_step(known: ProtocolState, timing: Timing) -> Step:
    """Return the next step for an account. Pure."""
    if not known.deliveries:
        return Done()
    if known.failed is not None:
        due = (delivery for delivery in known.deliveries if delivery.state is DeliveryState.DUE)
        return next((GiveUp(d) for d in due if _tried_for_too_long(d, known, timing)), known.failed)
    pause = known.account.not_before
    if known.fresh_intent is None and pause is not None and pause > known.now:
        return Wait(pause, known.account.blocked or Reason(code=ReasonCode.SERVER_PAUSE))
    sending = next((delivery for delivery in known.deliveries if delivery.state is DeliveryState.SENDING), None)
    is_free = sending is None and not known.stopping
    step = _begin(next_delivery(known.deliveries, now=known.now), known, timing) if is_free else Done()
    if isinstance(step, Wait):
        return step  # no request is needed for a delivery that waits
    if not known.verified:
        return Done() if known.stopping else VerifyAccount()
    if known.account.last_status_id is None:
        return FetchCursor()
    return step if sending is None else _finish(sending, known, timing)


def _tried_for_too_long(delivery: Delivery, known: ProtocolState, timing: Timing) -> bool:
    began = delivery.first_tried_at
    return began is not None and known.now - began > timing.give_up_after


def _finish(delivery: Delivery, known: ProtocolState, timing: Timing) -> Step:
    age = known.intent_age
    if known.fresh_intent == delivery.key and age is not None and age <= timing.send_within:
        return Send(delivery)
    if not delivery.action.posts:
        return Requeue(delivery)
    if delivery.key not in known.read_backs:
        return ReadBack(delivery)
    found = known.read_backs[delivery.key]
    if found is not None and delivery.key not in known.by_hand:
        return Adopt(delivery, found)
    if age is None:
        # After a restart only the time of day tells the age. A clock that is behind prolongs the wait.
        age = max(timedelta(), known.now - delivery.intended_at) if delivery.intended_at else timing.settle
    if age < timing.settle:
        # Also if a toot made by hand was found: the bot's own may still arrive, and is the one to edit then.
        return Wait(known.now + (timing.settle - age), Reason(code=ReasonCode.EARLIER_ATTEMPT_OPEN))
    if found is not None:
        return Adopt(delivery, found)
    return GiveUp(delivery) if _tried_for_too_long(delivery, known, timing) else Requeue(delivery)


def _begin(delivery: Delivery, known: ProtocolState, timing: Timing) -> Step:
    void = superseded_reason(delivery, known.deliveries) if delivery.action in WITHDRAWALS else None
    if void is not None:
        return Skip(void, Reason(code=ReasonCode.WITHDRAWN))
    moot = _moot(delivery, known)
    if moot is not None:
        return Skip(delivery, moot)
    expires = delivery.announcement.expires
    if delivery.action is Action.PUBLISH and expires is not None and known.now >= expires:
        code = ReasonCode.REMINDER_EXPIRED if delivery.is_reminder else ReasonCode.EXPIRED
        return Skip(delivery, Reason(code=code, at=expires))
    if delivery.not_before is not None and delivery.not_before > known.now:
        return Wait(delivery.not_before, delivery.reason)
    if known.lost_edit_age is not None and known.lost_edit_age < timing.settle:
        # `not_before` passes too early where the time of day is set forward; the lost edit would undo this one.
        left = timing.settle - known.lost_edit_age
        return Wait(known.now + left, Reason(code=ReasonCode.EARLIER_ATTEMPT_OPEN))
    return _announce(delivery, known, timing) if delivery.action in ANNOUNCING else WriteIntent(delivery)


def _moot(delivery: Delivery, known: ProtocolState) -> Reason | None:
    if delivery.action is Action.PUBLISH:
        return None
    if known.anchor is None or known.anchor.state is not DeliveryState.SENT:
        is_part = delivery.action is Action.CONTINUE
        return Reason(code=ReasonCode.PART_BEFORE_MISSING if is_part else ReasonCode.NO_TOOT)
    return Reason(code=ReasonCode.TOOT_MADE_BY_HAND) if known.anchor.foreign else None


def _announce(delivery: Delivery, known: ProtocolState, timing: Timing) -> Step:
    # Before the spacing, so that after the loss of the ledger the existing toots are recognised at once.
    if delivery.key not in known.preflights:
        return Preflight(delivery)
    found = known.preflights[delivery.key]
    if found is not None:
        return Adopt(delivery, found)
    next_late = known.account.last_sent_at and known.account.last_sent_at + timing.spacing
    is_late = delivery.action is Action.PUBLISH and not is_on_time(delivery, known.now)
    if is_late and next_late is not None and known.now < next_late:
        return Wait(next_late, Reason(code=ReasonCode.SPACING))
    if delivery.announcement.pictures and delivery.key not in known.uploaded:
        return Upload(delivery)
    return WriteIntent(delivery)


def idempotency_key(delivery: Delivery) -> str:
    """Return the Idempotency-Key (ASCII): a hash of the delivery's identity, text and generation."""
    key = delivery.key
    parts = (key.post_id, key.account, str(key.occasion), delivery.announcement.text, str(delivery.generation))
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


_BACKOFF: Final = Backoff(first=timedelta(seconds=15), longest=timedelta(minutes=15), spread=0.25)


def backoff(attempts: int, *, jitter: float, retry_after: timedelta | None) -> timedelta:
    """Return the wait after an attempt that posted nothing: 15 s doubling to 15 min, plus up to 25 % by `jitter` (0…1).

    It is never shorter than `retry_after`, the wait that the server asked for.
    """
    wait = _BACKOFF.wait(attempts, jitter=jitter)
    return max(wait, retry_after) if retry_after is not None else wait


def refused(delivery: Delivery, *, key_is_spent: bool) -> Delivery:
    """Return the delivery as due again after the server has clearly refused the request.

    With `key_is_spent` the delivery gets a new Idempotency-Key, because the server would refuse the old one again
    (`Capabilities.refusal_spends_key`).
    """
    spent = delivery.action.posts and key_is_spent
    generation = delivery.generation + (1 if spent else 0)
    return replace(delivery, state=DeliveryState.DUE, generation=generation, intended_mark="")


def restored(delivery: Delivery) -> Delivery:
    """Return the delivery as due again after its absence was proven.

    An edit is not read back: it keeps the mark of its intent, because the earlier request may still arrive.
    """
    return replace(
        delivery,
        state=DeliveryState.DUE,
        generation=delivery.generation + 1,
        reason=Reason(code=ReasonCode.EARLIER_ATTEMPT_LOST),
        intended_at=None,
        intended_mark=delivery.intended_mark if delivery.action is Action.EDIT else "",
    )
