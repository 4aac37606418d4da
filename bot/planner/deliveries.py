"""Decides what each account is owed for released posts: toots, threads, reminders, edits, withdrawals. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from bot.compose.announcement import make_reminder_post
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
    Occasion,
    OverrideKind,
    Post,
    Reason,
    ReasonCode,
    Reminder,
)
from bot.domain.errors import ComposeError
from bot.planner.builder import PlanBuilder, PlanItem
from bot.planner.cache import PlanCache
from bot.planner.followups import History, called_back, edit, nothing_follows, superseded, withdrawal
from bot.planner.reminders import Reminding
from bot.planner.rules import alike_until, rule
from bot.planner.ruling import Case, Ruling, Verdict, burst_room, failed_for_picture, was_tried
from bot.planner.thread import Thread

_NO_WORDS: Final = Announcement(text="", link=None, length=0, limit=0)


class DeliveryPlanner:
    """Plans the deliveries, account by account."""

    def __init__(
        self, builder: PlanBuilder, out: list[tuple[Post, Entry, bool]], *, cache: PlanCache | None = None
    ) -> None:
        """`out` are the released posts, their entries, and whether their toots need an edit."""
        self._builder = builder
        self._out = sorted(out, key=lambda out: (out[1].published, out[0].order, out[0].slug))
        self._cache = cache or PlanCache()

    def deliver(self, state: AccountState) -> None:
        """Plan the deliveries of every released post for one account, in the order of the posts' datetimes."""
        builder = self._builder
        overrides, histories = builder.snapshot.overrides, builder.histories
        room = burst_room(builder.snapshot, state.address, now=builder.now, policy=builder.policy)
        self._cache.rule_by(state, builder.policy)
        for post, entry, changed in self._out:
            mine = (entry.post_id, state.address)
            override = (overrides.get(entry.post_id) or overrides.get(post.post_id)) if overrides else None
            if override is None and mine not in histories:
                item = self._cache.skipped(post, entry, state.address, now=builder.now)
                if item is not None:
                    builder.items.append(item)
                    continue
            key = DeliveryKey(*mine, Occasion.PUBLISH)
            known = builder.snapshot.deliveries.get(key)
            case = Case(post=post, entry=entry, state=state, known=known, override=override, room=room)
            ruling = self._composed(case, rule(case, now=builder.now, policy=builder.policy))
            room -= ruling.counts and ruling.verdict is Verdict.DUE
            self._write(key, case, ruling)
            until = alike_until(case, now=builder.now, policy=builder.policy) if mine not in histories else builder.now
            if builder.now < until and not post.reminders:
                self._cache.remember_skipped(post, entry, builder.items[-1], now=builder.now, until=until)
            if not changed and nothing_follows(post, histories.get(mine, ())):
                continue
            room -= self._follow_up(case, changed=changed, room=room)
            self._plan_thread(case)
            room -= self._plan_reminders(case, changed=changed, room=room)

    def _composed(self, case: Case, ruling: Ruling) -> Ruling:
        if not ruling.compose:
            return ruling  # keeps the announcement that it has
        known = case.known.announcement if case.known else _NO_WORDS
        try:
            announcement = self._builder.compose(case.post, case.state.address)
            if _is_held_for_picture(ruling) and announcement.pictures != known.pictures:
                # The author replaced the picture, so the toot is ruled on again.
                mended = replace(case, known=replace(case.known, reason=None) if case.known else None)
                return self._composed(mended, rule(mended, now=self._builder.now, policy=self._builder.policy))
            return replace(ruling, announcement=announcement)
        except ComposeError as error:
            # Keep the last announcement that could be composed, so that the operator sees what was intended.
            ruling = replace(ruling, announcement=known)
            if not (ruling.verdict is Verdict.DUE or _is_newly_limited(case, ruling)):
                return ruling
            reason = Reason(code=ReasonCode.CANNOT_BE_COMPOSED, text=str(error))
            return replace(ruling, verdict=Verdict.HELD, hold=Hold.UNCLEAR, reason=reason, again=False)

    def _write(self, key: DeliveryKey, case: Case, ruling: Ruling) -> None:
        known = case.known
        self._builder.items.append(
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
            self._builder.change(CompareAndSet(known=known, wanted=None))
        elif ruling.writes:
            fresh = Delivery(key=key, slug=case.post.slug, due=case.due, announcement=_NO_WORDS)
            wanted = replace(ruling.apply(known or fresh, now=self._builder.now), slug=case.post.slug)
            if case.post.reminding is not None and not was_tried(wanted):
                wanted = replace(wanted, due=case.due)  # the author may have moved it
            by_command = case.override is not None and case.override.kind is OverrideKind.HOLD
            self._builder.upsert(known, wanted, told=by_command and ruling.hold is Hold.OPERATOR)

    def _follow_up(self, case: Case, *, changed: bool, room: int) -> int:
        """Edit or withdraw the toot; returns how many deliveries count against the burst limit."""
        deliveries = self._builder.histories[case.entry.post_id, case.state.address]
        history = History.of_part(deliveries, 1)
        for change in (*superseded(case.post, history), *called_back(case.post, history)):
            self._builder.change(change)
        self._show_open(deliveries, case)
        history = History.of_part(deliveries, 1)
        published = history.published
        if published is None:
            return 0
        if case.post.withdrawn is not None:
            reason = self._reason(case, published.announcement)
            self._builder.add_followup(withdrawal(case.post, history, reason=reason, now=self._builder.now), case.post)
            return 0
        if not changed:
            return 0
        return self._edit(case, case.post, history, room=room)

    def _edit(self, case: Case, source: Post, history: History, *, room: int) -> int:
        """Edit a toot to match its post; returns how many deliveries count against the burst limit."""
        builder = self._builder
        try:
            announcement = builder.compose(source, case.state.address)
        except ComposeError as error:
            names = (history.reminder_id,) if history.reminder_id else ()
            builder.troubles.append(
                Reason(code=ReasonCode.NOT_EDITED, slug=case.post.slug, names=names, text=str(error))
            )
            builder.edits_owed.add(case.entry.post_id)
            return 0
        change = edit(case.entry, history, announcement=announcement, room=room, now=builder.now, policy=builder.policy)
        return int(builder.add_followup(change, case.post))

    def _plan_reminders(self, case: Case, *, changed: bool, room: int) -> int:
        """Rule on the post's reminders and update the sent ones; returns how many count against the burst limit."""
        known = self._builder.histories[case.entry.post_id, case.state.address]
        if not case.post.reminders and not any(one.key.occasion.reminder_id for one in known):
            return 0
        before, reminding = room, self._reminding(case)
        for change in reminding.unlisted():
            self._builder.change(change)
        for reminder in case.post.reminders:
            one = self._reminding(case).case(reminder, room=room)
            ruling = self._composed(one, self._reminding(case).rule(one))
            room -= ruling.counts and ruling.verdict is Verdict.DUE
            self._write(reminding.key(reminder.reminder_id), one, ruling)
        for reminder_id in self._reminding(case).known_ids():
            for change in self._reminding(case).afterwards(reminder_id):
                if change.wanted is None:
                    self._builder.change(change)
                else:
                    self._builder.add_followup(change, case.post)
        for reminder in case.post.reminders:
            if case.post.withdrawn is None and (changed or self._reminding(case).is_reworded(reminder)):
                room -= self._edit_reminder(case, reminder, room=room)
        return before - room

    def _reminding(self, case: Case) -> Reminding:
        deliveries = tuple(self._builder.histories[case.entry.post_id, case.state.address])
        return Reminding(toot=case, deliveries=deliveries, now=self._builder.now, policy=self._builder.policy)

    def _edit_reminder(self, case: Case, reminder: Reminder, *, room: int) -> int:
        """Edit a sent reminder; returns how many deliveries count against the burst limit."""
        history = self._reminding(case).history(reminder.reminder_id)
        if history.published is None:
            return 0
        return self._edit(case, make_reminder_post(case.post, reminder), history, room=room)

    def _plan_thread(self, case: Case) -> None:
        """Update the later parts of the thread to match the toot."""
        thread = Thread(
            deliveries=tuple(self._builder.histories[case.entry.post_id, case.state.address]),
            entry=case.entry,
            withdrawn=case.post.withdrawn,
            now=self._builder.now,
            policy=self._builder.policy,
        )
        for change in thread.changes():
            self._builder.change(change)

    def _reason(self, case: Case, published: Announcement) -> Announcement | None:
        if not case.post.withdrawn:
            return None
        can = self._builder.accounts[case.state.address]
        return compose_reason(case.post.withdrawn, published, limits=can.limits, dialect=can.capabilities.dialect)

    def _show_open(self, deliveries: Iterable[Delivery], case: Case) -> None:
        open_states = (DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.HELD, DeliveryState.REJECTED)
        for delivery in deliveries:
            if delivery.action is not Action.PUBLISH and delivery.state in open_states:
                # Under the present name of its file, which is what commands accept.
                self._builder.add_item(delivery, slug=case.post.slug, title=case.post.title)

    def orphans(self, accounts: Iterable[str]) -> None:
        """Hold toots that are owed for posts without a file: the author may have taken them back.

        Edits and withdrawals go on, because authors often remove the file of a post once it is withdrawn.
        """
        ruled = {(entry.post_id, account) for _, entry, _ in self._out for account in accounts}
        for delivery in self._builder.snapshot.deliveries.values():
            key = delivery.key
            ours = delivery.action is Action.PUBLISH and key.account in accounts
            waits = delivery.state is DeliveryState.DUE or delivery.hold in (Hold.BURST_LIMIT, Hold.UNCLEAR)
            if not ours or not waits or (key.post_id, key.account) in ruled:
                continue
            reason = Reason(code=ReasonCode.FILE_UNUSABLE)
            wanted = replace(delivery, state=DeliveryState.HELD, hold=Hold.UNCLEAR, reason=reason)
            self._builder.upsert(delivery, wanted)
            self._show_orphan(wanted)

    def _show_orphan(self, delivery: Delivery) -> None:
        entry = self._builder.snapshot.entries.get(delivery.key.post_id)
        self._builder.add_item(delivery, slug=delivery.slug, title=entry.title if entry is not None else delivery.slug)


def _is_newly_limited(case: Case, ruling: Ruling) -> bool:
    # `announce resume` sends what the burst limit holds, so nothing may enter that hold without a text.
    return ruling.hold is Hold.BURST_LIMIT and (case.known is None or case.known.hold is not Hold.BURST_LIMIT)


def _is_held_for_picture(ruling: Ruling) -> bool:
    return ruling.hold is Hold.UNCLEAR and failed_for_picture(ruling.reason)
