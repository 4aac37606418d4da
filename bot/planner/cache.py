"""Results that planning reuses at the next cycle, because nearly all of ten thousand posts are unchanged.

The cache changes how long a cycle takes, never its plan. It compares posts and entries by object identity, so a file
that was read again is compared and ruled on again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain import AccountState, Entry, Post
from bot.feeds.entry import refresh_entry
from bot.planner.builder import PlanItem
from bot.planner.ruling import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class _Skipped:
    """A post that was released too late for a toot, with its plan item and the time for which the item is valid."""

    post: Post
    entry: Entry
    item: PlanItem
    since: datetime
    until: datetime


class PlanCache:
    """The caller keeps one from cycle to cycle. Not thread-safe."""

    def __init__(self) -> None:
        self._same: dict[str, tuple[Entry, Post]] = {}
        self._rules: dict[str, tuple[AccountState, Policy]] = {}
        self._skipped: dict[str, dict[str, _Skipped]] = {}

    def refresh_entry(self, entry: Entry, post: Post, *, now: datetime) -> Entry:
        """Return the result of `bot.feeds.entry.refresh_entry`, which depends on `now` only if the post has changed."""
        known = self._same.get(entry.post_id)
        if known is not None and known[0] is entry and known[1] is post:
            return entry
        fresh = refresh_entry(entry, post, now=now)
        if fresh is entry:
            self._same[entry.post_id] = (entry, post)
        return fresh

    def rule_by(self, state: AccountState, policy: Policy) -> None:
        """Forget the account's items if its state or the policy has changed; call it before `skipped`."""
        if self._rules.get(state.address) != (state, policy):
            self._rules[state.address] = (state, policy)
            self._skipped[state.address] = {}

    def skipped(self, post: Post, entry: Entry, account: str, *, now: datetime) -> PlanItem | None:
        """Return the item of a post without deliveries and overrides; None if it has to be ruled on again."""
        known = self._skipped[account].get(entry.post_id)
        if known is None or known.post is not post or known.entry is not entry:
            return None
        return known.item if known.since <= now < known.until else None

    def remember_skipped(self, post: Post, entry: Entry, item: PlanItem, *, now: datetime, until: datetime) -> None:
        """Remember that the item stays valid from `now` until `until`."""
        known = _Skipped(post=post, entry=entry, item=item, since=now, until=until)
        self._skipped[item.account][entry.post_id] = known
