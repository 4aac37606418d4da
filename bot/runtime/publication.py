"""What a plan makes public: the feeds; and what people are told of it: outcomes, problems, alerts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.compose.templates import Templates
from bot.domain import (
    Entry,
    Event,
    EventKind,
    NoteKind,
    NotesChange,
    Snapshot,
    WriteBatch,
    WriteResult,
)
from bot.domain.alerts import AlertKey
from bot.domain.errors import OutputError
from bot.feeds.build import render_feeds
from bot.feeds.channel import folder_of
from bot.feeds.covers import add_known_covers, choose_covers_to_ask
from bot.feeds.syndication import FILE_NAME as SYNDICATION
from bot.feeds.syndication import render_syndication
from bot.integrations.websub import topics_of
from bot.planner.alerts import Faults, collect_alerts, collect_problems
from bot.planner.guards import believable
from bot.planner.incremental import Base
from bot.planner.matching import entries_shown
from bot.planner.plan import Plan
from bot.posts.folder import Scan
from bot.runtime.context import CycleContext, CycleResult, Recorded
from bot.runtime.planning import make_composer

#: Notes that another process has changed meanwhile are written again this often; then it is left to the next cycle.
_TRIES: Final = 3


def publish(
    context: CycleContext,
    recorded: Recorded,
    scan: Scan,
    templates: Mapping[str, Templates],
) -> CycleResult:
    """Write the feeds of a plan, report its outcomes and problems, and collect the alerts."""
    plan, snapshot = recorded.plan, recorded.snapshot
    entries = {**snapshot.entries, **{entry.post_id: entry for entry in plan.batch.entries}}
    shown = entries_shown(entries.values(), now=plan.now)
    changed, feed_faults, topics = _write_feeds(context, shown, entries.values(), snapshot)

    faults = Faults(files=scan.faults, feeds=feed_faults, site=context.site.trouble, sources=context.source_troubles())
    problems = collect_problems(plan, faults)
    now = believable(plan.now, context.server_times.now())
    changes = _note_problems(context, problems, now=now)
    new_problems = any(event.kind is EventKind.PROBLEM for event in changes)
    events = (*recorded.events, *changes)
    context.embargo.learn(scan.posts, faults=scan.faults, released=entries.keys())
    for event in events:
        context.emit(event)
    compose = make_composer(context.config, snapshot, templates=templates)
    alerts = collect_alerts(plan, faults, posts=scan.posts, compose=compose)
    if _is_clear(scan, plan, recorded.written) and not feed_faults:
        context.state.base = _base(scan, context.ledger.snapshot(), plan, entries)
    return CycleResult(
        alerts=alerts,
        plan=plan,
        scan=scan,
        events=events,
        changed_files=changed,
        topics=topics,
        covers_to_ask=choose_covers_to_ask(shown, snapshot.pictures, now=plan.now),
        problems=frozenset(problems.values()),
        templates=templates,
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


def _write_feeds(
    context: CycleContext, shown: Sequence[Entry], released: Collection[Entry], snapshot: Snapshot
) -> tuple[tuple[str, ...], list[OutputError], Mapping[str, str]]:
    site, settings = context.config.site, context.config.feeds
    complete = add_known_covers(shown, snapshot.pictures)
    feeds = render_feeds(complete, site=site, feeds=settings, released=released, cache=context.state.items)
    context.state.built = feeds.built
    syndication = str(folder_of(settings) / SYNDICATION)
    files = {**feeds.files, syndication: render_syndication(shown, snapshot)}
    written = context.public.write(files, retire_in=feeds.folders, quickly=(feeds.archive,))
    faults = [*feeds.faults, *written.faults]
    return written.changed, faults, topics_of(feeds.files)
