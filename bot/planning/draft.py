"""The decisions of one pass while they are being made. Pure; `bot.plan` is the way in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bot.compose.pictures import problems_of
from bot.compose.reason import compose_reason
from bot.compose.reminder import as_reminder
from bot.durations import format_duration
from bot.errors import ComposeError
from bot.feeds.entry import entry_of, refreshed
from bot.model import (
    AccountState,
    Action,
    Announcement,
    Change,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Entry,
    Event,
    Hold,
    Limits,
    Occasion,
    OldEntry,
    PageLook,
    Post,
    Recording,
    Reminder,
    Said,
    Snapshot,
    Upcoming,
)
from bot.planning.afterwards import History, called_back, edit, superseded, withdrawal
from bot.planning.gone import GONE_AFTER
from bot.planning.item import Item, published_of
from bot.planning.matching import Matching
from bot.planning.old_ids import taken_over
from bot.planning.pages import PageWait, item_without_page
from bot.planning.reminders import Reminding
from bot.planning.thread import Thread
from bot.planning.verdict import PICTURE_FAILED, Case, Policy, Ruling, Verdict, brake_room, rule, was_tried

#: Stands for the words of a post that the site should not show (any more).
HIDDEN: Final = "hidden"
#: A shorter wait for a page is not told.
_WORTH_TELLING: Final = timedelta(seconds=1)
_NO_WORDS: Final = Announcement(text="", link=None, length=0, limit=0)

Compose = Callable[[Post, str], Announcement]


def _is_held_for_picture(ruling: Ruling) -> bool:
    return ruling.hold is Hold.UNCLEAR and ruling.reason.startswith(PICTURE_FAILED)


class Draft:
    """The decisions while they are being made."""

    def __init__(
        self,
        *,
        snapshot: Snapshot,
        now: datetime,
        policy: Policy,
        compose: Compose,
        pages: Mapping[str, PageLook] | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.now = now
        self.policy = policy
        self.compose = compose
        self.old_entries: Mapping[Path, OldEntry] = {}  #: what a post was known by in a feed before this one
        self.items: list[Item] = []
        self.newly_released: list[Post] = []
        self.released_ids: set[str] = set()
        self.troubles: list[str] = []
        self.pages = PageWait(snapshot=snapshot, looks=pages or {}, now=now, policy=policy)
        self.deploys: dict[str, str] = {}  #: post id → the words that the site should show
        self._out: list[tuple[Post, Entry, bool]] = []
        self._entries: list[Entry] = []
        self._edits_owed: set[str] = set()
        self._old: list[str] = []
        self._changes: list[Change] = []
        self._events: list[Event] = []
        self._histories: dict[tuple[str, str], list[Delivery]] = defaultdict(list)
        for delivery in sorted(snapshot.deliveries.values(), key=lambda d: d.sequence):
            self._histories[delivery.key.post_id, delivery.key.account].append(delivery)

    def release(self, post: Post, matching: Matching) -> None:
        """Enter the post into the feeds if its time has come, or refresh its entry."""
        known = matching.entries.get(post.path)
        if known is None:
            due = self._due(post, matching)
            if due is None:
                return
            page = self.pages.rule(post, self.snapshot.words.get(post.post_id))
            if not page.released:
                self.items.append(item_without_page(post, page, now=self.now))
                self.deploys[post.post_id] = post.digest
                return
            dated = None if due == post.published else post.published
            now_due = replace(post, published=due)
            entry = replace(
                entry_of(now_due, released_at=self.now, tag_ids=self.policy.tag_ids),
                dated=dated,
                waited=page.waited,
                without_page=page.without,
            )
            if post.path in self.old_entries:
                entry = taken_over(entry, self.old_entries[post.path], post, now=self.now)
            self.newly_released.append(post)
            self._tell_release(post, entry)
        elif self._is_another(post, known):
            # A file with a datetime to come is not the released post, whatever it shares with it: nothing shows.
            return
        else:
            entry = refreshed(known, post, now=self.now)
            if entry.missing_since is not None:
                entry = replace(entry, missing_since=None)
        self.released_ids.add(post.post_id)
        self.deploys[entry.post_id] = HIDDEN if entry.hidden else entry.digest
        self._tell_missing_page(entry)
        changed = known is not None and (entry.revision != known.revision or known.edit_owed)
        self._out.append((post, entry, changed))
        self._entries.append(entry)

    def _tell_missing_page(self, entry: Entry) -> None:
        if entry.without_page and self.now < entry.released_at + GONE_AFTER:
            self.troubles.append(f"{entry.slug} was released without its page: {entry.without_page}")

    def _tell_release(self, post: Post, entry: Entry) -> None:
        late = self.now - entry.due
        if late > self.policy.catch_up:
            self._old.append(post.slug)
            return
        page = f", {format_duration(entry.waited)} of it for its page" if entry.waited >= _WORTH_TELLING else ""
        detail = f"{format_duration(self.now - entry.published)} after its time{page}"
        self._events.append(Event(at=self.now, what="released", slug=post.slug, detail=detail))
        for problem in () if self.policy.hold_without_picture else problems_of(post):
            detail = f"{problem}; it goes out without this picture"
            self._events.append(Event(at=self.now, what="picture left out", slug=post.slug, detail=detail))

    def _is_another(self, post: Post, known: Entry) -> bool:
        # Also once that datetime has come: it must not overwrite the entry, nor edit the toot, of another post.
        word = self.snapshot.words.get(known.post_id)
        released_early = word is not None and word.early
        return published_of(post) > max(known.published, known.released_at) and not released_early

    def _due(self, post: Post, matching: Matching) -> datetime | None:
        """The datetime that the post is released with now; None if it is not."""
        published, word = published_of(post), self.snapshot.words.get(post.post_id)
        if published > self.now:
            early = word is not None and word.said is Said.PUBLISH and word.early
            return self.now.replace(microsecond=0) if early else None
        held = f"held by {word.who}" if word is not None and word.said is Said.HOLD else ""
        reason = held or matching.unclear.get(post.path, "")
        if not reason:
            return published
        self._hold_release(post, reason, Hold.PERSON if held else Hold.UNCLEAR)
        return None

    def _hold_release(self, post: Post, reason: str, hold: Hold) -> None:
        self.items.append(
            Item(
                post_id=post.post_id,
                slug=post.slug,
                title=post.title,
                account="",
                due=published_of(post),
                order=post.order,
                verdict=Verdict.HELD,
                reason=reason,
                hold=hold,
            )
        )

    def miss(self, vanished: Iterable[Entry]) -> None:
        """Note entries whose file has disappeared: they leave the feeds after a day, their toots stay."""
        for entry in vanished:
            if entry.missing_since is None:
                entry = replace(entry, missing_since=self.now)
                self._entries.append(entry)
            assert entry.missing_since is not None
            leaves = entry.missing_since + GONE_AFTER
            if leaves > self.now and not entry.hidden:
                self.troubles.append(
                    f"the file of {entry.slug} is gone: its toot stays, its entry leaves the feeds on "
                    f"{leaves:%Y-%m-%d %H:%M} UTC. To take the post back, bring the file back with `withdrawn: true`."
                )

    def deliver(self, state: AccountState) -> None:
        """Rule on every released post for one account, in the order of their datetimes."""
        room = brake_room(self.snapshot, state.address, now=self.now, policy=self.policy)
        for post, entry, changed in sorted(self._out, key=lambda out: (out[1].published, out[0].order, out[0].slug)):
            key = DeliveryKey(entry.post_id, state.address, Occasion.PUBLISH)
            case = Case(
                post=post,
                entry=entry,
                state=state,
                known=self.snapshot.deliveries.get(key),
                word=self.snapshot.words.get(entry.post_id) or self.snapshot.words.get(post.post_id),
                room=room,
            )
            ruling = self._with_words(case, rule(case, now=self.now, policy=self.policy))
            room -= ruling.counts and ruling.verdict is Verdict.DUE
            self._write(key, case, ruling)
            room -= self._afterwards(case, changed=changed, room=room)
            self._follow_with_thread(case)
            room -= self._remind(case, changed=changed, room=room)

    def _with_words(self, case: Case, ruling: Ruling) -> Ruling:
        known = case.known.announcement if case.known else _NO_WORDS
        if not ruling.compose:
            return replace(ruling, announcement=known)
        try:
            words = self.compose(case.post, case.state.address)
            if _is_held_for_picture(ruling) and words.pictures != known.pictures:
                # Mended: ruled on like any other that was unclear.
                mended = replace(case, known=replace(case.known, reason="") if case.known else None)
                return self._with_words(mended, rule(mended, now=self.now, policy=self.policy))
            return replace(ruling, announcement=words)
        except ComposeError as error:
            # The last words that could be composed stay: they show what was meant.
            ruling = replace(ruling, announcement=known)
            if ruling.verdict is not Verdict.DUE:
                return ruling
            return replace(ruling, verdict=Verdict.HELD, hold=Hold.UNCLEAR, reason=str(error), again=False)

    def _write(self, key: DeliveryKey, case: Case, ruling: Ruling) -> None:
        known = case.known
        self.items.append(
            Item(
                post_id=key.post_id,
                slug=case.post.slug,
                title=case.post.title,
                account=key.account,
                due=case.entry.published if case.post.reminding is None else case.due,
                order=case.post.order,
                verdict=ruling.verdict,
                occasion=key.occasion,
                reason=ruling.reason or (case.state.blocked if ruling.verdict is Verdict.DUE else ""),
                hold=ruling.hold,
                status_url=known.status_url if known else None,
            )
        )
        if ruling.retract:
            self._change(Change(known=known, wanted=None))
        elif ruling.writes:
            fresh = Delivery(key=key, slug=case.post.slug, due=case.due, announcement=_NO_WORDS)
            wanted = replace(ruling.apply(known or fresh, now=self.now), slug=case.post.slug)
            if case.post.reminding is not None and not was_tried(wanted):
                wanted = replace(wanted, due=case.due)  # its list may be rewritten
            by_word = case.word is not None and case.word.said is Said.HOLD
            self._want(known, wanted, told=by_word and ruling.hold is Hold.PERSON)

    def _want(self, known: Delivery | None, wanted: Delivery, *, told: bool = False) -> None:
        """Write what is wanted; a new hold is told of, unless the person who wants it was `told` already."""
        if wanted == known:
            return
        self._change(Change(known=known, wanted=wanted))
        newly_held = wanted.hold is not None and (known is None or known.hold is not wanted.hold)
        if newly_held and not told:
            self._event("held", wanted, wanted.reason)

    def _afterwards(self, case: Case, *, changed: bool, room: int) -> int:
        """Edit or take back the toot; returns how much room of the brake that takes."""
        deliveries = self._histories[case.entry.post_id, case.state.address]
        history = History.of_part(deliveries, 1)
        for change in (*superseded(case.post, history), *called_back(case.post, history)):
            self._change(change)
        self._show_open(deliveries, case)
        history = History.of_part(deliveries, 1)
        published = history.published
        if published is None:
            return 0
        if case.post.withdrawn is not None:
            reason = self._reason(case, published.announcement)
            self._follow(withdrawal(case.post, history, reason=reason, now=self.now), case)
            return 0
        if not changed:
            return 0
        try:
            words = self.compose(case.post, case.state.address)
        except ComposeError as error:
            self.troubles.append(f"the toot of {case.post.slug} is not edited: {error}")
            self._edits_owed.add(case.entry.post_id)
            return 0
        better = edit(case.entry, history, announcement=words, room=room, now=self.now, policy=self.policy)
        return int(self._follow(better, case))

    def _remind(self, case: Case, *, changed: bool, room: int) -> int:
        """Rule on the post's reminders, and keep those that are out in step; returns how much room that takes."""
        known = self._histories[case.entry.post_id, case.state.address]
        if not case.post.reminders and not any(Occasion.reminder_id(one.key.occasion) for one in known):
            return 0
        before, reminding = room, self._reminding(case)
        for change in reminding.unlisted():
            self._change(change)
        for reminder in case.post.reminders:
            one = self._reminding(case).case(reminder, room=room)
            ruling = self._with_words(one, self._reminding(case).rule(one))
            room -= ruling.counts and ruling.verdict is Verdict.DUE
            self._write(reminding.key(reminder.reminder_id), one, ruling)
        for reminder_id in self._reminding(case).known_ids():
            for change in self._reminding(case).afterwards(reminder_id):
                if change.wanted is None:
                    self._change(change)
                else:
                    self._follow(change, case)
        for reminder in case.post.reminders:
            if case.post.withdrawn is None and (changed or self._reminding(case).is_reworded(reminder)):
                room -= self._reword(case, reminder, room=room)
        return before - room

    def _reminding(self, case: Case) -> Reminding:
        deliveries = tuple(self._histories[case.entry.post_id, case.state.address])
        return Reminding(toot=case, deliveries=deliveries, now=self.now, policy=self.policy)

    def _reword(self, case: Case, reminder: Reminder, *, room: int) -> int:
        """Edit a reminder that is out; returns how much room of the brake that takes."""
        history = self._reminding(case).history(reminder.reminder_id)
        if history.published is None:
            return 0
        try:
            words = self.compose(as_reminder(case.post, reminder), case.state.address)
        except ComposeError as error:
            self.troubles.append(f"reminder {reminder.reminder_id} of {case.post.slug} is not edited: {error}")
            self._edits_owed.add(case.entry.post_id)
            return 0
        better = edit(case.entry, history, announcement=words, room=room, now=self.now, policy=self.policy)
        return int(self._follow(better, case))

    def _follow_with_thread(self, case: Case) -> None:
        """Keep the later parts of the thread in step with the toot."""
        thread = Thread(
            deliveries=tuple(self._histories[case.entry.post_id, case.state.address]),
            entry=case.entry,
            withdrawn=case.post.withdrawn,
            now=self.now,
            policy=self.policy,
        )
        for change in thread.changes():
            self._change(change)

    def _change(self, change: Change) -> None:
        """Write a change; what follows in this pass goes by it."""
        self._changes.append(change)
        key = change.key
        known = self._histories[key.post_id, key.account]
        at = next((index for index, delivery in enumerate(known) if delivery.key == key), len(known))
        known[at : at + 1] = [] if change.wanted is None else [change.wanted]

    def _follow(self, change: Change | None, case: Case) -> bool:
        """Write what follows a toot; returns whether it is a new delivery that goes out now."""
        if change is None or change.wanted is None:
            return False
        self._want(change.known, change.wanted)
        if change.known is None:
            self._show(change.wanted, slug=case.post.slug, title=case.post.title)
        return change.known is None and change.wanted.state is DeliveryState.DUE

    def _reason(self, case: Case, published: Announcement) -> Announcement | None:
        if not case.post.withdrawn:
            return None
        limits = case.state.facts.limits if case.state.facts is not None else Limits()
        return compose_reason(case.post.withdrawn, published, limits=limits)

    def _show_open(self, deliveries: Iterable[Delivery], case: Case) -> None:
        open_states = (DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.HELD, DeliveryState.REJECTED)
        for delivery in deliveries:
            if delivery.action is not Action.PUBLISH and delivery.state in open_states:
                # By the name that its file has now: so it is called in commands.
                self._show(delivery, slug=case.post.slug, title=case.post.title)

    def _show_orphan(self, delivery: Delivery) -> None:
        entry = self.snapshot.entries.get(delivery.key.post_id)
        self._show(delivery, slug=delivery.slug, title=entry.title if entry is not None else delivery.slug)

    def _show(self, delivery: Delivery, *, slug: str, title: str) -> None:
        self.items.append(
            Item(
                post_id=delivery.key.post_id,
                slug=slug,
                title=title,
                account=delivery.key.account,
                due=delivery.due,
                verdict=Verdict(delivery.state.value),
                occasion=delivery.key.occasion,
                reason=delivery.reason,
                hold=delivery.hold,
            )
        )

    def _event(self, what: str, delivery: Delivery, detail: str) -> None:
        key = delivery.key
        self._events.append(
            Event(at=self.now, what=what, slug=delivery.slug, account=key.account, occasion=key.occasion, detail=detail)
        )

    def _old_news(self) -> tuple[Event, ...]:
        # A first start over an archive is one line, not hundreds.
        if not self._old:
            return ()
        detail = f"{len(self._old)} older posts into the feeds, without toots"
        return (Event(at=self.now, what="released", detail=detail),)

    def orphans(self, accounts: Iterable[str]) -> None:
        """Hold toots that are owed for posts that are not there (any more): a person may have taken them back.

        Edits and withdrawals go on: a file is often removed once it was withdrawn.
        """
        ruled = {(entry.post_id, account) for _, entry, _ in self._out for account in accounts}
        for delivery in self.snapshot.deliveries.values():
            key = delivery.key
            ours = delivery.action is Action.PUBLISH and key.account in accounts
            waits = delivery.state is DeliveryState.DUE or delivery.hold in (Hold.BRAKE, Hold.UNCLEAR)
            if not ours or not waits or (key.post_id, key.account) in ruled:
                continue
            reason = "its file is gone, broken, a draft, or has a datetime to come"
            wanted = replace(delivery, state=DeliveryState.HELD, hold=Hold.UNCLEAR, reason=reason)
            self._want(delivery, wanted)
            self._show_orphan(wanted)

    def wait(self, posts: Iterable[Post], doubt: str) -> None:
        """Show what is held up by a doubt about everything."""
        for post in posts:
            if published_of(post) <= self.now:
                self._hold_release(post, doubt, Hold.UNCLEAR)

    def _changed_entries(self) -> Iterator[Entry]:
        here = {entry.post_id for _, entry, _ in self._out}
        for entry in self._entries:
            # An entry whose file is gone for now owes what it owed.
            owed = entry.post_id in self._edits_owed if entry.post_id in here else entry.edit_owed
            final = entry if owed == entry.edit_owed else replace(entry, edit_owed=owed)
            before = self.snapshot.entries.get(entry.post_id)
            if final is not before and final != before:
                yield final

    def recording(self, joining: tuple[AccountState, ...], upcoming: Mapping[str, Upcoming] | None) -> Recording:
        return Recording(
            entries=tuple(self._changed_entries()),
            changes=tuple(self._changes),
            joining=joining,
            events=(*self._old_news(), *self._events),
            upcoming=upcoming,
        )
