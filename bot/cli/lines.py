"""What `run` and `tick` say: one line per outcome."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from bot.cli.logs import LogOptions, start_logging
from bot.config import Config
from bot.delivery import DeliveryResult
from bot.domain import Event, EventKind
from bot.domain.clock import Clock, SystemClock
from bot.domain.logs import log
from bot.domain.wording import event_detail, event_line, reason_words
from bot.report.times import show_when
from bot.runtime.context import CycleResult

_LOG: Final = logging.getLogger("bot.runtime")
#: The packages whose outcomes these are; all others are the runtime's.
_LOGGERS: Final[Mapping[EventKind, logging.Logger]] = {
    **dict.fromkeys(
        (
            EventKind.SENT,
            EventKind.CONTINUED,
            EventKind.ANSWERED,
            EventKind.EDITED,
            EventKind.DELETED,
            EventKind.FOUND,
            EventKind.FOUND_BY_HAND,
            EventKind.ADOPTED,
            EventKind.REJECTED,
            EventKind.NO_ANSWER,
            EventKind.NOT_THERE,
            EventKind.AGAIN,
            EventKind.WILL_RETRY,
            EventKind.BLOCKED,
            EventKind.WORKS_AGAIN,
        ),
        logging.getLogger("bot.delivery"),
    ),
    **dict.fromkeys((EventKind.HELD, EventKind.SKIPPED), logging.getLogger("bot.planner")),
    **dict.fromkeys((EventKind.PINGED, EventKind.DEPLOY_HOOK_CALLED), logging.getLogger("bot.integrations")),
    EventKind.FETCHED: logging.getLogger("bot.posts"),
}
#: Outcomes that an operator may have to look at.
_WARNINGS: Final = frozenset(
    {
        EventKind.PROBLEM,
        EventKind.HELD,
        EventKind.PICTURE_LEFT_OUT,
        EventKind.REJECTED,
        EventKind.NO_ANSWER,
        EventKind.WILL_RETRY,
        EventKind.BLOCKED,
    }
)


class ConsoleLog:
    """Logs outcomes; says the same trouble of an account only once in a row. Safe across threads."""

    def __init__(self, config: Config, clock: Clock | None = None, *, options: LogOptions | None = None) -> None:
        self._site = config.site
        self._clock = clock or SystemClock()
        self._embargo = options.embargo if options is not None else None
        self._lock = threading.Lock()
        self._last: dict[str, str] = {}
        self._next: datetime | None = None
        self._said_next = False
        start_logging(config, self._clock, options or LogOptions())

    def emit(self, event: Event) -> None:
        """Log an outcome."""
        shown = event if self._embargo is None else self._embargo.redacted_event(event)
        text = event_line(shown)
        with self._lock:
            if event.kind is EventKind.WILL_RETRY and self._last.get(event.account) == text:
                return
            self._last[event.account] = text
        level = logging.WARNING if event.kind in _WARNINGS else logging.INFO
        log(_LOGGERS.get(event.kind, _LOG), level, event.kind.value, text, **_fields_of(shown))

    def line(self, text: str, event: str, **fields: object) -> None:
        """Log what is no outcome, for people to know."""
        log(_LOG, logging.INFO, event, text, **fields)

    def warn(self, text: str, event: str = "warning") -> None:
        """Log a warning about the process itself, where errors go."""
        _LOG.warning("%s", text, extra={"event": event, "err": True})

    def waiting(self, result: DeliveryResult) -> None:
        """Say what is left after a tick."""
        if result.wait_until is not None:
            local = result.wait_until.astimezone(self._site.timezone)
            self.line(
                f"{result.account}: goes on at {local:%H:%M:%S} or later: {reason_words(result.why)}",
                "delivery waits",
                account=result.account,
                until=_iso(result.wait_until),
            )

    def next_release(self, result: CycleResult) -> None:
        """Say when the next release is, if that has changed."""
        moment = result.plan.next_release
        if self._said_next and moment == self._next:
            return
        self._next, self._said_next = moment, True
        if moment is None:
            self.line("next: nothing is planned", "next release", due=None)
        else:
            when = show_when(moment, self._site.timezone, now=self._clock.now())
            self.line(f"next: {when}", "next release", due=_iso(moment))


def _fields_of(event: Event) -> dict[str, object]:
    found = {
        "slug": event.slug,
        "account": event.account,
        "occasion": "" if event.occasion is None else str(event.occasion),
        "detail": event_detail(event),
        "who": event.who,
    }
    return {name: value for name, value in found.items() if value}


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
