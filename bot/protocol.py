"""The delivery protocol, sans-I/O: what is known → the next step. `drain.py` performs the steps.

The rules, and why each is as it is:

- An intent is written and committed before a request leaves, so a process that dies leaves a trace: `sending`.
- A delivery that is `sending` when nobody is sending it has an unknown outcome. It is looked for among the account's
  own statuses before anything else of this account goes out; only a proven absence lets it be sent again.
- Absence counts only `settle` after the intent: a server may still be working on a request that we gave up on.
- The look starts after the newest status id that was known before the first attempt. That makes it independent of
  clocks, of posts made by hand, and of two announcements with the same text.
- The Idempotency-Key helps where a server honours it. Mastodon forgets it after an hour, 4.6 answers a repeat with
  500 (mastodon/mastodon#40399), GoToSocial ignores it: it is never the proof.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.model import AccountState, Announcement, Delivery, DeliveryKey, DeliveryState, SeenStatus

#: A toot that leaves within this time of its datetime is on time: no spacing holds it back.
ON_TIME: Final = timedelta(minutes=1)
#: @user, or @user@domain; a full stop after either is the sentence's (mastodon: account.rb, MENTION_RE).
_MENTION: Final = re.compile(r"(@\w+(?:[.-]+\w+)*)(?:@\w+(?:[.-]+\w+)*(?::\d+)?)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """The protocol's times (settings: `[delivery]`, `[release] spacing`)."""

    lease: timedelta
    settle: timedelta
    send_within: timedelta
    spacing: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """All that the next step depends on."""

    now: datetime
    account: AccountState
    deliveries: tuple[Delivery, ...]  #: due and sending, in order
    introduced: bool = False  #: the server has confirmed the account since this drain began
    looked: Mapping[DeliveryKey, SeenStatus | None] = field(default_factory=dict)  #: results of looks in this drain
    uploaded: Mapping[DeliveryKey, tuple[str, ...]] = field(default_factory=dict)  #: media ids, once all are there
    #: Since the intent of the delivery in `sending` was committed; once it was looked for, as old as it was when the
    #: look began. None if the machine was restarted since.
    intent_age: timedelta | None = None
    fresh_intent: DeliveryKey | None = None  #: the intent that this drain wrote and has not sent yet
    stopping: bool = False  #: begin nothing new


@dataclass(frozen=True, slots=True)
class Introduce:
    """Ask the server who we are, and what it accepts."""


@dataclass(frozen=True, slots=True)
class Learn:
    """Ask for the newest status id of an account that has never been looked at."""


@dataclass(frozen=True, slots=True)
class Look:
    """Look for a delivery of unknown outcome."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Adopt:
    """The look found it: settle it as sent."""

    delivery: Delivery
    status: SeenStatus


@dataclass(frozen=True, slots=True)
class Restore:
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
    """Send at once; whatever leaves the outcome open keeps it `sending`."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be done before `until`."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do."""


Step = Introduce | Learn | Look | Adopt | Restore | Upload | WriteIntent | Send | Wait | Done


def next_step(known: Known, timing: Timing) -> Step:
    """The one next step for an account. Pure."""
    if not known.deliveries:
        return Done()
    pause = known.account.not_before
    if known.fresh_intent is None and pause is not None and pause > known.now:
        return Wait(pause, known.account.blocked or "the server asked for a pause")
    if not known.introduced:
        return Done() if known.stopping else Introduce()
    if known.account.last_status_id is None:
        return Learn()
    for delivery in known.deliveries:
        if delivery.state is DeliveryState.SENDING:
            return _finish(delivery, known, timing)
    return Done() if known.stopping else _begin(known.deliveries[0], known, timing)


def _finish(delivery: Delivery, known: Known, timing: Timing) -> Step:
    age = known.intent_age
    if known.fresh_intent == delivery.key and age is not None and age <= timing.send_within:
        return Send(delivery)
    if delivery.key not in known.looked:
        return Look(delivery)
    found = known.looked[delivery.key]
    if found is not None:
        return Adopt(delivery, found)
    if age is None:
        # A machine may restart within seconds; then only the time of day tells. A clock behind makes it wait.
        age = max(timedelta(), known.now - delivery.intended_at) if delivery.intended_at else timing.settle
    if age < timing.settle:
        return Wait(known.now + (timing.settle - age), "the server may still be working on an earlier attempt")
    return Restore(delivery)


def _begin(delivery: Delivery, known: Known, timing: Timing) -> Step:
    if delivery.not_before is not None and delivery.not_before > known.now:
        return Wait(delivery.not_before, delivery.reason)
    last_sent = known.account.last_sent_at
    if last_sent is not None and known.now - delivery.due > ON_TIME and known.now < last_sent + timing.spacing:
        return Wait(last_sent + timing.spacing, "late toots go out one by one (`spacing`)")
    if delivery.announcement.pictures and delivery.key not in known.uploaded:
        return Upload(delivery)
    return WriteIntent(delivery)


def idempotency_key(delivery: Delivery) -> str:
    """An ASCII key from the delivery's identity, its text, and a generation that rises once absence is proven."""
    key = delivery.key
    parts = (key.post_id, key.account, key.occasion, delivery.announcement.text, str(delivery.generation))
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def find_status(
    announcement: Announcement, seen: Iterable[SeenStatus], *, claimed: frozenset[str]
) -> tuple[SeenStatus | None, bool]:
    """The status that says this announcement, and whether it is somebody else's.

    The exact text is ours. A status with the post's link and other words was made by hand: it counts as announced.
    Statuses that other deliveries live at (`claimed`) are left out; of several the oldest is taken.
    """
    free = [status for status in seen if status.status_id not in claimed]
    wanted = _comparable(announcement.text, announcement.content_warning)
    for status in free:
        if status.text is not None and _comparable(status.text, status.content_warning) == wanted:
            return status, False
    for status in free:
        if announcement.link is not None and announcement.link in status.links:
            return status, True
    return None, False


def _comparable(text: str, content_warning: str | None) -> tuple[str, str]:
    # A server strips the ends, and writes @User@its.own.domain as @user (mastodon: process_mentions_service.rb).
    plain = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n"))
    return _MENTION.sub(lambda mention: mention[1].lower(), plain), (content_warning or "").strip()


def backoff(attempts: int, *, jitter: float, retry_after: timedelta | None) -> timedelta:
    """The wait after a try that posted nothing: 15 s doubling to 15 min, up to a quarter longer by `jitter` (0…1).

    A wait that the server named is honoured.
    """
    wait = min(timedelta(seconds=15 * (1 << min(attempts, 10))), timedelta(minutes=15))
    wait += wait * 0.25 * jitter
    return max(wait, retry_after) if retry_after is not None else wait


def restored(delivery: Delivery) -> Delivery:
    """The delivery as due again, after its absence was proven."""
    return replace(
        delivery,
        state=DeliveryState.DUE,
        generation=delivery.generation + 1,
        reason="an earlier attempt did not arrive",
        intended_at=None,
        intended_mark="",
    )
