"""One pass of the loop: read, plan, record the releases, write the feeds, ring for the deliveries.

`announce run` repeats it at the right instants, `announce tick` runs it once, the rehearsal on a pretended clock.
The feeds are written before anything is sent, so a slow server never delays them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.clock import Clock
from bot.compose.composer import Composer
from bot.config import Config
from bot.errors import PostError
from bot.feeds.build import render_feeds
from bot.ledger import Ledger
from bot.ledgers.rules import problem_events
from bot.model import Entry, Event, Post, Snapshot
from bot.output.files import PublicFolder
from bot.plan import Plan, make_plan
from bot.posts.folder import PostFolder, Scan
from bot.verdict import Policy


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a pass works with."""

    config: Config
    clock: Clock
    posts: PostFolder
    ledger: Ledger
    public: PublicFolder
    ring: Callable[[str], None]
    say: Callable[[Event], None]


@dataclass(frozen=True, kw_only=True)
class Pass:
    """What one pass did."""

    plan: Plan
    scan: Scan
    events: tuple[Event, ...] = ()
    changed_files: tuple[str, ...] = ()
    problems: frozenset[str] = field(default_factory=frozenset)  #: everything that is wrong now
    attention: bool = False  #: something new is wrong, or newly held


def run_pass(parts: Parts) -> Pass:
    """Do one pass. Raises LedgerError: then nothing was released."""
    now = parts.clock.now()
    scan = look(parts.posts)
    snapshot = parts.ledger.snapshot()
    plan = decide(parts.config, scan.posts, snapshot, now=now)
    if plan.recording:
        parts.ledger.record(plan.recording, now=now)
    entries = {**snapshot.entries, **{entry.post_id: entry for entry in plan.recording.entries}}
    changed, feed_faults = _write_feeds(parts, entries.values())

    problems = frozenset([*_problems(plan, scan), *feed_faults])
    new_problems, solved = parts.ledger.note_problems(problems, now=now)
    events = (*plan.recording.events, *problem_events(new_problems, solved, now=now))
    for event in events:
        parts.say(event)
    for address in parts.config.account_addresses().values():
        parts.ring(address)
    newly_held = any(event.what == "held" for event in plan.recording.events)
    return Pass(
        plan=plan,
        scan=scan,
        events=events,
        changed_files=changed,
        problems=problems,
        attention=bool(new_problems) or newly_held,
    )


def look(posts: PostFolder) -> Scan:
    """What the posts folder holds. One that is not there is a fault like any other: what was released stays so."""
    try:
        return posts.scan()
    except PostError as error:
        return Scan(posts=(), faults=(error,), signature=())


def decide(config: Config, posts: Iterable[Post], snapshot: Snapshot, *, now: datetime) -> Plan:
    """Plan with the settings' rules; reads the templates, writes nothing."""
    return make_plan(
        posts,
        snapshot,
        now=now,
        accounts=list(config.account_addresses().values()),
        policy=Policy(catch_up=config.release.catch_up, brake=config.release.brake),
        compose=Composer(config, snapshot),
    )


def _write_feeds(parts: Parts, entries: Iterable[Entry]) -> tuple[tuple[str, ...], list[str]]:
    feeds = render_feeds(entries, site=parts.config.site, feeds=parts.config.feeds)
    written = parts.public.write(feeds.files)
    return written.changed, [*feeds.faults, *(str(fault) for fault in written.faults)]


def _problems(plan: Plan, scan: Scan) -> Iterable[str]:
    if plan.doubt:
        yield plan.doubt
    yield from (str(fault) for fault in scan.faults)
    yield from (str(finding) for finding in plan.findings)
