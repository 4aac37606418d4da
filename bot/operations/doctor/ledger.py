"""The ledger, read without changing it, not even to a newer schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.config import Config
from bot.domain import DeliveryState, Snapshot
from bot.domain.durations import format_duration
from bot.domain.wording import instance_words, reason_words
from bot.ledger import inspect_ledger
from bot.operations.doctor.report import DoctorLine, note, ok, problem
from bot.planner.guards import clock_doubt

_GROUP = "ledger"


def ledger_itself(config: Config) -> Iterator[DoctorLine]:
    """Its integrity, its schema, and which process is at work on it; the last line is a problem if it is of no use."""
    report = inspect_ledger(config)
    if report is None:
        yield note(_GROUP, "there is none yet; the first `announce tick` or `announce run` makes it")
        return
    if report.running is None:
        yield ok(_GROUP, "nobody is at work on it now")
    else:
        # The doctor's output is shown to people who help: the host's name is not theirs to know.
        yield ok(_GROUP, f"at work on it: {instance_words(report.running, with_host=False)}")
    if report.unreadable:
        yield problem(_GROUP, f"it cannot be read: {report.unreadable}", report.remedy)
        return
    if report.damage:
        yield problem(_GROUP, f"it is damaged: {report.damage}", "`announce adopt` puts it aside and begins a new one.")
        return
    version, known = report.schema, report.known_schema
    if version > known:
        remedy = "Install the newer version of announce again."
        yield problem(_GROUP, f"it was written by a newer version (schema {version}, this one knows {known})", remedy)
        return
    if report.remedy:
        too_old = f"it was written by a version that was never released (schema {version})"
        yield problem(_GROUP, too_old, report.remedy)
        return
    older = "" if version == known else f"; the next command brings it to {known}"
    yield ok(_GROUP, f"it is whole, schema {version}{older}")


def ledger_content(snapshot: Snapshot, now: datetime) -> Iterator[DoctorLine]:
    """What it remembers: when it was last written, what is held, what is blocked, whether all is paused."""
    if snapshot.newest is not None:
        behind = clock_doubt(snapshot, now)
        distance = f"{format_duration(now - snapshot.newest)} ago" if now >= snapshot.newest else "in the future"
        yield ok(_GROUP, f"last written {distance}, with {len(snapshot.entries)} released posts")
        if behind:
            yield problem("clock", reason_words(behind), "")
    if snapshot.paused:
        yield problem(_GROUP, "everything is paused", "`announce resume` goes on.")
    counts = dict.fromkeys(DeliveryState, 0)
    for delivery in snapshot.deliveries.values():
        counts[delivery.state] += 1
    waiting = ", ".join(
        f"{counts[state]} {state.value}"
        for state in (DeliveryState.HELD, DeliveryState.REJECTED, DeliveryState.SENDING, DeliveryState.DUE)
        if counts[state]
    )
    if counts[DeliveryState.HELD] or counts[DeliveryState.REJECTED]:
        yield problem(_GROUP, f"toots: {waiting}", "`announce queue` names them and says why.")
    elif waiting:
        yield ok(_GROUP, f"toots: {waiting}")
