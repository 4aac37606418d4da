"""Decides which posts are released or held, and which entries enter and leave the feeds. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bot.compose.pictures import problems_of
from bot.domain import Entry, Event, EventKind, Hold, OldEntry, OverrideKind, PageAnswer, Post, Reason, ReasonCode
from bot.domain.durations import rounded_duration
from bot.domain.entries import HIDDEN_VERSION
from bot.feeds.entry import entry_of
from bot.planner.builder import PlanBuilder, PlanItem, published_of
from bot.planner.cache import PlanCache
from bot.planner.matching import GONE_AFTER, Matching
from bot.planner.old_ids import taken_over
from bot.planner.page_wait import PageWaits, item_without_page
from bot.planner.ruling import Verdict, held_by

#: The history does not mention a shorter wait for a page.
_NOTABLE_WAIT: Final = timedelta(seconds=1)


class ReleasePlanner:
    """Plans the releases of one cycle, and keeps the entries of all released posts."""

    def __init__(
        self, builder: PlanBuilder, *, pages: Mapping[str, PageAnswer] | None = None, cache: PlanCache | None = None
    ) -> None:
        self._builder = builder
        self._cache = cache or PlanCache()
        self.old_entries: Mapping[Path, OldEntry] = {}  #: by post file: its entry in an earlier feed
        self.newly_released: list[Post] = []
        self.released_ids: set[str] = set()
        self.pages = PageWaits(snapshot=builder.snapshot, answers=pages or {}, now=builder.now, policy=builder.policy)
        self.deploys: dict[str, str] = {}  #: post id → the version of the post that the site should show
        self.out: list[tuple[Post, Entry, bool]] = []  #: the released posts, and whether their toots need an edit
        self._entries: list[Entry] = []
        self._too_old: list[str] = []

    def release(self, post: Post, matching: Matching) -> None:
        """Release the post if it is due, or refresh the entry of a released one."""
        known = matching.entries.get(post.path)
        if known is None:
            due = self._due(post, matching)
            if due is None:
                return
            page = self.pages.rule(post, self._builder.snapshot.overrides.get(post.post_id))
            if not page.released:
                self._builder.items.append(item_without_page(post, page, now=self._builder.now))
                self.deploys[post.post_id] = post.digests.whole
                return
            dated = None if due == post.published else post.published
            now_due = replace(post, published=due)
            entry = replace(
                entry_of(now_due, released_at=self._builder.now, tag_ids=self._builder.policy.tag_ids),
                dated=dated,
                waited=page.waited,
                without_page=page.without,
            )
            if post.path in self.old_entries:
                entry = taken_over(entry, self.old_entries[post.path], post, now=self._builder.now)
            self.newly_released.append(post)
            self._add_release_event(post, entry)
        elif self._is_another(post, known):
            # A file with a future datetime is another post, even with the id or slug of the released one.
            return
        else:
            entry = self._cache.refresh_entry(known, post, now=self._builder.now)
            if entry.missing_since is not None:
                entry = replace(entry, missing_since=None)
        self.released_ids.add(post.post_id)
        self.deploys[entry.post_id] = HIDDEN_VERSION if entry.hidden else entry.digests.whole
        self._report_missing_page(entry)
        changed = known is not None and (entry.revision != known.revision or known.edit_owed)
        self.out.append((post, entry, changed))
        self._entries.append(entry)

    def _report_missing_page(self, entry: Entry) -> None:
        if entry.without_page and self._builder.now < entry.released_at + GONE_AFTER:
            self._builder.troubles.append(
                Reason(code=ReasonCode.RELEASED_WITHOUT_PAGE, slug=entry.slug, text=entry.without_page)
            )

    def _add_release_event(self, post: Post, entry: Entry) -> None:
        late = self._builder.now - entry.due
        if late > self._builder.policy.catch_up:
            self._too_old.append(post.slug)
            return
        reason = Reason(
            code=ReasonCode.RELEASED_AFTER,
            lasted=rounded_duration(self._builder.now - entry.published),
            limit=rounded_duration(entry.waited) if entry.waited >= _NOTABLE_WAIT else None,
        )
        self._builder.events.append(Event(at=self._builder.now, kind=EventKind.RELEASED, slug=post.slug, reason=reason))
        for problem in () if self._builder.policy.hold_without_picture else problems_of(post):
            reason = Reason(code=ReasonCode.PICTURE_UNUSABLE, text=problem)
            self._builder.events.append(
                Event(at=self._builder.now, kind=EventKind.PICTURE_LEFT_OUT, slug=post.slug, reason=reason)
            )

    def _is_another(self, post: Post, known: Entry) -> bool:
        # Also after that datetime: the file must not overwrite the entry, nor edit the toot, of another post.
        if published_of(post) <= max(known.published, known.released_at):
            return False
        override = self._builder.snapshot.overrides.get(known.post_id)
        return override is None or not override.early

    def _due(self, post: Post, matching: Matching) -> datetime | None:
        """Return the datetime to release the post with; None if it is not to be released now."""
        published, override = published_of(post), self._builder.snapshot.overrides.get(post.post_id)
        if published > self._builder.now:
            early = override is not None and override.kind is OverrideKind.PUBLISH and override.early
            return self._builder.now.replace(microsecond=0) if early else None
        held = held_by(override)
        reason = held or matching.unclear.get(post.path)
        if reason is None:
            return published
        self._hold_release(post, reason, Hold.OPERATOR if held else Hold.UNCLEAR)
        return None

    def _hold_release(self, post: Post, reason: Reason, hold: Hold) -> None:
        self._builder.items.append(
            PlanItem(
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
        """Record entries whose file has disappeared. They leave the feeds after a day; their toots stay."""
        for entry in vanished:
            if entry.missing_since is None:
                entry = replace(entry, missing_since=self._builder.now)
                self._entries.append(entry)
            assert entry.missing_since is not None
            leaves = entry.missing_since + GONE_AFTER
            if leaves > self._builder.now and not entry.hidden:
                self._builder.troubles.append(Reason(code=ReasonCode.FILE_GONE, slug=entry.slug, at=leaves))

    def wait(self, posts: Iterable[Post], doubt: Reason) -> None:
        """Add an item for each due post that a general doubt holds."""
        for post in posts:
            if published_of(post) <= self._builder.now:
                self._hold_release(post, doubt, Hold.UNCLEAR)

    def old_news(self) -> tuple[Event, ...]:
        """Return the event for posts that were too old for toots when they were released."""
        # The first start over an archive writes one event, not hundreds.
        if not self._too_old:
            return ()
        reason = Reason(code=ReasonCode.OLDER_POSTS, count=len(self._too_old))
        return (Event(at=self._builder.now, kind=EventKind.RELEASED, reason=reason),)

    def changed_entries(self) -> Iterator[Entry]:
        """Yield the entries to record: new and changed ones."""
        here = {entry.post_id for _, entry, _ in self.out}
        for entry in self._entries:
            # An entry whose file is missing keeps the edit that it owes.
            owed = entry.post_id in self._builder.edits_owed if entry.post_id in here else entry.edit_owed
            final = entry if owed == entry.edit_owed else replace(entry, edit_owed=owed)
            before = self._builder.snapshot.entries.get(entry.post_id)
            if final is not before and final != before:
                yield final
