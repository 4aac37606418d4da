"""One cycle: read, plan, record the releases, write the feeds, wake the workers that deliver.

`announce run` repeats it at the right instants, `announce tick` runs it once, the rehearsal on a pretended clock.
The feeds are written before anything is sent, so a slow server never delays them; a release on the dot
(`precise_release.py`) lets its requests leave first, and waits for no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.compose.templates import Templates
from bot.domain import (
    Event,
    EventKind,
    Reason,
    ReasonCode,
    Snapshot,
    WriteBatch,
    WriteResult,
)
from bot.domain.errors import OldFeedError
from bot.integrations.old_feed import add_old_feed, fetch_old_feed, find_missing_old_feed
from bot.planner.plan import Plan, make_plan
from bot.posts.folder import Scan
from bot.runtime.context import CycleContext, CycleResult, Recorded
from bot.runtime.planning import plan_input, read_templates_of, scan_posts
from bot.runtime.publication import publish

#: A plan that is out of date when it is recorded is made again this often; then it is left to the next cycle.
_TRIES: Final = 3
#: Events that need a person, as a problem does.
_HOLDS: Final = (EventKind.HELD, EventKind.PICTURE_LEFT_OUT)


def run_cycle(context: CycleContext) -> CycleResult:
    """Do one cycle. Raises LedgerError: then nothing was released."""
    context.state.base = None
    scan, templates = scan_posts(context.posts), read_templates_of(context.config)
    recorded = _plan_and_record(context, scan, templates)
    # Also what this cycle has not written: a release on the dot was not flushed, by us or by another process.
    context.ledger.flush()
    result = publish(context, recorded, scan, templates)
    for address in context.config.account_addresses().values():
        context.notify(address)
    newly_held = any(event.kind in _HOLDS for event in recorded.events)
    return replace(result, attention=result.attention or newly_held)


def refresh(context: CycleContext, result: CycleResult) -> CycleResult:
    """Publish what became of the deliveries since a cycle: syndication.json, pictures' sizes, alerts.

    Reads no file again, releases nothing and wakes no worker. Raises LedgerError.
    """
    snapshot, templates = context.ledger.snapshot(), result.templates
    plan = _decided(context, result.scan, snapshot, templates, now=context.clock.now())
    left_open = bool(plan.batch)
    plan = replace(plan, batch=WriteBatch(), released=())
    later = publish(context, Recorded(snapshot=snapshot, plan=plan, written=WriteResult()), result.scan, templates)
    if left_open:
        context.state.base = None
    return later


def _plan_and_record(context: CycleContext, scan: Scan, templates: Mapping[str, Templates]) -> Recorded:
    """Plan and record; plan again if an operator or a worker has changed the ledger in the meantime."""
    recorded = _planned(context, scan, templates)
    if recorded.written.refused:
        _plan_again(context, scan, recorded.snapshot, templates, now=recorded.plan.now)
    return recorded


def _planned(context: CycleContext, scan: Scan, templates: Mapping[str, Templates]) -> Recorded:
    for _ in range(_TRIES):
        now, (snapshot, doubt) = context.clock.now(), _with_old_feed(context, context.ledger.snapshot())
        plan = _decided(context, scan, snapshot, templates, now=now, doubt=doubt)
        if (plan.released or plan.wanted_pages) and not context.server_times.asked:
            # Only where something depends on it: a tick that releases nothing asks no server.
            context.server_times.ask()
            now = context.clock.now()
            plan = _decided(context, scan, snapshot, templates, now=now, doubt=doubt)
        written = context.ledger.record(plan.batch, now=now) if plan.batch else WriteResult()
        if not written.outdated:
            return Recorded(snapshot=snapshot, plan=plan, written=written)
    plan = replace(plan, batch=WriteBatch(), released=())
    return Recorded(snapshot=context.ledger.snapshot(), plan=plan, written=written)


def _decided(
    context: CycleContext,
    scan: Scan,
    snapshot: Snapshot,
    templates: Mapping[str, Templates],
    *,
    now: datetime,
    doubt: Reason | None = None,
) -> Plan:
    """Plan by what the servers and the site have answered. `doubt` is a reason of the caller's to release nothing."""
    given = plan_input(context.config, scan, snapshot, now=now, templates=templates)
    given = replace(given, server_times=context.server_times.now(), pages=context.site.page_answers, doubt=doubt)
    return make_plan(given, cache=context.state.plan_cache)


def _with_old_feed(context: CycleContext, snapshot: Snapshot) -> tuple[Snapshot, Reason | None]:
    """Take over the old feed that the settings name; else why nothing may be released without its ids."""
    source = find_missing_old_feed(context.config, snapshot)
    if not source:
        return snapshot, None
    try:
        feed = fetch_old_feed(source, context.config)
    except OldFeedError as error:
        kinds = (error.kind,) if error.kind else ()
        return snapshot, Reason(code=ReasonCode.OLD_FEED_UNREADABLE, text=str(error), names=kinds)
    now = context.clock.now()
    event = Event(at=now, kind=EventKind.OLD_FEED_READ, detail=f"{source}: {len(feed.entries)} entries")
    context.emit(event)
    context.ledger.record(WriteBatch(old_feed=feed, events=(event,)), now=now)
    return add_old_feed(snapshot, feed), None


def _plan_again(
    context: CycleContext, scan: Scan, before: Snapshot, templates: Mapping[str, Templates], *, now: datetime
) -> None:
    """Deliveries have moved on while they were planned: plan these again.

    A post that changed in this cycle counts as changed once more, or its toot would never be edited.
    """
    for _ in range(_TRIES):
        snapshot = replace(context.ledger.snapshot(), entries=before.entries)
        planned = _decided(context, scan, snapshot, templates, now=now).batch
        recorded = context.ledger.record(
            WriteBatch(changes=planned.changes, overrides_seen=planned.overrides_seen), now=now
        )
        if not recorded.refused and not recorded.outdated:
            return
