"""The pure decision: posts + ledger + now → what is due, what is next, what is held or skipped, each with its reason.

What a person did not decide is recomputed at every pass and never remembered: a post that is too late for a toot has
no delivery in the ledger, only a reason here. `bot/verdict.py` has the rules for one post and one account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bot.durations import format_duration
from bot.errors import ComposeError
from bot.feeds.entry import entry_of, refreshed
from bot.model import (
    AccountState,
    Announcement,
    Delivery,
    DeliveryKey,
    Entry,
    Event,
    Finding,
    Hold,
    Occasion,
    Post,
    Recording,
    Severity,
    Snapshot,
)
from bot.verdict import Case, Policy, Ruling, Verdict, brake_room, rule

#: A clock this far behind the ledger's newest time is doubted; less is a time server's small correction.
CLOCK_TOLERANCE: Final = timedelta(seconds=5)

Compose = Callable[[Post, str], Announcement]


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """What becomes of one post on one account, and why."""

    post_id: str
    slug: str
    title: str
    account: str  #: the account's address; empty: the feeds only
    due: datetime
    verdict: Verdict
    reason: str = ""
    hold: Hold | None = None
    status_url: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All decisions of one pass."""

    now: datetime
    doubt: str = ""  #: why nothing may be released at all; empty if the clock can be believed
    items: tuple[Item, ...] = ()  #: in the order of their datetimes
    recording: Recording = field(default_factory=Recording)
    released: tuple[Post, ...] = ()  #: posts whose release is new
    findings: tuple[Finding, ...] = ()
    next_release: datetime | None = None  #: the next publish datetime

    def of(self, *verdicts: Verdict) -> tuple[Item, ...]:
        """The items with one of these verdicts."""
        return tuple(item for item in self.items if item.verdict in verdicts)


def make_plan(
    posts: Iterable[Post],
    snapshot: Snapshot,
    *,
    now: datetime,
    accounts: Sequence[str],
    policy: Policy,
    compose: Compose,
) -> Plan:
    """Decide everything for this moment. Pure; `compose(post, account)` may raise ComposeError."""
    doubt = _doubt(snapshot, now)
    dated, findings = _unique(post for post in posts if post.published is not None)
    matches = match_entries(dated, snapshot.entries)
    upcoming = [post for post in dated if _published(post) > now and matches[post.path] is None]
    out = [post for post in dated if matches[post.path] is not None or _published(post) <= now]
    states = {address: _state(address, snapshot, now) for address in accounts}

    draft = _Draft(snapshot=snapshot, now=now, policy=policy, compose=compose)
    if not doubt:
        for post in sorted(out, key=_published):
            draft.release(post, matches[post.path])
        for address in accounts:
            draft.deliver(states[address])
    items = [*draft.items, *_upcoming_items(upcoming, accounts)]
    joining = tuple(state for address, state in states.items() if address not in snapshot.accounts)
    return Plan(
        now=now,
        doubt=doubt,
        items=tuple(sorted(items, key=lambda item: (item.due, item.slug, item.account))),
        recording=Recording() if doubt else draft.recording(joining),
        released=tuple(draft.newly_released),
        findings=tuple(findings) + tuple(_moved(out, matches)),
        next_release=min((_published(post) for post in upcoming), default=None),
    )


def match_entries(posts: Sequence[Post], entries: Mapping[str, Entry]) -> dict[Path, Entry | None]:
    """Path → the released entry of the post: by its identity, else by its slug. `entries` are keyed by post id.

    No entry belongs to two posts: a new post may have the old slug of one that was renamed.
    """
    matches = {post.path: entries.get(post.post_id) or entries.get(post.url) for post in posts}
    taken = {entry.post_id for entry in matches.values() if entry is not None}
    by_slug = {entry.slug: entry for entry in entries.values() if entry.post_id not in taken}
    return {post.path: matches[post.path] or by_slug.pop(post.slug, None) for post in posts}


