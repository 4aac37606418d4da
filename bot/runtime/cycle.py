"""One pass of the loop: read, plan, record the releases, write the feeds, ring for the deliveries.

`announce run` repeats it at the right instants, `announce tick` runs it once, the rehearsal on a pretended clock.
The feeds are written before anything is sent, so a slow server never delays them; a release on the dot
(`schedule/standby.py`) lets its requests leave first, and waits for no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from bot.compose.composer import Composer
from bot.config import Config
from bot.domain import AccountState, Entry, Event, EventKind, PageAnswer, Snapshot, WriteBatch, WriteResult
from bot.domain.clock import Clock
from bot.domain.errors import OldFeedError
from bot.feeds.build import ItemCache, render_feeds
from bot.feeds.channel import folder_of
from bot.feeds.covers import covers_to_ask, with_known_covers
from bot.feeds.syndication import FILE_NAME as SYNDICATION
from bot.feeds.syndication import render_syndication
from bot.files.public_folder import PublicFolder
from bot.integrations.old_feed import fetch_old_feed, missing_old_feed, with_old_feed
from bot.integrations.server_clock import ServerTimes
from bot.integrations.site import Site
from bot.integrations.websub import topics_of
from bot.ledger import Ledger
from bot.ledger.transitions import problem_events
from bot.planner.alerts import Alert, collect_alerts
from bot.planner.cache import PlanCache
from bot.planner.guards import believable
from bot.planner.incremental import Base
from bot.planner.matching import entries_shown
from bot.planner.plan import Plan
from bot.posts.folder import Scan
from bot.posts.git.folders import PostSource
from bot.posts.git.status import SourceTrouble
from bot.runtime.planning import decide, scan_posts

#: A plan that is out of date when it is recorded is made again this often; then the next pass has its turn.
_TRIES: Final = 3


@dataclass(kw_only=True)
class LatestCycle:
    """What the latest pass leaves for a quick one."""

    base: Base | None = None  #: None: there was none, or it left something open


@dataclass(frozen=True, kw_only=True)
class CycleContext:
    """What a pass works with."""

    config: Config
    clock: Clock
    posts: PostSource
    ledger: Ledger
    public: PublicFolder
    server_times: ServerTimes
    notify: Callable[[str], None]
    site: Site
    emit: Callable[[Event], None]
    source_troubles: Callable[[], tuple[SourceTrouble, ...]] = tuple
    items: ItemCache = field(default_factory=ItemCache)  #: what the feeds made of each entry the last time
    memory: PlanCache = field(default_factory=PlanCache)  #: what planning need not find out again
    latest: LatestCycle = field(default_factory=LatestCycle)


@dataclass(frozen=True, kw_only=True)
class CycleResult:
    """What one pass did."""

    plan: Plan
    scan: Scan
    events: tuple[Event, ...] = ()
    changed_files: tuple[str, ...] = ()
    topics: Mapping[str, str] = field(default_factory=dict)  #: the feeds' addresses that hubs know → their files
    covers_to_ask: tuple[str, ...] = ()  #: addresses of pictures on other hosts, whose type and size are not known
    problems: frozenset[str] = field(default_factory=frozenset)  #: everything that is wrong now
    attention: bool = False  #: something new is wrong, or newly held
    causes: tuple[Alert, ...] = ()  #: everything that somebody should know of

    def followed_by(self, later: CycleResult) -> CycleResult:
        """The two as one; `later` came right after this one."""
        return replace(
            later,
            events=self.events + later.events,
            changed_files=tuple(dict.fromkeys(self.changed_files + later.changed_files)),
            attention=self.attention or later.attention,
        )


def run_cycle(parts: CycleContext) -> CycleResult:
    """Do one pass. Raises LedgerError: then nothing was released."""
    parts.latest.base = None
    scan = scan_posts(parts.posts)
    snapshot, plan, recorded = _planned(parts, scan)
    now = plan.now
    if recorded.refused:
        _plan_again(parts, scan, snapshot, now)
    entries = {**snapshot.entries, **{entry.post_id: entry for entry in plan.recording.entries}}
    shown = entries_shown(entries.values(), now=now)
    # Also what this pass has not written: a release on the dot was not flushed, by us or by another process.
    parts.ledger.flush()
    changed, feed_faults, topics = _write_feeds(parts, shown, entries.values(), snapshot)

    trouble, troubles = parts.site.trouble, parts.source_troubles()
    problems = frozenset([*_problems(plan, scan), *feed_faults, *map(str, troubles), *filter(None, [trouble])])
    now = believable(now, parts.server_times.now())
    new_problems, solved = parts.ledger.note_problems(problems, now=now)
    # Not what the plan says: another process may have recorded it first, and told it.
    events = (*recorded.events, *problem_events(new_problems, solved, now=now))
    for event in events:
        parts.emit(event)
    addresses = parts.config.account_addresses().values()
    for address in addresses:
        parts.notify(address)
    causes = collect_alerts(
        plan,
        posts=scan.posts,
        faults=scan.faults,
        feed_faults=feed_faults,
        site_trouble=trouble,
        sources=troubles,
        # Also those that the ledger meets in this pass: what is wrong with a post does not wait for them.
        accounts={address: snapshot.accounts.get(address, _newcomer(address)) for address in addresses},
        compose=Composer(parts.config, snapshot),
    )
    if _is_clear(scan, plan, recorded) and not feed_faults:
        parts.latest.base = _base(scan, parts.ledger.snapshot(), plan, entries)
    newly_held = any(event.kind in (EventKind.HELD, EventKind.PICTURE_LEFT_OUT) for event in recorded.events)
    return CycleResult(
        causes=causes,
        plan=plan,
        scan=scan,
        events=events,
        changed_files=changed,
        topics=topics,
        covers_to_ask=covers_to_ask(shown, snapshot.pictures, now=now),
        problems=problems,
        attention=bool(new_problems) or newly_held,
    )


def _is_clear(scan: Scan, plan: Plan, recorded: WriteResult) -> bool:
    """Whether all was read, nothing was doubted, and everything planned was written."""
    return bool(scan.signature) and scan.complete and not (plan.doubt or recorded.refused or recorded.outdated)


def _base(scan: Scan, after: Snapshot, plan: Plan, entries: Mapping[str, Entry]) -> Base | None:
    """What is sure of this pass, unless somebody else has written `after` it."""
    if after.entries != entries:
        return None
    return Base(posts=scan.posts, snapshot=after, next_release=plan.next_release)


def _planned(parts: CycleContext, scan: Scan) -> tuple[Snapshot, Plan, WriteResult]:
    """A plan that is recorded, and the ledger as it was before. What a person says meanwhile makes it anew."""
    for _ in range(_TRIES):
        pages = parts.site.looks
        now, (snapshot, doubt) = parts.clock.now(), _with_old_feed(parts, parts.ledger.snapshot())
        plan = _decided(parts, scan, snapshot, now=now, doubt=doubt, pages=pages)
        if (plan.released or plan.wanted_pages) and not parts.server_times.asked:
            # Only where something depends on it: a tick that releases nothing bothers nobody.
            parts.server_times.ask()
            now = parts.clock.now()
            plan = _decided(parts, scan, snapshot, now=now, doubt=doubt, pages=pages)
        recorded = parts.ledger.record(plan.recording, now=now) if plan.recording else WriteResult()
        if not recorded.outdated:
            return snapshot, plan, recorded
    return parts.ledger.snapshot(), replace(plan, recording=WriteBatch(), released=()), recorded


def _decided(
    parts: CycleContext, scan: Scan, snapshot: Snapshot, *, now: datetime, doubt: str, pages: Mapping[str, PageAnswer]
) -> Plan:
    return decide(
        parts.config,
        scan,
        snapshot,
        now=now,
        server_times=parts.server_times.now(),
        doubt=doubt,
        pages=pages,
        memory=parts.memory,
    )


def _with_old_feed(parts: CycleContext, snapshot: Snapshot) -> tuple[Snapshot, str]:
    """Take over the old feed that the settings name; else why nothing may be released without its ids."""
    source = missing_old_feed(parts.config, snapshot)
    if not source:
        return snapshot, ""
    try:
        feed = fetch_old_feed(source, parts.config)
    except OldFeedError as error:
        return snapshot, f"the feed to be taken over ([feeds] import) cannot be read: {error}"
    now = parts.clock.now()
    event = Event(at=now, kind=EventKind.OLD_FEED_READ, detail=f"{source}: {len(feed.entries)} entries")
    parts.emit(event)
    parts.ledger.record(WriteBatch(old_feed=feed, events=(event,)), now=now)
    return with_old_feed(snapshot, feed), ""


def _newcomer(address: str) -> AccountState:
    return AccountState(address=address, joined_at=None)


def _plan_again(parts: CycleContext, scan: Scan, before: Snapshot, now: datetime) -> None:
    """Deliveries have moved on while they were planned: plan these again.

    A post that changed in this pass counts as changed once more, or its toot would never be edited.
    """
    for _ in range(_TRIES):
        snapshot = replace(parts.ledger.snapshot(), entries=before.entries)
        planned = decide(parts.config, scan, snapshot, now=now, pages=parts.site.looks).recording
        recorded = parts.ledger.record(WriteBatch(changes=planned.changes, heard=planned.heard), now=now)
        if not recorded.refused and not recorded.outdated:
            return


def _write_feeds(
    parts: CycleContext, shown: Sequence[Entry], released: Collection[Entry], snapshot: Snapshot
) -> tuple[tuple[str, ...], list[str], Mapping[str, str]]:
    site, settings = parts.config.site, parts.config.feeds
    complete = with_known_covers(shown, snapshot.pictures)
    feeds = render_feeds(complete, site=site, feeds=settings, released=released, shelf=parts.items)
    syndication = str(folder_of(settings) / SYNDICATION)
    files = {**feeds.files, syndication: render_syndication(shown, snapshot)}
    written = parts.public.write(files, retire_in=feeds.folders, quickly=(feeds.archive,))
    faults = [*feeds.faults, *(str(fault) for fault in written.faults)]
    return written.changed, faults, topics_of(feeds.files)


def _problems(plan: Plan, scan: Scan) -> Iterable[str]:
    if plan.doubt:
        yield plan.doubt
    yield from (str(fault) for fault in scan.faults)
    yield from (str(finding) for finding in plan.findings)
    yield from plan.troubles
