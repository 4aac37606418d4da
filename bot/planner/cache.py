"""What planning need not find out again at the next pass: of ten thousand posts nearly all are as they were.

It makes no difference to a plan but the time that it takes. What was compared or ruled on is known by the objects
themselves: whatever was read anew is compared and ruled on anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain import AccountState, Entry, Post
from bot.feeds.entry import refreshed
from bot.planner.builder import PlanItem
from bot.planner.ruling import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class _Skipped:
    """A post that came too late for a toot, and what the plan says of it for a while."""

    post: Post
    entry: Entry
    item: PlanItem
    since: datetime
    until: datetime


class PlanCache:
    """Kept from pass to pass. Not for use from several threads at once."""

    def __init__(self) -> None:
        self._same: dict[str, tuple[Entry, Post]] = {}
        self._rules: dict[str, tuple[AccountState, Policy]] = {}
        self._skipped: dict[str, dict[str, _Skipped]] = {}

    def refreshed(self, entry: Entry, post: Post, *, now: datetime) -> Entry:
        """What `refreshed` returns, which depends on `now` only where something has changed."""
        known = self._same.get(entry.post_id)
        if known is not None and known[0] is entry and known[1] is post:
            return entry
        fresh = refreshed(entry, post, now=now)
        if fresh is entry:
            self._same[entry.post_id] = (entry, post)
        return fresh

    def rule_by(self, state: AccountState, policy: Policy) -> None:
        """To be called before the posts of an account are ruled on: by other rules nothing is known."""
        if self._rules.get(state.address) != (state, policy):
            self._rules[state.address] = (state, policy)
            self._skipped[state.address] = {}

    def skipped(self, post: Post, entry: Entry, account: str, *, now: datetime) -> PlanItem | None:
        """What was said of a post that neither the ledger nor a person says anything of; None if it may differ."""
        known = self._skipped[account].get(entry.post_id)
        if known is None or known.post is not post or known.entry is not entry:
            return None
        return known.item if known.since <= now < known.until else None

    def is_skipped(self, post: Post, entry: Entry, item: PlanItem, *, now: datetime, until: datetime) -> None:
        """The same will be said of it until then."""
        known = _Skipped(post=post, entry=entry, item=item, since=now, until=until)
        self._skipped[item.account][entry.post_id] = known
