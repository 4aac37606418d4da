"""make_bot: the only place that knows all the parts."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Event as Signal
from typing import Final

from bot.config import Config
from bot.delivery import DeliveryResult
from bot.domain import Event, EventKind, Instance
from bot.domain.clock import Clock, SystemClock
from bot.domain.gc import gc_paused
from bot.domain.logs import log
from bot.files.public_folder import PublicFolder
from bot.http.client import WebClient
from bot.http.policy import FROM_OPERATOR
from bot.integrations.alerts.batch import AlertBatch, note_alerts
from bot.integrations.alerts.sending import send_alerts
from bot.integrations.remote_pictures import RemotePictures
from bot.integrations.server_clock import ServerTimes
from bot.integrations.site import SiteRequests
from bot.integrations.websub import WebSubPings
from bot.ledger import open_ledger
from bot.ledger.contract import Ledger
from bot.planner.guards import believable
from bot.posts.cache.file import FILE_NAME as CACHE
from bot.posts.cache.file import PostCache, make_cache_key
from bot.posts.git.folders import open_posts
from bot.publishers.contract import Publisher
from bot.runtime.context import CycleContext, CycleResult
from bot.runtime.cycle import refresh, run_cycle
from bot.runtime.deliverer import Deliverer
from bot.runtime.embargo import Embargo
from bot.runtime.git_syncer import GitSyncer
from bot.runtime.health import Heartbeat
from bot.runtime.incremental import incremental_cycle
from bot.runtime.wiring import (
    Emit,
    Surroundings,
    make_deliverer,
    make_pings,
    make_publishers,
    make_remote_pictures,
    make_site,
    make_sources,
    servers_with_a_clock,
)
from bot.runtime.workers import InlineWorkers, WorkerPool

_LOG: Final = logging.getLogger("bot.runtime")
#: A cause that comes back within this time is not alerted again.
REPEAT_ALERT_AFTER: Final = timedelta(hours=1)


def discard_event(_event: Event) -> None:
    """Discard an event."""


@dataclass(frozen=True, kw_only=True)
class Bot:
    """The wired parts; each owns the state that changes while the bot runs. `close` releases them."""

    context: CycleContext
    deliverer: Deliverer
    workers: WorkerPool
    environ: Mapping[str, str]
    pings: WebSubPings
    remote_covers: RemotePictures | None  #: None: no other host is asked
    site: SiteRequests
    heartbeat: Heartbeat
    sources: GitSyncer  #: repositories of posts; there may be none
    instance: Instance  #: this process, as the instance lock names it
    stop: Signal  #: set: begin nothing new
    wake_event: Signal  #: wakes the loop for another cycle

    @property
    def publishers(self) -> Mapping[str, Publisher]:
        """The accounts' publishers, by address."""
        return self.deliverer.publishers

    def incremental_cycle(self) -> tuple[str, ...]:
        """Write edited texts of released posts to the feeds at once, before `cycle_once`; returns the changed files."""
        with gc_paused():
            return incremental_cycle(self.context)

    def cycle_once(self) -> CycleResult:
        """Read, plan, record, write the feeds, wake the workers. Raises LedgerError."""
        with gc_paused():  # nearly all new objects either stay or are freed at once
            begun = self.context.clock.monotonic()
            result = run_cycle(self.context)
        log(
            _LOG,
            logging.DEBUG,
            "cycle",
            posts=len(result.scan.posts),
            released=len(result.plan.released),
            files=len(result.changed_files),
            seconds=round(self.context.clock.monotonic() - begun, 3),
        )
        self.heartbeat.beat()
        self.context.posts.remember()
        return result

    def acquire_instance_lock(self) -> Instance | None:
        """Take the instance lock; returns the process that holds it already, None if there is none."""
        return self.context.ledger.acquire_instance_lock(self.instance)

    def tick(self) -> tuple[CycleResult, tuple[DeliveryResult, ...]]:
        """Fetch the sources, do one cycle and its deliveries; for workers that deliver in the caller's time.

        Pages that releases wait for are asked for once, after all else is released and delivered: what is online is
        released by a second cycle, the rest by a later tick.
        """
        self.sources.sync_all()
        rounds = [self._cycle_and_deliver()]
        if self.site.call_and_check_once(rounds[0][0].plan):
            rounds.append(self._cycle_and_deliver())
        if any(one.facts_changed for one in rounds[-1][1]):
            # The servers have just reported what they accept, so the toots are composed again before they are sent.
            rounds.append(self._cycle_and_deliver())
        result, delivered = _joined(rounds)
        self.site.call_once(result.plan)
        pictures_known = self.ask_for_covers(result.covers_to_ask)
        last = result
        if pictures_known or self.site.trouble or any(one.events for one in delivered):
            # What the deliveries came to is public too (`syndication.json`), and may be worth an alert.
            last = refresh(self.context, result)
            result = replace(result, attention=result.attention or last.attention)
        self.send_alerts(last)
        # Once: what a site that is copied elsewhere does not show yet is owed to the next tick.
        self.ping(last.topics)
        return result, delivered

    def _cycle_and_deliver(self) -> tuple[CycleResult, list[DeliveryResult]]:
        result, delivered = self.cycle_once(), list[DeliveryResult]()
        self.workers.run(lambda address: delivered.append(self.deliverer.deliver_pending(address)), stop=self.stop)
        return result, delivered

    def send_alerts(self, result: CycleResult) -> None:
        """Send the alerts that are new, and what has recovered. Takes as long as the slowest channel."""
        config, context = self.context.config, self.context
        now = believable(context.clock.now(), context.server_times.now())
        alerts = {str(alert.key): alert if config.alerts.embargoed else alert.redacted() for alert in result.alerts}
        words = {key: alert.what for key, alert in alerts.items()}
        new, recovered = note_alerts(self.context.ledger, words, quiet=REPEAT_ALERT_AFTER, now=now)
        replaced = {str(alerts[key].instead_of) for key in new}
        news = AlertBatch(alerts=tuple(alerts[key] for key in sorted(new - replaced)), recovered=recovered)
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
        self.context.emit(Event(at=self.context.clock.now(), kind=EventKind.PROBLEM, detail=text))

    def ping(self, topics: Mapping[str, str]) -> timedelta | None:
        """Ping the hubs of changed feeds (`CycleResult.topics`); returns the pause before a retry, None: all sent."""
        return self.pings.send(topics)

    def ask_for_covers(self, urls: Collection[str]) -> bool:
        """Request facts of covers on other hosts (`CycleResult.covers_to_ask`); returns whether there are new ones."""
        return self.remote_covers is not None and bool(urls) and self.remote_covers.ask(urls)

    def ask_to_stop(self) -> None:
        """Begin nothing new, finish what is in flight. Safe to repeat; not for a signal handler, as it takes locks."""
        self.stop.set()
        self.wake_event.set()

    def close(self) -> None:
        """Close the ledger and all connections."""
        for publisher in self.publishers.values():
            publisher.close()
        self.context.posts.close()
        self.context.ledger.close()


