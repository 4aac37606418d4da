"""make_bot: the only place that knows all the parts."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from threading import Event as Signal
from typing import Final

from bot.config import Config
from bot.delivery import DeliveryContext, DeliveryResult, DeliverySession, deliver_pending, is_warm, warm_up
from bot.delivery.protocol import Timing
from bot.domain import Delivery, Event, EventKind
from bot.domain.clock import Clock, SystemClock
from bot.domain.gc import gc_paused
from bot.files.public_folder import PublicFolder
from bot.http.client import WebClient
from bot.http.policy import FROM_OPERATOR
from bot.integrations.alerts import AlertBatch, send_alerts
from bot.integrations.remote_pictures import RemotePictures
from bot.integrations.server_clock import ServerTimes
from bot.integrations.site import Site
from bot.integrations.websub import WebSubPings
from bot.ledger import Ledger, open_ledger
from bot.planner.guards import believable, server_doubt
from bot.posts.cache.file import FILE_NAME as CACHE
from bot.posts.cache.file import PostCache, cache_key
from bot.posts.git.folders import open_posts
from bot.publishers.contract import Publisher
from bot.runtime.cycle import CycleContext, CycleResult, run_cycle
from bot.runtime.git_syncer import GitSyncer
from bot.runtime.health import Heartbeat
from bot.runtime.incremental import incremental_cycle
from bot.runtime.wiring import (
    Emit,
    client_for_public,
    make_pings,
    make_publishers,
    make_site,
    servers_with_a_clock,
    timing_of,
)
from bot.runtime.workers import InlineWorkers, RequestLatch, WorkerPool

#: A cause that comes back within this time is not told again.
REPEAT_ALERT_AFTER: Final = timedelta(hours=1)


def discard_event(_event: Event) -> None:
    """Say nothing."""


@dataclass(frozen=True, kw_only=True)
class Bot:
    """The wired parts. `close` lets go of them."""

    parts: CycleContext
    engine: WorkerPool
    publishers: Mapping[str, Publisher]  #: by the account's address
    timing: Timing
    owner: str
    environ: Mapping[str, str]
    pings: WebSubPings
    remote_covers: RemotePictures | None  #: None: nobody is asked
    site: Site
    heartbeat: Heartbeat
    stop: Signal  #: set: begin nothing new
    sources: GitSyncer  #: repositories of posts; there may be none
    presence: str  #: how a later process names this one to a person
    wake_event: Signal  #: wakes the loop for another pass
    random: random.Random = field(default_factory=random.Random)
    warm: dict[str, DeliverySession] = field(default_factory=dict)  #: what `warm_up` has just learnt, by account
    request_latch: RequestLatch = field(default_factory=RequestLatch)

    def incremental_cycle(self) -> tuple[str, ...]:
        """Show new words of released posts at once, with `cycle_once` to follow; returns the feeds' files changed."""
        with gc_paused():
            return incremental_cycle(self.parts)

    def cycle_once(self) -> CycleResult:
        """Read, plan, record, write the feeds, ring."""
        with gc_paused():  # nearly all that is made stays, or is let go at once
            result = run_cycle(self.parts)
        self.heartbeat.beat()
        self.parts.posts.remember()
        return result

    def deliver_pending(self, address: str) -> DeliveryResult:
        """Deliver what one account is owed."""
        if not self.parts.ledger.open_deliveries(address):
            return DeliveryResult(account=address)
        warm = self.warm.pop(address, None)
        return deliver_pending(
            self._tools(address), warm if warm is not None and is_warm(warm, self.parts.clock) else None
        )

    def warm_up(self, address: str, expected: Sequence[Delivery]) -> None:
        """Ask one account's server before the instant what a drain would ask first."""
        memory = warm_up(self._tools(address), expected)
        if memory is not None:
            self.warm[address] = memory

    def _tools(self, address: str) -> DeliveryContext:
        return DeliveryContext(
            ledger=self.parts.ledger,
            publisher=self.publishers[address],
            clock=self.parts.clock,
            timing=self.timing,
            owner=self.owner,
            stopping=self._begins_nothing,
            jitter=self.random.random,
            emit=self.parts.emit,
            hold_without_picture=self.parts.config.release.if_no_picture == "hold",
            request_started=partial(self.request_latch.request_started, address),
        )

    def _begins_nothing(self) -> bool:
        # An answer may show only now that the clock is wrong.
        parts = self.parts
        return self.stop.is_set() or bool(server_doubt(parts.server_times.now(), parts.clock.now()))

    def acquire_instance_lock(self) -> str:
        """Say on the ledger that this process stays; returns who else does, empty if nobody."""
        return self.parts.ledger.acquire_instance_lock(self.presence)

    def tick(self) -> tuple[CycleResult, tuple[DeliveryResult, ...]]:
        """Fetch the sources, one pass and its deliveries; for the engines that serve in the caller's time.

        Pages are asked for once; what is online then is released and delivered too, the rest with a later tick.
        """
        drained: list[DeliveryResult] = []
        self.sources.sync_all()
        result = self.cycle_once()
        self.engine.run(lambda address: drained.append(self.deliver_pending(address)), stop=self.stop)
        if self.site.once(result.plan):
            result = result.followed_by(self.cycle_once())
            self.engine.run(lambda address: drained.append(self.deliver_pending(address)), stop=self.stop)
        last = result
        if any(one.events for one in drained) or self.site.trouble:
            # What the deliveries came to is public too (`syndication.json`), and may be worth an alert.
            last = run_cycle(replace(self.parts, notify=_ring_nobody))
            result = replace(result, attention=result.attention or last.attention)
        self.send_alerts(last)
        if self.ask_for_covers(last.covers_to_ask):
            last = run_cycle(replace(self.parts, notify=_ring_nobody))
        # Once: what a site that is copied elsewhere does not show yet is owed to the next tick.
        self.ping(last.topics)
        return result, tuple(drained)

    def send_alerts(self, result: CycleResult) -> None:
        """Send the alerts that are new, and what has recovered. Takes as long as the slowest way of telling."""
        config, parts = self.parts.config, self.parts
        now = believable(parts.clock.now(), parts.server_times.now())
        causes = {cause.key: cause if config.alerts.embargoed else cause.redacted() for cause in result.causes}
        words = {key: cause.what for key, cause in causes.items()}
        new, recovered = self.parts.ledger.record_alerts(words, quiet=REPEAT_ALERT_AFTER, now=now)
        told_by_another = {causes[key].instead_of for key in new}
        news = AlertBatch(causes=tuple(causes[key] for key in sorted(new - told_by_another)), recovered=recovered)
        if news:
            send_alerts(
                news,
                settings=config.alerts,
                site=config.site.title,
                environ=self.environ,
                web=WebClient(FROM_OPERATOR),
                emit=self._say_plainly,
            )

    def _say_plainly(self, text: str) -> None:
        self.parts.emit(Event(at=self.parts.clock.now(), kind=EventKind.PROBLEM, detail=text))

    def ping(self, topics: Mapping[str, str]) -> timedelta | None:
        """Tell the hubs what has changed (`CycleResult.topics`); when to try again, None if nothing is owed."""
        return self.pings.send(topics)

    def ask_for_covers(self, urls: Collection[str]) -> bool:
        """Ask other hosts about covers (`CycleResult.covers_to_ask`); whether the feeds can say more of them now."""
        return self.remote_covers is not None and bool(urls) and self.remote_covers.ask(urls)

    def ask_to_stop(self) -> None:
        """Begin nothing new, finish what is in flight. Safe to repeat; not for a signal handler, as it takes locks."""
        self.stop.set()
        self.wake_event.set()

    def close(self) -> None:
        """Let go of the ledger and of connections."""
        for publisher in self.publishers.values():
            publisher.close()
        self.parts.posts.close()
        self.parts.ledger.close()


