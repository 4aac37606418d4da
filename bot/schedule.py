"""Staying up: APScheduler as the alarm clock, a sweep for what it misses, a designed stop.

APScheduler is never the memory: one job for each account and one for the next release, and each only rings a bell.
Its timers are monotonic and it can miss clock steps (agronholm/apscheduler#351, #794, #1066), so the loop looks for
itself every `SWEEP` (`bot.watch`), on monotonic time.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor as Teller
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event as Signal
from threading import Thread

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from bot.app import Bot
from bot.clock import Clock
from bot.config import Config
from bot.errors import LedgerError
from bot.model import Delivery
from bot.run import Pass
from bot.standby import LEAD, stand_by
from bot.watch.hints import Hints
from bot.watch.settings import SettingsFile
from bot.watch.watch import Watch


class Alarm:
    """Rings callbacks at times of day of a clock that may be a pretended one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(2)},
            # The default grace of one second drops jobs after a stall.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 10},
        )

    def __enter__(self) -> Alarm:
        self._scheduler.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._scheduler.shutdown(wait=True)

    def ring_at(self, name: str, moment: datetime | None, ring: Callable[[], None]) -> None:
        """Call `ring` at `moment` (UTC); replaces the alarm of the same name. None: no alarm."""
        if moment is None:
            if self._scheduler.get_job(name) is not None:
                self._scheduler.remove_job(name)
            return
        ahead = max(timedelta(), moment - self._clock.now())
        self._scheduler.add_job(ring, DateTrigger(datetime.now(UTC) + ahead), id=name, name=name, replace_existing=True)


def stay_up(
    bot: Bot, *, after_pass: Callable[[Pass], None] = lambda _: None, warn: Callable[[str], None] = lambda _: None
) -> Config | None:
    """Pass, wait for a reason, pass again, until `bot.stop` is set; then finish what is in flight.

    Returns other settings to go on with if those in the file have changed; None if it was asked to stop. New settings
    that cannot be used are told to `warn`. Raises whatever ended a worker: a bot never lives on half dead.
    """
    failure: list[BaseException] = []
    clock, released = bot.parts.clock, False
    settings, hints = SettingsFile(bot.parts.config), Hints(bot.bell.set)
    others: Config | None = None
    with Alarm(bot.parts.clock) as alarm:
        resting: dict[str, datetime] = {}
        expected: dict[str, list[Delivery]] = {}

        def serve(address: str) -> None:
            deliver(address)
            if (soon := expected.pop(address, None)) is not None:
                bot.warm_up(address, soon)

        def expect(address: str, deliveries: list[Delivery]) -> None:
            resting.pop(address, None)
            expected[address] = deliveries
            bot.engine.ring(address)

        def deliver(address: str) -> None:
            if resting.get(address, bot.parts.clock.now()) > bot.parts.clock.now():
                return  # a blocked or unreachable account is not asked at every pass
            resting.pop(address, None)
            drained = bot.drain(address)
            if drained.events:
                # Another pass writes what came of it where the site and people look.
                bot.bell.set()
            if drained.wait_until is not None:
                if drained.trouble:
                    resting[address] = drained.wait_until
                # A pass, which rings the engine: the post may have changed while its toot waited.
                alarm.ring_at(f"account {address}", drained.wait_until, bot.bell.set)

        def watched(work: Callable[[], object]) -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 — raised again below, in the main thread
                failure.append(error)
                bot.ask_to_stop()

        covers = _Covers(bot)
        helpers = _helpers(bot, covers)
        for helper in helpers:
            helper.start(watched)
        teller = Teller(max_workers=1, thread_name_prefix="teller")
        bot.sources.start(on_change=bot.bell.set, watched=watched)
        bot.sources.wait_for_first()
        # Before the first release; from then on each answer tells, and what is missing is asked for beside the work.
        bot.parts.server_times.ask()
        engine = Thread(target=watched, args=(lambda: bot.engine.run(serve, stop=bot.stop),), name="engine")
        engine.start()
        try:
            watch = Watch(
                bot.parts.config,
                posts=bot.parts.posts,
                clock=bot.parts.clock,
                hints=hints,
                bell=bot.bell,
                stop=bot.stop,
            )
            while not bot.stop.is_set():
                bot.bell.clear()
                bot.attend()  # again and again: one that was there before may have ended
                begun = clock.monotonic()
                result = bot.pass_once()
                takes = timedelta(seconds=clock.monotonic() - begun)
                soon = result.plan.next_release
                lead = LEAD + 3 * takes
                # Rings some seconds before, to prepare; then at the instant, in case that this came to nothing.
                is_near = soon is not None and soon - clock.now() <= lead
                alarm.ring_at("next release", soon if soon is None or is_near else soon - lead, bot.bell.set)
                if result.plan.released or released:
                    # What is due now is tried now, whatever pause an account is in; the pass has rung before this.
                    resting.clear()
                    for address in bot.publishers:
                        bot.engine.ring(address)
                after_pass(result)
                # A slow mail server must not keep the next release waiting.
                teller.submit(watched, partial(bot.tell, result))
                teller.submit(watched, bot.parts.server_times.ask)
                bot.pings.topics = result.topics
                bot.site.plan_is(result.plan)
                covers.pass_was(result)
                for helper in helpers:
                    helper.wake()
                released = (
                    soon is not None
                    and is_near
                    and stand_by(bot, soon, expect=expect, pass_takes=takes, wait=lambda due: watch.wait(due=due))
                )
                if released:
                    resting.clear()
                else:
                    watch.wait(due=soon)
                news = settings.news()
                if isinstance(news, Config):
                    others = None if bot.stop.is_set() else news
                    break
                if news:
                    warn(news)
        finally:
            hints.close()
            bot.stop.set()
            engine.join()
            teller.shutdown()
            for helper in helpers:
                helper.end()
            for helper in helpers:
                helper.join()
            bot.sources.end()
    if failure:
        raise failure[0]
    return others


