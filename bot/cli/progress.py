"""Progress of long work: one line on a terminal's standard error, nothing anywhere else and nothing under --quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click

#: Work that is done sooner shows nothing.
_SHOWN_AFTER: Final = 0.5


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Gives a function to call with how much is done so far; `total`, if it is known, makes it a bar."""
    if not wanted():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=total)
    begun, shown = time.monotonic(), False

    def advance(done: int) -> None:
        nonlocal shown
        if not shown and time.monotonic() - begun > _SHOWN_AFTER:
            bar.start()
            shown = True
        if shown:
            bar.update(task, completed=done)

    try:
        yield advance
    finally:
        if shown:
            bar.stop()


def wanted() -> bool:
    """Whether somebody looks at a terminal and has not asked for quiet."""
    context = click.get_current_context(silent=True)
    root = context.find_root().obj if context is not None else None
    return sys.stderr.isatty() and not (root or {}).get("quiet", False)
