"""Progress of long work: one line on a terminal's standard error, nothing anywhere else and nothing under --quiet."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock, Timer
from typing import TYPE_CHECKING, ClassVar, Final

import click

if TYPE_CHECKING:
    from rich.progress import Progress

#: Work that is done sooner shows nothing.
_SHOWN_AFTER: Final = 0.5  #: seconds
_lock = RLock()


class _Line:
    """A bar that shows itself after a while, unless it has ended by then."""

    shown: ClassVar[_Line | None] = None  #: there is one terminal

    def __init__(self, bar: Progress) -> None:
        self.bar = bar
        self._ended = False
        self._timer = Timer(_SHOWN_AFTER, self._show)
        self._timer.daemon = True
        self._timer.start()

    def _show(self) -> None:
        with _lock:
            if not self._ended:
                _Line.shown = self
                self.bar.start()

    def end(self) -> None:
        """Take it away."""
        self._timer.cancel()
        with _lock:
            self._ended = True
            self.bar.stop()
            if _Line.shown is self:
                _Line.shown = None


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show that `what` goes on; gives a function to call with how much is done, of `total` if that is known."""
    if not _is_wanted():
        yield lambda _: None
        return
    # Imported here, as rich takes 30 ms, which a command without a progress line saves.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    counted = (BarColumn(), MofNCompleteColumn()) if total is not None else ()
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), *counted, console=Console(stderr=True), transient=True
    )
    task = bar.add_task(what, total=total)
    line = _Line(bar)
    try:
        yield lambda done: bar.update(task, completed=done)
    finally:
        line.end()


@contextmanager
def aside() -> Iterator[None]:
    """Take the line away while something else is printed. Safe across threads."""
    with _lock:
        if _Line.shown is not None:
            _Line.shown.bar.stop()
        try:
            yield
        finally:
            if _Line.shown is not None:
                _Line.shown.bar.start()


def _is_wanted() -> bool:
    """Whether standard error is a terminal, and the operator did not ask for quiet."""
    context = click.get_current_context(silent=True)
    options = context.find_root().obj if context is not None else None
    return sys.stderr.isatty() and not (options or {}).get("quiet", False)
