"""Plans the later parts of a thread: each is a delivery of its own that follows the first toot. Pure.

The announcement of the first toot, or of its latest edit, contains the thread as it should be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import Action, Announcement, CompareAndSet, Delivery, DeliveryState, Entry, Hold, Occasion
from bot.domain.deliveries import newer_id
from bot.planner.followups import History, edit
from bot.planner.ruling import Policy

_GOES_OUT = (DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.SENT)
_UNSENT = (DeliveryState.DUE, DeliveryState.HELD, DeliveryState.SKIPPED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Thread:
    """A post's thread on one account."""

    deliveries: Sequence[Delivery]  #: all of this post and account, in the order of recording
    entry: Entry
    withdrawn: str | None  #: `withdrawn:` of the post
    now: datetime
    policy: Policy

    def changes(self) -> Iterator[CompareAndSet]:
        """Yield the changes that make the later parts match; each applies to a delivery of `deliveries`."""
        wanted = self._wanted()
        known = [delivery.key.occasion.part for delivery in self.deliveries]
        reachable = True
        for part in range(2, max([*known, len(wanted) + 1]) + 1):
            history, before = self._history(part), self._history(part - 1)
            reachable &= _may_be_answered(before)
            if history.published is None:
                # The part is composed anew before it is sent; a waiting edit would restore an older text.
                yield from _unsent_edits(history)
            if part - 2 >= len(wanted) or _answers_another(history, before):
                yield from self._drop(history)
            elif reachable:
                yield from self._keep(history, part, wanted[part - 2])

    def _history(self, part: int) -> History:
        return History.of_part(self.deliveries, part)

    def _wanted(self) -> tuple[Announcement, ...]:
        head = self._history(1)
        toot = head.announced
        if self.withdrawn is not None or toot is None or toot.state not in _GOES_OUT or toot.foreign:
            return ()
        # Also after the author removes `withdrawn:`: a withdrawn thread stays withdrawn.
        if any(retraction.state is not DeliveryState.SKIPPED for retraction in head.of(Action.DELETE, Action.REPLY)):
            return ()
        sent = [d for d in head.of(Action.PUBLISH, Action.EDIT) if d.state in _GOES_OUT]
        return sent[-1].announcement.thread

    def _drop(self, history: History) -> Iterator[CompareAndSet]:
        """Yield the changes that remove a part: the post is shorter, its toot is not sent, or it is withdrawn."""
        known = history.announced
        if known is None:
            return
        if known.state in _UNSENT or known.state is DeliveryState.REJECTED:
            yield CompareAndSet(known=known, wanted=None)
        elif history.published is not None and not self._is_answered():
            yield from _unsent_edits(history)
            deletion = _deletion_of(history)
            # A skipped deletion found no toot to delete; now there is one.
            if deletion is None or deletion.state is DeliveryState.SKIPPED:
                yield CompareAndSet(known=deletion, wanted=self._deletion(history, known, before=deletion))

    def _is_answered(self) -> bool:
        # A withdrawal with a reason replies to the toot and keeps the whole thread.
        return bool(self.withdrawn or self._history(1).of(Action.REPLY))

    def _deletion(self, history: History, known: Delivery, *, before: Delivery | None) -> Delivery:
        return Delivery(
            key=history.key(Occasion.WITHDRAW),
            slug=known.slug,
            due=self.now,
            action=Action.DELETE,
            announcement=known.announcement,
            sequence=before.sequence if before is not None else 0,
        )

    def _keep(self, history: History, part: int, announcement: Announcement) -> Iterator[CompareAndSet]:
        known = history.announced
        if known is None:
            yield CompareAndSet(known=None, wanted=self._fresh(part, announcement))
        elif known.state is DeliveryState.DUE:
            if known.announcement != announcement:
                yield CompareAndSet(known=known, wanted=replace(known, announcement=announcement))
        elif known.state is DeliveryState.SKIPPED or known.hold is Hold.UNCLEAR:
            # The part was skipped because the part before it was missing; now that one is sent, or will be.
            due = replace(
                known, state=DeliveryState.DUE, hold=None, reason=None, settled_at=None, announcement=announcement
            )
            yield CompareAndSet(known=known, wanted=due)
        elif history.published is not None:
            yield from self._update_sent(history, known, announcement)

    def _fresh(self, part: int, announcement: Announcement) -> Delivery:
        toot = self._history(1).announced
        assert toot is not None
        key = replace(toot.key, occasion=Occasion.PUBLISH.of_part(part))
        return Delivery(key=key, slug=toot.slug, due=toot.due, action=Action.CONTINUE, announcement=announcement)

    def _update_sent(self, history: History, known: Delivery, announcement: Announcement) -> Iterator[CompareAndSet]:
        """Yield the changes of a sent part: edit it if its text differs, send it again if it was deleted.

        A deletion that was tried may have succeeded, so the worker has to finish it first.
        """
        deletion = _deletion_of(history)
        if deletion is None:
            yield from self._edited(history, announcement)
        elif deletion.state is DeliveryState.SENT:
            yield CompareAndSet(known=deletion, wanted=None)
            again = replace(
                self._fresh(history.part, announcement), sequence=known.sequence, generation=known.generation + 1
            )
            yield CompareAndSet(known=known, wanted=again)
        elif deletion.attempts == 0:
            yield CompareAndSet(known=deletion, wanted=None)
            yield from self._edited(history, announcement)

    def _edited(self, history: History, announcement: Announcement) -> Iterator[CompareAndSet]:
        change = edit(self.entry, history, announcement=announcement, room=1, now=self.now, policy=self.policy)
        if change is None or change.wanted is None:
            return
        done = {delivery.key for delivery in history.deliveries}
        if change.known is not None or change.wanted.key not in done:
            yield change


def _may_be_answered(before: History) -> bool:
    """Whether the next part may reply to this one: not if it was rejected, failed, foreign, or is being deleted."""
    known, deletion = before.announced, _deletion_of(before)
    if deletion is not None and deletion.attempts > 0 and deletion.state is not DeliveryState.SENT:
        return False
    return known is None or (known.state in _GOES_OUT and not known.foreign)


def _answers_another(history: History, before: History) -> bool:
    """Whether a sent part replies to a toot that was deleted since and is, or will be, sent again."""
    known, answered, deletion = history.announced, before.announced, _deletion_of(history)
    if deletion is not None and deletion.state is DeliveryState.SENT:
        return False
    if known is None or answered is None or known.state is not DeliveryState.SENT or known.foreign:
        return False
    if answered.state is not DeliveryState.SENT or known.status_id is None or answered.status_id is None:
        return True
    return newer_id(known.status_id, answered.status_id) == answered.status_id


def _deletion_of(history: History) -> Delivery | None:
    return next(iter(history.of(Action.DELETE)), None)


def _unsent_edits(history: History) -> Iterator[CompareAndSet]:
    return (
        CompareAndSet(known=waiting, wanted=None) for waiting in history.of(Action.EDIT) if waiting.state in _UNSENT
    )
