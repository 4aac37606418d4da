"""APScheduler as the alarm clock, and never as the memory: each job only rings a bell.

Its timers are monotonic and it can miss clock steps (agronholm/apscheduler#351, #794, #1066), so the loop looks for
itself at intervals (`bot.watch`), on monotonic time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from bot.clock import Clock


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