class _Draft:
    """The decisions while they are being made."""

    def __init__(self, *, snapshot: Snapshot, now: datetime, policy: Policy, compose: Compose) -> None:
        self.snapshot = snapshot
        self.now = now
        self.policy = policy
        self.compose = compose
        self.items: list[Item] = []
        self.newly_released: list[Post] = []
        self._out: list[tuple[Post, Entry]] = []
        self._entries: list[Entry] = []
        self._deliveries: list[Delivery] = []
        self._retracted: list[DeliveryKey] = []
        self._events: list[Event] = []

    def release(self, post: Post, known: Entry | None) -> None:
        """Enter the post into the feeds, or refresh its entry."""
        entry = entry_of(post, released_at=self.now) if known is None else refreshed(known, post, now=self.now)
        self._out.append((post, entry))
        if entry != known:
            self._entries.append(entry)
        if known is None:
            self.newly_released.append(post)
            late = format_duration(self.now - entry.published)
            self._events.append(Event(at=self.now, what="released", slug=post.slug, detail=f"{late} after its time"))

    def deliver(self, state: AccountState) -> None:
        """Rule on every released post for one account, in the order of their datetimes."""
        room = brake_room(self.snapshot, state.address, now=self.now, policy=self.policy)
        for post, entry in sorted(self._out, key=lambda pair: (pair[1].published, pair[0].slug)):
            key = DeliveryKey(entry.post_id, state.address, Occasion.PUBLISH)
            case = Case(post=post, entry=entry, state=state, known=self.snapshot.deliveries.get(key), room=room)
            ruling = self._with_text(case, rule(case, now=self.now, policy=self.policy))
            if ruling.counts and ruling.verdict is Verdict.DUE:
                room -= 1
            self._write(key, case, ruling)

    def _with_text(self, case: Case, ruling: Ruling) -> Ruling:
        if not ruling.compose:
            return ruling
        try:
            announcement = self.compose(case.post, case.state.address)
        except ComposeError as error:
            known = case.known
            # The last text that could be composed stays in the row: it shows what was meant.
            text = known.announcement if known else Announcement(text="", link=None, length=0, limit=0)
            return replace(ruling, verdict=Verdict.HELD, hold=Hold.UNCLEAR, reason=str(error), announcement=text)
        return replace(ruling, announcement=announcement)

    def _write(self, key: DeliveryKey, case: Case, ruling: Ruling) -> None:
        known = case.known
        self.items.append(
            Item(
                post_id=key.post_id,
                slug=case.post.slug,
                title=case.post.title,
                account=key.account,
                due=case.entry.published,
                verdict=ruling.verdict,
                reason=ruling.reason,
                hold=ruling.hold,
                status_url=known.status_url if known else None,
            )
        )
        if ruling.retract:
            self._retracted.append(key)
        if ruling.announcement is None:
            return
        wanted = ruling.apply(
            known or Delivery(key=key, slug=case.post.slug, due=case.entry.published, announcement=ruling.announcement)
        )
        if wanted != known:
            self._deliveries.append(wanted)
        if wanted.hold is not None and (known is None or known.hold is not wanted.hold):
            self._events.append(
                Event(
                    at=self.now,
                    what="held",
                    slug=case.post.slug,
                    account=key.account,
                    occasion=key.occasion,
                    detail=ruling.reason,
                )
            )

    def recording(self, joining: tuple[AccountState, ...]) -> Recording:
        return Recording(
            entries=tuple(self._entries),
            deliveries=tuple(self._deliveries),
            retracted=tuple(self._retracted),
            joining=joining,
            events=tuple(self._events),
        )


def _doubt(snapshot: Snapshot, now: datetime) -> str:
    newest = snapshot.newest
    if newest is None or now >= newest - CLOCK_TOLERANCE:
        return ""
    return (
        f"the clock says {now:%Y-%m-%d %H:%M:%S} UTC, but the ledger has seen {newest:%Y-%m-%d %H:%M:%S} UTC: "
        "nothing is released until the clock is right"
    )


def _state(address: str, snapshot: Snapshot, now: datetime) -> AccountState:
    if address in snapshot.accounts:
        return snapshot.accounts[address]
    living = bool(snapshot.entries or snapshot.accounts)
    return AccountState(address=address, joined_at=now if living else None)


def _published(post: Post) -> datetime:
    assert post.published is not None
    return post.published


def _unique(posts: Iterable[Post]) -> tuple[list[Post], list[Finding]]:
    first: dict[str, Post] = {}
    findings: list[Finding] = []
    for post in posts:
        other = first.setdefault(post.post_id, post)
        if other is not post:
            findings.append(
                Finding(
                    rule="same-id",
                    severity=Severity.ERROR,
                    path=post.path,
                    line=post.lines.get("id"),
                    field="id",
                    problem=f"{other.path} has the same id, so this file is left out.",
                    remedy="Give each post an `id:` of its own, or remove one of the files.",
                )
            )
    return list(first.values()), findings


def _moved(out: Iterable[Post], matches: Mapping[Path, Entry | None]) -> Iterator[Finding]:
    for post in out:
        entry = matches[post.path]
        if entry is not None and entry.published != post.published:
            yield Finding(
                rule="datetime-moved",
                severity=Severity.WARNING,
                path=post.path,
                line=post.lines.get("published_datetime"),
                field="published_datetime",
                problem=f"the post was released with {entry.published:%Y-%m-%d %H:%M} UTC, which stays its date.",
                remedy="A released post cannot be moved; write a new post for a new announcement.",
            )


def _upcoming_items(posts: Sequence[Post], accounts: Sequence[str]) -> Iterator[Item]:
    for post in posts:
        skip = "in the feeds only (`mastodon.skip`)" if post.mastodon.skip else ""
        for address in ("",) if skip or not accounts else accounts:
            yield Item(
                post_id=post.post_id,
                slug=post.slug,
                title=post.title,
                account=address,
                due=_published(post),
                verdict=Verdict.UPCOMING,
                reason=skip,
            )