def _joined(
    rounds: Sequence[tuple[CycleResult, Sequence[DeliveryResult]]],
) -> tuple[CycleResult, tuple[DeliveryResult, ...]]:
    """The last round of a tick, with what the earlier ones did."""
    cycles, last = [cycle for cycle, _ in rounds], rounds[-1][0]
    result = replace(
        last,
        plan=replace(last.plan, released=tuple(post for cycle in cycles for post in cycle.plan.released)),
        events=tuple(event for cycle in cycles for event in cycle.events),
        changed_files=tuple(dict.fromkeys(name for cycle in cycles for name in cycle.changed_files)),
        attention=any(cycle.attention for cycle in cycles),
    )
    # What an account waited for in an earlier round is over.
    earlier = [replace(one, wait_until=None) for _, delivered in rounds[:-1] for one in delivered]
    return result, (*earlier, *rounds[-1][1])


def make_bot(
    config: Config,
    *,
    environ: Mapping[str, str],
    clock: Clock | None = None,
    ledger: Ledger | None = None,
    publishers: Mapping[str, Publisher] | None = None,
    workers: WorkerPool | None = None,
    emit: Emit = discard_event,
    embargo: Embargo | None = None,
    loopback_has_a_clock: bool = False,
    reaches_out: bool = True,
) -> Bot:
    """Wire a bot: cheap checks first, the ledger last. Raises LedgerError.

    The clock is compared with those of the servers that are not on this machine, unless `loopback_has_a_clock`; and
    not at all with `publishers` from outside. Where the releases are only pretended `reaches_out` is False: no host
    is asked for pictures, and sources are read as they were fetched last. `embargo` learns which posts are not public
    before `emit` hears of any.
    """
    clock = clock or SystemClock()
    workers = workers or InlineWorkers()
    servers = {} if publishers is not None else servers_with_a_clock(config, loopback_too=loopback_has_a_clock)
    server_times = ServerTimes(clock, servers, timeout=config.delivery.timeout)
    if publishers is None:
        publishers = make_publishers(config, environ=environ, clock=clock, server_times=server_times)
    # A ledger from outside, as in a rehearsal, is for this once.
    cache = PostCache(config.state_folder / CACHE, key=make_cache_key(config)) if ledger is None else None
    stop, wake_event = Signal(), Signal()
    shared = Surroundings(
        config=config,
        environ=environ,
        ledger=ledger or open_ledger(config, clock),
        clock=clock,
        emit=emit,
        stopping=stop.is_set,
    )
    sources = make_sources(shared, fetches=reaches_out)
    context = CycleContext(
        config=config,
        clock=clock,
        posts=open_posts(config, cache=cache),
        public=PublicFolder(config.public_folder, gzip=config.feeds.gzip),
        server_times=server_times,
        notify=workers.notify,
        site=make_site(shared, on_news=wake_event.set),
        emit=emit,
        ledger=shared.ledger,
        source_troubles=sources.troubles,
        embargo=embargo or Embargo(),
    )
    return Bot(
        context=context,
        deliverer=make_deliverer(shared, publishers=publishers, server_times=server_times),
        workers=workers,
        environ=environ,
        pings=make_pings(shared),
        remote_covers=make_remote_pictures(shared) if reaches_out else None,
        site=context.site,
        heartbeat=Heartbeat(clock),
        sources=sources,
        instance=Instance(pid=os.getpid(), host=socket.gethostname(), since=clock.now()),
        stop=stop,
        wake_event=wake_event,
    )