def _helpers(bot: Bot, covers: _Covers) -> tuple[Helper, ...]:
    """Those who work beside the loop, so that no hub and no page delays it."""
    pinger = Helper("pinger", lambda: bot.ping(bot.pings.topics))
    looker = Helper("looker", bot.site.look)
    caller = Helper("caller", bot.site.call)
    bot.site.ring(looker.wake)
    return pinger, Helper("covers", covers.ask), caller, looker


class _Covers:
    """Asks other hosts of what size the covers of the latest pass are."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._latest: Pass | None = None

    def pass_was(self, result: Pass) -> None:
        self._latest = result

    def ask(self) -> None:
        if self._latest is not None and self._bot.ask_for_covers(self._latest.covers_to_ask):
            self._bot.bell.set()  # another pass writes the feeds with what is known now


class Helper:
    """Does something with other people's servers beside the loop: when it is woken, and again when it asks for that."""

    def __init__(self, name: str, work: Callable[[], timedelta | None]) -> None:
        """`work` returns when it is to be done again by itself, None: not before it is woken."""
        self._work = work
        self._wake = Signal()
        self._ended = Signal()
        self._name = name
        self._thread: Thread | None = None

    def start(self, watched: Callable[[Callable[[], object]], None]) -> None:
        """Begin to wait; `watched` runs something and sees to its errors."""
        # A daemon: it may hang on somebody's server, and what it does may be done again.
        self._thread = Thread(target=watched, args=(self._run,), name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Let it work now. Safe from any thread."""
        self._wake.set()

    def _run(self) -> None:
        pause: float | None = None
        while not self._ended.is_set():
            self._wake.wait(pause)
            self._wake.clear()
            try:
                again = None if self._ended.is_set() else self._work()
            except LedgerError:
                if self._ended.is_set():  # the ledger was closed while a server took its time
                    return
                raise
            pause = again.total_seconds() if again is not None else None

    def end(self) -> None:
        """Begin nothing new."""
        self._ended.set()
        self._wake.set()

    def join(self) -> None:
        """Wait a moment for its end."""
        if self._thread is not None:
            self._thread.join(timeout=1)
