"""Decides on the edits and withdrawals of a sent toot, for one post on one account. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import (
    Action,
    Announcement,
    Capabilities,
    CompareAndSet,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Entry,
    Hold,
    Occasion,
    Post,
    Reason,
    ReasonCode,
)
from bot.planner.ruling import Policy, burst_limit_reason

_OUT = (DeliveryState.SENT, DeliveryState.SENDING)


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """The deliveries of one part of a post's thread, or of one reminder, on one account, in the order of recording."""

    deliveries: Sequence[Delivery]
    part: int = 1
    reminder_id: str = ""

    @staticmethod
    def of_part(deliveries: Iterable[Delivery], part: int) -> History:
        """Select the history of one part from the deliveries of one post to one account."""
        about = Occasion.PUBLISH.of_part(part)
        mine = [delivery for delivery in deliveries if delivery.key.occasion.about == about]
        return History(deliveries=mine, part=part)

    @staticmethod
    def of_reminder(deliveries: Iterable[Delivery], reminder_id: str) -> History:
        """Select the history of one reminder from the deliveries of one post to one account."""
        about = Occasion.reminder(reminder_id)
        mine = [delivery for delivery in deliveries if delivery.key.occasion.about == about]
        return History(deliveries=mine, reminder_id=reminder_id)

    @property
    def announced(self) -> Delivery | None:
        """The delivery that posts the toot, in any state."""
        return next(iter(self.of(Action.PUBLISH, Action.CONTINUE)), None)

    @property
    def published(self) -> Delivery | None:
        """The delivery of the toot, if it is sent (or may be) and the bot may change it."""
        known = self.announced
        return known if known is not None and known.state in _OUT and not known.foreign else None

    @property
    def is_deleted(self) -> bool:
        """Whether the toot is deleted, or may be."""
        return any(
            retraction.state is DeliveryState.SENT or retraction.attempts > 0 for retraction in self.of(Action.DELETE)
        )

    def of(self, *actions: Action) -> list[Delivery]:
        """Return the deliveries with one of these actions."""
        return [delivery for delivery in self.deliveries if delivery.action in actions]

    @property
    def last_words(self) -> Announcement | None:
        """The announcement of the latest publish or edit that was sent, or is being sent."""
        sent = [d for d in self.of(Action.PUBLISH, Action.CONTINUE, Action.EDIT) if d.state in _OUT]
        return sent[-1].announcement if sent else None

    def key(self, occasion: Occasion) -> DeliveryKey:
        """Return the delivery key of an occasion of this part or reminder."""
        key = self.deliveries[0].key
        if self.reminder_id:
            return replace(key, occasion=occasion.of_reminder(self.reminder_id))
        return DeliveryKey(key.post_id, key.account, occasion.of_part(self.part))

    def edit_key(self, entry: Entry) -> DeliveryKey:
        """Return the key of the next edit; a reminder's edits are numbered apart from the entry's revisions."""
        revision = len(self.of(Action.EDIT)) + 1 if self.reminder_id else entry.revision
        return self.key(Occasion.edit(revision))


def nothing_follows(post: Post, deliveries: Sequence[Delivery]) -> bool:
    """Whether an unchanged post certainly has no edit, withdrawal or reminder to plan.

    A fast check: it holds for nearly all of ten thousand posts, which were never tooted, or tooted at once and never
    changed. `deliveries` are all those of the post on one account.
    """
    if post.reminders:
        return False
    if not deliveries:
        return True
    toot = deliveries[0]
    is_whole = len(deliveries) == 1 and toot.key.occasion == Occasion.PUBLISH and not toot.announcement.thread
    return is_whole and toot.state is DeliveryState.SENT and post.withdrawn is None


def withdrawal(post: Post, history: History, *, reason: Announcement | None, now: datetime) -> CompareAndSet | None:
    """Return the change that withdraws a toot: deletes it, or replies to it with `reason`. None if it is not needed."""
    published = history.published
    if post.withdrawn is None or published is None:
        return None
    known = next(iter(history.of(Action.DELETE, Action.REPLY)), None)
    # A skipped withdrawal found no toot to withdraw; now there is one.
    if known is not None and known.state is not DeliveryState.SKIPPED:
        return None
    wanted = Delivery(
        key=history.key(Occasion.WITHDRAW),
        slug=post.slug,
        due=now,
        action=Action.DELETE if reason is None else Action.REPLY,
        announcement=reason or published.announcement,
        sequence=known.sequence if known is not None else 0,
    )
    return CompareAndSet(known=known, wanted=wanted)


