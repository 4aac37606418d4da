"""What a cycle works with, what it leaves for the next one, and what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.compose.templates import Templates
from bot.config import Config
from bot.domain import (
    Event,
    Snapshot,
    WriteResult,
)
from bot.domain.clock import Clock
from bot.feeds.build import FeedBuild, ItemCache
from bot.files.public_folder import PublicFolder
from bot.integrations.server_clock import ServerTimes
from bot.integrations.site import SiteRequests
from bot.ledger import Ledger
from bot.planner.alerts import Alert
from bot.planner.cache import PlanCache
from bot.planner.incremental import Base
from bot.planner.plan import Plan
from bot.posts.folder import Scan
from bot.posts.git.folders import PostSource
from bot.posts.git.status import SourceTrouble
from bot.runtime.embargo import Embargo


@dataclass(kw_only=True)
class CycleState:
    """What a cycle leaves for the next ones to do less work. Only the thread that runs the cycles uses it."""

    items: ItemCache = field(default_factory=ItemCache)  #: what the feeds made of each entry the last time
    plan_cache: PlanCache = field(default_factory=PlanCache)  #: what planning need not find out again
    built: FeedBuild | None = None  #: the latest build of the feeds, for an incremental cycle
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
    site: SiteRequests
    notify: Callable[[str], None]  #: wakes the worker of an account
    emit: Callable[[Event], None]  #: called with each outcome
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
    templates: Mapping[str, Templates] = field(default_factory=dict)  #: as the cycle has read them
    attention: bool = False  #: something new is wrong, or newly held
    alerts: tuple[Alert, ...] = ()  #: everything that is wrong now, for the operator


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A plan that is in the ledger, and the ledger as it was before."""

    snapshot: Snapshot
    plan: Plan
    written: WriteResult

    @property
    def events(self) -> tuple[Event, ...]:
        # Not what the plan says: another process may have recorded it first, and reported it.
        return self.written.events
