"""Decides on a post's reminders on one account. Pure.

The rules treat a reminder like a toot with a datetime of its own. In addition it is owed only while the post's own toot
stands, and only if that toot was sent before the reminder's moment, or came too late to be sent at all. The operator's
HOLD and SKIP of the post apply to its reminders; RELEASE, PUBLISH and RETRY do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.compose.announcement import make_reminder_post
from bot.domain import (
    Action,
    CompareAndSet,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Hold,
    Occasion,
    Override,
    OverrideKind,
    Post,
    Reason,
    ReasonCode,
    Reminder,
)
from bot.planner.followups import History, called_back, superseded, withdrawal
from bot.planner.rules import rule, skip
from bot.planner.ruling import Case, Policy, Ruling, Verdict, was_tried
from bot.posts.frontmatter.reminders import source_of

_UNSENT = (DeliveryState.DUE, DeliveryState.HELD)
_PENDING = (*_UNSENT, DeliveryState.SENDING, DeliveryState.REJECTED)
_FINAL = (Verdict.SENDING, Verdict.SENT, Verdict.REJECTED, Verdict.SKIPPED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reminding:
    """A post's reminders on one account: the case of the post's toot, and all deliveries."""

    toot: Case
    deliveries: Sequence[Delivery]  #: of this post and account, in the order of their recording
    now: datetime
    policy: Policy

    def key(self, reminder_id: str) -> DeliveryKey:
        """Return the key of a reminder's delivery."""
        return DeliveryKey(self.toot.entry.post_id, self.toot.state.address, Occasion.reminder(reminder_id))

    def history(self, reminder_id: str) -> History:
        """Return the deliveries of one reminder."""
        return History.of_reminder(self.deliveries, reminder_id)

    def case(self, reminder: Reminder, *, room: int) -> Case:
        """Return the case of one reminder, to be ruled on."""
        return replace(
            self.toot,
            post=make_reminder_post(self.toot.post, reminder),
            known=self.history(reminder.reminder_id).announced,
            override=override_of_reminders(self.toot.override),
            room=room,
        )

    def rule(self, case: Case) -> Ruling:
        """Decide on a reminder, given the case that `case` returns for it."""
        if case.due > self.now:
            return self._waits(case)
        ruling = rule(case, now=self.now, policy=self.policy)
        if ruling.verdict in _FINAL:
            return ruling
        own = self._own()
        reason = _out_of_place(own, case.due)
        if reason:
            return skip(case, reason)
        if own.announced is not None and own.announced.state in _PENDING:
            return _retracted(case, Verdict.UPCOMING, Reason(code=ReasonCode.WAITS_FOR_TOOT))
        return ruling

    def _waits(self, case: Case) -> Ruling:
        # Burst limit, lateness and hours of the day are checked once the reminder is due.
        ruling = rule(replace(case, room=1), now=self.now, policy=self.policy)
        if ruling.verdict in _FINAL or (case.known is not None and was_tried(case.known)):
            return replace(ruling, writes=ruling.writes and case.known is not None)
        if _is_taken_back(self._own()):
            return _retracted(case, Verdict.SKIPPED, Reason(code=ReasonCode.TOOT_TAKEN_BACK))
        held = ruling.hold is Hold.OPERATOR and case.override is not None
        return _retracted(case, Verdict.HELD if held else Verdict.UPCOMING, ruling.reason if held else None)

    def unlisted(self) -> Iterator[CompareAndSet]:
        """Yield the changes that cancel unsent reminders that the author has removed from the post."""
        listed = {reminder.reminder_id for reminder in self.toot.post.reminders}
        for reminder_id in self.known_ids():
            known = self.history(reminder_id).announced
            if reminder_id in listed or known is None or known.state not in _UNSENT:
                continue
            off = replace(
                known,
                state=DeliveryState.SKIPPED,
                hold=None,
                reason=Reason(code=ReasonCode.REMINDER_UNLISTED),
                settled_at=self.now,
            )
            yield CompareAndSet(known=known, wanted=replace(off, not_before=None) if was_tried(known) else None)

    def afterwards(self, reminder_id: str) -> Iterator[CompareAndSet]:
        """Yield the changes that delete a sent reminder together with its toot, and cancel its obsolete edits."""
        post, history = self.toot.post, self.history(reminder_id)
        yield from superseded(post, history)
        yield from called_back(post, history)
        # A withdrawal with a reason keeps the reminder: it replies to the post's toot and deletes nothing.
        is_answered = bool(post.withdrawn) or any(self._own().of(Action.REPLY))
        if not is_answered:
            change = withdrawal(post, history, reason=None, now=self.now)
            if change is not None:
                yield change

    def _own(self) -> History:
        return History.of_part(self.deliveries, 1)

    def is_reworded(self, reminder: Reminder) -> bool:
        """Whether the author has changed the text of a sent reminder since it was last sent or edited."""
        sent = self.history(reminder.reminder_id).last_words
        return sent is not None and sent.source != source_of(reminder)

    def known_ids(self) -> list[str]:
        """Return the ids of the reminders that the ledger has deliveries of."""
        ids = (delivery.key.occasion.reminder_id for delivery in self.deliveries)
        return list(dict.fromkeys(filter(None, ids)))


def override_of_reminders(override: Override | None) -> Override | None:
    """Return the operator's override of a post if it applies to the post's reminders; else None."""
    return override if override is not None and override.kind in (OverrideKind.HOLD, OverrideKind.SKIP) else None


def coming_moments(posts: Iterable[Post], *, now: datetime) -> Iterator[datetime]:
    """Yield the moments of future reminders."""
    for post in posts:
        yield from (reminder.at for reminder in post.reminders if reminder.at > now)


def _retracted(case: Case, verdict: Verdict, reason: Reason | None) -> Ruling:
    """Return a ruling that owes nothing, and removes an untried delivery."""
    known = case.known
    return Ruling(
        verdict=verdict,
        reason=reason,
        hold=Hold.OPERATOR if verdict is Verdict.HELD else None,
        retract=known is not None and not was_tried(known) and known.state in _UNSENT,
    )


def _out_of_place(own: History, due: datetime) -> Reason | None:
    """Return why a reminder is not owed beside the post's toot; None if it is."""
    toot = own.announced
    if _is_taken_back(own):
        return Reason(code=ReasonCode.TOOT_TAKEN_BACK)
    if toot is not None and toot.state is DeliveryState.SKIPPED:
        return Reason(code=ReasonCode.TOOT_NOT_SENT, cause=toot.reason)
    if toot is not None and toot.state is DeliveryState.SENT and toot.settled_at is not None and toot.settled_at > due:
        return Reason(code=ReasonCode.TOOT_LATER_THAN_THIS)
    return None


def _is_taken_back(own: History) -> bool:
    retractions = own.of(Action.DELETE, Action.REPLY)
    return any(retraction.state is not DeliveryState.SKIPPED for retraction in retractions)
