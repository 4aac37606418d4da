"""The one loop that acts: pass, wait for a reason, pass again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread

from bot.app import Bot
from bot.config import Config
from bot.run import Pass
from bot.schedule.accounts import Accounts
from bot.schedule.alarm import Alarm
from bot.schedule.beside import Beside
from bot.schedule.standby import LEAD, stand_by
from bot.watch.hints import Hints
from bot.watch.pace import SHORTEST_SWEEP, sweep_after
from bot.watch.settings import SettingsFile
from bot.watch.watch import Watch


def stay_up(
    bot: Bot,
    *,
    after_pass: Callable[[Pass], None] = lambda _: None,
    warn: Callable[[str], None] = lambda _: None,
    follow_settings: bool = True,
) -> Config | None:
    """Pass, wait for a reason, pass again, until `bot.stop` is set; then finish what is in flight.

    Returns other settings to go on with if those in the file have changed (unless it is not to `follow_settings`, as
    where they were made up from the file); None if it was asked to stop. New settings that cannot be used are told to
    `warn`. Raises whatever ended a worker: a bot never lives on half dead.
    """
    failure: list[BaseException] = []

    def watched(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 — raised again below, in the main thread
            failure.append(error)
            bot.ask_to_stop()

    settings = SettingsFile(bot.parts.config) if follow_settings else None
    hints = Hints(bot.bell.set)
    with Alarm(bot.parts.clock) as alarm:
        accounts, beside = Accounts(bot, alarm), Beside(bot, watched)
        beside.begin()
        work = Thread(target=watched, args=(lambda: bot.engine.run(accounts.serve, stop=bot.stop),), name="engine")
        work.start()
        try:
            loop = _Loop(bot, alarm=alarm, accounts=accounts, beside=beside, hints=hints)
            others = loop.run(settings, after_pass=after_pass, warn=warn)
        finally:
            hints.close()
            bot.stop.set()
            work.join()
            beside.end()
    if failure:
        raise failure[0]
    return others


class _Loop:
    """Passes and the waits between them."""

    def __init__(self, bot: Bot, *, alarm: Alarm, accounts: Accounts, beside: Beside, hints: Hints) -> None:
        self._bot = bot
        self._alarm = alarm
        self._accounts = accounts
        self._beside = beside
        parts = bot.parts
        self._watch = Watch(
            parts.config,
            posts=parts.posts,
            clock=parts.clock,
            hints=hints,
            bell=bot.bell,
            stop=bot.stop,
            turn=bot.pulse.beat,
        )
        self._released = False  #: on the dot, since the latest pass
        self._sweep = SHORTEST_SWEEP

    def run(
        self, settings: SettingsFile | None, *, after_pass: Callable[[Pass], None], warn: Callable[[str], None]
    ) -> Config | None:
        """Until the stop, or until there are other settings, which are returned."""
        while not self._bot.stop.is_set():
            self._bot.bell.clear()
            self._bot.attend()  # again and again: one that was there before may have ended
            result, takes = self._pass()
            after_pass(result)
            self._beside.passed(result)
            self._wait(result, takes)
            news = settings.news() if settings is not None else ""
            if isinstance(news, Config):
                return None if self._bot.stop.is_set() else news
            if news:
                warn(news)
        if self._released:  # the toots of a release have left: the feeds show it before we go
            after_pass(self._pass()[0])
        return None

    def _pass(self) -> tuple[Pass, timedelta]:
        clock = self._bot.parts.clock
        begun, processor = clock.monotonic(), time.thread_time()
        self._bot.quick_pass()
        result = self._bot.pass_once()
        if result.plan.released or self._released:
            self._accounts.wake_and_ring()
        self._sweep = sweep_after(time.thread_time() - processor)
        return result, timedelta(seconds=clock.monotonic() - begun)

    def _wait(self, result: Pass, takes: timedelta) -> None:
        """Until the next release if it is near, and make it; else until there is a reason for another pass."""
        bot, soon, lead = self._bot, result.plan.next_release, LEAD + 6 * takes
        is_near = soon is not None and soon - bot.parts.clock.now() <= lead
        # Rings some seconds before, to prepare; then at the instant, in case that this came to nothing.
        self._alarm.ring_at("next release", soon if soon is None or is_near else soon - lead, bot.bell.set)
        self._released = soon is not None and is_near and self._stand_by_for(soon, takes)
        if self._released:
            self._accounts.wake()
        else:
            self._watch.wait(due=soon, sweep=self._sweep)

    def _stand_by_for(self, moment: datetime, takes: timedelta) -> bool:
        return stand_by(
            self._bot,
            moment,
            expect=self._accounts.expect,
            wait=lambda due: self._watch.wait(due=due),
            pass_takes=takes,
        )