def called_back(post: Post, history: History) -> list[CompareAndSet]:
    """Return the changes that cancel unsent withdrawals, once the author has removed `withdrawn:` from the post."""
    known = history.announced
    if post.withdrawn is not None or (known is not None and known.state is DeliveryState.SENDING):
        # While the toot's outcome is unknown the withdrawal stays: a toot that did not arrive must not be sent again.
        return []
    withdrawals = history.of(Action.DELETE, Action.REPLY)
    return [CompareAndSet(known=retraction, wanted=None) for retraction in withdrawals if _may_be_cancelled(retraction)]


def _may_be_cancelled(retraction: Delivery) -> bool:
    # A deletion whose answer was lost may have succeeded, so the worker has to finish it.
    if retraction.state is DeliveryState.DUE:
        return retraction.action.posts or retraction.attempts == 0
    return retraction.state is DeliveryState.HELD


def superseded(post: Post, history: History) -> list[CompareAndSet]:
    """Return the changes that cancel unsent edits that no longer apply.

    They no longer apply if the post is withdrawn, or if its toot is not sent after all: the toot is then composed
    anew, and a waiting edit would restore an older text.
    """
    if post.withdrawn is None and history.published is not None:
        return []
    waiting = (DeliveryState.DUE, DeliveryState.HELD)
    return [CompareAndSet(known=edit, wanted=None) for edit in history.of(Action.EDIT) if edit.state in waiting]


def edit(
    entry: Entry,
    history: History,
    *,
    announcement: Announcement,
    room: int,
    now: datetime,
    policy: Policy,
) -> CompareAndSet | None:
    """Return the change that edits a sent toot to `announcement`; None if the toot matches it or may not be edited."""
    published = history.published
    if published is None or not policy.edits or history.is_deleted:
        return None
    if published.settled_at is not None and now - published.settled_at > policy.edit_window:
        return None
    waiting = [d for d in history.of(Action.EDIT) if d.state in (DeliveryState.DUE, DeliveryState.HELD)]
    if waiting:
        # An unsent edit takes the new text; there is no second edit.
        latest = waiting[-1]
        if not latest.announcement.needs_edit(announcement):
            return None
        reason = latest.reason if latest.state is DeliveryState.HELD else None
        return CompareAndSet(known=latest, wanted=replace(latest, announcement=announcement, reason=reason))
    if history.last_words is not None and not history.last_words.needs_edit(announcement):
        return None
    wanted = Delivery(
        key=history.edit_key(entry),
        slug=entry.slug,
        due=now,
        action=Action.EDIT,
        announcement=announcement,
    )
    if room <= 0:
        wanted = replace(wanted, state=DeliveryState.HELD, hold=Hold.BURST_LIMIT, reason=burst_limit_reason(policy))
    return CompareAndSet(known=None, wanted=wanted)


def within_reach(change: CompareAndSet, can: Capabilities, *, now: datetime) -> CompareAndSet:
    """Return the change, adapted to what the account's network supports.

    An unsupported edit is skipped. An unsupported withdrawal is held: the operator has to withdraw the toot by hand.
    """
    wanted = change.wanted
    if wanted is None or not (wanted.state is DeliveryState.DUE or wanted.hold is Hold.BURST_LIMIT):
        return change
    match wanted.action:
        case Action.EDIT if not can.edits:
            reason = Reason(code=ReasonCode.NO_EDITS)
            skipped = replace(wanted, state=DeliveryState.SKIPPED, hold=None, reason=reason, settled_at=now)
            return replace(change, wanted=skipped)
        case Action.DELETE if not can.deletes:
            reason = Reason(code=ReasonCode.NO_DELETIONS)
        case Action.REPLY if not can.replies:
            reason = Reason(code=ReasonCode.NO_REPLIES)
        case _:
            return change
    return replace(change, wanted=replace(wanted, state=DeliveryState.HELD, hold=Hold.UNCLEAR, reason=reason))
