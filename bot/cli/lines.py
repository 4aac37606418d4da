"""What `run` and `tick` print: one line per outcome."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import click

from bot.cli.progress import aside
from bot.domain import EventKind, Occasion
from bot.domain.wording import event_detail, event_words, reason_words

if TYPE_CHECKING:
    from datetime import datetime

    from bot.config import Config
    from bot.delivery import DeliveryResult
    from bot.domain import Event
    from bot.domain.clock import Clock
    from bot.runtime.cycle import CycleResult


class ConsoleLog:
    """Prints outcomes; says the same trouble of an account only once in a row. Safe across threads."""

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        from bot.domain.clock import SystemClock

        self._site = config.site
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._last: dict[str, str] = {}
        self._next: datetime | None = None
        self._said_next = False

    def emit(self, event: Event) -> None:
        """Print an outcome."""
        text = describe(event)
        with self._lock:
            if event.kind is EventKind.WILL_RETRY and self._last.get(event.account) == text:
                return
            self._last[event.account] = text
        self.line(text)

    def line(self, text: str) -> None:
        """Print a line with the time in front, in the site's zone."""
        self._print(text, err=False)

    def warn(self, text: str) -> None:
        """Print such a line where errors go."""
        self._print(text, err=True)

    def _print(self, text: str, *, err: bool) -> None:
        local = self._clock.now().astimezone(self._site.timezone)
        try:
            with aside():
                click.echo(f"{local:%Y-%m-%d %H:%M:%S} {text}", err=err)
        except OSError:
            # Nobody reads on, or the disk of the log is full: the work goes on, the ledger has the history.
            return

    def waiting(self, drained: DeliveryResult) -> None:
        """Say what is left after a tick."""
        if drained.wait_until is not None:
            local = drained.wait_until.astimezone(self._site.timezone)
            self.line(f"{drained.account}: goes on at {local:%H:%M:%S} or later: {reason_words(drained.why)}")

    def next_release(self, result: CycleResult) -> None:
        """Say when the next release is, if that has changed."""
        from bot.cli.common import show_distance, show_time

        moment = result.plan.next_release
        if self._said_next and moment == self._next:
            return
        self._next, self._said_next = moment, True
        if moment is None:
            self.line("next: nothing is planned")
        else:
            self.line(f"next: {show_time(moment, self._site)}, {show_distance(moment, self._clock.now())}")


def describe(event: Event) -> str:
    """An outcome in one line: what, which post, where, and a link or reason."""
    occasion = "" if event.occasion in (None, Occasion.PUBLISH) else f" ({event.occasion})"
    place = " → ".join(filter(None, (event.slug + occasion, event.account)))
    who = f"by {event.who}" if event.who else ""
    return "  ".join(filter(None, (event_words(event.kind), place, event_detail(event), who)))
