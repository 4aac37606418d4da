"""What follows a toot that is out: edits and withdrawals, each decided for one post and one account. Pure."""

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
    """What concerns one part of a post's thread, or one reminder, on one account, in the order of its recording."""

    deliveries: Sequence[Delivery]
    part: int = 1
    reminder_id: str = ""

    @staticmethod
    def of_part(deliveries: Iterable[Delivery], part: int) -> History:
        """The history of one part, out of the deliveries of one post to one account."""
        about = Occasion.PUBLISH.of_part(part)
        mine = [delivery for delivery in deliveries if delivery.key.occasion.about == about]
        return History(deliveries=mine, part=part)

    @staticmethod
    def of_reminder(deliveries: Iterable[Delivery], reminder_id: str) -> History:
        """The history of one reminder, out of the deliveries of one post to one account."""
        about = Occasion.reminder(reminder_id)
        mine = [delivery for delivery in deliveries if delivery.key.occasion.about == about]
        return History(deliveries=mine, reminder_id=reminder_id)

    @property
    def announced(self) -> Delivery | None:
        """What posts the toot, however far it came."""
        return next(iter(self.of(Action.PUBLISH, Action.CONTINUE)), None)

    @property
    def published(self) -> Delivery | None:
        """The toot itself, if it is out (or may be) and is ours to change."""
        known = self.announced
        return known if known is not None and known.state in _OUT and not known.foreign else None

    @property
    def is_deleted(self) -> bool:
        """Whether the toot was deleted, or may have been."""
        return any(taking.state is DeliveryState.SENT or taking.attempts > 0 for taking in self.of(Action.DELETE))

    def of(self, *actions: Action) -> list[Delivery]:
        """The deliveries with one of these actions."""
        return [delivery for delivery in self.deliveries if delivery.action in actions]

    @property
    def last_words(self) -> Announcement | None:
        """What the server was last told to show, or is being told."""
        said = [d for d in self.of(Action.PUBLISH, Action.CONTINUE, Action.EDIT) if d.state in _OUT]
        return said[-1].announcement if said else None

    def key(self, occasion: Occasion) -> DeliveryKey:
        """The same post and account, on an occasion of this part or reminder."""
        key = self.deliveries[0].key
        if self.reminder_id:
            return replace(key, occasion=occasion.of_reminder(self.reminder_id))
        return DeliveryKey(key.post_id, key.account, occasion.of_part(self.part))

    def edit_key(self, entry: Entry) -> DeliveryKey:
        """The key of the next edit; a reminder's words change without the entry's."""
        revision = len(self.of(Action.EDIT)) + 1 if self.reminder_id else entry.revision
        return self.key(Occasion.edit(revision))


def nothing_follows(post: Post, deliveries: Sequence[Delivery]) -> bool:
    """Whether there is nothing to edit, take back, call off or remind of, for sure, while the post's words stay.

    Of ten thousand posts that holds for nearly all: never tooted, or tooted at once and never touched again.
    `deliveries` are all of the post on one account.
    """
    if post.reminders:
        return False
    if not deliveries:
        return True
    toot = deliveries[0]
    is_whole = len(deliveries) == 1 and toot.key.occasion == Occasion.PUBLISH and not toot.announcement.thread
    return is_whole and toot.state is DeliveryState.SENT and post.withdrawn is None


def withdrawal(post: Post, history: History, *, reason: Announcement | None, now: datetime) -> CompareAndSet | None:
    """The change that takes a toot back: deletes it, or answers it with `reason`."""
    published = history.published
    if post.withdrawn is None or published is None:
        return None
    known = next(iter(history.of(Action.DELETE, Action.REPLY)), None)
    # One that was called off found no toot to take back; now there is one.
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
    """Withdrawals that have not gone out, of a post whose mark was taken away: it stands after all."""
    known = history.announced
    if post.withdrawn is not None or (known is not None and known.state is DeliveryState.SENDING):
        # While nobody knows whether it is out, the withdrawal stands: if it is not, it must not be sent again.
        return []
    takings = history.of(Action.DELETE, Action.REPLY)
    return [CompareAndSet(known=taking, wanted=None) for taking in takings if _has_not_happened(taking)]


def _has_not_happened(taking: Delivery) -> bool:
    # A deletion whose answer was lost may have come through, so it is carried to its end.
    if taking.state is DeliveryState.DUE:
        return taking.action.posts or taking.attempts == 0
    return taking.state is DeliveryState.HELD


def superseded(post: Post, history: History) -> list[CompareAndSet]:
    """Edits that were not sent yet and no longer matter.

    The toot is taken back; or it is not out after all, and is composed anew, so that a waiting edit would bring older
    words.
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
    """The change that brings a toot up to the post's new words; None if it says them already."""
    published = history.published
    if published is None or not policy.edits or history.is_deleted:
        return None
    if published.settled_at is not None and now - published.settled_at > policy.edit_window:
        return None
    waiting = [d for d in history.of(Action.EDIT) if d.state in (DeliveryState.DUE, DeliveryState.HELD)]
    if waiting:
        # What was never sent is simply said better.
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
        wanted = replace(wanted, state=DeliveryState.HELD, hold=Hold.BRAKE, reason=burst_limit_reason(policy))
    return CompareAndSet(known=None, wanted=wanted)


def within_reach(change: CompareAndSet, can: Capabilities, *, now: datetime) -> CompareAndSet:
    """The change; a delivery that the account's network cannot carry out is not due but settled, with the reason.

    An edit is skipped. A withdrawal is held: a person has to take the toot back by hand.
    """
    wanted = change.wanted
    if wanted is None or not (wanted.state is DeliveryState.DUE or wanted.hold is Hold.BRAKE):
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