def _ring_nobody(_address: str) -> None:
    """Nobody is rung: everything due was just delivered, or waits."""


def make_bot(
    config: Config,
    *,
    environ: Mapping[str, str],
    clock: Clock | None = None,
    ledger: Ledger | None = None,
    publishers: Mapping[str, Publisher] | None = None,
    engine: WorkerPool | None = None,
    emit: Emit = discard_event,
    loopback_has_a_clock: bool = False,
    reaches_out: bool = True,
) -> Bot:
    """Wire a bot: cheap checks first, the ledger last. Raises LedgerError.

    The clock is compared with those of the servers that are not on this machine, unless `loopback_has_a_clock`; and
    not at all with `publishers` from outside. Where the releases are only pretended `reaches_out` is False: nobody
    is asked for covers, and sources are read as they were fetched last.
    """
    clock = clock or SystemClock()
    engine = engine or InlineWorkers()
    servers = {} if publishers is not None else servers_with_a_clock(config, loopback_too=loopback_has_a_clock)
    server_times = ServerTimes(clock, servers, timeout=config.delivery.timeout)
    if publishers is None:
        publishers = make_publishers(config, environ=environ, clock=clock, server_times=server_times)
    stop, wake_event = Signal(), Signal()
    # A ledger from outside, as in a rehearsal, is for this once.
    cache = PostCache(config.state_folder / CACHE, key=cache_key(config)) if ledger is None else None
    ledger = ledger or open_ledger(config, clock)
    site = make_site(
        config, environ=environ, ledger=ledger, clock=clock, emit=emit, stopping=stop.is_set, notify=wake_event.set
    )
    fetched = config if reaches_out else config.model_copy(update={"sources": ()})
    sources = GitSyncer(fetched, environ=environ, clock=clock, emit=emit, stopping=stop.is_set)
    return Bot(
        site=site,
        wake_event=wake_event,
        pings=make_pings(config, ledger=ledger, clock=clock, emit=emit, stopping=stop.is_set),
        remote_covers=RemotePictures(web=client_for_public(config), ledger=ledger, clock=clock, stopping=stop.is_set)
        if reaches_out
        else None,
        heartbeat=Heartbeat(clock),
        stop=stop,
        parts=CycleContext(
            config=config,
            clock=clock,
            posts=open_posts(config, cache=cache),
            public=PublicFolder(config.public_folder, gzip=config.feeds.gzip),
            server_times=server_times,
            notify=engine.notify,
            site=site,
            emit=emit,
            ledger=ledger,
            source_troubles=sources.troubles,
        ),
        sources=sources,
        engine=engine,
        publishers=publishers,
        timing=timing_of(config),
        owner=f"{socket.gethostname()} {os.getpid()}",
        presence=f"process {os.getpid()} on {socket.gethostname()}, since {clock.now():%Y-%m-%d %H:%M} UTC",
        environ=environ,
    )
