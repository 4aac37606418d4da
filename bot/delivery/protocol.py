"""The delivery protocol, sans-I/O: what is known → the next step. `bot.delivery` performs the steps.

The rules, and why each is as it is:

- An intent is written and committed before a request leaves, so a process that dies leaves a trace: `sending`.
- A delivery that is `sending` while no process sends it has an unknown outcome. It is looked for among the account's
  own statuses before anything else of this account goes out; only a proven absence lets it be sent again.
- Absence counts only `settle` after the intent: a server may still be working on a request that we gave up on. A
  server that could not be read may have held that request as long, so then `settle` begins once it can be read.
- The look starts after the newest status id that was known before the first attempt. That makes it independent of
  clocks, of posts made by hand, and of two announcements with the same text.
- Before each send the account's recent statuses are read: what a lost ledger has forgotten, or a volunteer has tooted
  meanwhile, is recognised by the post's link.
- Giving up follows a failure: after a day's pause, or with a machine that was off, there is another try first.
- A thread's parts are deliveries of their own, each sent once the part before it is known to be there.
- A reminder carries the same link as the post's toot. It is a status that was made at its moment or later, and the
  toot is none that says what a reminder says.
- Edits and deletions may be repeated, so they are not looked for, and one that fails delays no other delivery.
- The Idempotency-Key helps where a server honours it. Mastodon forgets it after an hour, 4.6 answers a repeat with
  500 (mastodon/mastodon#40399), GoToSocial ignores it: it is never the proof.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.delivery.ordering import ANNOUNCING, WITHDRAWALS, is_on_time, is_reminder, next_delivery, superseded_reason
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
    """All that the next step depends on."""

    now: datetime
    account: AccountState
    deliveries: tuple[Delivery, ...]  #: due and sending, in order
    anchor: Delivery | None = None  #: the toot that the head of the queue edits, deletes or answers
    introduced: bool = False  #: the server has confirmed the account since this session began
    looked: Mapping[DeliveryKey, SeenStatus | None] = field(default_factory=dict)  #: results of read-backs
    by_hand: frozenset[DeliveryKey] = frozenset()  #: those of them that found a status made by hand
    met: Mapping[DeliveryKey, SeenStatus | None] = field(default_factory=dict)  #: results of pre-flight looks
    uploaded: Mapping[DeliveryKey, tuple[str, ...]] = field(default_factory=dict)  #: media ids, once all are there
    #: Since the intent of the delivery in `sending` was committed; once it was looked for, as old as it was when the
    #: look began. None if the machine was restarted since.
    intent_age: timedelta | None = None
    fresh_intent: DeliveryKey | None = None  #: the intent that this session wrote and has not sent yet
    failed: Wait | None = None  #: what stopped this session; nothing more is tried
    stopping: bool = False  #: begin nothing new


@dataclass(frozen=True, slots=True)
class VerifyAccount:
    """Ask the server who we are, and what it accepts."""


@dataclass(frozen=True, slots=True)
class FetchCursor:
    """Ask for the newest status id of an account that has never been looked at."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Look for a delivery of unknown outcome."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Preflight:
    """Before a send: read the account's recent statuses, whether the post is announced already."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It was tried for too long: hold it for the operator."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Skip:
    """There is nothing (any more) to be sent: settle it as skipped."""

    delivery: Delivery
    why: Reason


@dataclass(frozen=True, slots=True)
class Adopt:
    """The look found it: settle it as sent."""

    delivery: Delivery
    status: SeenStatus


@dataclass(frozen=True, slots=True)
class Requeue:
    """Its absence is proven: make it due again, with the next generation of its key."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Upload:
    """Upload the pictures of the delivery that goes next."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class WriteIntent:
    """Commit that the request is about to leave."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Send:
    """Send at once; it stays `sending` if the outcome is unknown."""

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
    """The one next step for an account. Pure."""
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
        return step  # the server is not asked about what waits here
    if not known.introduced:
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
    if delivery.key not in known.looked:
        return ReadBack(delivery)
    found = known.looked[delivery.key]
    if found is not None and delivery.key not in known.by_hand:
        return Adopt(delivery, found)
    if age is None:
        # A machine may restart within seconds; then only the time of day tells. A clock behind makes it wait.
        age = max(timedelta(), known.now - delivery.intended_at) if delivery.intended_at else timing.settle
    if age < timing.settle:
        # Also where a person has tooted it by hand meanwhile: ours may still arrive, and is edited and withdrawn then.
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
        code = ReasonCode.REMINDER_EXPIRED if is_reminder(delivery) else ReasonCode.EXPIRED
        return Skip(delivery, Reason(code=code, at=expires))
    if delivery.not_before is not None and delivery.not_before > known.now:
        return Wait(delivery.not_before, delivery.reason)
    return _announce(delivery, known, timing) if delivery.action in ANNOUNCING else WriteIntent(delivery)


def _moot(delivery: Delivery, known: ProtocolState) -> Reason | None:
    if delivery.action is Action.PUBLISH:
        return None
    if known.anchor is None or known.anchor.state is not DeliveryState.SENT:
        is_part = delivery.action is Action.CONTINUE
        return Reason(code=ReasonCode.PART_BEFORE_MISSING if is_part else ReasonCode.NO_TOOT)
    return Reason(code=ReasonCode.TOOT_MADE_BY_HAND) if known.anchor.foreign else None


def _announce(delivery: Delivery, known: ProtocolState, timing: Timing) -> Step:
    # Before the spacing: a lost ledger recognises at once all that is there.
    if delivery.key not in known.met:
        return Preflight(delivery)
    met = known.met[delivery.key]
    if met is not None:
        return Adopt(delivery, met)
    next_late = known.account.last_sent_at and known.account.last_sent_at + timing.spacing
    is_late = delivery.action is Action.PUBLISH and not is_on_time(delivery, known.now)
    if is_late and next_late is not None and known.now < next_late:
        return Wait(next_late, Reason(code=ReasonCode.SPACING))
    if delivery.announcement.pictures and delivery.key not in known.uploaded:
        return Upload(delivery)
    return WriteIntent(delivery)


def idempotency_key(delivery: Delivery) -> str:
    """An ASCII key from the delivery's identity, its text, and a generation that rises once absence is proven."""
    key = delivery.key
    parts = (key.post_id, key.account, str(key.occasion), delivery.announcement.text, str(delivery.generation))
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


_BACKOFF: Final = Backoff(first=timedelta(seconds=15), longest=timedelta(minutes=15), spread=0.25)


def backoff(attempts: int, *, jitter: float, retry_after: timedelta | None) -> timedelta:
    """The wait after a try that posted nothing: 15 s doubling to 15 min, up to a quarter longer by `jitter` (0…1).

    A wait that the server named is honoured.
    """
    wait = _BACKOFF.wait(attempts, jitter=jitter)
    return max(wait, retry_after) if retry_after is not None else wait


def refused(delivery: Delivery, *, key_is_spent: bool) -> Delivery:
    """The delivery as due again after a clear no.

    `key_is_spent`: the server would answer the same key with the same no (`Capabilities.refusal_spends_key`), so the
    delivery gets another one.
    """
    spent = delivery.action.posts and key_is_spent
    return replace(delivery, state=DeliveryState.DUE, generation=delivery.generation + (1 if spent else 0))


def restored(delivery: Delivery) -> Delivery:
    """The delivery as due again, after its absence was proven."""
    return replace(
        delivery,
        state=DeliveryState.DUE,
        generation=delivery.generation + 1,
        reason=Reason(code=ReasonCode.EARLIER_ATTEMPT_LOST),
        intended_at=None,
        intended_mark="",
    )
