"""One cycle: read, plan, record the releases, write the feeds, wake the workers that deliver.

`announce run` repeats it at the right instants, `announce tick` runs it once, the rehearsal on a pretended clock.
The feeds are written before anything is sent, so a slow server never delays them; a release on the dot
(`precise_release.py`) lets its requests leave first, and waits for no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from bot.compose.templates import Templates
from bot.config import Config
from bot.domain import (
    Entry,
    Event,
    EventKind,
    NoteKind,
    NotesChange,
    Reason,
    ReasonCode,
    Snapshot,
    WriteBatch,
    WriteResult,
)
from bot.domain.alerts import AlertKey
from bot.domain.clock import Clock
from bot.domain.errors import OldFeedError, OutputError
from bot.feeds.build import Built, ItemCache, render_feeds
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
from bot.planner.alerts import Alert, collect_alerts, collect_problems
from bot.planner.cache import PlanCache
from bot.planner.guards import believable
from bot.planner.incremental import Base
from bot.planner.matching import entries_shown
from bot.planner.plan import Plan
from bot.posts.folder import Scan
from bot.posts.git.folders import PostSource
from bot.posts.git.status import SourceTrouble
from bot.runtime.embargo import Embargo
from bot.runtime.planning import decide, make_composer, read_templates_of, scan_posts

#: A plan that is out of date when it is recorded is made again this often; then it is left to the next cycle.
_TRIES: Final = 3
#: Events that need a person, as a problem does.
_HOLDS: Final = (EventKind.HELD, EventKind.PICTURE_LEFT_OUT)


@dataclass(kw_only=True)
class CycleState:
    """What a cycle leaves for the next ones to do less work. Only the thread that runs the cycles uses it."""

    items: ItemCache = field(default_factory=ItemCache)  #: what the feeds made of each entry the last time
    plan_cache: PlanCache = field(default_factory=PlanCache)  #: what planning need not find out again
    built: Built | None = None  #: the latest build of the feeds, for an incremental cycle
    base: Base | None = None  #: for an incremental cycle; None: there was no cycle, or it left something open


@dataclass(frozen=True, kw_only=True)
class CycleContext:
    """What a cycle works with."""

    config: Config
    clock: Clock
    posts: PostSource
    ledger: Ledger
    public: PublicFolder
    server_times: ServerTimes
    site: Site
    notify: Callable[[str], None]  #: wakes the worker of an account
    emit: Callable[[Event], None]  #: hears of each outcome
    source_troubles: Callable[[], tuple[SourceTrouble, ...]] = tuple
    embargo: Embargo = field(default_factory=Embargo)  #: learns which posts are not public yet
    state: CycleState = field(default_factory=CycleState)


@dataclass(frozen=True, kw_only=True)
class CycleResult:
    """What one cycle did."""

    plan: Plan
    scan: Scan
    events: tuple[Event, ...] = ()
    changed_files: tuple[str, ...] = ()
    topics: Mapping[str, str] = field(default_factory=dict)  #: the feeds' addresses that hubs know → their files
    covers_to_ask: tuple[str, ...] = ()  #: addresses of pictures on other hosts, whose type and size are not known
    problems: frozenset[str] = field(default_factory=frozenset)  #: everything that is wrong now
    attention: bool = False  #: something new is wrong, or newly held
    causes: tuple[Alert, ...] = ()  #: everything that an operator should know of


def run_cycle(context: CycleContext, *, ask_site: Callable[[Plan], bool] | None = None) -> CycleResult:
    """Do one cycle. Raises LedgerError: then nothing was released.

    `ask_site` asks for the pages that the plan waits for, and says whether there are answers to plan with; without it
    that is left to a worker.
    """
    context.state.base = None
    scan, templates = scan_posts(context.posts), read_templates_of(context.config)
    recorded = _plan_and_record(context, scan, templates)
    earlier: tuple[Event, ...] = ()
    if ask_site is not None and ask_site(recorded.plan):
        # What waits for its page was recorded before it was asked for: the wait counts from then.
        earlier = recorded.events
        recorded = _plan_and_record(context, scan, templates)
    # Also what this cycle has not written: a release on the dot was not flushed, by us or by another process.
    context.ledger.flush()
    result = _publish(context, recorded, scan, templates, earlier=earlier)
    for address in context.config.account_addresses().values():
        context.notify(address)
    newly_held = any(event.kind in _HOLDS for event in (*earlier, *recorded.events))
    return replace(result, attention=result.attention or newly_held)


def refresh(context: CycleContext, result: CycleResult) -> CycleResult:
    """Publish what became of the deliveries since a cycle: syndication.json, pictures' sizes, alerts.

    Reads no file again, releases nothing and wakes no worker. Raises LedgerError.
    """
    snapshot, templates = context.ledger.snapshot(), read_templates_of(context.config)
    plan = _decided(context, result.scan, snapshot, templates, now=context.clock.now(), doubt=None)
    left_open = bool(plan.recording)
    plan = replace(plan, recording=WriteBatch(), released=())
    later = _publish(context, _Recorded(snapshot=snapshot, plan=plan, written=WriteResult()), result.scan, templates)
    if left_open:
        context.state.base = None
    return later


@dataclass(frozen=True, kw_only=True)
class _Recorded:
    """A plan that is in the ledger, and the ledger as it was before."""

    snapshot: Snapshot
    plan: Plan
    written: WriteResult

    @property
    def events(self) -> tuple[Event, ...]:
        # Not what the plan says: another process may have recorded it first, and reported it.
        return self.written.events


def _publish(
    context: CycleContext,
    recorded: _Recorded,
    scan: Scan,
    templates: Mapping[str, Templates],
    *,
    earlier: tuple[Event, ...] = (),
) -> CycleResult:
    """Write the feeds of a plan, report its outcomes and problems, and collect the alerts."""
    plan, snapshot = recorded.plan, recorded.snapshot
    entries = {**snapshot.entries, **{entry.post_id: entry for entry in plan.recording.entries}}
    shown = entries_shown(entries.values(), now=plan.now)
    changed, feed_faults, topics = _write_feeds(context, shown, entries.values(), snapshot)

    trouble, troubles = context.site.trouble, context.source_troubles()
    problems = collect_problems(
        plan, faults=scan.faults, feed_faults=feed_faults, site_trouble=trouble, sources=troubles
    )
    now = believable(plan.now, context.server_times.now())
    changes = _note_problems(context, problems, now=now)
    new_problems = any(event.kind is EventKind.PROBLEM for event in changes)
    events = (*earlier, *recorded.events, *changes)
    context.embargo.learn(scan.posts, faults=scan.faults, released=entries.keys())
    for event in events:
        context.emit(event)
    causes = collect_alerts(
        plan,
        posts=scan.posts,
        faults=scan.faults,
        feed_faults=feed_faults,
        site_trouble=trouble,
        sources=troubles,
        # Also those that the ledger meets in this cycle: what is wrong with a post does not wait for them.
        accounts=plan.accounts,
        compose=make_composer(context.config, snapshot, templates=templates),
    )
    if _is_clear(scan, plan, recorded.written) and not feed_faults:
        context.state.base = _base(scan, context.ledger.snapshot(), plan, entries)
    return CycleResult(
        causes=causes,
        plan=plan,
        scan=scan,
        events=events,
        changed_files=changed,
        topics=topics,
        covers_to_ask=covers_to_ask(shown, snapshot.pictures, now=plan.now),
        problems=frozenset(problems.values()),
        attention=new_problems,
    )


def _note_problems(context: CycleContext, problems: Mapping[AlertKey, str], *, now: datetime) -> tuple[Event, ...]:
    """Remember everything that is wrong now; returns the lines of history for what is new, and for what was solved.

    Each is written once, whichever process notices it first, and however it is worded.
    """
    wanted = {str(key): words for key, words in problems.items()}
    for _ in range(_TRIES):
        known = context.ledger.notes(NoteKind.PROBLEM)
        new = {key: words for key, words in wanted.items() if key not in known}
        solved = {key: words for key, words in known.items() if key not in wanted}
        if not new and not solved:
            break
        # Notes of an older ledger have their words for a key: the same words are no news.
        told = sorted(words for words in new.values() if words not in known)
        ended = sorted(words for key, words in solved.items() if key not in new.values())
        events = (
            *(Event(at=now, kind=EventKind.PROBLEM, detail=words) for words in told),
            *(Event(at=now, kind=EventKind.SOLVED, detail=words) for words in ended),
        )
        values: dict[str, str | None] = {**new, **dict.fromkeys(solved)}
        notes = NotesChange(kind=NoteKind.PROBLEM, changes=values, known=known)
        if not context.ledger.record(WriteBatch(notes=notes, events=events), now=now).outdated:
            return events
    return ()


def _is_clear(scan: Scan, plan: Plan, recorded: WriteResult) -> bool:
    """Whether all was read, nothing was doubted, and everything planned was written."""
    return bool(scan.signature) and scan.complete and not (plan.doubt or recorded.refused or recorded.outdated)


def _base(scan: Scan, after: Snapshot, plan: Plan, entries: Mapping[str, Entry]) -> Base | None:
    """What is certain after this cycle, unless another process has written since."""
    if after.entries != entries:
        return None
    return Base(posts=scan.posts, snapshot=after, next_release=plan.next_release)


def _plan_and_record(context: CycleContext, scan: Scan, templates: Mapping[str, Templates]) -> _Recorded:
    """Plan and record; what a person says meanwhile makes the plan anew."""
    recorded = _planned(context, scan, templates)
    if recorded.written.refused:
        _plan_again(context, scan, recorded.snapshot, templates, now=recorded.plan.now)
    return recorded


def _planned(context: CycleContext, scan: Scan, templates: Mapping[str, Templates]) -> _Recorded:
    for _ in range(_TRIES):
        now, (snapshot, doubt) = context.clock.now(), _with_old_feed(context, context.ledger.snapshot())
        plan = _decided(context, scan, snapshot, templates, now=now, doubt=doubt)
        if (plan.released or plan.wanted_pages) and not context.server_times.asked:
            # Only where something depends on it: a tick that releases nothing asks no server.
            context.server_times.ask()
            now = context.clock.now()
            plan = _decided(context, scan, snapshot, templates, now=now, doubt=doubt)
        written = context.ledger.record(plan.recording, now=now) if plan.recording else WriteResult()
        if not written.outdated:
            return _Recorded(snapshot=snapshot, plan=plan, written=written)
    plan = replace(plan, recording=WriteBatch(), released=())
    return _Recorded(snapshot=context.ledger.snapshot(), plan=plan, written=written)


def _decided(
    context: CycleContext,
    scan: Scan,
    snapshot: Snapshot,
    templates: Mapping[str, Templates],
    *,
    now: datetime,
    doubt: Reason | None,
) -> Plan:
    return decide(
        context.config,
        scan,
        snapshot,
        now=now,
        server_times=context.server_times.now(),
        doubt=doubt,
        pages=context.site.looks,
        memory=context.state.plan_cache,
        templates=templates,
    )


def _with_old_feed(context: CycleContext, snapshot: Snapshot) -> tuple[Snapshot, Reason | None]:
    """Take over the old feed that the settings name; else why nothing may be released without its ids."""
    source = missing_old_feed(context.config, snapshot)
    if not source:
        return snapshot, None
    try:
        feed = fetch_old_feed(source, context.config)
    except OldFeedError as error:
        return snapshot, Reason(code=ReasonCode.OLD_FEED_UNREADABLE, text=str(error))
    now = context.clock.now()
    event = Event(at=now, kind=EventKind.OLD_FEED_READ, detail=f"{source}: {len(feed.entries)} entries")
    context.emit(event)
    context.ledger.record(WriteBatch(old_feed=feed, events=(event,)), now=now)
    return with_old_feed(snapshot, feed), None


def _plan_again(
    context: CycleContext, scan: Scan, before: Snapshot, templates: Mapping[str, Templates], *, now: datetime
) -> None:
    """Deliveries have moved on while they were planned: plan these again.

    A post that changed in this cycle counts as changed once more, or its toot would never be edited.
    """
    for _ in range(_TRIES):
        snapshot = replace(context.ledger.snapshot(), entries=before.entries)
        pages = context.site.looks
        planned = decide(context.config, scan, snapshot, now=now, pages=pages, templates=templates).recording
        recorded = context.ledger.record(WriteBatch(changes=planned.changes, heard=planned.heard), now=now)
        if not recorded.refused and not recorded.outdated:
            return


def _write_feeds(
    context: CycleContext, shown: Sequence[Entry], released: Collection[Entry], snapshot: Snapshot
) -> tuple[tuple[str, ...], list[OutputError], Mapping[str, str]]:
    site, settings = context.config.site, context.config.feeds
    complete = with_known_covers(shown, snapshot.pictures)
    feeds = render_feeds(complete, site=site, feeds=settings, released=released, cache=context.state.items)
    context.state.built = feeds.built
    syndication = str(folder_of(settings) / SYNDICATION)
    files = {**feeds.files, syndication: render_syndication(shown, snapshot)}
    written = context.public.write(files, retire_in=feeds.folders, quickly=(feeds.archive,))
    faults = [*feeds.faults, *written.faults]
    return written.changed, faults, topics_of(feeds.files)
