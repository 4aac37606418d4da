"""What each account is owed for the posts that are out: toots, threads, reminders, edits, withdrawals. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from bot.compose.announcement import as_reminder
from bot.compose.composer import compose_reason
from bot.domain import (
    AccountState,
    Action,
    Announcement,
    CompareAndSet,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Entry,
    Hold,
    Limits,
    Occasion,
    OverrideKind,
    Post,
    Reason,
    ReasonCode,
    Reminder,
)
from bot.domain.errors import ComposeError
from bot.planner.builder import PlanBuilder, PlanItem
from bot.planner.burst_limit import brake_room
from bot.planner.cache import PlanCache
from bot.planner.followups import History, called_back, edit, nothing_follows, superseded, withdrawal
from bot.planner.reminders import Reminding
from bot.planner.rules import alike_until, rule
from bot.planner.ruling import Case, Ruling, Verdict, failed_for_picture, was_tried
from bot.planner.thread import Thread

_NO_WORDS: Final = Announcement(text="", link=None, length=0, limit=0)


class DeliveryPlanner:
    """Rules on what is owed, account by account."""

    def __init__(
        self, sheet: PlanBuilder, out: list[tuple[Post, Entry, bool]], *, memory: PlanCache | None = None
    ) -> None:
        """`out` are the released posts, their entries, and whether their words are new to the toots."""
        self._sheet = sheet
        self._out = sorted(out, key=lambda out: (out[1].published, out[0].order, out[0].slug))
        self._memory = memory or PlanCache()

    def deliver(self, state: AccountState) -> None:
        """Rule on every released post for one account, in the order of their datetimes."""
        sheet, words, histories = self._sheet, self._sheet.snapshot.words, self._sheet.histories
        room = brake_room(sheet.snapshot, state.address, now=sheet.now, policy=sheet.policy)
        self._memory.rule_by(state, sheet.policy)
        for post, entry, changed in self._out:
            mine = (entry.post_id, state.address)
            word = (words.get(entry.post_id) or words.get(post.post_id)) if words else None
            if word is None and mine not in histories:
                item = self._memory.skipped(post, entry, state.address, now=sheet.now)
                if item is not None:
                    sheet.items.append(item)
                    continue
            key = DeliveryKey(*mine, Occasion.PUBLISH)
            known = sheet.snapshot.deliveries.get(key)
            case = Case(post=post, entry=entry, state=state, known=known, word=word, room=room)
            ruling = self._with_words(case, rule(case, now=sheet.now, policy=sheet.policy))
            room -= ruling.counts and ruling.verdict is Verdict.DUE
            self._write(key, case, ruling)
            until = alike_until(case, now=sheet.now, policy=sheet.policy) if mine not in histories else sheet.now
            if sheet.now < until and not post.reminders:
                self._memory.is_skipped(post, entry, sheet.items[-1], now=sheet.now, until=until)
            if not changed and nothing_follows(post, histories.get(mine, ())):
                continue
            room -= self._afterwards(case, changed=changed, room=room)
            self._follow_with_thread(case)
            room -= self._remind(case, changed=changed, room=room)

    def _with_words(self, case: Case, ruling: Ruling) -> Ruling:
        if not ruling.compose:
            return ruling  # its words stay as they are
        known = case.known.announcement if case.known else _NO_WORDS
        try:
            words = self._sheet.compose(case.post, case.state.address)
            if _is_held_for_picture(ruling) and words.pictures != known.pictures:
                # Mended: ruled on like any other that was unclear.
                mended = replace(case, known=replace(case.known, reason=None) if case.known else None)
                return self._with_words(mended, rule(mended, now=self._sheet.now, policy=self._sheet.policy))
            return replace(ruling, announcement=words)
        except ComposeError as error:
            # The last words that could be composed stay: they show what was meant.
            ruling = replace(ruling, announcement=known)
            if ruling.verdict is not Verdict.DUE:
                return ruling
            reason = Reason(code=ReasonCode.CANNOT_BE_COMPOSED, text=str(error))
            return replace(ruling, verdict=Verdict.HELD, hold=Hold.UNCLEAR, reason=reason, again=False)

    def _write(self, key: DeliveryKey, case: Case, ruling: Ruling) -> None:
        known = case.known
        self._sheet.items.append(
            PlanItem(
                post_id=key.post_id,
                slug=case.post.slug,
                title=case.post.title,
                account=key.account,
                due=case.entry.published if case.post.reminding is None else case.due,
                order=case.post.order,
                verdict=ruling.verdict,
                occasion=key.occasion,
                reason=ruling.reason or (case.state.blocked if ruling.verdict is Verdict.DUE else None),
                hold=ruling.hold,
                status_url=known.status_url if known else None,
            )
        )
        if ruling.retract:
            self._sheet.change(CompareAndSet(known=known, wanted=None))
        elif ruling.writes:
            fresh = Delivery(key=key, slug=case.post.slug, due=case.due, announcement=_NO_WORDS)
            wanted = replace(ruling.apply(known or fresh, now=self._sheet.now), slug=case.post.slug)
            if case.post.reminding is not None and not was_tried(wanted):
                wanted = replace(wanted, due=case.due)  # its list may be rewritten
            by_word = case.word is not None and case.word.said is OverrideKind.HOLD
            self._sheet.want(known, wanted, told=by_word and ruling.hold is Hold.PERSON)

    def _afterwards(self, case: Case, *, changed: bool, room: int) -> int:
        """Edit or take back the toot; returns how much room of the brake that takes."""
        deliveries = self._sheet.histories[case.entry.post_id, case.state.address]
        history = History.of_part(deliveries, 1)
        for change in (*superseded(case.post, history), *called_back(case.post, history)):
            self._sheet.change(change)
        self._show_open(deliveries, case)
        history = History.of_part(deliveries, 1)
        published = history.published
        if published is None:
            return 0
        if case.post.withdrawn is not None:
            reason = self._reason(case, published.announcement)
            self._sheet.follow(withdrawal(case.post, history, reason=reason, now=self._sheet.now), case.post)
            return 0
        if not changed:
            return 0
        return self._edit(case, case.post, history, room=room)

    def _edit(self, case: Case, words_of: Post, history: History, *, room: int) -> int:
        """Let a toot say what its post says now; returns how much room of the brake that takes."""
        sheet = self._sheet
        try:
            words = sheet.compose(words_of, case.state.address)
        except ComposeError as error:
            names = (history.reminder_id,) if history.reminder_id else ()
            sheet.troubles.append(Reason(code=ReasonCode.NOT_EDITED, slug=case.post.slug, names=names, text=str(error)))
            sheet.edits_owed.add(case.entry.post_id)
            return 0
        better = edit(case.entry, history, announcement=words, room=room, now=sheet.now, policy=sheet.policy)
        return int(sheet.follow(better, case.post))

    def _remind(self, case: Case, *, changed: bool, room: int) -> int:
        """Rule on the post's reminders, and keep those that are out in step; returns how much room that takes."""
        known = self._sheet.histories[case.entry.post_id, case.state.address]
        if not case.post.reminders and not any(one.key.occasion.reminder_id for one in known):
            return 0
        before, reminding = room, self._reminding(case)
        for change in reminding.unlisted():
            self._sheet.change(change)
        for reminder in case.post.reminders:
            one = self._reminding(case).case(reminder, room=room)
            ruling = self._with_words(one, self._reminding(case).rule(one))
            room -= ruling.counts and ruling.verdict is Verdict.DUE
            self._write(reminding.key(reminder.reminder_id), one, ruling)
        for reminder_id in self._reminding(case).known_ids():
            for change in self._reminding(case).afterwards(reminder_id):
                if change.wanted is None:
                    self._sheet.change(change)
                else:
                    self._sheet.follow(change, case.post)
        for reminder in case.post.reminders:
            if case.post.withdrawn is None and (changed or self._reminding(case).is_reworded(reminder)):
                room -= self._reword(case, reminder, room=room)
        return before - room

    def _reminding(self, case: Case) -> Reminding:
        deliveries = tuple(self._sheet.histories[case.entry.post_id, case.state.address])
        return Reminding(toot=case, deliveries=deliveries, now=self._sheet.now, policy=self._sheet.policy)

    def _reword(self, case: Case, reminder: Reminder, *, room: int) -> int:
        """Edit a reminder that is out; returns how much room of the brake that takes."""
        history = self._reminding(case).history(reminder.reminder_id)
        if history.published is None:
            return 0
        return self._edit(case, as_reminder(case.post, reminder), history, room=room)

    def _follow_with_thread(self, case: Case) -> None:
        """Keep the later parts of the thread in step with the toot."""
        thread = Thread(
            deliveries=tuple(self._sheet.histories[case.entry.post_id, case.state.address]),
            entry=case.entry,
            withdrawn=case.post.withdrawn,
            now=self._sheet.now,
            policy=self._sheet.policy,
        )
        for change in thread.changes():
            self._sheet.change(change)

    def _reason(self, case: Case, published: Announcement) -> Announcement | None:
        if not case.post.withdrawn:
            return None
        limits = case.state.facts.limits if case.state.facts is not None else Limits()
        dialect = self._sheet.capabilities(case.state.address).dialect
        return compose_reason(case.post.withdrawn, published, limits=limits, dialect=dialect)

    def _show_open(self, deliveries: Iterable[Delivery], case: Case) -> None:
        open_states = (DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.HELD, DeliveryState.REJECTED)
        for delivery in deliveries:
            if delivery.action is not Action.PUBLISH and delivery.state in open_states:
                # By the name that its file has now: so it is called in commands.
                self._sheet.show(delivery, slug=case.post.slug, title=case.post.title)

    def orphans(self, accounts: Iterable[str]) -> None:
        """Hold toots that are owed for posts that are not there (any more): a person may have taken them back.

        Edits and withdrawals go on: a file is often removed once it was withdrawn.
        """
        ruled = {(entry.post_id, account) for _, entry, _ in self._out for account in accounts}
        for delivery in self._sheet.snapshot.deliveries.values():
            key = delivery.key
            ours = delivery.action is Action.PUBLISH and key.account in accounts
            waits = delivery.state is DeliveryState.DUE or delivery.hold in (Hold.BRAKE, Hold.UNCLEAR)
            if not ours or not waits or (key.post_id, key.account) in ruled:
                continue
            reason = Reason(code=ReasonCode.FILE_UNUSABLE)
            wanted = replace(delivery, state=DeliveryState.HELD, hold=Hold.UNCLEAR, reason=reason)
            self._sheet.want(delivery, wanted)
            self._show_orphan(wanted)

    def _show_orphan(self, delivery: Delivery) -> None:
        entry = self._sheet.snapshot.entries.get(delivery.key.post_id)
        self._sheet.show(delivery, slug=delivery.slug, title=entry.title if entry is not None else delivery.slug)


def _is_held_for_picture(ruling: Ruling) -> bool:
    return ruling.hold is Hold.UNCLEAR and failed_for_picture(ruling.reason)
