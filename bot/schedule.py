"""Staying up: APScheduler as the alarm clock, a sweep for what it misses, a designed stop.

APScheduler is never the memory: one job for each account and one for the next release, and each only rings a bell.
Its timers are monotonic and it can miss clock steps (agronholm/apscheduler#351, #794, #1066), so the loop looks for
itself every `SWEEP`, on monotonic time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor as Teller
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event as Signal
from threading import Thread
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from bot.app import Bot
from bot.clock import Clock
from bot.errors import LedgerError, PostError
from bot.run import Pass
from bot.sources.folders import Posts

#: A full pass happens at least this often, whatever bells fail to ring.
SWEEP: Final = timedelta(seconds=15)
#: A look at the posts folder happens this often, or less often where a look is slow.
SCAN: Final = timedelta(milliseconds=250)
#: A look may take this share of one core.
SCAN_SHARE: Final = 0.005
#: After a change the folder is looked at again at this interval until two looks agree: files come in pieces.
STILL: Final = timedelta(milliseconds=100)
#: A folder that never holds still is read all the same after this time.
STILL_AT_MOST: Final = timedelta(seconds=2)


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


def stay_up(bot: Bot, *, after_pass: Callable[[Pass], None] = lambda _: None) -> None:
    """Pass, wait for a reason, pass again, until `bot.stop` is set; then finish what is in flight.

    Raises whatever ended a worker: a bot never lives on half dead.
    """
    failure: list[BaseException] = []
    with Alarm(bot.parts.clock) as alarm:
        resting: dict[str, datetime] = {}

        def serve(address: str) -> None:
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

        pinger = Pinger(bot)
        pinging = Thread(target=watched, args=(pinger.run,), name="pinger", daemon=True)
        pinging.start()
        teller = Teller(max_workers=1, thread_name_prefix="teller")
        bot.sources.start(on_change=bot.bell.set, watched=watched)
        bot.sources.wait_for_first()
        # Before the first release; from then on each answer tells, and what is missing is asked for beside the work.
        bot.parts.server_times.ask()
        engine = Thread(target=watched, args=(lambda: bot.engine.run(serve, stop=bot.stop),), name="engine")
        engine.start()
        try:
            while not bot.stop.is_set():
                bot.bell.clear()
                bot.attend()  # again and again: one that was there before may have ended
                result = bot.pass_once()
                alarm.ring_at("next release", result.plan.next_release, bot.bell.set)
                if result.plan.released:
                    # What is due now is tried now, whatever pause an account is in; the pass has rung before this.
                    resting.clear()
                    for address in bot.publishers:
                        bot.engine.ring(address)
                after_pass(result)
                # A slow mail server must not keep the next release waiting.
                teller.submit(watched, partial(bot.tell, result))
                teller.submit(watched, bot.parts.server_times.ask)
                pinger.topics_are(result.topics)
                wait_for_reason(bot, seen=result.scan.signature)
        finally:
            bot.stop.set()
            engine.join()
            teller.shutdown()
            # It may hang on somebody's server, and what it does may be done again.
            pinger.end()
            pinging.join(timeout=1)
            bot.sources.end()
    if failure:
        raise failure[0]


class Pinger:
    """Tells the hubs beside the work: after each pass, and again while something is owed."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._wake = Signal()
        self._ended = Signal()
        self._topics: Mapping[str, str] = {}

    def topics_are(self, topics: Mapping[str, str]) -> None:
        """Say which feeds there are, and that they may have changed."""
        self._topics = topics
        self._wake.set()

    def run(self) -> None:
        """Ping until the end. Raises LedgerError."""
        pause: float | None = None
        while not self._ended.is_set():
            self._wake.wait(pause)
            self._wake.clear()
            try:
                again = None if self._ended.is_set() else self._bot.ping(self._topics)
            except LedgerError:
                if self._ended.is_set():  # the ledger was closed while a hub took its time
                    return
                raise
            pause = again.total_seconds() if again is not None else None

    def end(self) -> None:
        """Begin nothing new."""
        self._ended.set()
        self._wake.set()


def wait_for_reason(bot: Bot, *, seen: object) -> None:
    """Return when the bell rings, the posts folder has changed and holds still, the sweep is due, or at the stop."""
    clock, posts = bot.parts.clock, bot.parts.posts
    sweep_at = clock.monotonic() + SWEEP.total_seconds()
    pause = SCAN.total_seconds()
    while not bot.stop.is_set() and clock.monotonic() < sweep_at:
        if bot.bell.wait(pause) or bot.stop.is_set():
            return
        begun = clock.monotonic()
        stamp = _stamp(posts)
        pause = max(SCAN.total_seconds(), (clock.monotonic() - begun) / SCAN_SHARE)
        if stamp != seen:
            _until_still(bot, stamp)
            return


def _stamp(posts: Posts) -> object:
    try:
        return posts.stamp()
    except PostError:
        return ()  # as `run.look` has it for a folder that is not there


def _until_still(bot: Bot, stamp: object) -> None:
    clock, posts = bot.parts.clock, bot.parts.posts
    end = clock.monotonic() + STILL_AT_MOST.total_seconds()
    while clock.monotonic() < end and not bot.stop.wait(STILL.total_seconds()):
        again = _stamp(posts)
        if again == stamp:
            return
        stamp = again
