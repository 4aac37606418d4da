"""The service: do a cycle, wait for a reason, do another one."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Thread

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from bot.config import Config, load_config
from bot.config.secrets import token_file
from bot.domain.clock import Clock
from bot.domain.errors import ConfigError
from bot.posts.listing import FileState, state_of
from bot.runtime.app import Bot
from bot.runtime.background import BackgroundTasks
from bot.runtime.context import CycleResult
from bot.runtime.deliverer import Accounts
from bot.runtime.file_events import FileEvents
from bot.runtime.precise_release import PREPARATION_LEAD, release_on_time
from bot.runtime.watcher import MIN_SWEEP_INTERVAL, Watch, sweep_after


class Alarm:
    """Calls back at times of day of a clock that may be a pretended one."""

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

    def call_at(self, name: str, moment: datetime | None, notify: Callable[[], None]) -> None:
        """Call `notify` at `moment` (UTC); replaces the alarm of the same name. None: no alarm."""
        if moment is None:
            if self._scheduler.get_job(name) is not None:
                self._scheduler.remove_job(name)
            return
        ahead = max(timedelta(), moment - self._clock.now())
        self._scheduler.add_job(
            notify, DateTrigger(datetime.now(UTC) + ahead), id=name, name=name, replace_existing=True
        )


class SettingsFile:
    """The file that the settings in force were read from, and the files of the accounts' tokens."""

    def __init__(self, config: Config) -> None:
        self._config = config
        # Not what is there now: it may have changed since it was read.
        self._seen = None if self._bytes() is None else b""
        self._tokens = self._token_states()
        self._broken = ""

    def news(self) -> Config | str:
        """The settings to start anew with: changed ones that are valid, or the same after a new login.

        Else what to tell the operator about the file; empty if there is nothing new.
        """
        tokens = self._token_states()
        if tokens != self._tokens:
            self._tokens = tokens
            return self._config
        now = self._bytes()
        if now == self._seen:
            return ""
        self._seen = now
        try:
            config = load_config(self._config.path)
        except ConfigError as error:
            self._broken = f"the settings have changed and cannot be used; the bot goes on with the old ones: {error}"
            return self._broken
        if config != self._config:
            return config
        mended, self._broken = bool(self._broken), ""
        return "the settings are as the bot knows them again" if mended else ""

    def _token_states(self) -> list[FileState | None]:
        root = self._config.root
        return [state_of(root / token_file(name, account)) for name, account in self._config.accounts.items()]

    def _bytes(self) -> bytes | None:
        try:
            return self._config.path.read_bytes()
        except OSError:
            return None


def run_service(
    bot: Bot,
    *,
    after_cycle: Callable[[CycleResult], None] = lambda _: None,
    warn: Callable[[str], None] = lambda _: None,
    follow_settings: bool = True,
) -> Config | None:
    """Do cycles until `bot.stop` is set; then finish what is in flight.

    Returns the settings to go on with if the file has changed (unless `follow_settings` is off, as where they were made
    up from the file); None if the bot was asked to stop. `warn` is told of new settings that cannot be used. Raises
    what ended a worker: a bot never goes on half dead.
    """
    failure: list[BaseException] = []

    def supervise(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 — raised again below, in the main thread
            failure.append(error)
            bot.ask_to_stop()

    settings = SettingsFile(bot.context.config) if follow_settings else None
    hints = FileEvents(bot.wake_event.set)
    with Alarm(bot.context.clock) as alarm:
        accounts = Accounts(bot.deliverer, workers=bot.workers, call_at=alarm.call_at, wake_loop=bot.wake_event.set)
        background = BackgroundTasks(bot, supervise)
        background.begin()
        work = Thread(
            target=supervise, args=(lambda: bot.workers.run(accounts.serve, stop=bot.stop),), name="deliveries"
        )
        work.start()
        try:
            loop = _Loop(bot, alarm=alarm, accounts=accounts, background=background, hints=hints)
            others = loop.run(settings, after_cycle=after_cycle, warn=warn)
        finally:
            hints.close()
            bot.stop.set()
            work.join()
            background.end()
    if failure:
        raise failure[0]
    return others


class _Loop:
    """Cycles and the waits between them."""

    def __init__(
        self, bot: Bot, *, alarm: Alarm, accounts: Accounts, background: BackgroundTasks, hints: FileEvents
    ) -> None:
        self._bot = bot
        self._alarm = alarm
        self._accounts = accounts
        self._background = background
        parts = bot.context
        self._watch = Watch(
            parts.config,
            posts=parts.posts,
            clock=parts.clock,
            hints=hints,
            wake_event=bot.wake_event,
            stop=bot.stop,
            on_wait=bot.heartbeat.beat,
        )
        self._released = False  #: on the dot, since the latest cycle
        self._sweep = MIN_SWEEP_INTERVAL

    def run(
        self, settings: SettingsFile | None, *, after_cycle: Callable[[CycleResult], None], warn: Callable[[str], None]
    ) -> Config | None:
        """Run until the stop, or until there are other settings, which are returned."""
        while not self._bot.stop.is_set():
            self._bot.wake_event.clear()
            self._bot.acquire_instance_lock()  # each time: the process that had it may have ended
            result, takes = self._cycle()
            after_cycle(result)
            self._background.follow_up(result)
            self._wait(result, takes)
            news = settings.news() if settings is not None else ""
            if isinstance(news, Config):
                return None if self._bot.stop.is_set() else news
            if news:
                warn(news)
        if self._released:  # the toots of a release were sent: the feeds show it before the end
            after_cycle(self._cycle()[0])
        return None

    def _cycle(self) -> tuple[CycleResult, timedelta]:
        clock = self._bot.context.clock
        begun, processor = clock.monotonic(), time.thread_time()
        self._bot.incremental_cycle()
        result = self._bot.cycle_once()
        if result.plan.released or self._released:
            self._accounts.wake_and_notify()
        self._sweep = sweep_after(time.thread_time() - processor)
        return result, timedelta(seconds=clock.monotonic() - begun)

    def _wait(self, result: CycleResult, takes: timedelta) -> None:
        """Wait for the next release if it is near, and make it; else for a reason to do another cycle."""
        bot, soon, lead = self._bot, result.plan.next_release, PREPARATION_LEAD + 6 * takes
        is_near = soon is not None and soon - bot.context.clock.now() <= lead
        # Some seconds before, to prepare; then at the instant, in case the preparation came to nothing.
        self._alarm.call_at("next release", soon if soon is None or is_near else soon - lead, bot.wake_event.set)
        self._released = soon is not None and is_near and self._release_on_time(soon, takes)
        if self._released:
            self._accounts.wake()
        else:
            self._watch.wait(due=soon, sweep=self._sweep)

    def _release_on_time(self, moment: datetime, takes: timedelta) -> bool:
        return release_on_time(
            self._bot,
            moment,
            expect=self._accounts.expect,
            wait=lambda due: self._watch.wait(due=due),
            cycle_takes=takes,
        )
